"""Quantizers: codes that are tokens."""

from typing import Any

from keras_latent.quantizers.base import Quantized, Quantizer
from keras_latent.quantizers.finite_scalar_quantizer import FiniteScalarQuantizer
from keras_latent.quantizers.gumbel_quantizer import GumbelQuantizer
from keras_latent.quantizers.lookup_free_quantizer import LookupFreeQuantizer
from keras_latent.quantizers.residual_quantizer import ResidualQuantizer
from keras_latent.quantizers.vector_quantizer import VectorQuantizer
from keras_latent.validation import check_choice

__all__ = [
    "FiniteScalarQuantizer",
    "GumbelQuantizer",
    "LookupFreeQuantizer",
    "Quantized",
    "Quantizer",
    "ResidualQuantizer",
    "VectorQuantizer",
    "get",
]

_CLASSES: dict[str, type[Quantizer]] = {
    "vector_quantizer": VectorQuantizer,
    "residual_quantizer": ResidualQuantizer,
    "finite_scalar_quantizer": FiniteScalarQuantizer,
    "lookup_free_quantizer": LookupFreeQuantizer,
    "gumbel_quantizer": GumbelQuantizer,
}


def get(identifier: Any) -> Quantizer:
    """The quantizer that a name or an object stands for.

    Args:
        identifier: The class's name in snake case, for its defaults; or a `Quantizer`,
            which is returned as it is.

    Raises:
        ValueError: If it is neither.

    >>> get("vector_quantizer").num_codes
    512
    >>> get("product")
    Traceback (most recent call last):
    ...
    ValueError: `quantizer` must be one of 'vector_quantizer', 'residual_quantizer',
    'finite_scalar_quantizer', 'lookup_free_quantizer', 'gumbel_quantizer'. Received:
    quantizer='product'
    """
    if isinstance(identifier, Quantizer):
        return identifier
    check_choice("quantizer", identifier, _CLASSES)
    return _CLASSES[identifier]()
