"""Images as arrays: found in observations, put together to grids."""

import math

import numpy as np

from keras_latent.kinds import as_array, as_numeric_array
from keras_latent.typing import Observation


def image_entries(
    observation: Observation, argument: str = "images"
) -> dict[str, np.ndarray]:
    """The images in an observation, by name.

    Args:
        observation: A tensor, which is called `"image"`, or a dict of tensors, of which
            those of shape (count, height, width, 1 or 3) are images.
        argument: The argument that they came in, for messages. Defaults to `"images"`.

    Returns:
        Arrays in float32.

    Raises:
        ValueError: If there is no image.

    >>> mixed = {"digit": np.zeros((2, 28, 28, 1)), "label": np.zeros((2, 10))}
    >>> list(image_entries(mixed))
    ['digit']
    """
    if not isinstance(observation, dict):
        observation = {"image": observation}
    arrays = {name: as_array(argument, value) for name, value in observation.items()}
    images = {
        name: as_numeric_array(argument, array).astype("float32")
        for name, array in arrays.items()
        if array.ndim == 4 and array.shape[-1] in (1, 3)
    }
    if not images:
        shapes = {name: array.shape for name, array in arrays.items()}
        raise ValueError(
            f"`{argument}` must hold a tensor of shape (count, height, width, 1 or 3). "
            f"Received: {argument} of shapes {shapes}"
        )
    return images


def square_columns(count: int) -> int:
    """Columns of the grid of `count` images that is nearest to a square."""
    return math.ceil(math.sqrt(count))


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """One image of many, row by row, with a white pixel between them.

    Args:
        images: Array of shape (count, height, width, channels), cut to [0, 1].
        columns: Images in a row.

    Returns:
        Array of shape (grid height, grid width, channels). What the last row lacks is
        white.

    >>> tile(np.zeros((5, 28, 28, 1)), columns=3).shape
    (57, 86, 1)
    """
    count, height, width, channels = images.shape
    missing = -count % columns
    cells = np.pad(
        np.clip(images, 0.0, 1.0),
        ((0, missing), (0, 1), (0, 1), (0, 0)),
        constant_values=1.0,
    )
    cells = cells.reshape(-1, columns, height + 1, width + 1, channels)
    grid = cells.swapaxes(1, 2).reshape(-1, columns * (width + 1), channels)
    return grid[:-1, :-1]


def tile_pairs(
    originals: np.ndarray, reconstructions: np.ndarray, columns: int = 10
) -> np.ndarray:
    """One image of many pairs: a row of originals, below it their reconstructions.

    Args:
        originals: Array of shape (count, height, width, channels), cut to [0, 1].
        reconstructions: Array of the same shape.
        columns: Pairs in a row. Defaults to 10.

    Returns:
        Array of shape (grid height, grid width, channels).

    >>> tile_pairs(np.zeros((4, 8, 8, 3)), np.ones((4, 8, 8, 3)), columns=2).shape
    (35, 17, 3)
    """
    columns = min(columns, len(originals))
    missing = -len(originals) % columns
    pairs = np.pad(
        np.stack([originals, reconstructions]),
        ((0, 0), (0, missing), (0, 0), (0, 0), (0, 0)),
        constant_values=1.0,
    )
    rows = pairs.reshape(2, -1, columns, *originals.shape[1:]).swapaxes(0, 1)
    return tile(rows.reshape(-1, *originals.shape[1:]), columns)
