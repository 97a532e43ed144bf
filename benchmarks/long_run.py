"""Does the memory of a long training stay what it was?

`EncDec` trains on MNIST with every callback that it can have, which write at the end of
each 500 steps. The resident memory of the process is read there; it should end within
5 % of what it was after 1,000 steps.

    python benchmarks/long_run.py
"""

import argparse
import json
import tempfile
from pathlib import Path

import keras

import keras_latent as kl

IMAGE_SHAPE = (28, 28, 1)
STEPS_AN_EPOCH = 500
SETTLED = 1000
"""Steps after which memory is compared."""


def resident_megabytes() -> float:
    """Of this process, by the system's own count."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class MemoryReadings(keras.callbacks.Callback):
    """Reads the memory after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.megabytes: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Read it, and say so."""
        self.megabytes.append(round(resident_megabytes(), 1))
        steps = STEPS_AN_EPOCH * len(self.megabytes)
        print(f"{steps} steps: {self.megabytes[-1]} MB", flush=True)


def main() -> None:
    """Train, and write the readings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--output", type=Path, default=Path("runs/long_run"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    images, labels = kl.datasets.arrays("mnist", "train", limit=500)
    model = kl.models.EncDec.for_images(IMAGE_SHAPE, latent_dim=32)
    model.compile()
    training, _ = kl.datasets.epochs("mnist", "train", arguments.batch_size, seed=0)
    readings = MemoryReadings()
    with tempfile.TemporaryDirectory() as log_dir:
        model.fit(
            training,
            steps_per_epoch=STEPS_AN_EPOCH,
            epochs=arguments.steps // STEPS_AN_EPOCH,
            validation_data=kl.datasets.load("mnist", "test[:500]", 100),
            verbose=0,
            callbacks=[
                kl.callbacks.ReconstructionImages(images[:16], log_dir),
                kl.callbacks.CodeHistograms(images, log_dir),
                kl.callbacks.EmbeddingProjector(images, log_dir, labels),
                kl.callbacks.LatentEquilibrium(patience=arguments.steps),
                kl.callbacks.WeightSchedule(
                    "spread_weight",
                    kl.callbacks.Linear(1.0, 0.5, arguments.steps),
                    by="step",
                ),
                kl.callbacks.LearningCurves(log_dir),
                keras.callbacks.ModelCheckpoint(f"{log_dir}/model.keras"),
                readings,
            ],
        )
    settled = readings.megabytes[SETTLED // STEPS_AN_EPOCH - 1]
    result = {
        "megabytes": readings.megabytes,
        f"last over that after {SETTLED} steps": readings.megabytes[-1] / settled,
    }
    text = json.dumps(result, indent=2)
    kl.saving.write_text(arguments.output / "result.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
