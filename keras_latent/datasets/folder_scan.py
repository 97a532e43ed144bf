"""What a folder of images holds: its splits, classes and files, read once."""

import logging
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from keras_latent.datasets.image_file import (
    MAXIMUM_PIXELS,
    SUFFIXES,
    BadImageError,
    Header,
    State,
    read_header,
)
from keras_latent.datasets.image_reader import find_damaged
from keras_latent.validation import MissingFileError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""What subfolders that are splits may be called, in any case, and the split's name."""

_NAMED_BAD_FILES = 100

_logger = logging.getLogger(__name__)
_told: set[tuple[str, str]] = set()


class ImageFile(NamedTuple):
    """A file of a folder, with the class that its subfolder stands for."""

    path: str
    class_name: str | None
    header: Header
    state: State


class FolderScan(NamedTuple):
    """What a folder holds.

    Attributes:
        splits: The files of each split, sorted by path.
        class_names: Of all splits together, sorted; empty classes among them.
        left_out: How many files were left out, by reason.
    """

    splits: dict[str, list[ImageFile]]
    class_names: tuple[str, ...]
    left_out: dict[str, int]

    @property
    def summary(self) -> str:
        """How much was found and left out, in one line."""
        found = sum(len(files) for files in self.splits.values())
        classes = len(self.class_names)
        text = f"Found {found:,} file{'' if found == 1 else 's'} in {classes} "
        text += "class" if classes == 1 else "classes"
        if self.left_out:
            reasons = ", ".join(f"{n:,} {why}" for why, n in self.left_out.items())
            text += f", left out {sum(self.left_out.values()):,} ({reasons})"
        return text


class _Found(NamedTuple):
    """A file before its header is read; `parts` are the subfolders it lies in."""

    path: str
    parts: tuple[str, ...]
    state: State


def scan_folder(folder: Path, skip_bad: bool = False) -> FolderScan:
    """Find the images of a folder, and read their headers.

    Symbolic links are followed; hidden files and folders don't count.

    - Splits: if the folder has subfolders called `train` and `test`, or as
      `SPLIT_NAMES` says, or `train` alone, they are the splits. Otherwise all images
      are the split `"train"`.
    - Classes: the subfolders of the splits, empty ones too. An image's class is the
      subfolder that it lies in, at any depth.

    What was found and left out is logged, once in a process while it stays the same.

    Args:
        folder: The folder.
        skip_bad: Whether to decode every file, and to leave out those that are no
            images, too large or damaged. Defaults to `False`: to read the headers, and
            name all that are bad in an error.

    Raises:
        FileNotFoundError: If there is no image in it, or in one of its splits.
        ValueError: If images can't be read, or splits can't be told from classes.
    """
    left_out: Counter[str] = Counter()
    found: list[_Found] = []
    empty: list[tuple[str, ...]] = []
    _walk(folder, (), (), found, empty, left_out)
    if not found:
        raise MissingFileError(
            f"`name` must be a folder that holds images ({', '.join(SUFFIXES)}). "
            f"There are none in {str(folder)!r}"
        )
    roots = _split_folders(folder, found)
    if roots:
        inside = [file for file in found if file.parts and file.parts[0] in roots]
        if len(inside) < len(found):
            left_out["outside the splits"] = len(found) - len(inside)
        found = inside
    files = _with_headers(found, skip_bad, left_out)
    depth = 1 if roots else 0
    splits: dict[str, list[ImageFile]] = {name: [] for name in roots.values()}
    for file, header in files:
        split = roots[file.parts[0]] if roots else "train"
        class_name = file.parts[depth] if len(file.parts) > depth else None
        image = ImageFile(file.path, class_name, header, file.state)
        splits.setdefault(split, []).append(image)
    for root, split in roots.items():
        if not splits[split]:
            raise MissingFileError(
                "`name` must be a folder whose splits hold images. "
                f"There are none in {str(folder / root)!r}"
            )
    # Also what holds bad files alone.
    names = {file.parts[depth] for file in found if len(file.parts) > depth}
    for parts in empty if names else ():
        if len(parts) == depth + 1 and (not roots or parts[0] in roots):
            names.add(parts[depth])
    order = [name for name in ("train", "validation", "test") if name in splits]
    scan = FolderScan(
        {name: splits[name] for name in order}, tuple(sorted(names)), dict(left_out)
    )
    _tell_once(folder, scan)
    return scan


