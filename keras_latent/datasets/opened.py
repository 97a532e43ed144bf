"""A dataset that is opened once, and then handed around."""

import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from keras_latent.datasets.cached import CachedSource
from keras_latent.datasets.cats import open_cats
from keras_latent.datasets.emoji import open_emoji
from keras_latent.datasets.fitting import FITS
from keras_latent.datasets.folder import FolderSource
from keras_latent.datasets.folder_scan import FolderScan, scan_folder
from keras_latent.datasets.held_out import draw_held_out
from keras_latent.datasets.icons import open_icons
from keras_latent.datasets.mnist import open_mnist
from keras_latent.datasets.robots import open_robots
from keras_latent.datasets.shapes import open_shapes
from keras_latent.datasets.source import ImageSize, Source, height_and_width, select
from keras_latent.datasets.tfds import TfdsSource, find_builder
from keras_latent.validation import check_choice, check_in_range

DATASETS = {
    "mnist": "70,000 handwritten digits, 28 x 28 x 1; inside the package",
    "emoji": "7,572 emoji in two styles, 64 x 64 x 3; its archives are put by hand",
    "icons": "about 7,900 logos of brands, 64 x 64 x 3; its archives are put by hand",
    "shapes": "6,912 coloured shapes with known factors, 32 x 32 x 3; drawn on demand",
    "cats": "360,000 cats with known factors, 64 x 64 x 3; composed on demand",
    "robots": "1,000,000 robots with known factors, 64 x 64 x 3; composed on demand",
}
"""The library's own datasets, each with what it is in one line."""

_logger = logging.getLogger(__name__)
_told: set[str] = set()


class OpenedDataset:
    """A dataset whose splits can be opened one after another.

    `datasets.load`, `arrays`, `epochs`, `image_shape` and `splits` take it in place of
    a name. It is made by `datasets.open_dataset`.

    Args:
        name: What was opened.
        open_split: Gives the source of a split, with a slice or without.
        scan: Of the folder, if it is one. Defaults to `None`.
        validation_split: The part of `"train"` to hold out. Defaults to 0.
        seed: Decides which examples those are. Defaults to 0.
        cache: Where to keep decoded images. Defaults to `None`: nowhere.

    Attributes:
        name: What was opened: a name, or the absolute path of a folder.
        scan: What the folder holds; `None` if it is none.
        held_out: `{"fraction": ..., "seed": ..., "examples": ...}` of the validation
            split that was drawn; `None` if the dataset has its own, or none is asked.
    """

    def __init__(
        self,
        name: str,
        open_split: Callable[[str], Source],
        scan: FolderScan | None = None,
        validation_split: float = 0.0,
        seed: int = 0,
        cache: str | os.PathLike | None = None,
    ) -> None:
        self.name = name
        self.scan = scan
        self.held_out: dict[str, float] | None = None
        self._open_split = open_split
        self._cache = cache
        self._sources: dict[str, Source] = {}
        self._drawn: dict[str, np.ndarray] = {}
        if validation_split:
            whole = open_split("train")
            if "validation" not in whole.splits:
                held_out = draw_held_out(
                    whole.size, validation_split, seed, whole.labels
                )
                rest = np.setdiff1d(np.arange(whole.size), held_out)
                self._drawn = {"train": rest, "validation": held_out}
                self._whole = whole
                self.held_out = {
                    "fraction": validation_split,
                    "seed": seed,
                    "examples": len(held_out),
                }

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits: `"train"` first, then the others."""
        if self._drawn:
            others = [name for name in self._whole.splits if name != "train"]
            return ("train", "validation", *others)
        return self.split("train").splits

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The `(height, width, channels)` of the images."""
        return self.split("train").image_shape

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes; empty if there are none."""
        return self.split("train").class_names

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the factors that labels index; empty if labels are classes."""
        return self.split("train").factor_names

    @property
    def summary(self) -> str | None:
        """What was found in the folder, in one line; `None` if it is none."""
        return self.scan.summary if self.scan else None

    def split(self, split: str = "train") -> Source:
        """Give a split, opened once.

        Args:
            split: A name, or a name and a slice such as `"train[:1000]"`. Defaults to
                `"train"`.

        Returns:
            A `Source`, with `size`, `class_names`, `file_paths`, `labels`.

        Raises:
            ValueError: If there is no such split, or the slice is empty.
        """
        if split not in self._sources:
            self._sources[split] = self._opened(split)
        return self._sources[split]

    def _opened(self, split: str) -> Source:
        name = split.partition("[")[0]
        if self._drawn:
            check_choice("split", name, self.splits)
        if name in self._drawn:
            indices = self._drawn[name]
            _, examples = select(split, {name: len(indices)})
            source = self._whole.take(indices[examples])
            source.splits = self.splits
        else:
            source = self._open_split(split)
            if self._drawn:
                source.splits = self.splits
        if self._cache is None:
            return source
        return CachedSource(
            source, None if self._cache == "memory" else Path(self._cache)
        )


