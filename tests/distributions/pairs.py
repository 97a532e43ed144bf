"""Posteriors, priors and objectives, and which of them can't be together.

The tests run each cell of the table that the documentation makes of this
(`docs/extensions/pair_pages.py`); it imports nothing that only tests need.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from keras_latent.distributions import (
    CodeDistribution,
    Flow,
    Normal,
    NormalMixture,
    PowerSpherical,
    UniformSphere,
    VampPrior,
    VonMisesFisher,
    WrappedNormal,
    flows,
)


class Named(NamedTuple):
    """A distribution in the table.

    Args:
        says: How a user writes it.
        space: Where its draws lie; `None` for where the posterior's do.
        make: Makes it, small.
    """

    says: str
    space: str | None
    make: Callable[[], CodeDistribution]


def steps(*kinds: str) -> Flow:
    """A flow of one step of each kind, small."""
    made = {
        "planar": flows.Planar,
        "radial": flows.Radial,
        "inverse": lambda: flows.InverseAutoregressive((4,), context=2),
        "masked": lambda: flows.MaskedAutoregressive((4,), context=2),
    }
    return Flow("normal", [made[kind]() for kind in kinds])


POSTERIORS = {
    "normal": Named('"normal"', "real", Normal),
    "planar": Named(
        'Flow("normal", ["planar", "radial"])',
        "real",
        lambda: steps("planar", "radial"),
    ),
    "inverse_autoregressive": Named(
        'Flow("normal", ["inverse_autoregressive"])',
        "real",
        lambda: steps("inverse", "inverse"),
    ),
    "masked_autoregressive": Named(
        'Flow("normal", ["masked_autoregressive"])', "real", lambda: steps("masked")
    ),
    "power_spherical": Named('"power_spherical"', "sphere", PowerSpherical),
    "von_mises_fisher": Named('"von_mises_fisher"', "sphere", VonMisesFisher),
    "wrapped_normal": Named('"wrapped_normal"', "ball", WrappedNormal),
}

PRIORS = {
    "normal": Named('"normal"', "real", Normal),
    "normal_mixture": Named('"normal_mixture"', "real", lambda: NormalMixture(2)),
    "planar": POSTERIORS["planar"],
    "inverse_autoregressive": Named(
        POSTERIORS["inverse_autoregressive"].says, "real", lambda: steps("inverse")
    ),
    "masked_autoregressive": Named(
        POSTERIORS["masked_autoregressive"].says,
        "real",
        lambda: steps("masked", "masked"),
    ),
    "uniform_sphere": Named('"uniform_sphere"', "sphere", UniformSphere),
    "wrapped_normal": Named('"wrapped_normal"', "ball", WrappedNormal),
    "vamp_prior": Named('"vamp_prior"', None, lambda: VampPrior(2)),
}

OTHER_SPACE = "`posterior` and `prior` must live on the same space"

OBJECTIVES = {
    "vae": "`VAE`",
    "capacity": "`CapacityVAE`",
    "info": "`InfoVAE`",
    "factor": "`FactorVAE`",
    "soft_intro": "`SoftIntroVAE`",
    "iwae": "`IWAE`",
    "stl": '`IWAE(gradient="stl")`',
    "dreg": '`IWAE(gradient="dreg")`',
    "miwae": "`MIWAE`",
    "ciwae": "`CIWAE`",
    "piwae": "`PIWAE`",
    "conditional": "`ConditionalVAE`",
    "semi_supervised": "`SemiSupervisedVAE`",
    "hamiltonian": "`HamiltonianVAE`",
    "dip": '`DIPVAE(kind="i")`',
    "dip_ii": '`DIPVAE(kind="ii")`',
    "beta_tc": "`BetaTCVAE`",
    "weakly_supervised": "`WeaklySupervisedVAE`",
    "autoencoder_kl": "`AutoencoderKL`",
    "vae_gan": "`VAEGAN`",
    "variational_encdec": "`VariationalEncDec`",
}

OWN_WEIGHTS = '`gradient` must be "iwae" for a posterior with weights of its own'
NOT_NORMAL = "`posterior` must be 'normal'"
NOT_REAL = "`posterior` must be one of real numbers"
NOT_ALONE = "`prior` 'vamp_prior' needs a model of one tensor"

NOT_CLOSED = "`posterior` and `prior` must be a pair whose divergence is known"
_CLOSED = {
    ("normal", "normal"),
    ("power_spherical", "uniform_sphere"),
    ("von_mises_fisher", "uniform_sphere"),
}

_MASKED = {"inverse_autoregressive", "masked_autoregressive"}
_OF_POSTERIOR = {
    "stl": (_MASKED, OWN_WEIGHTS),
    "dreg": (_MASKED, OWN_WEIGHTS),
    "hamiltonian": (
        {"power_spherical", "von_mises_fisher", "wrapped_normal"},
        NOT_REAL,
    ),
    **{
        name: (set(POSTERIORS) - {"normal"}, NOT_NORMAL)
        for name in ("dip_ii", "beta_tc", "weakly_supervised", "variational_encdec")
    },
}
_OF_PRIOR = {
    name: ({"vamp_prior"}, NOT_ALONE) for name in ("conditional", "semi_supervised")
}


def refusal(posterior: str, prior: str, objective: str | None = None) -> str | None:
    """How the error begins that a pair gets, or `None` where it trains.

    Args:
        posterior: A name in `POSTERIORS`.
        prior: A name in `PRIORS`.
        objective: A name in `OBJECTIVES`. Defaults to `None`: of the pair alone.
    """
    if PRIORS[prior].space not in (POSTERIORS[posterior].space, None):
        return OTHER_SPACE
    if objective == "soft_intro" and (posterior, prior) not in _CLOSED:
        return NOT_CLOSED
    for table, name in ((_OF_POSTERIOR, posterior), (_OF_PRIOR, prior)):
        refused, message = table.get(str(objective), (set(), None))
        if name in refused:
            return message
    return None


def pairs() -> Iterator[tuple[str, str]]:
    """Each posterior with each prior."""
    for posterior in POSTERIORS:
        for prior in PRIORS:
            yield posterior, prior
