"""One training run, from its arguments to what it leaves in its folder."""

import contextlib
import dataclasses
import json
import platform
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

import keras_latent
from keras_latent import callbacks, datasets, models
from keras_latent.cli import classifier
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.progress import ProgressBar
from keras_latent.cli.results import (
    SHOWN,
    draws_samples,
    evaluation_split,
    load_observations,
    measure,
    write_figures,
)
from keras_latent.cli.run_folder import RunFolder, SaveEachEpoch
from keras_latent.cli.strategies import find_strategy, sharing_by_rows
from keras_latent.models import specs
from keras_latent.networks.checks import check_image_shape
from keras_latent.networks.convolutional import halved_sizes
from keras_latent.saving import load_model
from keras_latent.training import workers
from keras_latent.training.replicas import is_spread, spans_workers

MAP_HALVINGS = 2
"""How often the images are halved to a code that is a map."""

MOST_STEPS_IN_A_CALL = 16
"""Training steps between two returns to Python, on one replica."""


def train(arguments: Arguments, folder: RunFolder, resume: bool) -> None:
    """Train a variant and write everything about the run to its folder.

    Several workers share the folder: the chief alone writes to it, and each reads from
    it where the run is resumed.

    Args:
        arguments: What defines the run.
        folder: Where it goes. It holds `model.keras`, `history.csv`, `config.json`,
            `metrics.json`, `tensorboard/` and `figures/` in the end.
        resume: Whether to continue the run that the folder holds.

    Raises:
        ValueError: If an argument is wrong, or the folder isn't free.
        OSError: If another worker doesn't come, or stops.
    """
    console = Console()
    config = {
        "arguments": dataclasses.asdict(arguments),
        "versions": {
            "keras_latent": keras_latent.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    if resume:
        folder.check_same_run(config["arguments"])
    else:
        folder.check_free()
    # Workers can't meet any more once TensorFlow has computed something.
    strategy = find_strategy(arguments.strategy, console)
    is_chief = strategy.extended.should_checkpoint
    image_shape = datasets.image_shape(arguments.dataset, arguments.image_size)
    check_image_shape(image_shape)
    options = {}
    variant = models.VARIANTS[arguments.variant]
    if variant.needs_classes is not None:
        classes = classifier.count_classes(arguments.dataset, arguments.image_size)
        options[variant.needs_classes] = classes
    if variant.needs_dataset_size is not None:
        images = datasets.load(arguments.dataset, "train", 1, arguments.image_size)
        options[variant.needs_dataset_size] = int(images.cardinality())
    keras.utils.set_random_seed(arguments.seed)
    with folder.locked() if is_chief else contextlib.nullcontext():
        if is_chief and not resume:
            folder.start(config)
        try:
            with (
                workers.lost_workers_are_named(strategy),
                _precision(arguments.mixed_precision),
            ):
                described = json.dumps(config["arguments"]).encode()
                workers.check_agreement(strategy, described + folder.saved_model())
                with strategy.scope():
                    loaded = _continued(arguments, folder)
                    if is_chief and resume:
                        folder.resume(config, is_new=loaded is None)
                    model, rows = loaded or (
                        _new_model(arguments, image_shape, options),
                        [],
                    )
                # Within the scope, the chief could not save without the other workers.
                _fit(model, arguments, folder, rows, console)
        except ConnectionError:
            # No fault of the arguments: the run is there to be resumed.
            raise
        except Exception:
            if is_chief and not resume:
                folder.discard_start()
            raise
        if not is_chief:
            console.print("This worker is done; the chief draws the figures.")
            return
        if spans_workers(strategy):
            # The others are gone, and a model of them all would wait for them.
            model = load_model(folder.model_file)
        write_figures(model, arguments, folder, rows)
        for name, value in measure(model, arguments, folder).items():
            shown = value if isinstance(value, str) else f"{value:.4g}"
            console.print(f"{name}: {shown}", highlight=False, soft_wrap=True)
    console.print(f"The run is in {folder.path}", highlight=False, soft_wrap=True)


def _continued(
    arguments: Arguments, folder: RunFolder
) -> tuple[models.LatentModel, list[dict[str, float]]] | None:
    """The model and the history that a run goes on from; `None` for a new run."""
    loaded = folder.load()
    if loaded and arguments.epochs < len(loaded[1]):
        raise ValueError(
            f"`epochs` must be at least {len(loaded[1])}, which the run has made. "
            f"Received: epochs={arguments.epochs}"
        )
    return loaded


def _new_model(
    arguments: Arguments, image_shape: tuple[int, int, int], options: dict[str, Any]
) -> models.LatentModel:
    variant = models.VARIANTS[arguments.variant]
    latent_dim = arguments.code_size()
    if variant.inverts_features:
        extractor = _extractor(arguments, image_shape)
        options = {"feature_extractor": extractor}
        spec = keras.KerasTensor((None, *image_shape), "float32")
        specs.check_model("features", extractor)
        specs.check_encoder(extractor, spec, "features")
        latent_dim += specs.feature_size("features", extractor, spec)
    if variant.codes_are_maps:
        size = halved_sizes(image_shape[:2], MAP_HALVINGS)[-1]
        options["code_shape"] = (*size, latent_dim)
        model = variant.for_images(image_shape, **options)
    else:
        model = variant.for_images(image_shape, latent_dim, **options)
    model.compile()
    return model


def _extractor(arguments: Arguments, image_shape: tuple[int, int, int]) -> keras.Model:
    """The network whose features are inverted: the user's, or a new classifier's."""
    if arguments.features is not None:
        return load_model(arguments.features, compile=False)
    extractor = classifier.build_features(image_shape)
    classifier.train_classifier(
        extractor,
        arguments.dataset,
        arguments.seed,
        image_size=arguments.image_size,
    )
    return extractor


def _fit(
    model: models.LatentModel,
    arguments: Arguments,
    folder: RunFolder,
    rows: list[dict[str, float]],
    console: Console,
) -> None:
    training, steps = datasets.epochs(
        arguments.dataset,
        "train",
        arguments.batch_size,
        seed=arguments.seed,
        initial_epoch=len(rows),
        image_size=arguments.image_size,
    )
    if not is_spread(model.distribute_strategy):
        # A divisor: Keras makes whole calls, with steps of the next epoch if need be.
        model.steps_per_execution = max(
            count for count in range(1, MOST_STEPS_IN_A_CALL + 1) if steps % count == 0
        )
    _schedule_learning_rates(model, arguments.learning_rate, arguments.epochs * steps)
    shown = load_observations(model, arguments, "train", limit=SHOWN)
    log_dir = folder.tensorboard
    watchers = [
        callbacks.ReconstructionImages(shown, log_dir),
        callbacks.CodeHistograms(shown, log_dir),
    ]
    if draws_samples(model):
        watchers.append(callbacks.SampleImages(log_dir))
    if model.distribute_strategy.extended.should_checkpoint:
        # These don't know of workers, each of which would write the same. The model is
        # saved last, so that what a row of the history stands for is done.
        curves = callbacks.LearningCurves(log_dir)
        watchers += [curves, SaveEachEpoch(folder, rows)]
    validation = None
    if evaluation_split(arguments) == "test":
        validation = datasets.load(
            arguments.dataset, "test", arguments.batch_size, arguments.image_size
        ).with_options(sharing_by_rows())
    try:
        with ProgressBar(console) as progress:
            model.fit(
                training.with_options(sharing_by_rows()),
                steps_per_epoch=steps,
                initial_epoch=len(rows),
                epochs=arguments.epochs,
                validation_data=validation,
                shuffle=False,
                verbose=0,
                callbacks=[progress, *watchers],
            )
    except Exception:
        if folder.model_file.exists():
            kept = f"The model of the last whole epoch is kept: {folder.model_file}"
            console.print(kept, highlight=False, soft_wrap=True)
        raise


def _schedule_learning_rates(
    model: models.LatentModel, initial: float | None, steps: int
) -> None:
    """Let the learning rate of every player fall to 0 with the last step.

    Args:
        model: A compiled model.
        initial: The rate of the first step; `None` for that of each optimizer.
        steps: Steps of the whole run.
    """
    players = model.players()
    for name, optimizer in model.optimizers.items():
        rate = _first_rate(optimizer) if initial is None else initial
        # The schedule counts the optimizer's own steps. A longer run that is resumed
        # follows the longer schedule from there on.
        player = players[name]
        own = len(range(0, steps, player.every)) - len(
            range(0, player.start, player.every)
        )
        optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
            rate, decay_steps=max(1, own)
        )


def _first_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate that an optimizer began with, scheduled or not."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    rate = optimizer.get_config()["learning_rate"]
    if isinstance(rate, dict):
        rate = rate["config"]["initial_learning_rate"]
    return float(rate)


@contextlib.contextmanager
def _precision(mixed: bool) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
