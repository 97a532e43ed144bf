"""The steps of a run: data, learning rates, what watches, and `fit`."""

import keras
import numpy as np
from rich.console import Console

from keras_latent import callbacks, datasets, models
from keras_latent.class_names import label_names
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.progress import ProgressBar
from keras_latent.cli.results import SHOWN, draws_samples, observations
from keras_latent.cli.run_folder import RunFolder, SaveEachEpoch
from keras_latent.cli.stopping import Interruption
from keras_latent.cli.strategies import sharing_by_rows
from keras_latent.datasets.augmentation import augmented
from keras_latent.latent_space import sample_rows
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.reported_model import short_path
from keras_latent.training.strategies import is_spread

MOST_STEPS_IN_A_CALL = 16
"""Training steps between two returns to Python, on one replica."""

PROJECTED = 200
"""Images whose codes TensorBoard's projector shows."""

_COLLAPSED_EPOCHS = 5
"""Epochs in a row without an active dimension before a warning."""


def fit(
    model: models.LatentModel,
    arguments: Arguments,
    dataset: datasets.OpenedDataset,
    folder: RunFolder,
    rows: list[dict[str, float]],
    console: Console,
) -> None:
    """Train a model until its run is over, and save it after each epoch.

    Args:
        model: A compiled model.
        arguments: What defines the run.
        dataset: What they open.
        folder: Where the run goes.
        rows: The history so far, one dict an epoch; new epochs are appended.
        console: Where to show the progress.
    """
    training, steps = datasets.epochs(
        dataset,
        "train",
        arguments.batch_size,
        seed=arguments.seed,
        initial_epoch=len(rows),
    )
    training = augmented(
        training, arguments.augment, arguments.seed, first_step=len(rows) * steps
    )
    if not is_spread(model.distribute_strategy):
        # A divisor: Keras makes whole calls, with steps of the next epoch if need be.
        model.steps_per_execution = max(
            count for count in range(1, MOST_STEPS_IN_A_CALL + 1) if steps % count == 0
        )
    epochs = arguments.epochs or 0
    _schedule_learning_rates(model, arguments.learning_rate, epochs * steps)
    validation = None
    if "validation" in dataset.splits:
        validation = datasets.load(
            dataset, "validation", arguments.batch_size
        ).with_options(sharing_by_rows())
    try:
        with ProgressBar(console) as progress, Interruption() as interruption:
            model.fit(
                training.with_options(sharing_by_rows()),
                steps_per_epoch=steps,
                initial_epoch=len(rows),
                epochs=epochs,
                validation_data=validation,
                shuffle=False,
                verbose=0,
                callbacks=[
                    progress,
                    interruption,
                    *_schedules(model, arguments, epochs * steps),
                    *_watchers(model, arguments, dataset, folder, rows),
                ],
            )
    except Exception:
        if folder.model_file.exists():
            kept = f"The model of the last whole epoch is kept: {folder.model_file}"
            console.print(kept, highlight=False, soft_wrap=True)
        raise


def _schedules(
    model: models.LatentModel, arguments: Arguments, steps: int
) -> list[keras.callbacks.Callback]:
    """What lets numbers rise that the user says nothing of, in the first half."""
    return [
        callbacks.WeightSchedule(
            name, callbacks.Linear(*ends, duration=max(1, steps // 2)), by="step"
        )
        for name, ends in model.rises.items()
        if name not in arguments.settings
    ]


def _watchers(
    model: models.LatentModel,
    arguments: Arguments,
    dataset: datasets.OpenedDataset,
    folder: RunFolder,
    rows: list[dict[str, float]],
) -> list[keras.callbacks.Callback]:
    """What looks on at each epoch, and saves at last."""
    log_dir = folder.tensorboard
    shown = observations(model, dataset, "train", SHOWN, arguments.seed)
    watchers: list[keras.callbacks.Callback] = [
        callbacks.ReconstructionImages(shown, log_dir),
        callbacks.CodeHistograms(shown, log_dir),
    ]
    if len(keras.tree.flatten(shown)[0]) > 1:
        watchers.append(callbacks.CodeUsage(shown, patience=_COLLAPSED_EPOCHS))
    if draws_samples(model):
        watchers.append(callbacks.SampleImages(log_dir))
    if model.distribute_strategy.extended.should_checkpoint:
        # These don't know of workers, each of which would write the same. The model is
        # saved last, so that what a row of the history stands for is done.
        if "validation" in dataset.splits and model.condition is None:
            watchers.append(_projector(model, arguments, dataset, folder))
        curves = callbacks.LearningCurves(log_dir)
        watchers += [curves, SaveEachEpoch(folder, rows)]
    return watchers


def _projector(
    model: models.LatentModel,
    arguments: Arguments,
    dataset: datasets.OpenedDataset,
    folder: RunFolder,
) -> keras.callbacks.Callback:
    """The codes of held-out images for TensorBoard, with their classes and files."""
    source = dataset.split("validation")
    source = source.take(sample_rows(source.size, PROJECTED, arguments.seed))
    examples = SourceExamples(source, model)
    columns: dict[str, list[str]] = {}
    if examples.labels is not None:
        names = source.class_names or None
        columns["class"] = label_names(examples.labels, names)
    if source.file_paths:
        columns["file"] = [short_path(path) for path in source.file_paths]
    return callbacks.EmbeddingProjector(
        examples.take(np.arange(source.size)),
        folder.tensorboard,
        labels=columns or None,
        every=max(1, (arguments.epochs or 0) // 5),
    )


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
