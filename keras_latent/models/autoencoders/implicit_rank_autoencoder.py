"""The autoencoder whose linear layers keep the rank of its codes low (IRMAE)."""

from typing import Any, ClassVar

import keras
import numpy as np

from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_in_range


@keras.saving.register_keras_serializable(package="keras_latent")
class ImplicitRankAutoencoder(DeterministicModel):
    """Autoencoder with a chain of linear layers before its code (IRMAE).

    Objective, in nats an example:

        loss = reconstruction = −log p(x | D(z)),   z = W_l·…·W₁·E(x)

    The matrices, without biases, change nothing of what the model can be, but how it
    learns: gradient descent prefers a product of low rank, so that codes use few
    dimensions. `encode` gives the code after all of them.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        linear_layers: Number l of matrices; 0 makes it an `Autoencoder`. Defaults to 4.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If `linear_layers` isn't an integer of at least 0.

    When: Where the dimension of the data is unknown: give more than enough, and few of
    them are used.

    Source: Jing, Zbontar and LeCun 2020, section 3.

    >>> model = ImplicitRankAutoencoder.for_images((28, 28, 1), 16, linear_layers=2)
    >>> model.linear_map().shape
    (16, 16)
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        linear_layers: int = 4,
        **kwargs: Any,
    ) -> None:
        check_in_range("linear_layers", linear_layers)
        if linear_layers != int(linear_layers):
            raise ValueError(
                "`linear_layers` must be an integer of at least 0. "
                f"Received: {linear_layers=}"
            )
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.linear_layers = int(linear_layers)
        channels, first = self.code_shape[-1], self.own_layers()["code"]
        chain = [_linear(channels, f"linear_{i}") for i in range(self.linear_layers)]
        features = keras.Input((*self.code_shape[:-1], first.kernel.shape[-2]))
        self.code = keras.Sequential([features, first, *chain], name="code_chain")
        self.add_term("reconstruction")

    def linear_map(self) -> np.ndarray:
        """The product of the matrices, for rows: of shape (channels, channels)."""
        product = np.eye(self.code_shape[-1], dtype="float32")
        for layer in self.code.layers[1:]:
            product = product @ np.asarray(layer.kernel)
        return product

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x | D(z))."""
        z = self.encoded(batch.x, training)
        return {"reconstruction": self.reconstruction(batch.x, z, training)}


def _linear(channels: int, name: str) -> keras.layers.Layer:
    # The uniform distribution on ±1/√channels, on which the effect depends.
    initializer = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
    return keras.layers.Dense(
        channels,
        use_bias=False,
        kernel_initializer=initializer,
        dtype="float32",
        name=name,
    )
