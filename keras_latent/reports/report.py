"""Reports on trained models."""

import os
import platform
import tempfile
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_latent.class_names import label_names
from keras_latent.counting import counted
from keras_latent.datasets.source import Source
from keras_latent.images import image_entries
from keras_latent.models import LatentModel
from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.reports.advice import advice
from keras_latent.reports.examples import row_count
from keras_latent.reports.measures import measures
from keras_latent.reports.page import page
from keras_latent.reports.reported_model import Labelled, ReportedModel
from keras_latent.reports.sections import sections
from keras_latent.samplers.base import Sampler
from keras_latent.saving import write_text
from keras_latent.typing import Observation
from keras_latent.validation import (
    check_in_range,
    check_unit_range,
    checked_positive_integer,
)

_COLOURS = {1: "grey", 3: "colour"}


def write_report(
    model: LatentModel,
    images: Observation | Source,
    path: str | os.PathLike,
    labels: Any = None,
    known: tuple[Observation, Any] | Source | None = None,
    history: Mapping[str, Sequence[float]] | None = None,
    title: str | None = None,
    data: str | None = None,
    class_names: Sequence[str] | None = None,
    limit: int = 2000,
    seed: int = 0,
    samplers: Mapping[str, Sampler] | None = None,
    explorer: str | os.PathLike | None = None,
) -> None:
    """Write a page about a trained model: numbers, images and what its code holds.

    One file of HTML that opens without a network. It shows learning curves,
    reconstructions, the worst and the best of them, a t-SNE map of the codes, nearest
    neighbours and clusters of them, accuracies with few labels, interpolations,
    traversals, the use of each dimension and, of models with a prior,
    samples of it; of a `FeatureInverter`, also what is left without the
    features. What doesn't apply, or lacks its data, is left out.

    Args:
        model: A latent model of this library. The terms of its loss are shown if it is
            compiled.
        images: What to report on, best images that the model wasn't trained on: array
            of shape (count, height, width, channels) in [0, 1], at least two; or a dict
            of arrays, of which the first entry that is an image is drawn. Of a
            `FeatureInverter` of regions or of given features, what it encodes; drawn
            is the image that it reconstructs. Or a split of a dataset, as
            `datasets.open_dataset(...).split(...)` gives it: it is read in batches, so
            that it needn't fit into the memory, and brings labels and names of its own.
        path: Where the page shall stand. Its folder must exist.
        labels: The classes of the images, array-like of shape (count,). Defaults to
            `None`.
        known: Other images and their labels, best those of the training, or a split of
            a dataset; from it learn the classifiers of the codes, and the rivals that
            stand beside the model. Defaults to `None`: no accuracies, no rivals.
        history: Name of the log → its value in each epoch, such as `History.history`.
            Defaults to `None`.
        title: Heading of the page. Defaults to `None`: the name of the variant.
        data: What the images are, in a few words. Defaults to `None`.
        class_names: The names of the classes that `labels` are the indices of.
            Defaults to `None`.
        limit: How many images the map of the codes shows at most; it takes seconds for
            a thousand, and at most 20,000. As many are grouped in clusters. Defaults to
            2000.
        seed: Seed of all that is drawn: the same seed gives the same page. Defaults to
            0.
        samplers: Samplers that were fitted to the model's codes, by names: what they
            draw stands beside the draws of the prior. Defaults to `None`.
        explorer: A page that `explorer.write_page` made of the model: the report links
            to it, by its place as seen from the report. Defaults to `None`.

    Raises:
        ValueError: If an argument isn't what is described, the observations hold no
            image, or `model` can't take them.
        OSError: If the folder of `path` can't be written to.

    >>> import tempfile
    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((6, 8, 8, 1), "float32")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(model, images, Path(folder) / "report.html", title="Noise")
    ...     [path.name for path in Path(folder).iterdir()]
    ['report.html']
    """
    path = Path(path)
    limit = checked_positive_integer("limit", limit)
    check_in_range("seed", seed, high=2**32 - 1)
    check_is_latent_model(model)
    if isinstance(images, Source):
        _check_source("images", model, images)
        if labels is not None:
            raise ValueError(
                "`labels` must be `None` for a split of a dataset, which has its own. "
                f"Received: labels of type {type(labels).__name__}"
            )
        class_names = class_names or images.class_names or None
    else:
        _check_images("images", model, images)
    count = images.size if isinstance(images, Source) else row_count(images)
    if count < 2:
        raise ValueError(
            f"`images` must hold at least two images. Received: images of {count}"
        )
    if labels is not None:
        labels = _checked_labels("labels", labels, images)
        label_names(np.unique(labels), class_names)
    if isinstance(known, Source):
        _check_source("known", model, known)
    elif known is not None:
        _check_images("known", model, known[0])
        known = Labelled(known[0], _checked_labels("known", known[1], known[0]))
    _check_samplers(model, samplers or {})
    link = None if explorer is None else _link(explorer, path)
    check_can_be_written(path)
    reported = ReportedModel(
        model, images, labels, known, class_names, limit, seed, samplers or {}
    )
    if not isinstance(images, Source):
        for batch in reported.examples.batches():
            check_unit_range("images", reported.pictures_in(batch))
    drawn = sections(reported, history)
    text = page(
        title=title or type(model).__name__,
        facts=_facts(reported, data),
        measures=measures(reported),
        sections=drawn,
        advice=advice(reported, history),
        explorer=link,
    )
    write_text(path, text)


