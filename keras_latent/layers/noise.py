"""Noise that replicas share out."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_latent.training.replicas import is_distributed, replica_share
from keras_latent.typing import Tensor


def rowwise_noise(draw: Callable[[tuple], Tensor], like: Tensor) -> Tensor:
    """Draw noise for the whole batch and keep the rows of this replica.

    Replicas see different noise, and together the noise that one replica would see.

    Args:
        draw: From a shape to noise of that shape, the same on every replica.
        like: A tensor of shape (batch, ...), whose shape the noise takes.

    Returns:
        The noise, of the shape of `like`.
    """
    shape = ops.shape(like)
    if not is_distributed():
        return draw(shape)
    share = replica_share(shape[0])
    noise = draw((share.total, *shape[1:]))
    return noise[share.offset : share.offset + share.rows]


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
    >>> noise(ops.zeros((4, 2))).shape
    TensorShape([4, 2])
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
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
