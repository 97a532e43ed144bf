"""The Bernoulli likelihood of black and white images."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood, real_array
from keras_latent.typing import Tensor
from keras_latent.validation import checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class Bernoulli(TensorLikelihood):
    """Independent values of 0 or 1.

        log p(x|z) = Σ x·log λ + (1 − x)·log(1 − λ)

    Grey values between 0 and 1 train well too, as is usual with images, but there the
    sum is no log-density; `ContinuousBernoulli` is one.

    Args:
        from_logits: Whether the decoder gives log(λ / (1 − λ)), which never saturates,
            in place of the probability λ, which is kept `keras.config.epsilon()` away
            from 0 and 1 where Keras can't see the logits of the sigmoid that made it.
            Defaults to `False`.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `from_logits` is neither True nor False.

    Source:
        Kingma and Welling 2013, appendix C.1.

    >>> likelihood = Bernoulli()
    >>> log_prob = likelihood.log_prob([[1.0, 0.0]], [[0.5, 0.75]])
    >>> print(f"{float(log_prob[0]):.4f}")
    -2.0794
    """

    expected_range = (0.0, 1.0)

    def __init__(self, from_logits: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.from_logits = checked_switch("from_logits", from_logits)

    @property
    def image_activation(self) -> str | None:
        """`"sigmoid"` for probabilities, `None` for logits."""
        return None if self.from_logits else "sigmoid"

    def check_normalised(self, x: Tensor) -> None:
        """Refuse grey values."""
        values = real_array(x)
        grey = np.count_nonzero((values != 0) & (values != 1))
        if grey:
            raise ValueError(
                "`x` must be 0 or 1: of grey values the Bernoulli likelihood is not a "
                "normalised density. Use the likelihood 'continuous_bernoulli', or "
                f"binarize `x`. Received: grey={grey} of {values.size} values"
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "from_logits": self.from_logits}

    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        return -ops.binary_crossentropy(x, parameters, from_logits=self.from_logits)

    def _mean(self, parameters: Tensor) -> Tensor:
        return ops.sigmoid(parameters) if self.from_logits else parameters

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        uniform = keras.random.uniform(
            ops.shape(parameters), dtype="float32", seed=seed
        )
        return ops.cast(uniform < self._mean(parameters), "float32")
