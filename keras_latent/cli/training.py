"""One training run, from its arguments to its figures."""

import contextlib
import dataclasses
import json
import os
import platform
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

import keras_latent
from keras_latent import callbacks, datasets, metrics, models, plots, workers
from keras_latent.cli import classifier
from keras_latent.cli.progress import ProgressBar
from keras_latent.cli.run_folder import COUNTERS, RunFolder, SaveEachEpoch
from keras_latent.cli.strategies import STRATEGIES, find_strategy, sharing_by_rows
from keras_latent.distribution import spans_workers
from keras_latent.models import pairing
from keras_latent.networks.checks import check_image_shape
from keras_latent.saving import load_model, write_text
from keras_latent.validation import (
    check_choice,
    check_in_range,
    check_positive_integer,
)

MOST_STEPS_IN_A_CALL = 16
"""Training steps between two returns to Python, on one replica."""

MEASURED = 60_000
"""Images that are measured, from the first on."""

SHOWN = 20
"""Images that are followed in TensorBoard."""


@dataclasses.dataclass(frozen=True)
class Arguments:
    """What defines a run, beside the folder that it goes to.

    Args:
        variant: A name of `models.VARIANTS`.
        dataset: A name that `datasets.load` takes.
        epochs: Number of passes over the data.
        batch_size: Number of images in a step.
        latent_dim: Number of dimensions of the code; of an inverter, of the numbers
            beside the features. `None` for 32; of an inverter, 5.
        learning_rate: That of the first step; it falls along half a cosine to 0 at the
            last one. `None` for that of the variant.
        image_size: Side in pixels to which images are resized; `None` keeps their size.
        seed: Seed of everything random.
        strategy: `"auto"` (all GPUs if there are several), `"none"`, `"mirrored"`, or
            `"multiworker"`: the workers that `TF_CONFIG` names.
        mixed_precision: Whether the networks compute in float16.
        features: The `.keras` file of a model from images to features, which an
            inverter inverts; `None` for those of a classifier of the labels, which is
            trained first.

    Raises:
        ValueError: If an argument is out of its range or not among its choices.
    """

    variant: str
    dataset: str
    epochs: int
    batch_size: int
    latent_dim: int | None
    learning_rate: float | None
    image_size: int | None
    seed: int
    strategy: str
    mixed_precision: bool
    features: str | None = None

    def __post_init__(self) -> None:
        check_choice("variant", self.variant, models.VARIANTS)
        check_choice("strategy", self.strategy, STRATEGIES)
        for name in ("epochs", "batch_size"):
            check_positive_integer(name, getattr(self, name))
        if self.latent_dim is not None:
            check_positive_integer("latent_dim", self.latent_dim)
        if self.features is not None:
            self._check_features(self.features)
        if self.learning_rate is not None:
            check_in_range("learning_rate", self.learning_rate)
        if self.image_size is not None:
            check_positive_integer("image_size", self.image_size)
        check_in_range("seed", self.seed, high=2**32 - 1)
        if self.strategy == "multiworker" and self._inverts() and not self.features:
            raise ValueError(
                "`features` must be given where several workers train an inverter: a "
                "classifier can't be trained by all of them. Received: features=None"
            )

    def _check_features(self, features: str) -> None:
        if not self._inverts():
            raise ValueError(
                "`features` must be given for the variant 'inverter' alone. "
                f"Received: features={features!r} for {self.variant!r}"
            )
        if not features.endswith(".keras") or not os.path.isfile(features):
            raise ValueError(
                "`features` must be the path of a .keras file. "
                f"Received: features={features!r}"
            )

    def _inverts(self) -> bool:
        return models.VARIANTS[self.variant] is models.FeatureInverter

    def code_size(self) -> int:
        """Dimensions of the code that the user chooses."""
        if self.latent_dim is not None:
            return self.latent_dim
        return 5 if self._inverts() else 32


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
    if models.VARIANTS[arguments.variant] is models.ConstrainedAutoencoder:
        classes = classifier.count_classes(arguments.dataset, arguments.image_size)
        options = {"heads": classes}
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
                        folder.write_config(config)
                    model, rows = loaded or (
                        _new_model(arguments, image_shape, options),
                        [],
                    )
                # Within the scope, the chief could not save without the other workers.
                _fit(model, arguments, folder, rows, console)
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
        _write_figures(model, arguments, folder, rows)
        for name, value in _measure(model, arguments, folder).items():
            console.print(f"{name}: {value:.4g}", highlight=False)
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
    if variant is models.FeatureInverter:
        extractor = _extractor(arguments, image_shape)
        options = {"feature_extractor": extractor}
        spec = keras.KerasTensor((None, *image_shape), "float32")
        pairing.check_model("features", extractor)
        pairing.check_encoder(extractor, spec, "features")
        latent_dim += pairing.feature_size("features", extractor, spec)
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
    if model.distribute_strategy.num_replicas_in_sync == 1:
        # A divisor: Keras makes whole calls, with steps of the next epoch if need be.
        model.steps_per_execution = max(
            count for count in range(1, MOST_STEPS_IN_A_CALL + 1) if steps % count == 0
        )
    # A longer run that is resumed follows the longer schedule from there on.
    _, default = type(model).default_optimizer
    model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
        default if arguments.learning_rate is None else arguments.learning_rate,
        decay_steps=arguments.epochs * steps,
    )
    shown = _images(arguments, "train", limit=SHOWN)
    log_dir = folder.tensorboard
    watchers = [
        callbacks.ReconstructionImages(shown, log_dir),
        callbacks.CodeHistograms(shown, log_dir),
    ]
    if isinstance(model, models.VariationalModel):
        watchers.append(callbacks.SampleImages(log_dir))
    if model.distribute_strategy.extended.should_checkpoint:
        # These don't know of workers, each of which would write the same. The model is
        # saved last, so that what a row of the history stands for is done.
        curves = keras.callbacks.TensorBoard(str(log_dir), write_graph=False)
        watchers += [curves, SaveEachEpoch(folder, rows)]
    validation = None
    if _evaluation_split(arguments) == "test":
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


