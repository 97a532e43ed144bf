"""Features of a region: a feature pyramid pooled over a box of the image."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.typing import Tensor
from keras_latent.validation import check_positive_integer, checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class RegionPooling(keras.layers.Layer):
    """Pools a box of the image from each map of a feature pyramid, to a fixed size.

    The box is divided into `size` × `size` bins. In each bin a map is interpolated
    bilinearly at `samples` × `samples` regular points, and their mean is taken. No
    coordinate is rounded. Boxes are not checked here: see `check_boxes`.

    Args:
        size: Number of bins along each side of a box.
        image_size: (height, width) of the image in pixels, in which boxes are given.
        samples: Number of points along each side of a bin. Defaults to 2.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        maps: A list of feature maps of the image, each a tensor of shape (batch,
            height, width, channels), of any height, width and number of channels.
        boxes: One box an image: a tensor of shape (batch, 4) of (left, top, right,
            bottom) in pixels from the upper left corner of the image.

    Returns:
        A tensor of shape (batch, size, size, channels), the channels of all maps in
        their order.

    Raises:
        ValueError: If `size` or `samples` is not a positive integer, or `image_size`
            not a pair of them.

    Source: He et al. 2017, "Mask R-CNN", section 3, RoIAlign.

    >>> pooling = RegionPooling(size=1, image_size=(8, 8))
    >>> left_half = ops.array([[0.0, 0.0, 4.0, 8.0]])
    >>> columns = ops.reshape(ops.array([1.0, 1.0, 5.0, 5.0] * 4), (1, 4, 4, 1))
    >>> pooling([columns], left_half).numpy().tolist()
    [[[[1.0]]]]
    """

    def __init__(
        self, size: int, image_size: Sequence[int], samples: int = 2, **kwargs: Any
    ) -> None:
        size = checked_positive_integer("size", size)
        samples = checked_positive_integer("samples", samples)
        if not isinstance(image_size, list | tuple) or len(image_size) != 2:
            raise ValueError(
                "`image_size` must be (height, width). "
                f"Received: image_size={image_size!r}"
            )
        for index, side in enumerate(image_size):
            check_positive_integer(f"image_size[{index}]", side)
        super().__init__(**kwargs)
        self.size = size
        self.image_size = tuple(image_size)
        self.samples = samples
        self.built = True

    def call(self, maps: Sequence[Tensor], boxes: Tensor) -> Tensor:
        """Pool the boxes from the maps."""
        left, top, right, bottom = ops.unstack(ops.cast(boxes, "float32"), 4, axis=1)
        height, width = self.image_size
        rows = self._points(top / height, bottom / height)
        columns = self._points(left / width, right / width)
        pooled = [
            ops.einsum(
                "bih,bhwc,bjw->bijc",
                ops.cast(self._weights(rows, features.shape[1]), features.dtype),
                features,
                ops.cast(self._weights(columns, features.shape[2]), features.dtype),
            )
            for features in maps
        ]
        return ops.concatenate(pooled, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "size": self.size,
            "image_size": self.image_size,
            "samples": self.samples,
        }

    def _points(self, low: Tensor, high: Tensor) -> Tensor:
        """Regular points between two edges, of shape (batch, size · samples)."""
        count = self.size * self.samples
        shares = (ops.arange(count, dtype="float32") + 0.5) / count
        return low[:, None] + shares * (high - low)[:, None]

    def _weights(self, points: Tensor, length: int) -> Tensor:
        """How much each cell of a line of a map counts in each bin.

        Args:
            points: Where the line is sampled, in [0, 1], (batch, size · samples).
            length: Number of cells of the line.

        Returns:
            Tensor of shape (batch, size, length) whose last axis sums to 1.
        """
        # The centre of cell i lies at (i + ½) / length; beyond the outer ones, they.
        at = ops.clip(points * length - 0.5, 0.0, length - 1.0)[:, :, None]
        cells = ops.arange(length, dtype="float32")
        weights = ops.maximum(1.0 - ops.abs(at - cells), 0.0)
        shape = (-1, self.size, self.samples, length)
        return ops.mean(ops.reshape(weights, shape), axis=2)


def check_boxes(boxes: Any, image_shape: Sequence[int]) -> None:
    """Refuse boxes that are empty or reach out of the image.

    Args:
        boxes: Array of shape (count, 4): (left, top, right, bottom) in pixels from the
            upper left corner of the image.
        image_shape: (height, width) of the image, or (height, width, channels).

    Raises:
        ValueError: If the shape is another, or a box is empty, not finite or outside of
            the image; the message names the first one.

    >>> check_boxes([[0, 0, 8, 8], [4, 4, 4, 9]], (16, 16, 3))
    Traceback (most recent call last):
    ...
    ValueError: `boxes` must be (left, top, right, bottom) with 0 <= left < right <= 16
    and 0 <= top < bottom <= 16. Received: boxes[1]=[4.0, 4.0, 4.0, 9.0]
    """
    boxes = np.asarray(ops.convert_to_numpy(boxes), "float64")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            "`boxes` must have the shape (count, 4), one box for each image. "
            f"Received: boxes of shape {boxes.shape}"
        )
    height, width = image_shape[:2]
    left, top, right, bottom = boxes.T
    # Comparisons with NaN are false.
    is_good = (left >= 0) & (left < right) & (right <= width)
    is_good &= (top >= 0) & (top < bottom) & (bottom <= height)
    if not is_good.all():
        first = int(np.argmin(is_good))
        raise ValueError(
            f"`boxes` must be (left, top, right, bottom) with 0 <= left < right <= "
            f"{width} and 0 <= top < bottom <= {height}. "
            f"Received: boxes[{first}]={boxes[first].tolist()}"
        )
