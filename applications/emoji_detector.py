"""`EmojiDetector(weights="emoji")`: a detector of emoji in scenes.

It is trained on scenes that are rendered as they are needed, and measured on scenes of
glyphs that it never saw.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import keras_latent as kl
from applications.card import write_card
from applications.recipe import commit
from keras_latent.applications.emoji_detector import EmojiDetector
from keras_latent.applications.weight_files import WEIGHTS_FILE, sha256
from keras_latent.cli.run_folder import RunFolder
from keras_latent.datasets.emoji import CATEGORIES
from keras_latent.inversion.average_precision import average_precision
from keras_latent.inversion.detector import region_feature_extractor
from keras_latent.inversion.emoji_scenes import emoji_scenes
from keras_latent.saving import write_text, written_whole

NAME = "emoji_detector"
EPOCHS = 25
BATCH_SIZE = 16
SCENES_PER_EPOCH = 2048
LEARNING_RATE = 2e-3
TEST_SCENES = 500
TEST_SEED = 1

# keras-cv takes the mean over the classes where the authors of YOLOv8 take the sum.
CLASS_WEIGHT = 0.5 * len(CATEGORIES)


def main() -> None:
    """Run the recipe by its command line."""
    parser = argparse.ArgumentParser(
        description=f"Train {NAME} and write its weights and its card. A run that was "
        "cut goes on from its last epoch when it is started again."
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=EPOCHS,
        help=f"passes over {SCENES_PER_EPOCH} scenes, {EPOCHS} if not given",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of weights and scenes, 0 if not given"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("saved_models"),
        help=f"where the folder {NAME} is written, saved_models if not given",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs/applications"),
        help="where checkpoints are kept, runs/applications if not given",
    )
    arguments = parser.parse_args()
    folder = RunFolder(arguments.runs / NAME)
    defined = {"recipe": NAME, "seed": arguments.seed}
    if folder.config_file.exists():
        folder.check_same_run(defined)
    else:
        folder.start({"arguments": defined})
    keras.utils.set_random_seed(arguments.seed)
    detector = EmojiDetector(weights=None)
    checkpoints = Checkpoints(folder.path)
    train(detector, checkpoints, arguments.epochs, arguments.seed)
    write(detector, checkpoints.rows, arguments.seed, arguments.output / NAME)


def _steps_done(optimizer: keras.optimizers.Optimizer) -> int:
    return int(keras.ops.convert_to_numpy(optimizer.iterations))


class Checkpoints(keras.callbacks.Callback):
    """Saves the weights, the optimizer's state and the history after each epoch.

    keras-cv's detector can't restore how it was compiled, hence not `RunFolder.save`.
    As there, the history is written first, and tells by the optimizer's steps which
    epoch the weights have seen.

    Args:
        folder: The run's folder.

    Attributes:
        rows: The history, one dict an epoch.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.weights_file = folder / "checkpoint.weights.h5"
        self.history_file = folder / "history.json"
        self.rows: list[dict[str, float]] = []

    def restore(self, detector: keras.Model) -> None:
        """Bring a compiled detector to where its last whole epoch ended.

        Raises:
            ValueError: If no row of the history is that of the weights.
        """
        if not self.weights_file.exists():
            return
        detector.optimizer.build(detector.trainable_variables)
        detector.load_weights(self.weights_file)
        self.rows = json.loads(self.history_file.read_text(encoding="utf-8"))
        steps = _steps_done(detector.optimizer)
        while self.rows and self.rows[-1]["step"] != steps:
            self.rows.pop()
        if not self.rows:
            raise ValueError(
                f"{str(self.history_file)!r} must tell of the epoch that ended at the "
                f"step of the weights. Received: step={steps}"
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Take the time."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Append the epoch and save."""
        step = _steps_done(self.model.optimizer)
        seconds = time.perf_counter() - self._start
        self.rows.append({"step": step, "seconds": seconds, **(logs or {})})
        write_text(self.history_file, json.dumps(self.rows, indent=2) + "\n")
        with written_whole(self.weights_file) as unfinished:
            self.model.save_weights(unfinished)


def train(
    detector: keras.Model, checkpoints: Checkpoints, epochs: int, seed: int
) -> None:
    """Train a detector up to a number of epochs, from its last checkpoint on."""
    steps = -(-SCENES_PER_EPOCH // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * steps)
    detector.compile(
        box_loss="ciou",
        classification_loss="binary_crossentropy",
        classification_loss_weight=CLASS_WEIGHT,
        optimizer=keras.optimizers.Adam(rate, global_clipnorm=10.0),
        jit_compile=False,  # no step is quicker for it
    )
    checkpoints.restore(detector)
    done = len(checkpoints.rows)
    scenes, steps = emoji_scenes(
        "train", BATCH_SIZE, SCENES_PER_EPOCH, seed=seed, initial_epoch=done
    )
    detector.fit(
        scenes,
        steps_per_epoch=steps,
        initial_epoch=done,
        epochs=epochs,
        shuffle=False,
        verbose=2,
        callbacks=[checkpoints],
    )


def measure(detector: keras.Model) -> dict[str, Any]:
    """Average precision on scenes of glyphs that were not trained on."""
    scenes, steps = emoji_scenes("test", 50, TEST_SCENES, seed=TEST_SEED)
    batches = list(scenes.take(steps).as_numpy_iterator())
    images = np.concatenate([image for image, _ in batches])
    true = {
        column: np.concatenate([labels[column] for _, labels in batches])
        for column in ("boxes", "classes")
    }
    found = detector.predict(images, batch_size=50, verbose=0)
    boxes, scores = found["boxes"], found["confidence"]
    by_class = average_precision(
        boxes, scores, true["boxes"], found["classes"], true["classes"]
    )
    measures = {
        "ap": {
            "what": f"average precision at IoU 0.5 on {TEST_SCENES} scenes of unseen "
            "glyphs, whatever the category",
            "value": 100 * float(average_precision(boxes, scores, true["boxes"])),
            "unit": " %",
        },
        "map": {
            "what": "the same with the category right, mean of the categories",
            "value": 100 * float(by_class),
            "unit": " %",
        },
    }
    for index, value in by_class.protocol["by_class"].items():
        category = CATEGORIES[index]
        measures[f"ap of {category}"] = {
            "what": f"average precision of {category}",
            "value": 100 * value,
            "unit": " %",
        }
    return measures


def write(
    detector: keras.Model, rows: list[dict[str, float]], seed: int, folder: Path
) -> None:
    """Measure a detector and write its weights and card."""
    folder.mkdir(parents=True, exist_ok=True)
    measures = measure(detector)
    # A compiled model would save the state of its optimizer, too.
    bare = EmojiDetector(weights=None)
    bare.set_weights(detector.get_weights())
    with written_whole(folder / WEIGHTS_FILE) as unfinished:
        bare.save_weights(unfinished)
    features = region_feature_extractor(bare).output_shape[-1]
    write_card(
        folder,
        {
            "name": NAME,
            "builder": EmojiDetector.__name__,
            "dataset": "emoji",
            "image_shape": bare.input_shape[1:],
            "latent_dim": features,
            "parameters": bare.count_params(),
            "training": {
                "examples": len(rows) * SCENES_PER_EPOCH,
                "epochs": len(rows),
                "batch_size": BATCH_SIZE,
                "optimizer": "Adam",
                "learning_rate": LEARNING_RATE,
                "seed": seed,
                "minutes": round(sum(row["seconds"] for row in rows) / 60, 1),
                "cores": len(os.sched_getaffinity(0)),
                "commit": commit(),
                "notes": f"Each epoch renders {SCENES_PER_EPOCH:,} scenes anew, of the "
                "glyphs of the training split. The latent dimensions are the features "
                "of a region, by `region_feature_extractor`.",
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


if __name__ == "__main__":
    main()
