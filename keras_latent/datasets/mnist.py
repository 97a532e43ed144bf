"""MNIST: 70,000 handwritten digits, inside the package."""

from functools import cache
from pathlib import Path

import numpy as np

from keras_latent.datasets.source import ArraySource, select

_FILE = Path(__file__).parent / "data" / "mnist.npz"
_SIZES = {"train": 60_000, "test": 10_000}


def open_mnist(split: str, image_size: tuple[int, int] | None = None) -> ArraySource:
    """Open a split of MNIST.

    Args:
        split: `"train"` (60,000 digits) or `"test"` (10,000), with a slice or
            without.
        image_size: `(height, width)` to resize to. `None` keeps 28 x 28.

    Returns:
        A `Source` of images of one channel, labelled with their digits.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document
    recognition". Data by Yann LeCun and Corinna Cortes, CC BY-SA 3.0.
    """
    name, examples = select(split, _SIZES)
    images, labels = _read(name)
    return ArraySource(
        images[examples], labels[examples], _SIZES, image_size, "0123456789"
    )


@cache
def _read(name: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(_FILE, allow_pickle=False) as file:
            return file[f"x_{name}"][..., np.newaxis], file[f"y_{name}"]
    except Exception as error:  # Of any kind, where the file is damaged.
        raise ValueError(
            "The digits must be in the file that came with this package: install it "
            f"again. Received: {str(_FILE)!r}, which can't be read ({error})"
        ) from error
