"""The comparison of several runs, from its arguments to the page."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from keras_latent import reports
from keras_latent.cli.results import final_split
from keras_latent.cli.saved_run import SavedRun
from keras_latent.datasets.source import ImageSize
from keras_latent.metrics.generation.extractors import EXTRACTORS
from keras_latent.reports.compare import check_is_folder
from keras_latent.reports.compared_model import model_files, run_arguments
from keras_latent.validation import check_choice, check_in_range

_FOLDER = "comparison"


def compare(
    runs: Sequence[Path],
    dataset: str | None = None,
    output: Path | None = None,
    image_size: ImageSize | None = None,
    seed: int = 0,
    extractor: str | None = None,
) -> None:
    """Measure several runs alike.

    Args:
        runs: Folders of runs, folders of runs of several seeds, or `.keras` files.
        dataset: What to measure on, opened as the first run opened its own. Defaults to
            `None`: what the first run was trained on.
        output: The folder of the page and the table, which holds none yet. Defaults to
            `None`: `comparison`, or `comparison-2` and so on where there is one.
        image_size: Size in pixels to which images are resized. Defaults to `None`: as
            in the first run.
        seed: Of all that is drawn. Defaults to 0.
        extractor: The name of a network of ours, in whose features generated images are
            compared. Defaults to `None`: principal components.

    Raises:
        FileNotFoundError: If there is no such run or dataset.
        ValueError: If an argument is wrong, a run takes other images, or the images
            that one held out are among those that another was trained on.
        OSError: If the results can't be written.
    """
    check_in_range("seed", seed, high=2**32 - 1)
    output = _free_folder() if output is None else output
    if extractor is not None:
        check_choice("extractor", extractor, EXTRACTORS)
    check_is_folder(output)
    if _holds_comparison(output):
        raise ValueError(
            "`output` must be a folder without a comparison, which would be lost. "
            f"Received: output={str(output)!r}"
        )
    files = [file for run in runs for file in model_files(run)]
    opened = SavedRun(files[0]).open(dataset, image_size)
    if opened.held_out is not None and final_split(opened) == "validation":
        for file in files[1:]:
            _check_held_out_alike(files[0], file)
    console = Console()
    with console.status("Measuring and drawing; it may take a few minutes."):
        reports.compare(
            runs,
            opened,
            output,
            extractor,
            title=f"Comparison on {Path(opened.name).name}",
            seed=seed,
        )
    console.print(
        f"The comparison is {output / 'compare.html'}, its numbers are "
        f"{output / 'compare.csv'}",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def _free_folder() -> Path:
    """The first folder of the usual name in which nothing stands."""
    names = (_FOLDER if n == 1 else f"{_FOLDER}-{n}" for n in itertools.count(1))
    return next(path for path in map(Path, names) if not path.exists())


def _holds_comparison(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("compare.html", "compare.csv"))


def _check_held_out_alike(first: Path, other: Path) -> None:
    """Refuse models of which one was trained on what the other held out.

    Raises:
        ValueError: If they were trained on one dataset, of which each drew its own.
    """
    one, another = run_arguments(first), run_arguments(other)
    if another.get("dataset") != one.get("dataset"):
        return
    if _held_out_by(one) != _held_out_by(another):
        raise ValueError(
            "`runs` must have held out the same images where the dataset has no test "
            "split: train them with one --seed and --validation-split, or by --seeds. "
            f"Received: {str(first.parent)!r} with {_held_out_by(one)}, "
            f"{str(other.parent)!r} with {_held_out_by(another)}"
        )


def _held_out_by(arguments: dict[str, Any]) -> dict[str, Any]:
    seed = arguments.get("split_seed")
    return {
        "validation_split": arguments.get("validation_split", 0.0),
        "seed": arguments.get("seed", 0) if seed is None else seed,
    }
