"""Archives that people put by hand: npm packages, of which nothing is unpacked."""

import os
import tarfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LARGEST_FILE = 2**24
LARGEST_ARCHIVE = 2**28


def archives_folder(builder: Any, variable: str) -> Path:
    """Where archives are looked for: where an environment variable says, or tfds does.

    Args:
        builder: The builder of tensorflow-datasets.
        variable: The name of the environment variable.
    """
    return folder_named(variable, builder.data_dir_root)


def folder_named(variable: str, data_dir: str | os.PathLike) -> Path:
    """Where archives are looked for: where a variable says, or tfds does.

    Args:
        variable: The name of the environment variable.
        data_dir: The folder in which tensorflow-datasets keeps everything.
    """
    default = Path(data_dir) / "downloads" / "manual"
    return Path(os.path.expanduser(os.environ.get(variable) or default))


def prepare(builder: Any, folder: Path) -> None:
    """Let a builder of tensorflow-datasets write its files from archives in a folder.

    Args:
        builder: The builder.
        folder: Where the archives are.
    """
    # Here, because tensorflow-datasets takes seconds to load.
    import tensorflow_datasets as tfds

    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder.resolve())
    )


def read_archive(
    path: Path,
    is_wanted: Callable[[Sequence[str], str], bool],
    largest: int = LARGEST_FILE,
) -> dict[str, bytes]:
    """Read files of an archive into memory, by their last names.

    Args:
        path: Of the archive, `.tgz`.
        is_wanted: Takes the folders of a file and its name; whether to read it.
        largest: Bytes of a file at most; larger ones are passed over. Defaults to
            16 MiB.

    Raises:
        ValueError: If it is truncated, no archive, or unpacks to far more than it
            should.
    """
    try:
        return _read_members(path, is_wanted, largest)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"The archive {str(path)!r} must be whole: put it there again. "
            f"Received: one that can't be read ({error})"
        ) from error


def _read_members(
    path: Path, is_wanted: Callable[[Sequence[str], str], bool], largest: int
) -> dict[str, bytes]:
    files = {}
    left = LARGEST_ARCHIVE
    # Nothing is unpacked to the disk: what is small is read, the rest passed over. A
    # link says nothing of the size of what it leads to.
    with tarfile.open(path) as archive:
        for member in archive:
            *folders, name = member.name.split("/")
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None and is_wanted(folders, name) and member.size <= largest:
                left -= member.size
                if left < 0:
                    raise tarfile.ReadError(f"more than {LARGEST_ARCHIVE} bytes")
                files[name] = file.read()
    return files


def file_of(files: dict[str, bytes], path: Path, name: str) -> bytes:
    """Give one of the files of an archive.

    Raises:
        ValueError: If the archive doesn't hold it.
    """
    if name not in files:
        raise ValueError(
            f"The archive {str(path)!r} must be whole. Received: one without {name!r}"
        )
    return files[name]
