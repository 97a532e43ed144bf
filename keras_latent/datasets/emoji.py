"""Emoji: 3,786 pictures in each of two styles, with what is known of each."""

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_latent.datasets import archives
from keras_latent.datasets.tfds import TfdsSource, decoded_columns
from keras_latent.validation import MissingFileError

ARCHIVES_VARIABLE = "KERAS_LATENT_EMOJI"
"""The environment variable that names the folder of the two archives."""

STYLES = ("noto", "twemoji")
SKIN_TONES = ("none", "light", "medium-light", "medium", "medium-dark", "dark", "mixed")
CATEGORIES = (
    "Smileys & Emotion",
    "People & Body",
    "Animals & Nature",
    "Food & Drink",
    "Travel & Places",
    "Activities",
    "Objects",
    "Symbols",
    "Flags",
    "Component",
)

INSTRUCTIONS = (
    "Put the archives of the npm packages emoji-datasource-google 16.0.0 and "
    "emoji-datasource-twitter 16.0.0 (`npm pack emoji-datasource-google@16.0.0`, "
    "`npm pack emoji-datasource-twitter@16.0.0`) into one folder, and name the "
    f"folder in the environment variable {ARCHIVES_VARIABLE}."
)

_PACKAGES = {
    "noto": "emoji-datasource-google-16.0.0",
    "twemoji": "emoji-datasource-twitter-16.0.0",
}
_MODIFIERS = ("1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF")
_TONES = dict(zip(_MODIFIERS, SKIN_TONES[1:6], strict=True))
SIDE = 64


def open_emoji(split: str, image_size: tuple[int, int] | None = None) -> TfdsSource:
    """Open a split of the emoji.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice or without.
        image_size: `(height, width)` to resize to. `None` keeps 64 x 64.

    Returns:
        A `Source` of images of three channels, labelled with their category.

    Raises:
        FileNotFoundError: If an archive is missing.
    """
    return TfdsSource(prepared(), split, image_size)


def emoji_columns(split: str) -> dict[str, np.ndarray]:
    """Load a split of the emoji with all that is known of them.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice or without.

    Returns:
        `image`, float32 in [0, 1] of shape (count, 64, 64, 3), and the strings `glyph`,
        `category`, `style` and `skin_tone`, each of shape (count,).

    Raises:
        FileNotFoundError: If an archive is missing.
        ValueError: If there is no such split.
    """
    columns = decoded_columns(prepared(), split)
    columns["image"] = columns["image"].astype("float32") / 255
    columns["glyph"] = columns["glyph"].astype(str)
    names = {"category": CATEGORIES, "style": STYLES, "skin_tone": SKIN_TONES}
    for column, choices in names.items():
        columns[column] = np.asarray(choices)[columns[column]]
    return columns


def prepared() -> Any:
    """The builder of tensorflow-datasets, with its files written on first use.

    Raises:
        FileNotFoundError: If an archive is missing.
    """
    # Here, because tensorflow-datasets takes seconds to load.
    from keras_latent.datasets.emoji_builder import Emoji

    builder = Emoji(data_dir=os.environ.get("TFDS_DATA_DIR"))
    if not builder.is_prepared():
        folder = archives.archives_folder(builder, ARCHIVES_VARIABLE)
        find_archives(folder)
        archives.prepare(builder, folder)
    return builder


def find_archives(folder: Path) -> dict[str, Path]:
    """Find the archive of each style in a folder.

    Raises:
        FileNotFoundError: If one is missing; the message says which, and where to put
            it.
    """
    found_archives = {}
    for style, package in _PACKAGES.items():
        found = sorted(folder.glob(f"{package}*.tgz"))
        if not found:
            raise MissingFileError(
                f"The dataset 'emoji' needs the archive {package}.tgz in the folder "
                f"{str(folder)!r}, which doesn't hold it. "
                f"{INSTRUCTIONS}"
            )
        found_archives[style] = found[0]
    return found_archives


def split_by_glyph(glyphs: set[str]) -> dict[str, str]:
    """Assign each glyph to a split: a tenth to the test, a tenth to the validation.

    The order is that of a hash: it depends on nothing but the glyphs.

    >>> splits = split_by_glyph({str(number) for number in range(20)})
    >>> [list(splits.values()).count(name) for name in ("train", "validation", "test")]
    [16, 2, 2]
    """
    in_order = sorted(
        glyphs, key=lambda glyph: hashlib.sha256(glyph.encode()).hexdigest()
    )
    tenth = round(len(in_order) / 10)
    splits = ["test"] * tenth + ["validation"] * tenth
    splits += ["train"] * (len(in_order) - len(splits))
    return dict(zip(in_order, splits, strict=True))


class Picture(NamedTuple):
    """One picture of an archive, as its table of contents describes it."""

    file: str
    glyph: str
    category: str
    skin_tone: str


def pictures_of(contents: bytes) -> list[Picture]:
    """List the pictures that a table of contents, `emoji.json`, describes.

    Raises:
        ValueError: If it is something else.
    """
    try:
        return _listed(json.loads(contents))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(
            "The table `emoji.json` of an archive must be whole: put the archive there "
            f"again. Received: one that can't be read ({error!r})"
        ) from error


def _listed(table: Any) -> list[Picture]:
    pictures = []
    for emoji in table:
        glyph, category = emoji["unified"], emoji["category"]
        pictures.append(Picture(emoji["image"], glyph, category, "none"))
        for code_points, variation in emoji.get("skin_variations", {}).items():
            tones = {_TONES[point] for point in code_points.split("-")}
            tone = tones.pop() if len(tones) == 1 else "mixed"
            pictures.append(Picture(variation["image"], glyph, category, tone))
    return pictures


def read_archive(path: Path) -> dict[str, bytes]:
    """Read the table of contents and the pictures of 64 pixels, by their last names.

    Raises:
        ValueError: If it is truncated, no archive, or unpacks to far more than it
            should.
    """
    return archives.read_archive(
        path,
        lambda folders, name: folders[-1:] == [str(SIDE)] or name == "emoji.json",
    )


def on_white(file: bytes, name: str) -> np.ndarray:
    """Decode a PNG file of 64 x 64 pixels and lay what is transparent on white.

    Args:
        file: Its contents.
        name: What to call it in the message.

    Returns:
        uint8 array of shape (64, 64, 3).

    Raises:
        ValueError: If it has another size.
    """
    from PIL import Image

    with Image.open(io.BytesIO(file), formats=["PNG"]) as picture:
        if picture.size != (SIDE, SIDE):
            raise ValueError(
                f"The pictures must have {SIDE} x {SIDE} pixels. "
                f"Received: {name} of {picture.size[0]} x {picture.size[1]}"
            )
        white = Image.new("RGBA", picture.size, "white")
        laid = Image.alpha_composite(white, picture.convert("RGBA"))
    return np.asarray(laid.convert("RGB"))
