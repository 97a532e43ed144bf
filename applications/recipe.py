"""What every recipe does: train with checkpoints, measure, write weights and card."""

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import keras_latent as kl
from applications.card import write_card
from applications.pictures import opened
from applications.rivals import errors_of_components
from keras_latent.applications.weight_files import CARD_FILE, WEIGHTS_FILE, sha256
from keras_latent.cli.run_folder import RunFolder, SaveEachEpoch
from keras_latent.saving import written_whole


@dataclass(frozen=True)
class Recipe:
    """How one pretrained model is made.

    Args:
        name: The name of its folder in `saved_models`, such as `"conv_vae_mnist"`.
        builder: The builder of `keras_latent.applications`.
        dataset: The name of its weights, and of its data: see `opened`.
        measure: From the model to its measures, a dict of sections.
        epochs: Number of passes over the training images.
        batch_size: Images in a step.
        optimizer: The optimizer's class.
        learning_rate: That of the first step; it falls along half a cosine to 0.
        augment: From images and the seed of the step, an int64 tensor of shape (2,), to
            what the model is trained on; `None` for the images.
        notes: What the card says about the training.
        prepare: Called with the new model and the seed before the training begins.
        policy: The dtype policy of the training. The weights are float32 under any.
        has_rivals: Whether the card gets rows of principal components with as many
            numbers, which `measure` doesn't make.
    """

    name: str
    builder: Callable[..., kl.models.LatentModel]
    dataset: str
    measure: Callable[[kl.models.LatentModel], dict[str, Any]]
    epochs: int
    batch_size: int
    optimizer: type[keras.optimizers.Optimizer]
    learning_rate: float
    augment: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None
    notes: str = ""
    prepare: Callable[[kl.models.LatentModel, int], None] | None = None
    policy: str = "float32"
    has_rivals: bool = True


def main(recipe: Recipe) -> None:
    """Run a recipe by its command line."""
    parser = argparse.ArgumentParser(
        description=f"Train {recipe.name} and write its weights and its card. A run "
        "that was cut goes on from its last epoch when it is started again."
    )
    parser.add_argument("--epochs", type=int, default=recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("saved_models"))
    parser.add_argument("--runs", type=Path, default=Path("runs/applications"))
    parser.add_argument(
        "--rivals",
        action="store_true",
        help="train nothing; add what the card lacks of principal components",
    )
    arguments = parser.parse_args()
    if arguments.rivals:
        _add_rivals(recipe, arguments.output / recipe.name)
        return
    folder = RunFolder(arguments.runs / recipe.name)
    defined = {"recipe": recipe.name, "seed": arguments.seed}
    if folder.config_file.exists():
        folder.check_same_run(defined)
    else:
        folder.start({"arguments": defined})
    keras.utils.set_random_seed(arguments.seed)
    keras.config.set_dtype_policy(recipe.policy)
    model, rows = folder.load() or (_new_model(recipe, arguments.seed), [])
    validation = kl.datasets.load(opened(recipe.dataset), "test", 250)
    train(recipe, model, rows, folder, arguments.epochs, arguments.seed, validation)
    keras.config.set_dtype_policy("float32")
    _write(recipe, model, rows, arguments)


def _new_model(recipe: Recipe, seed: int) -> kl.models.LatentModel:
    image_shape = opened(recipe.dataset).image_shape
    model = recipe.builder(weights=None, input_shape=image_shape)
    if recipe.prepare is not None:
        recipe.prepare(model, seed)
    model.compile(recipe.optimizer(recipe.learning_rate))
    return model


class _Clock(keras.callbacks.Callback):
    """Adds the seconds that an epoch took to its logs."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self._start


def train(
    recipe: Recipe,
    model: kl.models.LatentModel,
    rows: list[dict[str, float]],
    folder: RunFolder,
    epochs: int,
    seed: int,
    validation: tf.data.Dataset | None = None,
) -> None:
    """Train a compiled model as a recipe has it, from the epoch on that it has reached.

    Args:
        recipe: Data, augmentation, batches and learning rate.
        model: The model, as of its last epoch.
        rows: Its history so far, one dict an epoch; new epochs are appended.
        folder: Where each epoch is kept.
        epochs: Of the whole training.
        seed: Of the order of the images and of their variations.
        validation: What is evaluated after each epoch. Defaults to `None`: nothing.
    """
    images, steps = kl.datasets.epochs(
        opened(recipe.dataset),
        "train",
        recipe.batch_size,
        seed=seed,
        initial_epoch=len(rows),
    )
    augment = recipe.augment
    if augment is not None:
        images = images.enumerate(len(rows) * steps).map(
            lambda step, batch: augment(
                batch[0], tf.stack([tf.constant(seed, tf.int64), step])
            ),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    for optimizer in model.optimizers.values():
        optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
            recipe.learning_rate, decay_steps=epochs * steps
        )
    model.fit(
        images.prefetch(tf.data.AUTOTUNE),
        steps_per_epoch=steps,
        initial_epoch=len(rows),
        epochs=epochs,
        validation_data=validation,
        shuffle=False,
        verbose=2,
        callbacks=[_Clock(), SaveEachEpoch(folder, rows)],
    )


def _write(
    recipe: Recipe,
    model: kl.models.LatentModel,
    rows: list[dict[str, float]],
    arguments: argparse.Namespace,
) -> None:
    dataset = opened(recipe.dataset)
    image_shape = dataset.image_shape
    # A compiled model would save the state of its optimizer, too.
    bare = recipe.builder(weights=None, input_shape=image_shape)
    bare.set_weights(model.get_weights())
    measures = recipe.measure(bare)
    if recipe.has_rivals:
        measures |= errors_of_components(model.latent_dim, recipe.dataset)
    # An empty folder would be taken for weights.
    folder = arguments.output / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(folder / WEIGHTS_FILE) as unfinished:
        bare.save_weights(unfinished)
    write_card(
        folder,
        {
            "name": recipe.name,
            "builder": recipe.builder.__name__,
            "dataset": recipe.dataset,
            "image_shape": image_shape,
            "latent_dim": model.latent_dim,
            "parameters": model.count_params(),
            "training": {
                "examples": dataset.split("train").size,
                "epochs": len(rows),
                "batch_size": recipe.batch_size,
                "optimizer": recipe.optimizer.__name__,
                "learning_rate": recipe.learning_rate,
                "seed": arguments.seed,
                "minutes": round(sum(row["seconds"] for row in rows) / 60, 1),
                "cores": len(os.sched_getaffinity(0)),
                "commit": commit(),
                "notes": recipe.notes,
            },
            "versions": {
                "keras_latent": kl.__version__,
                "keras": keras.__version__,
                "tensorflow": tf.__version__,
                "python": platform.python_version(),
            },
            "measures": measures,
            "sha256": sha256(folder / WEIGHTS_FILE),
        },
    )
    print(json.dumps(measures, indent=2))


def _add_rivals(recipe: Recipe, folder: Path) -> None:
    if not recipe.has_rivals:
        raise SystemExit(f"{recipe.name} has no rival of principal components")
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    card["measures"] |= errors_of_components(card["latent_dim"], recipe.dataset)
    write_card(folder, card)


def commit() -> str:
    """The commit of the checkout that a recipe runs in."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
