"""The anomalies among the images of a folder: a table, and a page of the worst."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from keras_latent import datasets
from keras_latent.cli.anomaly_page import Found, write_page
from keras_latent.cli.encoding import check_same_classes, class_of_each
from keras_latent.cli.results import checked_split
from keras_latent.cli.saved_run import SavedRun
from keras_latent.datasets.source import Source
from keras_latent.metrics import anomaly
from keras_latent.models import LatentModel
from keras_latent.reports.examples import SourceExamples
from keras_latent.saving import write_text
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_positive_integer,
)

SCORES = ("reconstruction", "elbo", "distance")
"""The reconstruction's squared error, minus the evidence lower bound of variational
models, and the distance of the code to its nearest ones of the training."""

_NORMAL_AT_MOST = 5_000
_NEIGHBOURS = 5
_FALSE_ALARMS = 0.05


def anomalies(
    model: Path,
    dataset: str,
    output: Path | None = None,
    score: str = "reconstruction",
    normal: Sequence[str] | None = None,
    count: int = 24,
    seed: int = 0,
) -> None:
    """Write a table of all images, the most anomalous first, and a page of the worst.

    Args:
        model: A `.keras` file, or the folder of a run.
        dataset: A folder or a name, opened as the run opened its own.
        output: The folder that gets `anomalies.csv` and `anomalies.html`. Defaults to
            `None`: `anomalies` beside the model.
        score: What to sort by, one of `SCORES`. Defaults to `"reconstruction"`.
        normal: The classes that are normal. Defaults to `None`: those that the run was
            trained on.
        count: Images on the page. Defaults to 24.
        seed: Of the posterior's draws, and of the normal images that are drawn.
            Defaults to 0.

    Raises:
        FileNotFoundError: If there is no such model or folder.
        ValueError: If they don't fit together, or an argument is wrong.
        OSError: If the files can't be written.
    """
    check_choice("score", score, SCORES)
    count = checked_positive_integer("count", count)
    check_in_range("seed", seed, high=2**32 - 1)
    run = SavedRun(model)
    if score == "elbo" and not run.model.bounds_evidence:
        raise ValueError(
            "`score` must be 'reconstruction' or 'distance' of a model that bounds no "
            f"evidence. Received: score={score!r} of {type(run.model).__name__}"
        )
    opened = run.open_fitting(dataset)
    check_same_classes(run, opened)
    if normal is not None:
        for name in normal:
            check_choice("normal", name, opened.class_names)
    console = Console()
    if opened.summary:
        console.print(opened.summary, highlight=False, soft_wrap=True)
    with console.status("Looking for anomalies."):
        found = _found(run, opened, score, normal, seed)
        folder = output or run.file.with_name("anomalies")
        folder.mkdir(parents=True, exist_ok=True)
        _write_table(found, folder / "anomalies.csv")
        write_page(found, run, opened, folder / "anomalies.html", count)
    for line in [*found.areas_in_words(), *found.notes]:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    for row in found.order[:5]:
        name = found.paths[row] or f"{found.splits[row]} {found.places[row]}"
        console.print(
            f"{found.scores[score][row]:.4g}  {name}",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )
    console.print(
        f"The table and the page are in {folder}", highlight=False, soft_wrap=True
    )


def _found(
    run: SavedRun,
    dataset: datasets.OpenedDataset,
    score: str,
    normal: Sequence[str] | None,
    seed: int,
) -> Found:
    known, held_out, notes = _normal_examples(run, seed)
    normal_codes = None
    if known is not None:
        batches = known.source.batches(known.rows_at_once).prefetch(1)
        normal_codes = run.model.encode(batches)
    elif score == "distance":
        raise ValueError(
            "`score` must be 'reconstruction' or 'elbo' where the images of the "
            "training aren't there. Received: score='distance'"
        )
    paths: list[str] = []
    classes: list[str] = []
    splits: list[str] = []
    places: list[int] = []
    parts = []
    for split in dataset.splits:
        source = checked_split(dataset, split)
        parts.append(_scores(run.model, source, normal_codes, seed))
        paths += source.file_paths or [""] * source.size
        classes += class_of_each(SourceExamples(source, run.model))
        splits += [split] * source.size
        places += range(source.size)
    scores = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    threshold = None
    if held_out is not None:
        of_normal = _scores(run.model, held_out.source, normal_codes, seed)[score]
        threshold = anomaly.threshold(of_normal, _FALSE_ALARMS)
    if normal is None and known is not None:
        trained_on = set(class_of_each(known)) - {""}
        normal = sorted(trained_on)
    is_anomalous = None
    if normal:
        is_anomalous = ~np.isin(classes, [*normal])
        if is_anomalous.all() or not is_anomalous.any() or "" in classes:
            is_anomalous = None
    return Found(
        score, scores, paths, classes, splits, places, threshold, is_anomalous, notes
    )


def _normal_examples(
    run: SavedRun, seed: int
) -> tuple[SourceExamples | None, SourceExamples | None, list[str]]:
    """Images of the training, and others held out; `None` where there are none."""
    if not run.arguments:
        return None, None, ["The run isn't known: no threshold, no distances of codes."]
    try:
        opened = run.open()
        known = SourceExamples(checked_split(opened, "train"), run.model)
        held_out = None
        if "validation" in opened.splits:
            held_out = SourceExamples(checked_split(opened, "validation"), run.model)
    except (OSError, ValueError) as error:
        note = f"The run's data isn't there: no threshold, no distances. {error}"
        return None, None, [note]
    few = known.sampled(_NORMAL_AT_MOST, seed)
    if held_out is not None:
        held_out = held_out.sampled(_NORMAL_AT_MOST, seed)
    return few, held_out, []


def _scores(
    model: LatentModel, source: Source, normal_codes: np.ndarray | None, seed: int
) -> dict[str, np.ndarray]:
    """The scores of all examples of a split, by their names."""
    parts: dict[str, list[np.ndarray]] = {}
    for batch in SourceExamples(source, model).batches():
        target = model.target(batch)
        decoded = np.asarray(model.reconstruct(batch))
        squares = np.square(decoded - target, dtype="float64")
        errors = squares.reshape(len(squares), -1).mean(axis=1)
        parts.setdefault("reconstruction", []).append(errors)
        if model.bounds_evidence:
            scores = anomaly.elbo_scores(model, batch, seed)
            parts.setdefault("elbo", []).append(scores)
        if normal_codes is not None:
            codes = np.asarray(model.encode(batch))
            count = min(_NEIGHBOURS, len(normal_codes))
            distances = anomaly.distance_scores(normal_codes, codes, count)
            parts.setdefault("distance", []).append(distances)
    return {name: np.concatenate(part) for name, part in parts.items()}


def _write_table(found: Found, path: Path) -> None:
    text = io.StringIO()
    table = csv.writer(text)
    header = ["rank", "file", "class", "split", "index", *found.scores]
    table.writerow([*header, "above_threshold"])
    for rank, row in enumerate(found.order, start=1):
        values = [f"{scores[row]:.6g}" for scores in found.scores.values()]
        is_above = ""
        if found.threshold is not None:
            is_above = str(bool(found.scores[found.score][row] > found.threshold))
        table.writerow(
            [
                rank,
                found.paths[row],
                found.classes[row],
                found.splits[row],
                found.places[row],
                *values,
                is_above.lower(),
            ]
        )
    write_text(path, text.getvalue())
