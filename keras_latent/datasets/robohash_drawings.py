"""The drawings of the package robohash, of which cats and robots are composed."""

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

SIDE = 64


def drawings_folder(dataset: str, folder: str) -> Path:
    """Find a set of drawings.

    Args:
        dataset: What they are for, for the message.
        folder: The name of the set in the package.

    Raises:
        ImportError: If the package isn't installed.
    """
    # Without loading it: nothing of it is needed but the files.
    found = importlib.util.find_spec("robohash")
    places = None if found is None else found.submodule_search_locations
    if not places:
        raise ImportError(
            f"The dataset {dataset!r} needs the package robohash, whose drawings it is "
            "composed of. Install it with the extra `datasets`: "
            "`pip install 'keras_latent[datasets]'`"
        )
    return Path(next(iter(places))) / "sets" / folder


def read_drawings(
    folder: Path, size: tuple[int, int], counts: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Read the drawings of each part, in the order of the numbers in their names.

    Args:
        folder: Where they are, in one subfolder for each part.
        size: `(height, width)` to resize to.
        counts: How many there must be of each part. A part is what the last word
            before the number of a file's name says, `"body"` of `"blue_body-03.png"`.

    Returns:
        For each part, uint8 array of shape (count, height, width, 4): red, green and
        blue times alpha, and alpha.

    Raises:
        ValueError: If a drawing is missing or can't be read.
    """
    found: dict[str, dict[int, Path]] = {part: {} for part in counts}
    for path in folder.glob("*/*.png"):
        match = re.search(r"([a-z]+)-?(\d+)\.png$", path.name)
        if match and match[1] in found:
            found[match[1]][int(match[2])] = path
    for part, count in counts.items():
        if len(found[part]) != count:
            raise ValueError(
                f"The package robohash must hold {count} drawings of {part!r}, as its "
                "version 2.0 does: `pip install 'keras_latent[datasets]'` brings it. "
                f"Received: {str(folder)!r}, with {len(found[part])}"
            )
    return {
        part: np.stack([_read(paths[number], size) for number in sorted(paths)])
        for part, paths in found.items()
    }


def _read(path: Path, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            # Colours times alpha: what is transparent has no say when it shrinks.
            small = (
                picture.convert("RGBA")
                .convert("RGBa")
                .resize(size[::-1], Image.Resampling.LANCZOS)
            )
    except OSError as error:
        raise ValueError(
            "The package robohash must be whole: install it again. "
            f"Received: {str(path)!r}, which can't be read ({error})"
        ) from error
    pixels = np.array(small)
    np.minimum(pixels[..., :3], pixels[..., 3:], out=pixels[..., :3])
    return pixels
