"""What is random of codes: posteriors q(z|x) and priors p(z)."""

from typing import Any

from keras_latent.distributions.base import CodeDistribution, Distribution
from keras_latent.distributions.normal import Normal, NormalParameters
from keras_latent.validation import check_choice

__all__ = ["CodeDistribution", "Distribution", "Normal", "NormalParameters", "get"]

_CLASSES: dict[str, type[CodeDistribution]] = {"normal": Normal}


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
    check_choice(argument, identifier, _CLASSES)
    return _CLASSES[identifier]()


def check_same_space(posterior: CodeDistribution, prior: CodeDistribution) -> None:
    """Refuse a posterior and a prior that live on different spaces.

    Raises:
        ValueError: If they do; both are named.
    """
    if posterior.space != prior.space:
        raise ValueError(
            "`posterior` and `prior` must live on the same space. Received: "
            f"posterior={posterior.name!r} on {posterior.space!r}, "
            f"prior={prior.name!r} on {prior.space!r}"
        )


def check_normal(argument: str, distribution: CodeDistribution) -> None:
    """Refuse a distribution that isn't `Normal`, where formulas need its parameters.

    Raises:
        ValueError: If it is another.
    """
    if not isinstance(distribution, Normal):
        raise ValueError(
            f"`{argument}` must be 'normal': the objective is made of means and "
            f"variances. Received: {argument}={distribution.name!r}"
        )
