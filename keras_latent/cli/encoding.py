"""The codes of a folder of images, from a saved model to a file."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from keras_latent import datasets
from keras_latent.cli.results import checked_split
from keras_latent.cli.saved_run import SavedRun
from keras_latent.renamed_errors import arguments_called
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.report import check_can_be_written
from keras_latent.saving import written_whole

FORMATS = (".npz", ".parquet")


class Codes(NamedTuple):
    """The codes of all images of a dataset, one row each.

    Args:
        codes: float32 of shape (count, *code_shape).
        paths: The files; empty texts where images aren't files.
        classes: The names of the classes; empty texts where there are none.
        splits: The names of the splits.
    """

    codes: np.ndarray
    paths: np.ndarray
    classes: np.ndarray
    splits: np.ndarray


def encode(model: Path, dataset: str, output: Path | None = None) -> None:
    """Write the codes of all images of a dataset, with their files and classes.

    Args:
        model: A `.keras` file, or the folder of a run.
        dataset: A folder or a name, opened as the run opened its own.
        output: A `.npz` or `.parquet` file, written over if it is there. Defaults to
            `None`: `codes.npz`, where there is none yet.

    Raises:
        FileNotFoundError: If there is no such model or folder.
        ValueError: If they don't fit together, the format is another, or codes are
            there and no file was named.
        OSError: If the file can't be written.
        ImportError: If it is `.parquet`, and pyarrow isn't installed.
    """
    if output is None:
        output = Path("codes.npz")
        if output.exists():
            raise ValueError(
                "`output` must be given where codes are already, which would be lost. "
                f"Received: output=None, and {str(output)!r} is there"
            )
    if output.suffix.lower() not in FORMATS:
        raise ValueError(
            f"`output` must end in {' or '.join(map(repr, FORMATS))}. "
            f"Received: output={str(output)!r}"
        )
    with arguments_called(path="output"):
        check_can_be_written(output)
    is_table = output.suffix.lower() == ".parquet"
    if is_table:
        _import_pyarrow()
    run = SavedRun(model)
    opened = run.open_fitting(dataset)
    check_same_classes(run, opened)
    console = Console()
    if opened.summary:
        console.print(opened.summary, highlight=False, soft_wrap=True)
    with console.status("Encoding."):
        found = encoded(run, opened)
        if is_table:
            _write_table(found, output)
        else:
            with written_whole(output) as unfinished:
                np.savez(unfinished, **found._asdict())
    text = f"{len(found.codes):,} codes of shape {found.codes.shape[1:]} are in "
    console.print(f"{text}{output}", highlight=False, soft_wrap=True)


def encoded(run: SavedRun, dataset: datasets.OpenedDataset) -> Codes:
    """The codes of all splits of a dataset, one after the other."""
    parts = []
    for split in dataset.splits:
        source = checked_split(dataset, split)
        examples = SourceExamples(source, run.model)
        batches = source.batches(examples.rows_at_once).prefetch(1)
        codes = run.model.encode(batches)
        parts.append(
            Codes(
                codes,
                np.asarray(source.file_paths or [""] * source.size),
                np.asarray(class_of_each(examples)),
                np.full(source.size, split),
            )
        )
    return Codes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def class_of_each(examples: SourceExamples) -> list[str]:
    """The name of the class of each example; empty where there is none."""
    names = examples.class_names
    labels = examples.given_labels
    if labels.ndim != 1:
        return [""] * examples.count
    return [
        "" if label < 0 else names[label] if names else str(label)
        for label in labels.tolist()
    ]


def check_same_classes(run: SavedRun, dataset: datasets.OpenedDataset) -> None:
    """Refuse other classes than the run's where the model is told them.

    Raises:
        ValueError: If they differ.
    """
    given, known = dataset.class_names, run.class_names
    if run.model.condition is not None and known and given != known:
        raise ValueError(
            "`folder` must have the classes of the run, which its model is told, "
            f"{list(known)}. Received: folder={dataset.name!r} with {list(given)}"
        )


def _import_pyarrow() -> Any:
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(
            "`output` needs the package pyarrow for .parquet: `pip install pyarrow`, "
            "or write .npz. Received: a path that ends in .parquet"
        ) from error
    return pyarrow


def _write_table(found: Codes, output: Path) -> None:
    pyarrow = _import_pyarrow()
    flat = found.codes.reshape(len(found.codes), -1)
    values = pyarrow.array(flat.reshape(-1))
    table = pyarrow.table(
        {
            "path": found.paths.tolist(),
            "class": found.classes.tolist(),
            "split": found.splits.tolist(),
            "code": pyarrow.FixedSizeListArray.from_arrays(values, flat.shape[1]),
        }
    )
    with written_whole(output) as unfinished:
        pyarrow.parquet.write_table(table, os.fspath(unfinished))
