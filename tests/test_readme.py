"""The snippets of the README run, one after the other, on less data."""

import re
from pathlib import Path

import pytest
import tensorflow as tf

from keras_latent import datasets

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def little_data(monkeypatch):
    """Datasets with the first 64 examples of each split."""
    arrays, load = datasets.arrays, datasets.load
    monkeypatch.setattr(datasets, "arrays", lambda *a, **k: arrays(*a, **k, limit=64))
    monkeypatch.setattr(
        datasets, "load", lambda name, split, **k: load(name, f"{split}[:64]", **k)
    )


def test_snippets_run(little_data, two_replicas, monkeypatch, tmp_path):
    # One strategy in all tests: TensorFlow confuses the collectives of two of them.
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: two_replicas)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), names)

    assert len(SNIPPETS) == 20
    assert (tmp_path / "reconstructions.png").stat().st_size > 1000
    assert (tmp_path / "vae.keras").exists()
    assert names["codes"].shape == (64, 16)


def test_commands_exist():
    commands = re.findall(r"^make (\w+)", README.read_text("utf-8"), re.MULTILINE)
    makefile = (README.parent / "Makefile").read_text("utf-8")
    assert commands
    for command in commands:
        assert f"\n{command}:" in makefile
