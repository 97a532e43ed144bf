"""Train each variant on MNIST and draw what it makes of digits.

`python docs/figures.py` trains what has no figure yet, one after the other, by the
command line as any user would; `python docs/figures.py vae vqvae` draws these anew, and
`--epochs 4` before their names trains them for longer; `--set beta=4` and
`--learning-rate 0.001` before them are those of `keras-latent train`.
Each leaves a picture and its numbers in `docs/figures`, from which `make docs` builds.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

import keras_latent as kl
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.results import final_split, measure, reported_model
from keras_latent.cli.run_folder import RunFolder
from keras_latent.images import image_entries, tile
from keras_latent.models.paired_model import PairedModel
from keras_latent.reports.advice import codes_are_far_out
from keras_latent.reports.reported_model import ReportedModel

FIGURES = Path(__file__).parent / "figures"
RUNS = Path(__file__).parents[1] / "runs" / "docs"
COLUMNS = 10
FITTED = 5_000
"""Digits that a sampler sees, where the prior draws what no image is encoded to."""
SCALE = 2
GREYS = 32
"""Few enough that a picture takes some ten thousand bytes."""


def command(name: str, epochs: int, settings: list[str]) -> list[str]:
    """What a user types to train the model that is drawn, without its folder."""
    words = f"keras-latent train {name} --dataset mnist --epochs {epochs}"
    return [*shlex.split(f"{words} --latent-dim 16"), *settings]


def draw(name: str, epochs: int, settings: list[str]) -> None:
    """Train one variant, and write its picture and its numbers.

    Args:
        name: One of `models.VARIANTS`.
        epochs: How many passes over the digits.
        settings: Further options of `keras-latent train`.
    """
    run = RUNS / "-".join([name, str(epochs), *settings]).replace("--", "")
    if not (run / "metrics.json").exists():
        begun = time.monotonic()
        train = [
            sys.executable,
            "-m",
            "keras_latent",
            *command(name, epochs, settings)[1:],
        ]
        subprocess.run([*train, "--output", str(run)], check=True)
        (run / "minutes").write_text(f"{(time.monotonic() - begun) / 60:.1f}")
    folder = RunFolder(run)
    arguments = Arguments.from_config(folder.read_config()["arguments"])
    dataset = arguments.open()
    model = kl.load_model(folder.model_file)
    reported = reported_model(model, dataset, limit=COLUMNS, seed=0)
    _write(
        name,
        _rows(reported, dataset),
        command=shlex.join(command(name, epochs, settings)),
        minutes=float((run / "minutes").read_text()),
        split=final_split(dataset),
        metrics=json.loads((run / "metrics.json").read_text("utf-8")),
        logs=_last_epoch(run),
    )


def draw_of_pairs(name: str, epochs: int) -> None:
    """The same for a variant of pairs, which the command line doesn't make.

    A pair is two digits of one class.
    """
    begun = time.monotonic()
    dataset = kl.datasets.open_dataset("mnist")
    images, labels = kl.datasets.arrays(dataset, "train")
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    partners = np.empty(len(images), int)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        partners[rows] = generator.permutation(rows)
    model = kl.models.VARIANTS[name].for_images(dataset.image_shape, 16)
    model.compile()
    history = model.fit(
        images, images[partners], batch_size=128, epochs=epochs, verbose=2
    ).history
    reported = reported_model(model, dataset, limit=COLUMNS, seed=0)
    split = final_split(dataset)
    run = RUNS / f"{name}-{epochs}"
    run.mkdir(parents=True, exist_ok=True)
    _write(
        name,
        _rows(reported, dataset),
        command=f"python docs/figures.py --epochs {epochs} {name}",
        minutes=round((time.monotonic() - begun) / 60, 1),
        split=split,
        metrics=measure(reported, split, RunFolder(run)),
        logs={what: float(f"{values[-1]:.4g}") for what, values in history.items()},
    )


def _write(name: str, rows: dict[str, np.ndarray], **numbers: Any) -> None:
    FIGURES.mkdir(exist_ok=True)
    _write_image(np.concatenate(list(rows.values())), FIGURES / f"{name}.png")
    text = json.dumps({"rows": list(rows), **numbers}, indent=1) + "\n"
    (FIGURES / f"{name}.json").write_text(text, encoding="utf-8")


def _rows(
    reported: ReportedModel, dataset: kl.datasets.OpenedDataset
) -> dict[str, np.ndarray]:
    """The rows of the picture by what they are, each of ten images."""
    model = reported.model
    seen = reported.examples.take(reported.order[:COLUMNS])
    rows = {
        "test digits": reported.pictures_in(seen),
        "their reconstructions": next(
            iter(image_entries(model.reconstruct(seen)).values())
        ),
    }
    if model.has_prior and codes_are_far_out(reported):
        images, _ = kl.datasets.arrays(dataset, "train", limit=FITTED)
        sampler = kl.samplers.GaussianMixture(model, components=20).fit(images)
        rows["draws of a mixture fitted to the codes"] = sampler.sample(COLUMNS, seed=0)
    elif model.has_prior and model.condition is None:
        rows["draws from the prior"] = model.sample(COLUMNS, seed=0)
    elif model.has_prior:
        of_classes = model.sample(y=np.arange(COLUMNS), seed=0)
        rows["draws from the prior, a digit each"] = of_classes
    return rows


def _last_epoch(run: Path) -> dict[str, float]:
    """What the logs held in the last epoch, by name."""
    lines = (run / "history.csv").read_text("utf-8").splitlines()
    names, values = lines[0].split(","), lines[-1].split(",")
    return {
        name: float(f"{float(value):.4g}")
        for name, value in zip(names, values, strict=True)
    }


def _write_image(images: np.ndarray, path: Path) -> None:
    """Write rows of grey images, each pixel as a square of four."""
    grid = np.clip(tile(images, COLUMNS), 0.0, 1.0).squeeze(-1)
    levels = np.round(np.round(grid * (GREYS - 1)) * 255 / (GREYS - 1))
    picture = Image.fromarray(levels.astype("uint8"))
    size = (picture.width * SCALE, picture.height * SCALE)
    picture.resize(size, Image.Resampling.NEAREST).save(path, optimize=True)


def main() -> None:
    """Draw the variants that the command names, or those without a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--learning-rate")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    settings = [word for setting in given.settings for word in ("--set", setting)]
    if given.learning_rate is not None:
        settings += ["--learning-rate", given.learning_rate]
    missing = [
        name for name in kl.models.VARIANTS if not (FIGURES / f"{name}.json").exists()
    ]
    for name in given.names or missing:
        print(f"== {name}", flush=True)
        if issubclass(kl.models.VARIANTS[name], PairedModel):
            draw_of_pairs(name, given.epochs)
            continue
        try:
            draw(name, given.epochs, settings)
        except subprocess.CalledProcessError:
            # What the command line can't train of digits has no picture.
            print("has said why it can't be trained", flush=True)


if __name__ == "__main__":
    main()
