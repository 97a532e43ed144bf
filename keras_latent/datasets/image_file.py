"""One image file: what its header tells, and its pixels as Pillow reads them."""

import warnings
from typing import Any, NamedTuple, TypeAlias

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp")
"""How the names of the files end that are read as images, in any case."""

MAXIMUM_PIXELS = 64 * 2**20
"""An image of more pixels is refused by its header, before it fills the memory."""

JPEG, PNG, TRANSPARENT_PNG, OTHER = range(4)
"""The ways to read a file: TensorFlow's readers, and Pillow for all the rest."""

# Whatever a file is called, Pillow looks inside, and has others start programs.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
# What it raises for broken files.
_ERRORS = (OSError, SyntaxError, ValueError, IndexError, EOFError)

_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L")
_PNG_BIT_DEPTH = 24  # The byte of a PNG file that tells it.
_ORIENTATION_TAG = 0x0112
_EXIF_KEYS = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")


class Header(NamedTuple):
    """What the header of an image file tells.

    Attributes:
        height: As a viewer shows the image, which heeds its orientation.
        width: Likewise.
        is_grey: Whether it is stored without colour.
        bits: 8 or 16 for each number of a pixel.
        reader: One of `JPEG`, `PNG`, `TRANSPARENT_PNG`, `OTHER`.
        orientation: 1 to 8, as in EXIF; 1 is upright.
    """

    height: int
    width: int
    is_grey: bool
    bits: int
    reader: int
    orientation: int


class BadImageError(ValueError):
    """A file that cannot be read as an image."""


State: TypeAlias = tuple[int, int]
"""A file's time in nanoseconds and its size: while they stay, so do its pixels."""

# A run opens its folder once, but a notebook does it often.
_known: dict[str, tuple[State, Header | str]] = {}


def read_header(path: str, state: State) -> Header:
    """Read an image's header, once in a process while the file stays the same.

    Args:
        path: The file.
        state: Its time and its size.

    Raises:
        BadImageError: If the file is no image, or too large.
    """
    known = _known.get(path)
    if known is None or known[0] != state:
        found: Header | str
        try:
            found = _inspect(path)
        except _ERRORS as error:
            found = str(error) or type(error).__name__
        known = _known[path] = (state, found)
    if isinstance(known[1], str):
        raise BadImageError(known[1])
    return known[1]


def decode(path: str, channels: int, bits: int, background: Any) -> np.ndarray:
    """Read the pixels of an image by Pillow, in the orientation that is stored.

    Args:
        path: The file.
        channels: 1 for grey, 3 for colour.
        bits: 8 or 16 in what is returned.
        background: Red, green and blue in 0 to 255, on which to lay what is
            transparent.

    Returns:
        uint8 or uint16 of shape (height, width, channels). Of an animation it is the
        first frame.

    Raises:
        BadImageError: If the file can't be read.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as file:
            image: Image.Image = file
            _check_pixels(image.width * image.height)
            if image.has_transparency_data:
                under = Image.new("RGBA", image.size, tuple(background))
                image = Image.alpha_composite(under, image.convert("RGBA"))
            if image.mode.startswith("I"):  # 16 bits, which `convert` would clip.
                pixels = np.asarray(image).astype(np.uint16)[..., np.newaxis]
                pixels = np.repeat(pixels, channels, axis=-1)
                return pixels if bits == 16 else (pixels >> 8).astype(np.uint8)
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    except _ERRORS as error:
        raise BadImageError(str(error) or type(error).__name__) from error
    pixels = pixels.reshape(*pixels.shape[:2], channels)
    return pixels if bits == 8 else pixels.astype(np.uint16) * 257


def _inspect(path: str) -> Header:
    from PIL import Image

    with open(path, "rb") as file, warnings.catch_warnings():
        # Pillow would warn of what we refuse.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        start = file.read(_PNG_BIT_DEPTH + 1)
        file.seek(0)
        try:
            image = Image.open(file, formats=_FORMATS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            _check_pixels(MAXIMUM_PIXELS + 1)
        except Image.UnidentifiedImageError as error:
            raise BadImageError("it is none of the formats that are read") from error
        with image:
            _check_pixels(image.width * image.height)
            bits = 16 if image.mode.startswith("I") else 8
            reader = OTHER
            if image.format == "PNG":
                reader = TRANSPARENT_PNG if image.has_transparency_data else PNG
                bits = max(8, start[_PNG_BIT_DEPTH])
            elif image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB"):
                reader = JPEG
            orientation = 1
            if any(key in image.info for key in _EXIF_KEYS):
                orientation = _orientation(image)
            height, width = image.height, image.width
            if orientation > 4:  # A quarter turn.
                height, width = width, height
            is_grey = image.mode in _GREY_MODES
    return Header(height, width, is_grey, bits, reader, orientation)


def _orientation(image: Any) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Of any kind, where the EXIF data are damaged: viewers go on.
        return 1
    return value if value in range(1, 9) else 1


def _check_pixels(pixels: int) -> None:
    if pixels > MAXIMUM_PIXELS:
        raise BadImageError(f"it has more than {MAXIMUM_PIXELS} pixels")