def open_dataset(
    name: str | os.PathLike,
    image_size: ImageSize | None = None,
    *,
    fit: str = "stretch",
    background: str = "white",
    skip_bad: bool = False,
    validation_split: float = 0.0,
    seed: int = 0,
    cache: str | os.PathLike | None = None,
) -> OpenedDataset:
    """Open a dataset once, to be handed around.

    A folder is scanned here, as `folder_scan.scan_folder` says: its splits, its
    classes, its files. `fit`, `background` and `skip_bad` are for folders.

    Args:
        name: `"mnist"`, `"emoji"`, `"icons"`, `"shapes"`, `"cats"`, `"robots"`, the
            path of a folder of images, or the name of any dataset of
            tensorflow-datasets. A name that is both is read as our own dataset, or else
            as the folder; `"./emoji"` is always the folder. Where our own hides one, a
            warning is logged.
        image_size: The side or the `(height, width)` of the images in pixels; they
            are resized with antialiasing. Defaults to `None`: their own size.
        fit: `"stretch"`, `"crop"` or `"pad"`: what becomes of the proportions.
            Defaults to `"stretch"`.
        background: A colour as `"white"` or `"#rrggbb"`, on which to lay what is
            transparent, and which fills what `"pad"` adds. Defaults to `"white"`.
        skip_bad: Whether to leave out files that can't be read, for which all are
            decoded once. Defaults to `False`: to name them in an error.
        validation_split: The part of `"train"`, at most 0.5, that is held out as
            `"validation"`, unless the dataset has a split of that name. Each class
            gives its share. Defaults to 0: none.
        seed: Decides alone which examples those are. Defaults to 0.
        cache: `"memory"`, or a folder in which to keep decoded images. Defaults to
            `None`: to decode them at each pass.

    Raises:
        FileNotFoundError: If there are no such files and they cannot be downloaded.
        ValueError: If an argument is wrong, images are unreadable or differ in size, or
            splits can't be told from classes.

    >>> digits = open_dataset("mnist", validation_split=0.1)
    >>> digits.splits
    ('train', 'validation', 'test')
    >>> digits.split("train").size, digits.split("validation").size
    (54000, 6000)
    """
    check_choice("fit", fit, FITS)
    colour = _colour(background)
    check_in_range("validation_split", validation_split, 0, 0.5)
    check_in_range("seed", seed, -(2**63), 2**63 - 1)
    if cache is not None and not isinstance(cache, (str, os.PathLike)):
        raise ValueError(
            "`cache` must be 'memory', the path of a folder, or None. "
            f"Received: cache={cache!r}"
        )
    size = None if image_size is None else height_and_width(image_size)
    scan = None
    told = os.fspath(name)
    path = Path(os.path.expanduser(name))
    own: dict[str, Callable[..., Source]] = {
        "mnist": open_mnist,
        "emoji": open_emoji,
        "icons": open_icons,
        "shapes": open_shapes,
        "cats": open_cats,
        "robots": open_robots,
    }
    open_split: Callable[[str], Source]
    if name in own:
        if path.is_dir():
            _tell_once_of_hidden(told)
        open_split = partial(own[str(name)], image_size=size)
    elif told and path.is_dir():
        told = os.path.abspath(path)
        scan = scan_folder(path, skip_bad)
        open_split = partial(
            FolderSource, scan, image_size=size, fit=fit, background=colour
        )
    elif isinstance(name, os.PathLike) or path.is_absolute() or told.startswith("."):
        raise FileNotFoundError(
            f"`name` must be the path of an existing folder. Received: name={name!r}"
        )
    else:
        builder = find_builder(told, tuple(DATASETS))
        open_split = partial(TfdsSource, builder, image_size=size)
    dataset = OpenedDataset(told, open_split, scan, validation_split, seed, cache)
    if scan:
        dataset.split("train")  # Which refuses different sizes.
    return dataset


def _tell_once_of_hidden(name: str) -> None:
    folder = os.path.abspath(name)
    if folder not in _told:
        _told.add(folder)
        _logger.warning(
            "%r is read as the dataset of that name, not as the folder %s; './%s' is "
            "the folder",
            *(name, folder, name),
        )


def _colour(background: str) -> tuple[int, int, int]:
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(background)[:3]
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            "`background` must be a colour such as 'white' or '#ff8000'. "
            f"Received: background={background!r}"
        ) from error
    return red, green, blue
