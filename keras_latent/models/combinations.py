"""Models that papers name, and that are variants with certain parts."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from keras_latent.validation import check_choice


class Combination(NamedTuple):
    """A variant with settings.

    Args:
        variant: Its name in `VARIANTS`.
        settings: As `--set` of the command line takes them, by name.
        description: What it is, in one line.
    """

    variant: str
    settings: dict[str, Any]
    description: str


COMBINATIONS = {
    "beta-vae": Combination(
        "vae",
        {"beta": 4.0},
        "With a divergence that weighs more (Higgins et al. 2017).",
    ),
    "s-vae": Combination(
        "vae",
        {"posterior": "von_mises_fisher", "prior": "uniform_sphere"},
        "Hyperspherical variational autoencoder (Davidson et al. 2018).",
    ),
    "vamp-vae": Combination(
        "vae",
        {"prior": "vamp_prior"},
        "With a prior of learned inputs' posteriors (Tomczak and Welling 2018).",
    ),
    "iaf-vae": Combination(
        "vae",
        {"posterior": "flow", "posterior.flows": ["inverse_autoregressive"] * 2},
        "With inverse autoregressive flows as posterior (Kingma et al. 2016).",
    ),
    "poincare-vae": Combination(
        "vae",
        {"posterior": "wrapped_normal", "prior": "wrapped_normal"},
        "With codes in the Poincaré ball (Mathieu et al. 2019).",
    ),
    "sigma-vae": Combination(
        "vae",
        {"likelihood": "gaussian", "likelihood.scale": "optimal"},
        "With the optimal Gaussian scale (Rybkin, Daniilidis and Levine 2021).",
    ),
    "autoencoder-kl-plain": Combination(
        "autoencoder-kl",
        {"adversarial_weight": 0.0},
        "With an adversary that is not listened to (Rombach et al. 2022, without it).",
    ),
}
"""Combinations by their names on the command line."""


def variant_and_settings(
    name: str, settings: Mapping[str, Any], variants: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The variant that a name stands for, and its settings.

    Args:
        name: One of the variants, or of `COMBINATIONS`.
        settings: What the user sets, which wins: a part that is named anew brings none
            of the combination's options of that part along.
        variants: The variants by name.

    Raises:
        ValueError: If there is no such name.

    >>> variant_and_settings("sigma-vae", {"likelihood": "bernoulli"}, {"vae": None})
    ('vae', {'likelihood': 'bernoulli'})
    """
    check_choice("variant", name, [*variants, *COMBINATIONS])
    if name not in COMBINATIONS:
        return name, dict(settings)
    variant, own, _ = COMBINATIONS[name]
    kept = {n: v for n, v in own.items() if n.partition(".")[0] not in settings}
    return variant, {**kept, **settings}
