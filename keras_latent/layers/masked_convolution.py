"""A convolution over the part of a map that was read before."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.typing import Tensor
from keras_latent.validation import check_choice, checked_positive_integer

MASKS = ("before", "until", "above", "rows")


@keras.saving.register_keras_serializable(package="keras_latent")
class MaskedConv2D(keras.layers.Layer):
    """Convolution of a map that is read row by row: what comes later isn't seen.

    Args:
        filters: Number of channels of the output.
        kernel_size: Side of the square around a position, an odd number. Of its lower
            half nothing is seen.
        mask: What is seen: the positions `"before"` the own one (the papers' mask A),
            those `"until"` it, which includes it (mask B), the rows `"above"`, or the
            own row, whole, and the `"rows"` above.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: A map of shape (batch, height, width, channels).

    Returns:
        A map of shape (batch, height, width, filters).

    Raises:
        ValueError: If an argument isn't as described.

    Source: van den Oord, Kalchbrenner and Kavukcuoglu 2016, "Pixel recurrent neural
    networks", section 3.4; van den Oord et al. 2016, "Conditional image generation with
    PixelCNN decoders", section 2.2, for the rows.

    >>> layer = MaskedConv2D(1, 3, mask="above")
    >>> x = np.zeros((1, 2, 2, 1), "float32")
    >>> layer(x).shape
    TensorShape([1, 2, 2, 1])
    """

    def __init__(
        self, filters: int, kernel_size: int, mask: str, **kwargs: Any
    ) -> None:
        filters = checked_positive_integer("filters", filters)
        kernel_size = checked_positive_integer("kernel_size", kernel_size)
        check_choice("mask", mask, MASKS)
        if kernel_size % 2 == 0:
            raise ValueError(
                "`kernel_size` must be odd, so that a position is in the middle. "
                f"Received: kernel_size={kernel_size}"
            )
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.mask = mask
        self._reach = kernel_size // 2
        # Without the lower half, of which nothing is seen.
        seen = np.ones((self._reach + 1, kernel_size, 1, 1), "float32")
        if mask == "above":
            seen[-1] = 0
        elif mask != "rows":
            seen[-1, self._reach + (mask == "until") :] = 0
        self._seen = seen

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernel, of the upper half of the square, and the bias."""
        shape = (*self._seen.shape[:2], input_shape[-1], self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape)
        self.bias = self.add_weight(
            name="bias", shape=(self.filters,), initializer="zeros"
        )
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """Convolve what is seen."""
        reach = self._reach
        padded = ops.pad(x, ((0, 0), (reach, 0), (reach, reach), (0, 0)))
        kernel = self.kernel * ops.cast(self._seen, self.kernel.dtype)
        return ops.conv(padded, kernel, padding="valid") + self.bias

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """A map of the same height and width."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size}
        return {**super().get_config(), **own, "mask": self.mask}
