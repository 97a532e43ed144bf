"""The categorical likelihood of one-hot vectors."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood, real_array
from keras_latent.typing import Tensor
from keras_latent.validation import checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class Categorical(TensorLikelihood):
    """Independent categories, each a one-hot vector along the last axis.

        log p(x|z) = Σ x·log p

    Args:
        from_logits: Whether the decoder gives logits, which never saturate, in place of
            the probabilities p. These are divided by their sum and kept
            `keras.config.epsilon()` away from 0 where Keras can't see the logits of the
            softmax that made them; zeros alone are no distribution, and give NaN.
            Defaults to `False`.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `from_logits` is neither True nor False.

    Source:
        Bishop 2006, "Pattern recognition and machine learning", equation 2.26.

    >>> likelihood = Categorical()
    >>> log_prob = likelihood.log_prob([[0.0, 1.0, 0.0]], [[0.2, 0.5, 0.3]])
    >>> print(f"{float(log_prob[0]):.4f}")
    -0.6931
    """

    expected_range = (0.0, 1.0)
    rows_are = "(batch, ..., categories)"
    least_rank = 2

    def __init__(self, from_logits: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.from_logits = checked_switch("from_logits", from_logits)

    @property
    def image_activation(self) -> str | None:
        """`"softmax"` for probabilities, `None` for logits."""
        return None if self.from_logits else "softmax"

    def check_normalised(self, x: Tensor) -> None:
        """Refuse vectors that are not one-hot."""
        values = real_array(x)
        is_binary = ((values == 0) | (values == 1)).all(axis=-1)
        one_hot = is_binary & (values.sum(axis=-1) == 1)
        if not one_hot.all():
            raise ValueError(
                "`x` must be one-hot along its last axis for the categorical "
                f"likelihood. Received: not one-hot={np.count_nonzero(~one_hot)} "
                f"of {one_hot.size} vectors"
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "from_logits": self.from_logits}

    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        return -ops.categorical_crossentropy(
            x, parameters, from_logits=self.from_logits
        )

    def _mean(self, parameters: Tensor) -> Tensor:
        return ops.softmax(parameters) if self.from_logits else parameters

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        categories = parameters.shape[-1]
        logits = parameters if self.from_logits else ops.log(parameters)
        drawn = keras.random.categorical(
            ops.reshape(logits, (-1, categories)), num_samples=1, seed=seed
        )
        one_hot = ops.one_hot(drawn, categories, dtype="float32")
        return ops.reshape(one_hot, ops.shape(parameters))
