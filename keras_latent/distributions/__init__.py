"""What is random of codes: posteriors q(z|x) and priors p(z)."""

from typing import Any

from keras_latent.distributions import flows
from keras_latent.distributions.around_direction import SphericalParameters
from keras_latent.distributions.base import (
    CodeDistribution,
    Distribution,
    check_distribution,
)
from keras_latent.distributions.flow import Flow
from keras_latent.distributions.normal import Normal, NormalParameters
from keras_latent.distributions.normal_mixture import NormalMixture
from keras_latent.distributions.power_spherical import PowerSpherical
from keras_latent.distributions.uniform_sphere import UniformSphere
from keras_latent.distributions.vamp_prior import VampPrior
from keras_latent.distributions.von_mises_fisher import VonMisesFisher
from keras_latent.distributions.wrapped_normal import (
    WrappedNormal,
    WrappedParameters,
)
from keras_latent.validation import check_choice

__all__ = [
    "CodeDistribution",
    "Distribution",
    "Flow",
    "Normal",
    "NormalMixture",
    "NormalParameters",
    "PowerSpherical",
    "SphericalParameters",
    "UniformSphere",
    "VampPrior",
    "VonMisesFisher",
    "WrappedNormal",
    "WrappedParameters",
    "check_code_prior",
    "check_normal",
    "check_pair",
    "flows",
    "get",
]

_CLASSES: dict[str, type[CodeDistribution]] = {
    "normal": Normal,
    "normal_mixture": NormalMixture,
    "power_spherical": PowerSpherical,
    "uniform_sphere": UniformSphere,
    "vamp_prior": VampPrior,
    "von_mises_fisher": VonMisesFisher,
    "wrapped_normal": WrappedNormal,
    "flow": Flow,
}

_PRIORS_ALONE = ("normal_mixture", "uniform_sphere", "vamp_prior")
"""Those that take nothing from a network, which a posterior does."""


def get(argument: str, identifier: Any) -> CodeDistribution:
    """The distribution that a name or an object stands for.

    Args:
        argument: The argument's name, for the message.
        identifier: The class's name in snake case, for its defaults; or an object,
            which is returned as it is.

    Raises:
        ValueError: If it is neither.

    >>> get("prior", "normal").space
    'real'
    """
    if isinstance(identifier, CodeDistribution):
        return identifier
    if not isinstance(identifier, str) or identifier not in _CLASSES:
        fit = [name for name in _CLASSES if name not in _PRIORS_ALONE]
        check_choice(argument, identifier, fit if argument == "posterior" else _CLASSES)
    return _CLASSES[identifier]()


def check_pair(posterior: CodeDistribution, prior: CodeDistribution) -> None:
    """Refuse a posterior without parameters, and a prior on another space.

    Args:
        posterior: The distribution q(z|x).
        prior: The distribution p(z).

    Raises:
        ValueError: If the posterior takes nothing from a network, or can't be a prior's
            companion; both are named then. Or if one of them has no density, and needs
            one.
    """
    check_distribution("posterior", posterior)
    check_distribution("prior", prior)
    if not posterior.parameter_channels(2):
        raise ValueError(
            "`posterior` must take parameters of a network. "
            f"Received: posterior={posterior.name!r}, which takes none"
        )
    if posterior is prior:
        raise ValueError(
            "`prior` must be another object than `posterior`. "
            f"Received: {posterior.name!r} as both"
        )
    if isinstance(prior, VampPrior):
        if not posterior.has_density:
            raise ValueError(
                "`prior` 'vamp_prior' needs a posterior with a density, whose mixture "
                "it is: use a prior against which the posterior's divergence is known. "
                f"Received: posterior={posterior.name!r}, which has none"
            )
        return  # It is made of posteriors.
    if not prior.stands_alone and prior.parameter_channels(2):
        raise ValueError(
            "`prior` must be a distribution of its own, without parameters of a "
            f"network. Received: prior={prior.name!r}"
        )
    if posterior.space != prior.space:
        raise ValueError(
            "`posterior` and `prior` must live on the same space. Received: "
            f"posterior={posterior.name!r} on {posterior.space!r}, "
            f"prior={prior.name!r} on {prior.space!r}"
        )


def check_code_prior(prior: CodeDistribution) -> None:
    """Refuse a prior that codes without a posterior can't be drawn towards.

    Args:
        prior: What was given for `prior`.

    Raises:
        ValueError: If it isn't one of real numbers, or is made of posteriors.
    """
    check_distribution("prior", prior)
    if isinstance(prior, VampPrior) or prior.space != "real":
        raise ValueError(
            "`prior` must be a distribution of real numbers of its own where there is "
            f"no posterior. Received: prior={prior.name!r}"
        )


def check_normal(argument: str, distribution: CodeDistribution) -> None:
    """Refuse a distribution that isn't `Normal`, where formulas need its parameters.

    Args:
        argument: The argument's name, for the message.
        distribution: What was given for it.

    Raises:
        ValueError: If it is another.
    """
    check_distribution(argument, distribution)
    if not isinstance(distribution, Normal):
        raise ValueError(
            f"`{argument}` must be 'normal': the objective is made of means and "
            f"variances. Received: {argument}={distribution.name!r}"
        )
