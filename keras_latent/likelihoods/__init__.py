"""Likelihoods p(x|z): what the decoder's output says about the observation."""

from collections.abc import Mapping
from typing import Any

from keras_latent.likelihoods.base import (
    RANGE_TOLERANCE,
    Likelihood,
    TensorLikelihood,
)
from keras_latent.likelihoods.bernoulli import Bernoulli
from keras_latent.likelihoods.categorical import Categorical
from keras_latent.likelihoods.continuous_bernoulli import ContinuousBernoulli
from keras_latent.likelihoods.discretized_logistic import DiscretizedLogistic
from keras_latent.likelihoods.gaussian import Gaussian
from keras_latent.likelihoods.mixed import Mixed
from keras_latent.likelihoods.structural_similarity import StructuralSimilarity
from keras_latent.validation import check_choice

__all__ = [
    "RANGE_TOLERANCE",
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "Gaussian",
    "Likelihood",
    "Mixed",
    "StructuralSimilarity",
    "TensorLikelihood",
    "get",
]

_CLASSES = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "gaussian": Gaussian,
    "categorical": Categorical,
    "structural_similarity": StructuralSimilarity,
    "discretized_logistic": DiscretizedLogistic,
}


def get(identifier: Any) -> Likelihood:
    """The likelihood that a name, an object or a dict of columns stands for.

    Args:
        identifier: `"bernoulli"`, `"continuous_bernoulli"`, `"gaussian"`,
            `"categorical"`, `"structural_similarity"` or `"discretized_logistic"`, with
            the defaults of the class; a `Likelihood`, which is returned as it is; or a
            dict of column name to one of these.

    Returns:
        A `Likelihood`.

    Raises:
        ValueError: If `identifier` is none of these.

    >>> get("gaussian").scale
    1.0
    >>> get("poisson")
    Traceback (most recent call last):
    ...
    ValueError: `likelihood` must be one of 'bernoulli', 'continuous_bernoulli',
    'gaussian', 'categorical', 'structural_similarity', 'discretized_logistic'.
    Received: likelihood='poisson'
    """
    if isinstance(identifier, Likelihood):
        return identifier
    if isinstance(identifier, Mapping):
        return Mixed(identifier)
    check_choice("likelihood", identifier, _CLASSES)
    return _CLASSES[identifier]()