def _images(arguments: Arguments, split: str, limit: int | None = None) -> np.ndarray:
    images, _ = datasets.arrays(
        arguments.dataset, split, arguments.image_size, limit=limit
    )
    return images


def _write_figures(
    model: models.LatentModel,
    arguments: Arguments,
    folder: RunFolder,
    rows: list[dict[str, float]],
) -> None:
    images = _images(arguments, _evaluation_split(arguments), limit=1000)
    logs = [name for name in rows[-1] if name not in COUNTERS]
    history = {name: [row[name] for row in rows] for name in logs}
    figures = {
        "reconstructions": plots.reconstructions(model, images[:SHOWN]),
        "worst_and_best": plots.worst_and_best(model, images),
        "learning_curves": plots.learning_curves(history),
    }
    if isinstance(model, models.VariationalModel):
        figures["prior_samples"] = plots.prior_samples(model)
    if isinstance(model, models.FeatureInverter):
        known = _images(arguments, "train", limit=SHOWN // 4)
        sections = {"training": known, "unseen": images[: len(known)]}
        if _evaluation_split(arguments) == "train":
            sections = {"training": known}
        figures["inversions"] = plots.inversions({"decoded": model}, sections)
    folder.figures.mkdir(exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder.figures / f"{name}.png")


def _measure(
    model: models.LatentModel, arguments: Arguments, folder: RunFolder
) -> dict[str, float]:
    """Error of the reconstructions, and 5-NN accuracy of the codes where labels are."""
    split = _evaluation_split(arguments)
    images, labels = datasets.arrays(
        arguments.dataset, split, arguments.image_size, limit=MEASURED
    )
    reconstructions = model.predict(images, batch_size=256, verbose=0)
    errors = metrics.mean_squared_error(images, reconstructions)
    measured = {f"{split} mse": float(np.mean(errors))}
    # Without a split apart, neighbours would be looked for among the images themselves.
    if split == "test" and labels.ndim == 1 and len(np.unique(labels)) > 1:
        encoder = model.to_encoder()
        known_images, known = datasets.arrays(
            arguments.dataset, "train", arguments.image_size, limit=MEASURED
        )
        accuracy = metrics.knn_accuracy(
            encoder.predict(known_images, batch_size=256, verbose=0),
            known,
            encoder.predict(images, batch_size=256, verbose=0),
            labels,
        )
        measured["test 5-NN accuracy of the codes"] = float(accuracy)
    write_text(folder.path / "metrics.json", json.dumps(measured, indent=2) + "\n")
    return measured


def _evaluation_split(arguments: Arguments) -> str:
    splits = datasets.splits(arguments.dataset, arguments.image_size)
    return "test" if "test" in splits else "train"


@contextlib.contextmanager
def _precision(mixed: bool) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
