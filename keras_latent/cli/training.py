"""One training run, from its arguments to what it leaves in its folder."""

import contextlib
import dataclasses
import json
import platform
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

import keras_latent
from keras_latent import datasets, models
from keras_latent.cli import classifier, defaults, settings
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.fitting import fit
from keras_latent.cli.precision import computing_in, found_precision
from keras_latent.cli.results import conclude
from keras_latent.cli.run_folder import RunFolder
from keras_latent.cli.strategies import find_strategy
from keras_latent.counting import counted
from keras_latent.models import specs
from keras_latent.networks.checks import SMALLEST_SIDE, check_model, is_image_shape
from keras_latent.networks.convolutional import halved_sizes
from keras_latent.renamed_errors import arguments_called
from keras_latent.saving import load_model
from keras_latent.training import workers
from keras_latent.training.strategies import spans_workers

MAP_HALVINGS = 2
"""How often the images are halved to a code that is a map."""


def train(arguments: Arguments, folder: RunFolder) -> None:
    """Train a variant and write everything about the run to its folder.

    Several workers share the folder: the chief alone writes to it, and each reads from
    it where the run is resumed.

    Args:
        arguments: What defines the run.
        folder: Where it goes. It holds `model.keras`, `history.csv`, `config.json`,
            `metrics.json`, `tensorboard/` and `figures/` in the end.

    Raises:
        ValueError: If an argument is wrong, or the folder isn't free.
        OSError: If another worker doesn't come, or stops.
    """
    folder.check_free()
    _run(arguments, folder, None)


def resume(folder: RunFolder, epochs: int | None = None) -> None:
    """Go on with a run, from its last whole epoch.

    Args:
        folder: That of the run.
        epochs: How many passes over the data it makes in all. Defaults to `None`: as
            many as it was to make.

    Raises:
        ValueError: If there is no run, or its data isn't what it was.
        OSError: If another worker doesn't come, or stops.
    """
    config = folder.read_config()
    try:
        arguments = Arguments.from_config(config["arguments"])
    except (TypeError, AttributeError) as error:
        raise ValueError(
            "`run` must be the folder of a run of this version, whose config.json "
            f"holds the run's arguments. Received: {str(folder.config_file)!r}"
        ) from error
    if epochs is not None:
        arguments = dataclasses.replace(arguments, epochs=epochs, steps=None)
    with arguments_called(output="run"):
        _run(arguments, folder, config)


def _run(
    arguments: Arguments, folder: RunFolder, before: dict[str, Any] | None
) -> None:
    """Begin a run, or go on with one of which `config.json` said something before."""
    console = Console()
    # Workers can't meet any more once TensorFlow has computed something.
    strategy = find_strategy(arguments.strategy, console)
    is_chief = strategy.extended.should_checkpoint
    dataset = arguments.open()
    _check_size(arguments, dataset.image_shape)
    variant = models.VARIANTS[arguments.variant]
    classes = None
    if variant.needs_classes is not None:
        classes = classifier.count_classes(dataset)
    arguments = arguments.found_from_anywhere(dataset)
    # A run that goes on computes as it began, on whatever machine.
    if before is None:
        arguments = _with_defaults(arguments, dataset, classes)
        precision = found_precision(arguments.precision, console)
        arguments = dataclasses.replace(arguments, precision=precision)
    config = {
        "arguments": arguments.to_config(),
        "data": describe(dataset),
        "versions": _versions(),
    }
    if before is not None:
        _check_same_data(before, config["data"])
    if is_chief:
        _tell(console, arguments, dataset, before is None)
    keras.utils.set_random_seed(arguments.seed)
    with folder.locked() if is_chief else contextlib.nullcontext():
        if is_chief and before is None:
            folder.start(config)
        try:
            with (
                workers.lost_workers_are_named(strategy),
                computing_in(arguments.precision),
            ):
                described = json.dumps(config["arguments"]).encode()
                workers.check_agreement(strategy, described + folder.saved_model())
                with strategy.scope():
                    loaded = _continued(arguments, folder)
                    if is_chief and before is not None:
                        folder.resume(config, is_new=loaded is None)
                    model, rows = loaded or (
                        _new_model(arguments, dataset, classes),
                        [],
                    )
                # Within the scope, the chief could not save without the other workers.
                fit(model, arguments, dataset, folder, rows, console)
        except ConnectionError:
            # No fault of the arguments: the run is there to be resumed.
            raise
        except Exception:
            if is_chief and before is None:
                folder.discard_start()
            raise
        if not is_chief:
            console.print("This worker is done; the chief draws the figures.")
            return
        if spans_workers(strategy):
            # The others are gone, and a model of them all would wait for them.
            model = load_model(folder.model_file)
        conclude(model, arguments, dataset, folder, rows, console)
    console.print(
        f"The run is in {folder.path}, its pictures in {folder.figures}. On one page: "
        f"keras-latent report {folder.path}",
        highlight=False,
        soft_wrap=True,
    )


