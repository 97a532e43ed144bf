"""Exporting a saved model, from its arguments to the file."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from keras_latent.cli.results import checked_split, final_split
from keras_latent.cli.saved_run import SavedRun
from keras_latent.exporting import export
from keras_latent.exporting.export import check_target
from keras_latent.exporting.formats import FORMATS
from keras_latent.exporting.parts import PARTS
from keras_latent.renamed_errors import arguments_called
from keras_latent.reports.examples import SourceExamples
from keras_latent.validation import check_choice

_IMAGES = 64
_FOLDER = "export"


def export_run(
    model: Path,
    format: str,
    part: str,
    int8: bool = False,
    output: Path | None = None,
    dataset: str | None = None,
    limit: float | None = None,
) -> None:
    """Write a saved model, or a part of it, and say how near to it that is.

    Args:
        model: A `.keras` file, or the folder of a run.
        format: As of `exporting.export`.
        part: As of `exporting.export`.
        int8: As of `exporting.export`.
        output: What is written. Defaults to `None`: it lies in the folder `export`
            beside the model, and is called as the part.
        dataset: The images that it is checked on. Defaults to `None`: those of the run
            that weren't trained on; random ones of what is no run.
        limit: As of `exporting.export`.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If an argument is wrong, or the model can't be held.
        ImportError: If a package is missing.
        OSError: If it can't be written.
    """
    check_choice("format", format, FORMATS)
    check_choice("part", part, PARTS)
    FORMATS[format].check_is_installed(format)
    if output is not None:
        with arguments_called(path="output"):
            check_target(output, format, part)
    run = SavedRun(model)
    path = output or _default_path(run.file, format, part, int8)
    images = _images(run, dataset)
    console = Console()
    with (
        _folder_of(path, is_made=output is None),
        arguments_called(path="output"),
        console.status("Writing, and comparing with the model."),
    ):
        written = export(run.model, path, format, part, int8, images, limit)
    checked = f"{_IMAGES} images at most" if images is not None else "random images"
    console.print(
        f"{written}, on {checked}", highlight=False, soft_wrap=True, markup=False
    )


@contextlib.contextmanager
def _folder_of(path: Path, is_made: bool) -> Iterator[None]:
    """Make the folder of a file, and leave none where nothing was written."""
    is_new = is_made and not path.parent.exists()
    if is_made:
        path.parent.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                path.parent.rmdir()
        raise


def _default_path(file: Path, format: str, part: str, int8: bool) -> Path:
    ending = FORMATS[format].ending
    name = f"{part}-int8" if int8 else part
    return file.with_name(_FOLDER) / f"{name}{ending}"


def _images(run: SavedRun, dataset: str | None) -> Any:
    """Some images that the model wasn't trained on; `None` if it isn't known which."""
    if dataset is None and "dataset" not in run.arguments:
        return None
    opened = run.open_fitting(dataset)
    source = checked_split(opened, final_split(opened))
    return SourceExamples(source, run.model).sampled(_IMAGES, seed=0).take(slice(None))
