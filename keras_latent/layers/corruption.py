"""Corruptions from which a denoising autoencoder recovers its input."""

from typing import Any

import keras
from keras import ops

from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range, checked_optional_seed


class Corruption(keras.layers.Layer):
    """Base of the corruptions: they act in training alone, as `keras.layers.Dropout`.

    Args:
        seed: Seed of the generator. Defaults to `None`: drawn by Python's `random`,
            which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the layer.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = checked_optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.built = True

    def corrupt(self, x: Tensor) -> Tensor:
        """Corrupt a tensor of shape (batch, ...); what a corruption defines."""
        raise NotImplementedError

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        """Corrupt `x` in training; give it back as it is otherwise."""
        return self.corrupt(x) if training else x

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="keras_latent")
class MaskingCorruption(Corruption):
    """Sets a random part of the entries to 0.

    Args:
        rate: Part of the entries that is lost, in [0, 1]. Defaults to 0.25.
        seed: Seed of the generator. Defaults to `None`: drawn by Python's `random`.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If `rate` is outside [0, 1].

    Source: Vincent et al. 2008, section 2.3.

    >>> corruption = MaskingCorruption(rate=1.0)
    >>> float(ops.sum(corruption(ops.ones((2, 3)), training=True)))
    0.0
    """

    def __init__(self, rate: float = 0.25, seed: int | None = None, **kwargs: Any):
        check_in_range("rate", rate, 0.0, 1.0)
        super().__init__(seed=seed, **kwargs)
        self.rate = rate

    def corrupt(self, x: Tensor) -> Tensor:
        """Mask a tensor of shape (batch, ...)."""
        noise = rowwise_noise(
            lambda shape: keras.random.uniform(
                shape, dtype="float32", seed=self.seed_generator
            ),
            x,
        )
        return ops.where(noise < self.rate, ops.zeros_like(x), x)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable(package="keras_latent")
class GaussianCorruption(Corruption):
    """Adds normal noise.

    Args:
        stddev: Standard deviation of the noise, in units of `x`. Defaults to 0.1.
        seed: Seed of the generator. Defaults to `None`: drawn by Python's `random`.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If `stddev` is negative.

    Source: Vincent et al. 2010, section 3.3.

    >>> corruption = GaussianCorruption(stddev=0.0)
    >>> float(ops.sum(corruption(ops.ones((2, 3)), training=True)))
    6.0
    """

    def __init__(self, stddev: float = 0.1, seed: int | None = None, **kwargs: Any):
        check_in_range("stddev", stddev)
        super().__init__(seed=seed, **kwargs)
        self.stddev = stddev

    def corrupt(self, x: Tensor) -> Tensor:
        """Add noise to a tensor of shape (batch, ...)."""
        noise = rowwise_noise(
            lambda shape: keras.random.normal(shape, seed=self.seed_generator), x
        )
        return x + self.stddev * ops.cast(noise, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "stddev": self.stddev}