def _check_size(arguments: Arguments, image_shape: tuple[int, ...]) -> None:
    """Refuse images that the networks can't read, and say how to get others."""
    if not is_image_shape(image_shape):
        height, width, channels = image_shape
        raise ValueError(
            f"`image_size` must be at least {SMALLEST_SIDE} in height and in width, of "
            "images with 1 to 4 channels. Received: "
            f"image_size={arguments.image_size!r} of images of {height} x {width} "
            f"pixels with {channels} channels"
        )


def describe(dataset: datasets.OpenedDataset) -> dict[str, Any]:
    """What a run was trained on, as `config.json` says it."""
    return {
        "splits": {name: dataset.split(name).size for name in dataset.splits},
        "image_shape": list(dataset.image_shape),
        "class_names": list(dataset.class_names),
        "held_out": dataset.held_out,
    }


def _with_defaults(
    arguments: Arguments, dataset: datasets.OpenedDataset, classes: int | None
) -> Arguments:
    """The arguments with what suits the data where nothing was said."""
    variant = models.VARIANTS[arguments.variant]
    steps = -(-dataset.split("train").size // arguments.batch_size)
    chosen = settings.with_parts_named(variant, arguments.settings)
    return dataclasses.replace(
        arguments,
        epochs=defaults.epochs_for(steps, arguments.epochs, arguments.steps),
        steps=None,
        settings=defaults.default_settings(variant, chosen, dataset, classes),
    )


def _tell(
    console: Console,
    arguments: Arguments,
    dataset: datasets.OpenedDataset,
    is_new: bool,
) -> None:
    """Say what was found, and what was chosen where nothing was said."""
    sizes = ", ".join(f"{dataset.split(n).size:,} {n}" for n in dataset.splits)
    lines = [f"{dataset.summary}: {sizes}" if dataset.summary else f"Images: {sizes}"]
    if is_new:
        epochs = counted(arguments.epochs or 0, "epoch")
        lines.append(f"{epochs} of {counted(arguments.batch_size, 'image')}")
        if arguments.settings:
            said = " ".join(f"--set {n}={v}" for n, v in arguments.settings.items())
            lines[-1] += f", {said}"
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def _check_same_data(before: dict[str, Any], data: dict[str, Any]) -> None:
    """Refuse to go on with other data than the run began with."""
    known = before.get("data")
    if known is not None and known != data:
        changed = [name for name in data if data[name] != known.get(name)]
        raise ValueError(
            "`run` must find the data that it began with. Received: "
            + ", ".join(f"{n}={data[n]} instead of {known.get(n)}" for n in changed)
        )


def _versions() -> dict[str, str]:
    return {
        "keras_latent": keras_latent.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _continued(
    arguments: Arguments, folder: RunFolder
) -> tuple[models.LatentModel, list[dict[str, float]]] | None:
    """The model and the history that a run goes on from; `None` for a new run."""
    loaded = folder.load()
    if loaded and (arguments.epochs or 0) < len(loaded[1]):
        raise ValueError(
            f"`epochs` must be at least {len(loaded[1])}, which the run has made. "
            f"Received: epochs={arguments.epochs}"
        )
    return loaded


def _new_model(
    arguments: Arguments, dataset: datasets.OpenedDataset, classes: int | None
) -> models.LatentModel:
    variant = models.VARIANTS[arguments.variant]
    options = settings.variant_options(variant, arguments.settings)
    if variant.needs_classes is not None:
        options[variant.needs_classes] = classes
    if variant.needs_dataset_size is not None:
        options[variant.needs_dataset_size] = dataset.split("train").size
    latent_dim = arguments.code_size()
    if variant.inverts_features:
        extractor = _extractor(arguments, dataset)
        options["feature_extractor"] = extractor
        spec = keras.KerasTensor((None, *dataset.image_shape), "float32")
        check_model("features", extractor)
        specs.check_encoder(extractor, spec, "features")
        latent_dim += specs.feature_size("features", extractor, spec)
    if variant.codes_are_maps:
        size = halved_sizes(dataset.image_shape[:2], MAP_HALVINGS)[-1]
        options["code_shape"] = (*size, latent_dim)
        model = variant.for_images(dataset.image_shape, **options)
    else:
        model = variant.for_images(dataset.image_shape, latent_dim, **options)
    model.compile(
        {
            name: settings.make_optimizer(
                variant, arguments.settings, arguments.learning_rate
            )
            for name in model.players()
        }
    )
    return model


def _extractor(arguments: Arguments, dataset: datasets.OpenedDataset) -> keras.Model:
    """The network whose features are inverted: the user's, or a new classifier's."""
    if arguments.features is not None:
        with arguments_called(path="features"):
            return load_model(arguments.features, compile=False)
    extractor = classifier.build_features(dataset.image_shape)
    classifier.train_classifier(extractor, dataset, arguments.seed)
    return extractor
