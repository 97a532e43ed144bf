"""What every invertible step of a flow does."""

import abc
from typing import Any

import keras

from keras_latent.typing import Tensor


class Transformation(keras.layers.Layer, abc.ABC):
    """An invertible step z′ = f(z) along the last axis of codes.

    A map of codes is transformed at each position alike. The numbers that f needs
    beside z are given by a network for each row, or are weights of the step: a `Flow`
    says which when it builds it.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer. Numbers are
            computed in float32 whatever the dtype.
    """

    is_autoregressive = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Keras takes a layer without a `build` for built.
        self.built = False

    @abc.abstractmethod
    def parameter_count(self, channels: int) -> int:
        """How many numbers a network gives for each position of a code.

        Args:
            channels: The size of the code's last axis.
        """

    @abc.abstractmethod
    def build_step(self, channels: int, amortised: bool, reverse: bool) -> None:
        """Make the weights.

        Args:
            channels: The size of the code's last axis.
            amortised: Whether a network gives the numbers of `parameter_count`.
            reverse: Whether elements depend on those after them, not before them.
        """

    @abc.abstractmethod
    def forward(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """Transform codes.

        Args:
            z: Codes of shape (batch, ..., channels), float32.
            given: What a network gives, of shape (batch, ..., parameter_count), or
                `None` where it gives nothing.

        Returns:
            z′ of the shape of z, and log |det ∂f/∂z| of shape (batch, ..., 1).
        """

    @abc.abstractmethod
    def inverse(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """Undo it.

        Args:
            z: What `forward` gives, of shape (batch, ..., channels), float32.
            given: As of `forward`.

        Returns:
            The codes before, and log |det ∂f/∂z| there, as of `forward`.
        """
