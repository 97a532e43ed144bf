"""The README and the pages of the documentation: their snippets run on less data."""

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
import tensorflow as tf
import typer

from keras_latent import datasets, models
from keras_latent.cli import app
from keras_latent.cli.settings import parse_settings
from keras_latent.samplers.loading import sampler_name

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FOLDERS = (ROOT, ROOT / "docs", ROOT / "docs" / "howto")


def snippets_of(page):
    """What a page lets Python do, in order: its fences, the cells of a notebook."""
    text = page.read_text("utf-8")
    cells = [{"cell_type": "markdown", "source": text}]
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            yield source
        else:
            yield from re.findall(r"```python\n(.*?)```", source, re.S)


SNIPPETS = {
    str(page.relative_to(ROOT)): snippets
    for folder in FOLDERS
    for page in sorted([*folder.glob("*.md"), *folder.glob("*.ipynb")])
    if (snippets := list(snippets_of(page)))
}
OPTIONAL = {
    "OrbaxCheckpoint": "orbax",
    "grain.python": "grain",
    "keras_hub": "keras_hub",
    "keras_tuner": "keras_tuner",
    "import mlflow": "mlflow",
    "import torch": "torch",
    "import wandb": "wandb",
}
"""Packages that `dev` may not bring, by words in the snippets that need them."""
COMMANDS = sorted(
    {
        line
        for folder in FOLDERS
        for page in folder.glob("*.md")
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.S)
        for line in block.splitlines()
        if line.startswith("keras-latent ")
    }
)


@pytest.fixture
def little_data(monkeypatch):
    """Datasets with the first 64 examples of each split, or fewer."""
    arrays, load = datasets.arrays, datasets.load

    def few(*args, limit=64, **kwargs):
        return arrays(*args, **kwargs, limit=min(limit, 64))

    monkeypatch.setattr(datasets, "arrays", few)
    monkeypatch.setattr(
        datasets, "load", lambda name, split, **k: load(name, f"{split}[:64]", **k)
    )


def run(code, name, names):
    exec(compile(code, name, "exec"), names)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.all if "howto" in page else [])
        for page in SNIPPETS
    ],
)
def test_snippets_run(page, little_data, two_replicas, monkeypatch, tmp_path):
    # One strategy in all tests: TensorFlow confuses the collectives of two of them.
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: two_replicas)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for snippet in SNIPPETS[page]:
        if all(find_spec(own) for word, own in OPTIONAL.items() if word in snippet):
            run(snippet, page, names)
    if page == "README.md":
        assert names["codes"].shape == (64, 16)
    if page == "docs/howto/saving.md":
        assert (tmp_path / "vae.keras").exists()
    if page == "docs/howto/generating.md":
        assert (tmp_path / "reconstructions.png").stat().st_size > 1000


def test_pages_with_snippets_are_found():
    assert {"README.md", "docs/start.md", "docs/howto/saving.md"} <= set(SNIPPETS)
    assert len(SNIPPETS["docs/howto/notebooks.ipynb"]) == 6


# What they do with all of their data stands in the gallery as pictures.
@pytest.mark.all
@pytest.mark.parametrize(
    "script", sorted((ROOT / "docs" / "gallery").glob("*.py")), ids=lambda s: s.stem
)
def test_scripts_of_the_gallery_run(script, little_data, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    run(script.read_text("utf-8"), script.name, {})
    assert (tmp_path / f"{script.stem}.png").stat().st_size > 500


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_understood(line):
    _, name, *words = shlex.split(line, comments=True)
    command = typer.main.get_command(app).commands[name]
    given = command.make_context(name, words).params
    if name == "train":
        settings = parse_settings(given["set_"] or [])
        models.variant_and_settings(given["variant"], settings, models.VARIANTS)
    if name == "sample" and given["sampler"]:
        sampler_name(given["sampler"])


def test_commands_exist():
    commands = re.findall(r"^make (\w+)", README.read_text("utf-8"), re.MULTILINE)
    makefile = (README.parent / "Makefile").read_text("utf-8")
    assert commands
    for command in commands:
        assert f"\n{command}:" in makefile


def test_the_readme_is_short_and_its_links_lead_somewhere():
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    links = [
        link.partition("#")[0] for link in re.findall(r"\]\((?!https:)(.*?)\)", text)
    ]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
