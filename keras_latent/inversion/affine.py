"""Affine maps of images: drawn at random, and applied about the centre."""

from typing import Any

import numpy as np
import tensorflow as tf


def angle_ranges(angles: Any) -> np.ndarray:
    """Read the argument `angles`.

    Returns:
        float32 array of shape (ranges, 2) of the lowest and highest degrees.

    Raises:
        ValueError: If it is neither a pair of numbers in order nor a sequence of pairs.

    >>> angle_ranges([(-90, -30), (30, 90)]).tolist()
    [[-90.0, -30.0], [30.0, 90.0]]
    """
    try:
        ranges: np.ndarray = np.atleast_2d(np.asarray(angles, np.float32))
    except (TypeError, ValueError):
        ranges = np.empty(0)
    is_shaped = ranges.ndim == 2 and ranges.shape[1] == 2 and len(ranges) > 0
    if not (is_shaped and np.isfinite(ranges).all() and np.all(np.diff(ranges) >= 0)):
        raise ValueError(
            "`angles` must be a pair (lowest, highest) of degrees, or a sequence of at "
            f"least one. Received: angles={angles!r}"
        )
    return ranges


def draw_maps(
    ranges: np.ndarray, scale: float, shear: float, shift: float, count: Any, seed: Any
) -> Any:
    """Draw maps that scale, then shear, then turn, then shift.

    Args:
        ranges: float32 array of shape (ranges, 2): of the angles, counter-clockwise, in
            degrees. Angles are uniform in all ranges together.
        scale: The largest factor of x, and of y, and the reciprocal of the smallest;
            uniform in the logarithm.
        shear: The most that x is moved by, as a part of y.
        shift: The most that x, and y, is moved by at last.
        count: Number of maps.
        seed: Integer tensor of shape (2,) that alone decides.

    Returns:
        float32 tensor of shape (count, 2, 3), as `transform` takes it.
    """
    uniform = tf.unstack(tf.random.stateless_uniform((7, count), seed))
    radians = _angles(ranges, *uniform[:2]) * (np.pi / 180)
    signs = [2 * number - 1 for number in uniform[2:]]
    scale_x, scale_y = scale ** signs[0], scale ** signs[1]
    sheared = shear * signs[2] * scale_y
    cosine, sine = tf.cos(radians), tf.sin(radians)
    rows = [
        [cosine * scale_x, cosine * sheared - sine * scale_y, shift * signs[3]],
        [sine * scale_x, sine * sheared + cosine * scale_y, shift * signs[4]],
    ]
    return tf.transpose(tf.convert_to_tensor(rows), (2, 0, 1))


def _angles(ranges: np.ndarray, which: Any, where: Any) -> Any:
    """Angles from uniform numbers: of the range, and of the place in it."""
    lengths = ranges[:, 1] - ranges[:, 0]
    shares = lengths if lengths.any() else np.ones_like(lengths)
    edges = np.cumsum(shares)[:-1] / np.sum(shares)
    index = tf.searchsorted(tf.constant(edges), which, side="right")
    return tf.gather(ranges[:, 0], index) + where * tf.gather(lengths, index)


def transform(images: Any, maps: Any) -> Any:
    """Move every point of each image to where a map takes it.

    Points are (x, y) from the centre of the image, x to the right and y upwards, in
    units of half of its shorter side. Between pixels the interpolation is bilinear, and
    all around the image is 0.

    Args:
        images: float32 tensor of shape (batch, height, width, channels).
        maps: float32 tensor of shape (batch, 2, 3), each [A | t]: the point p goes to
            A·p + t.

    Returns:
        float32 tensor of the shape of `images`.

    >>> image = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    >>> quarter_turn = tf.constant([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    >>> transform(image, quarter_turn)[0, :, :, 0].numpy().tolist()
    [[1.0, 3.0], [0.0, 2.0]]
    """
    height, width = images.shape[1:3]
    half = min(height, width) / 2
    # From the column and row of a pixel to its point.
    to_point = np.array(
        [
            [1 / half, 0, (1 - width) / 2 / half],
            [0, -1 / half, (height - 1) / 2 / half],
            [0, 0, 1],
        ]
    )
    last_row = tf.tile([[[0.0, 0.0, 1.0]]], (tf.shape(maps)[0], 1, 1))
    # The operation wants to know, for each pixel, the column and row that it is from.
    whence = (
        tf.constant(np.linalg.inv(to_point), tf.float32)
        @ tf.linalg.inv(tf.concat([maps, last_row], axis=1))
        @ tf.constant(to_point, tf.float32)
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.reshape(whence, (-1, 9))[:, :8],
        output_shape=(height, width),
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
