"""Icons: about 7,900 logos of brands and of files, from four packages."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent.datasets import archives
from keras_latent.datasets.icon_pictures import load_renderer
from keras_latent.datasets.tfds import TfdsSource, decoded_columns
from keras_latent.validation import MissingFileError

ARCHIVES_VARIABLE = "KERAS_LATENT_ICONS"
"""The environment variable that names the folder of the four archives."""

PACKAGES = {
    "simple-icons": ("simple-icons-16", "simple-icons@16"),
    "logos": ("iconify-json-logos-1", "@iconify-json/logos@1"),
    "vscode-icons": ("iconify-json-vscode-icons-1", "@iconify-json/vscode-icons@1"),
    "super-tiny-icons": ("super-tiny-icons-0", "super-tiny-icons@0"),
}
"""The packages: of each the beginning of its archive's name, and what npm calls it."""

INSTRUCTIONS = (
    "Put the archives of four npm packages into one folder (`npm pack "
    f"{' '.join(wanted for _, wanted in PACKAGES.values())}`), and name the folder in "
    f"the environment variable {ARCHIVES_VARIABLE}. "
    "The package resvg-py must be installed, which draws them: "
    "`pip install 'keras_latent[datasets]'`."
)


def open_icons(split: str, image_size: tuple[int, int] | None = None) -> TfdsSource:
    """Open a split of the icons.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice or without.
        image_size: `(height, width)` to resize to. `None` keeps 64 x 64.

    Returns:
        A `Source` of images of three channels, labelled with their package.

    Raises:
        FileNotFoundError: If an archive is missing.
        ImportError: If they must be drawn and the renderer isn't installed.
    """
    return TfdsSource(prepared(), split, image_size)


def icon_columns(split: str) -> dict[str, np.ndarray]:
    """Load a split of the icons with all that is known of them.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice or without.

    Returns:
        `image`, float32 in [0, 1] of shape (count, 64, 64, 3), and the strings `name`,
        `brand` and `package`, each of shape (count,).

    Raises:
        FileNotFoundError: If an archive is missing.
        ImportError: If they must be drawn and the renderer isn't installed.
        ValueError: If there is no such split.
    """
    columns = decoded_columns(prepared(), split)
    columns["image"] = columns["image"].astype("float32") / 255
    for column in ("name", "brand"):
        columns[column] = columns[column].astype(str)
    columns["package"] = np.asarray(tuple(PACKAGES))[columns["package"]]
    return columns


def prepared() -> Any:
    """The builder of tensorflow-datasets, with its files written on first use.

    Raises:
        FileNotFoundError: If an archive is missing.
        ImportError: If they must be drawn and the renderer isn't installed.
    """
    # Here, because tensorflow-datasets takes seconds to load.
    from keras_latent.datasets.icons_builder import Icons

    builder = Icons(data_dir=os.environ.get("TFDS_DATA_DIR"))
    if not builder.is_prepared():
        folder = archives.archives_folder(builder, ARCHIVES_VARIABLE)
        find_archives(folder)
        load_renderer()
        archives.prepare(builder, folder)
    return builder


def find_archives(folder: Path) -> dict[str, Path]:
    """Find the archive of each package in a folder, the newest where there are more.

    Raises:
        FileNotFoundError: If one is missing; the message says which, and the command
            that brings it.
    """
    found = {}
    for package, (beginning, wanted) in PACKAGES.items():
        files = [*folder.glob(f"{beginning}.*.tgz")]
        if not files:
            raise MissingFileError(
                f"The dataset 'icons' needs the archive {beginning}.*.tgz in the "
                f"folder {str(folder)!r}, which doesn't hold it: `npm pack {wanted}` "
                f"brings it. {INSTRUCTIONS}"
            )
        found[package] = max(files, key=_version)
    return found


def _version(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]
