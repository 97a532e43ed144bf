"""From raw images to what the pretrained models take."""

from typing import Any

from keras import ops


def preprocess_input(x: Any) -> Any:
    """Scale raw images to the range that every builder of this package expects.

    Args:
        x: Images in [0, 255], of any shape and number type: an array or a tensor.

    Returns:
        The images in [0, 1], float32; a NumPy array of a NumPy array.

    >>> import numpy as np
    >>> preprocess_input(np.array([0, 51, 255], "uint8"))
    array([0. , 0.2, 1. ], dtype=float32)
    """
    scaled = ops.cast(x, "float32") / 255.0
    if isinstance(x, list | tuple) or type(x).__module__ == "numpy":
        return ops.convert_to_numpy(scaled)
    return scaled
