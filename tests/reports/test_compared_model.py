"""Which models of a comparison differ by the seed alone, and what they are called."""

import json

import pytest

import keras_latent as kl
from keras_latent.reports.compared_model import compared_models

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """Makes the folder of a run of a variant and a seed."""
    folder = tmp_path_factory.mktemp("runs")
    model = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)

    def made(path, seed, variant="autoencoder"):
        run = folder / path
        run.mkdir(parents=True, exist_ok=True)
        model.save(run / "model.keras")
        told = {"arguments": {"variant": variant, "seed": seed}}
        (run / "config.json").write_text(json.dumps(told))
        return run

    return made


def test_a_run_that_is_given_twice_is_no_second_seed(run_folder):
    one, other = run_folder("one", 0), run_folder("other", 1)

    found = compared_models([one, one, other])

    assert [(part.name, part.group) for part in found] == [
        ("one", "one and 1 more"),
        ("one (2)", "one (2)"),
        ("other", "one and 1 more"),
    ]


def test_folders_of_one_name_are_not_one_group(run_folder):
    folders = []
    for variant in ("autoencoder", "vae"):
        runs = [run_folder(f"{variant}/same/seed-{s}", s, variant) for s in (0, 1)]
        folders.append(runs[0].parent)

    groups = [part.group for part in compared_models(folders)]

    assert groups == ["same", "same", "same (2)", "same (2)"]
