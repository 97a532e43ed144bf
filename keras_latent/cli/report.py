"""The report on a saved model, from its arguments to the page."""

import csv
from pathlib import Path

from rich.console import Console

from keras_latent import reports
from keras_latent.cli.results import checked_split, final_split, split_in_words
from keras_latent.cli.run_folder import COUNTERS
from keras_latent.cli.sampler_files import SamplerFiles
from keras_latent.cli.saved_run import SavedRun
from keras_latent.datasets.source import ImageSize
from keras_latent.explorer import write_page
from keras_latent.renamed_errors import arguments_called
from keras_latent.reports.report import check_can_be_written
from keras_latent.validation import check_in_range, checked_positive_integer

EXPLORER = "explorer.html"
"""The page beside a report to which it links."""


def report(
    model: Path,
    dataset: str | None = None,
    output: Path | None = None,
    image_size: ImageSize | None = None,
    limit: int = 2000,
    seed: int = 0,
    with_explorer: bool = False,
) -> None:
    """Write a report on a saved model.

    Args:
        model: A `.keras` file, or the folder of a run, whose `model.keras` is taken.
            The learning curves are those of a `history.csv` beside the model, samples
            also those of the samplers that `keras-latent sample` left there.
        dataset: A name that `datasets.load` takes, opened as the run opened its own.
            Defaults to `None`: what the run in whose folder the model lies was trained
            on, with the same images held out; or else `"mnist"`.
        output: The page. Defaults to `None`: `report.html` beside the model.
        image_size: Size in pixels to which images are resized. Defaults to `None`:
            as in that run, or else their own size.
        limit: Images that the map of the codes shows at most. Defaults to 2000.
        seed: Of all that is drawn. Defaults to 0.
        with_explorer: Whether `explorer.html` is written beside the page, of as many
            images. Defaults to `False`: the page links to the one that is there.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the model is damaged or of another kind, or an argument is wrong.
        OSError: If the page can't be written.
    """
    limit = checked_positive_integer("limit", limit)
    check_in_range("seed", seed, high=2**32 - 1)
    run = SavedRun(model)
    path = output or run.file.with_name("report.html")
    with arguments_called(path="output"):
        check_can_be_written(path)
    opened = run.open_fitting(dataset, image_size)
    explored = path.with_name(EXPLORER)
    history = _read_history(run.file.with_name("history.csv"))

    console = Console()
    samplers, left_out = SamplerFiles(run.file).load_all(run.model)
    for line in left_out:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    split = final_split(opened)
    if (count := checked_split(opened, split).size) < 2:
        raise ValueError(
            "`dataset` must have at least two images apart from the training's: name "
            "another, or train with a larger `--validation-split`. "
            f"Received: dataset={opened.name!r} with {count}"
        )
    with console.status("Measuring and drawing; it may take a few minutes."):
        # Without a split apart, neighbours would be sought among the images themselves.
        known = None if split == "train" else checked_split(opened, "train")
        name = Path(opened.name).name
        title = f"{type(run.model).__name__} on {name}"
        if with_explorer:
            shown = checked_split(opened, split)
            write_page(
                run.model,
                shown,
                explored,
                limit=limit,
                title=title,
                seed=seed,
                data=split_in_words(opened, split, run.was_trained_on(dataset)),
            )
        reports.write_report(
            run.model,
            checked_split(opened, split),
            path,
            known=known,
            history=history,
            title=title,
            data=f"{name}, split {split}",
            limit=limit,
            seed=seed,
            samplers=samplers,
            explorer=explored if explored.is_file() else None,
        )
    console.print(f"The report is {path}", highlight=False, soft_wrap=True)


def _read_history(file: Path) -> dict[str, list[float]] | None:
    """The logs by name, one value an epoch; `None` if there is no such file."""
    if not file.is_file():
        return None
    try:
        with open(file, newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, strict=True))
        return {
            name: [float("nan" if row[name] == "" else row[name]) for row in rows]
            for name in rows[0]
            if name not in COUNTERS or name == "epoch"
        }
    except (IndexError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(
            "`history.csv` beside the model must hold a name and then numbers in each "
            f"column. Received: {str(file)!r} ({error})"
        ) from error
