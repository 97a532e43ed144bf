"""Several models, measured alike on the same images."""

import os
import platform
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_latent.datasets.opened import OpenedDataset, open_dataset
from keras_latent.reports.agreement import Codes, agreement_measures, codes_to_agree
from keras_latent.reports.compared_model import ComparedModel, compared_models
from keras_latent.reports.comparison import Comparison, Row
from keras_latent.reports.comparison_measures import measured
from keras_latent.reports.comparison_page import comparison_page, comparison_table
from keras_latent.reports.comparison_pictures import strips
from keras_latent.reports.generated import (
    Extractor,
    Generated,
    RealFeatures,
    components_extractor,
    model_extractor,
)
from keras_latent.reports.generators import generators
from keras_latent.reports.report import check_can_be_written
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.saving import written_whole
from keras_latent.validation import check_in_range, checked_seed


def compare(
    runs: Any,
    dataset: str | os.PathLike | OpenedDataset,
    output: str | os.PathLike,
    extractor: Any = None,
    extractor_name: str | None = None,
    title: str = "Comparison",
    seed: int = 0,
) -> None:
    """Measure several models alike, and write a page and a table of the numbers.

    All are measured on the same images, those that the dataset holds out: errors of
    reconstructions, beside those of principal components; accuracies of classifiers of
    the codes where there are classes; disentanglement where there are factors; distance
    of generated images from held-out ones where there is a prior, or a sampler that was
    fitted and lies beside the run. Runs that differ by the seed alone stand in one row,
    with mean and standard deviation, and it is measured whether their codes agree.

    Args:
        runs: Name → latent model or path; or a sequence of models and paths. A path is
            a `.keras` file, the folder of a run, or a folder of runs of several seeds.
        dataset: A name or a folder that `datasets.open_dataset` takes, or what it gave.
            Numbers are those of its split `"test"`, else of `"validation"`, else of
            `"train"`; classifiers and rivals learn from `"train"`, if it is another.
        output: The folder of `compare.html`, one page that opens without a network, and
            `compare.csv`, one row a model and two a group: both are written, or
            neither. It is made if it doesn't exist.
        extractor: A Keras model of images, whose outputs are the features in which
            generated images are compared, or the name of one of ours: `"mnist"`,
            `"emoji"` or `"icons"`. Defaults to `None`: the coordinates along 32
            principal components of the images, which need no network.
        extractor_name: What it is called; metrics carry the name. Defaults to `None`:
            the model's own.
        title: Heading of the page. Defaults to `"Comparison"`.
        seed: Seed of all that is drawn. Defaults to 0.

    Raises:
        FileNotFoundError: If a path is no run, or there is no such dataset.
        ValueError: If there is no model, or one takes other images than the dataset
            holds.
        OSError: If the folder can't be written to.

    >>> import tempfile
    >>> from keras_latent.datasets.source import ArraySource
    >>> from keras_latent.models import Autoencoder
    >>> noise = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), "uint8")
    >>> classes = np.arange(12) % 2
    >>> noises = OpenedDataset(
    ...     "noise", lambda split: ArraySource(noise, classes, {"train": 12})
    ... )
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     compare({"plain": model}, noises, folder)
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['compare.csv', 'compare.html']
    """
    check_in_range("seed", seed, high=2**32 - 1)
    seed = checked_seed(seed)
    folder = Path(output)
    check_is_folder(folder)
    models = compared_models(runs)
    opened = dataset
    if not isinstance(opened, OpenedDataset):
        opened = open_dataset(opened)
    for one in models:
        _check_takes(one, opened)
    given = None if extractor is None else model_extractor(extractor, extractor_name)
    if given is not None:
        # What doesn't take such images is told before models are measured.
        given.features(np.random.default_rng(seed).random((1, *opened.image_shape)))
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        page, table = folder / "compare.html", folder / "compare.csv"
        for file in (page, table):
            check_can_be_written(file)
        comparison = _compared(models, opened, given, title, seed)
        texts = comparison_page(comparison), comparison_table(comparison)
        with written_whole(page) as first, written_whole(table) as second:
            first.write_text(texts[0], encoding="utf-8")
            second.write_text(texts[1], encoding="utf-8", newline="")
    except BaseException:
        if made and not any(folder.iterdir()):
            folder.rmdir()
        raise


