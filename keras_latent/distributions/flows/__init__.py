"""Invertible steps of a `Flow`: from codes of a simple density to those of a richer."""

from typing import Any

from keras_latent.distributions.flows.inverse_autoregressive import (
    InverseAutoregressive,
)
from keras_latent.distributions.flows.masked_autoregressive import MaskedAutoregressive
from keras_latent.distributions.flows.planar import Planar
from keras_latent.distributions.flows.radial import Radial
from keras_latent.distributions.flows.transformation import Transformation
from keras_latent.validation import check_choice

__all__ = [
    "InverseAutoregressive",
    "MaskedAutoregressive",
    "Planar",
    "Radial",
    "Transformation",
    "get",
]

_CLASSES: dict[str, type[Transformation]] = {
    "planar": Planar,
    "radial": Radial,
    "inverse_autoregressive": InverseAutoregressive,
    "masked_autoregressive": MaskedAutoregressive,
}


def get(argument: str, identifier: Any) -> Transformation:
    """The step that a name or an object stands for.

    Args:
        argument: The argument's name, for the message.
        identifier: The class's name in snake case, for its defaults; or an object,
            which is returned as it is.

    Raises:
        ValueError: If it is neither.

    >>> get("flows", "planar").parameter_count(3)
    7
    """
    if isinstance(identifier, Transformation):
        return identifier
    check_choice(argument, identifier, _CLASSES)
    return _CLASSES[identifier]()
