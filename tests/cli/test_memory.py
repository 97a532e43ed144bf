"""What commands hold of a folder at once: a batch, or a stated sample."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from rich.console import Console

from keras_latent import datasets, models
from keras_latent.cli import results as run_results
from keras_latent.cli.anomalies import anomalies
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.encoding import encode
from keras_latent.cli.report import report
from keras_latent.cli.run_folder import RunFolder
from keras_latent.reports import examples, measures, results

COUNT, BATCH, SAMPLE = 120, 8, 20
"""Images of each split, in a batch, and of what must see all; figures draw at most 100
of them."""

pytestmark = pytest.mark.usefixtures("few_traces")


@pytest.fixture(scope="module")
def place(tmp_path_factory, no_traces):
    """A run, and images to train on and to test on."""
    place = tmp_path_factory.mktemp("memory")
    for split in ("train", "test"):
        for index in range(COUNT):
            path = place / "images" / split / "ab"[index % 2] / f"{index:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(index).integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(path)
    (place / "run").mkdir()
    models.VAE.for_images((8, 8, 3), latent_dim=2).save(place / "run" / "model.keras")
    arguments = Arguments("vae", str(place / "images"), validation_split=0)
    config = {"arguments": arguments.to_config()}
    (place / "run" / "config.json").write_text(json.dumps(config))
    return place


def conclude(run, images):
    """What `train` does after its last epoch."""
    arguments = Arguments("vae", str(images), validation_split=0)
    folder = RunFolder(run)
    model = models.VAE.for_images((8, 8, 3), latent_dim=2)
    rows = [{"epoch": 1, "step": 1, "loss": 1.0}]
    console = Console(quiet=True)
    run_results.conclude(model, arguments, arguments.open(), folder, rows, console)


COMMANDS = {
    "train": conclude,
    "report": lambda run, images: report(run, None, run / "page.html", None, 20, 0),
    "encode": lambda run, images: encode(run, str(images), run / "codes.npz"),
    "anomalies": lambda run, images: anomalies(
        *(run, str(images), run / "found", "reconstruction", None, 4, 0)
    ),
}


@pytest.mark.parametrize(
    "command",
    [
        "encode",
        *(pytest.param(name, marks=pytest.mark.all) for name in ("train", "anomalies")),
        pytest.param("report", marks=pytest.mark.all),
    ],
)
def test_a_folder_is_never_held_whole(command, place, monkeypatch):
    held = []

    def watched(owner, name):
        method = getattr(owner, name)

        def watching(self, given, *args, **kwargs):
            is_read = isinstance(given, tf.data.Dataset)
            batches = list(given.as_numpy_iterator()) if is_read else [given]
            held.extend(len(keras.tree.flatten(batch)[0]) for batch in batches)
            return method(self, given, *args, **kwargs)

        monkeypatch.setattr(owner, name, watching)

    for name in ("encode", "reconstruct"):
        watched(models.VAE, name)
    take = examples.SourceExamples.take

    def taken(self, rows):
        found = take(self, rows)
        held.append(len(found))
        return found

    monkeypatch.setattr(examples.SourceExamples, "take", taken)
    monkeypatch.setattr(datasets, "arrays", None)
    monkeypatch.setattr(examples, "_ROWS", BATCH)
    for name in ("KNOWN_AT_MOST", "TESTED_AT_MOST"):
        monkeypatch.setattr(results, name, SAMPLE)
    monkeypatch.setattr(measures, "_LIKELIHOOD_IMAGES", SAMPLE)
    COMMANDS[command](place / "run", place / "images")
    assert sum(held) >= COUNT
    assert max(held) < COUNT