def check_is_folder(folder: Path) -> None:
    """Refuse what can't be a folder of results, before work starts.

    Raises:
        ValueError: If there is a file in its place.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            "`output` must be a folder, but is a file. "
            f"Received: output={str(folder)!r}"
        )


def _check_takes(one: ComparedModel, opened: OpenedDataset) -> None:
    taken = one.model.target(one.model.example_observation())
    shape = None if isinstance(taken, dict) else tuple(taken.shape[1:])
    if shape != tuple(opened.image_shape):
        what = "no single image" if shape is None else f"images of shape {shape}"
        raise ValueError(
            "`runs` must all take the images of the dataset, of shape "
            f"{tuple(opened.image_shape)}. Received: {one.name!r}, which takes {what}"
        )


def _compared(
    models: list[ComparedModel],
    opened: OpenedDataset,
    extractor: Extractor | None,
    title: str,
    seed: int,
) -> Comparison:
    split = next(s for s in ("test", "validation", "train") if s in opened.splits)
    held_out = opened.split(split)
    held_out.check()
    known = None
    if split != "train":
        known = opened.split("train")
        known.check()
    rows, drawn, codes, real = [], [], [], None
    groups = [one.group for one in models]
    for one in models:
        reported = ReportedModel(
            one.model,
            held_out,
            None,
            known,
            opened.class_names or None,
            1000,
            seed,
            one.samplers,
        )
        generated = []
        for generator in generators(reported):
            extractor = extractor or components_extractor(reported)
            # The same of all models.
            real = real or RealFeatures(reported, extractor)
            generated.append(Generated(reported, extractor, generator, real))
        numbers = measured(reported, generated, opened.factor_names)
        rows.append(Row(one, numbers))
        codes.append(codes_to_agree(reported) if groups.count(one.group) > 1 else None)
        if one.group not in [row.one.group for row in rows[:-1]]:
            drawn.append(strips(one, reported, generated))
    rows = _with_agreement(rows, codes)
    count = held_out.size
    height, width, channels = opened.image_shape
    facts = {
        "Data": f"{Path(opened.name).name}, split {split}: {count:,} images, {height} "
        f"by {width} pixels, {channels} channels",
        "Learned from": "nothing: there is no split apart"
        if known is None
        else f"split train: {known.size:,} images, of which 10,000 at most are taken",
        "Models": f"{len(rows)}",
        "Seed": f"{seed}",
        "Versions": _versions(),
    }
    if extractor is not None:
        facts["Features of generated images"] = extractor.described
    left_out = [line for one in models for line in one.left_out]
    if left_out:
        facts["Samplers left out"] = "; ".join(left_out)
    return Comparison(title, facts, rows, drawn, known is None)


def _with_agreement(rows: list[Row], codes: list[Codes | None]) -> list[Row]:
    """The rows, with the agreement of those that differ by the seed alone."""
    members: dict[str, dict[int, Codes]] = {}
    for place, (row, found) in enumerate(zip(rows, codes, strict=True)):
        if found is not None:
            members.setdefault(row.one.group, {})[place] = found
    rows = list(rows)
    for group in members.values():
        measured = agreement_measures(list(group.values()))
        for place, numbers in zip(group, measured, strict=True):
            rows[place] = Row(rows[place].one, {**rows[place].numbers, **numbers})
    return rows


def _versions() -> str:
    import keras_latent

    return (
        f"keras_latent {keras_latent.__version__}, Keras {keras.__version__}, "
        f"TensorFlow {tf.__version__}, NumPy {np.__version__}, "
        f"Python {platform.python_version()}"
    )