def _walk(
    folder: Path | str,
    parts: tuple[str, ...],
    above: tuple[str, ...],
    found: list[_Found],
    empty: list[tuple[str, ...]],
    left_out: Counter[str],
) -> None:
    """Collect the images below a folder, and the subfolders without any file."""
    real = os.path.realpath(folder)
    if real in above:
        left_out["links to a folder above"] += 1
        return
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    if not entries:
        empty.append(parts)
    for entry in entries:
        suffix = os.path.splitext(entry.name)[1].lower()
        try:
            if entry.is_dir():
                inside = (*parts, entry.name)
                _walk(entry.path, inside, (*above, real), found, empty, left_out)
            elif suffix in SUFFIXES:
                status = entry.stat()
                state = (status.st_mtime_ns, status.st_size)
                found.append(_Found(entry.path, parts, state))
            else:
                left_out[f"{suffix or 'without ending'}: not read as images"] += 1
        except FileNotFoundError:
            left_out["broken links"] += 1


def _split_folders(folder: Path, found: list[_Found]) -> dict[str, str]:
    """The subfolders that are splits, with the splits' names; none if all are classes.

    Raises:
        ValueError: If it can't be told.
    """
    tops = sorted({file.parts[0] for file in found if file.parts})
    roots = {
        top: SPLIT_NAMES[top.lower()] for top in tops if top.lower() in SPLIT_NAMES
    }
    others = [top for top in tops if top not in roots]
    if not roots:
        inner = {file.parts[1] for file in found if len(file.parts) > 1}
        known = sorted(name for name in inner if name.lower() in SPLIT_NAMES)
        if len(tops) == 1 and len(known) > 1:
            raise ValueError(
                "`name` must be the folder right above the splits. Received: "
                f"{str(folder)!r}, while {known} lie in {str(folder / tops[0])!r}"
            )
        return {}
    advice = (
        f"Received: {str(folder)!r} with the subfolders {tops}. Splits are called "
        f"{', '.join(SPLIT_NAMES)}, one of each kind; rename or move what differs"
    )
    if len(set(roots.values())) < len(roots):
        raise ValueError(f"`name` must be a folder with one of each split. {advice}")
    if len(roots) > 1 and "train" not in roots.values():
        raise ValueError(
            f"`name` must be a folder with a split for training. {advice}, or give the "
            "path of one of them"
        )
    if len(roots) > 1 or (not others and "train" in roots.values()):
        return roots
    # One name alone is no proof: a train may stand beside a bus and a car.
    (name,) = roots
    is_flat = all(len(file.parts) < 2 for file in found)
    if others and name.lower() == "train" and is_flat:
        return {}
    raise ValueError(
        "`name` must be a folder whose subfolders are all splits or all classes. "
        f"{advice}"
    )


def _with_headers(
    found: list[_Found], skip_bad: bool, left_out: Counter[str]
) -> list[tuple[_Found, Header]]:
    """Each file that can be read with its header.

    Raises:
        ValueError: If some can't be, and `skip_bad` is `False`.
    """
    files, bad = [], {}
    for file in found:
        try:
            files.append((file, read_header(file.path, file.state)))
        except BadImageError as error:
            bad[file.path] = str(error)
    if bad or skip_bad:  # One that is cut off shall be named together with the others.
        damaged = find_damaged([(file.path, file.state, head) for file, head in files])
        files = [(file, header) for file, header in files if file.path not in damaged]
        bad.update(damaged)
    if bad and not skip_bad:
        raise ValueError(unreadable(bad, len(found)))
    if bad:
        left_out["that can't be read"] = len(bad)
        for path, reason in bad.items():
            _logger.info("Left out %r: %s", path, reason)
    if not files:
        raise MissingFileError(unreadable(bad, len(found)))
    return files


def unreadable(bad: dict[str, str], count: int) -> str:
    """The message about files that can't be read.

    Args:
        bad: Their paths, with the reasons.
        count: Of all files.
    """
    lines = [f"{path!r} ({reason})" for path, reason in sorted(bad.items())]
    if len(lines) > _NAMED_BAD_FILES:
        lines[_NAMED_BAD_FILES:] = [f"and {len(lines) - _NAMED_BAD_FILES} more"]
    return (
        f"`name` must be a folder of images of at most {MAXIMUM_PIXELS} pixels that "
        "can be read; `skip_bad=True` leaves the others out. Received: "
        f"{len(bad)} of {count} files that can't be read, {', '.join(lines)}"
    )


def _tell_once(folder: Path, scan: FolderScan) -> None:
    key = (os.path.realpath(folder), scan.summary)
    if key not in _told:
        _told.add(key)
        level = logging.WARNING if scan.left_out else logging.INFO
        _logger.log(level, "%s: %s", folder, scan.summary)
