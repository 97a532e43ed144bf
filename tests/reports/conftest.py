"""A small model, and a page about it that several tests read."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from tests.reports.reading import Page

HISTORY = {
    "epoch": [1, 2, 3],
    "loss": [300.0, 250.0, 200.5],
    "val_loss": [290.0, 260.0, 210.25],
    "kl": [1.0, 2.0, 3.0],
}


@pytest.fixture(scope="package")
def digits():
    """Sixty images with their labels."""
    return kl.datasets.arrays("mnist", "test", limit=60)


@pytest.fixture(scope="package")
def known():
    """A hundred other images with their labels."""
    return kl.datasets.arrays("mnist", "train", limit=100)


@pytest.fixture(scope="package")
def vae():
    """A variational autoencoder that has learned next to nothing."""
    keras.utils.set_random_seed(1)
    model = kl.models.VAE.for_images((28, 28, 1), latent_dim=4)
    model.compile()
    # Codes of an untrained encoder hardly vary.
    layer = model.code_mean
    layer.kernel.assign(layer.kernel * np.array([5.0, 20.0, 0.01, 10.0]))
    return model


@pytest.fixture(scope="package")
def write(vae, digits, known):
    """Writes the page about all of it to a path."""

    def write_to(path):
        images, labels = digits
        kl.reports.write_report(
            vae,
            images,
            path,
            labels=labels,
            known=known,
            history=HISTORY,
            title="Digits & <b>codes</b>",
            data='the "first" <digits>',
            class_names=["<i>nought</i>", "$one$", "$\\two$", *"3456789"],
        )
        return path

    return write_to


@pytest.fixture(scope="package")
def report_file(write, tmp_path_factory):
    """That page."""
    return write(tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="package")
def report(report_file):
    """The page, parsed."""
    return Page(report_file.read_text(encoding="utf-8"))