def check_can_be_written(path: Path) -> None:
    """Refuse a path at which no file can be made, before work starts.

    Raises:
        OSError: If the folder of `path` doesn't exist or isn't writable.
        ValueError: If there is a folder at `path`.
    """
    if path.is_dir():
        raise ValueError(
            f"`path` must be a file, but is a folder. Received: path={str(path)!r}"
        )
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OSError(
            "`path` must be in a folder that can be written to. "
            f"Received: path={str(path)!r} ({error.strerror})"
        ) from error


def _link(to: str | os.PathLike, path: Path) -> str:
    """The address of a file, as seen from the page at `path`."""
    if not Path(to).is_file():
        raise ValueError(
            "`explorer` must be a page that `explorer.write_page` made. "
            f"Received: explorer={str(to)!r}, where there is no file"
        )
    seen = os.path.relpath(to, path.parent)
    return urllib.parse.quote(Path(seen).as_posix())


def _check_samplers(model: LatentModel, samplers: Mapping[str, Sampler]) -> None:
    for name, sampler in samplers.items():
        if getattr(sampler, "model", None) is not model:
            raise ValueError(
                "`samplers` must be samplers of `model`. "
                f"Received: {name!r} of type {type(sampler).__name__}, which isn't"
            )
        sampler.fitted_state()


def _check_source(argument: str, model: LatentModel, source: Source) -> None:
    taken = model.target(model.example_observation())
    shape = None if isinstance(taken, dict) else taken.shape[1:]
    if source.image_shape != shape:
        raise ValueError(
            f"`{argument}` must hold images of the shape that the model takes, "
            f"{shape}. Received: {argument} of shape {source.image_shape}"
        )


def _check_images(argument: str, model: LatentModel, images: Observation) -> None:
    try:
        # Before the values: neither a table nor what has seven channels can be drawn.
        image_entries(model.example_observation())
        model.check_observation(images)
    except ValueError as error:
        raise ValueError(f"`{argument}` can't be reported on: {error}") from error


def _checked_labels(argument: str, labels: Any, images: Observation) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (row_count(images),):
        raise ValueError(
            f"`{argument}` must hold one label for each of the {row_count(images)} "
            f"images. Received: {argument} with labels of shape {labels.shape}"
        )
    return labels


def _facts(reported: ReportedModel, data: str | None) -> dict[str, str]:
    import keras_latent

    model = reported.model
    described = (type(model).__doc__ or "").splitlines()[:1]
    height, width, channels = reported.picture_shape
    what = (
        f"{reported.count:,} images, {height} by {width} pixels, {_COLOURS[channels]}"
    )
    return {
        "Variant": ": ".join([type(model).__name__, *described]),
        "Data": f"{data}: {what}" if data else what,
        "Code": _code_in_words(model),
        "Parameters": f"{model.count_params():,}",
        "Likelihood": type(model.likelihood).__name__,
        "Versions": f"keras_latent {keras_latent.__version__}, Keras "
        f"{keras.__version__}, TensorFlow {tf.__version__}, Python "
        f"{platform.python_version()}",
    }


def _code_in_words(model: LatentModel) -> str:
    if len(model.code_shape) == 1:
        return counted(model.latent_dim, "dimension")
    sizes = " by ".join(map(str, model.code_shape[:2]))
    channels = model.code_shape[2]
    return f"map of {sizes} with {channels} channels: {model.latent_dim:,} dimensions"
