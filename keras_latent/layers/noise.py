"""Noise that replicas share out."""

from typing import Any

import keras

from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor
from keras_latent.validation import checked_optional_seed


@keras.saving.register_keras_serializable(package="keras_latent")
class StandardNormal(keras.layers.Layer):
    """Noise ε ~ N(0, I) of the shape of its input.

    Args:
        seed: Seed of the generator. Defaults to `None`: drawn by Python's `random`,
            which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        like: A tensor of shape (batch, ...).

    Returns:
        A float32 tensor of the same shape.

    >>> noise = StandardNormal(seed=1)
    >>> noise(keras.ops.zeros((4, 2))).shape
    TensorShape([4, 2])
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = checked_optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.built = True

    def call(self, like: Tensor) -> Tensor:
        """Draw the noise."""
        return rowwise_noise(
            lambda shape: keras.random.normal(
                shape, dtype="float32", seed=self.seed_generator
            ),
            like,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "seed": self.seed}
