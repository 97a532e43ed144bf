"""The pages that the documentation makes of the code, without building them."""

import ast
import functools
import inspect
import json
import re
from pathlib import Path

import pytest
import typer

import keras_latent as kl
from docs.extensions import (
    command_line_pages,
    pair_pages,
    reference_pages,
    variant_pages,
)
from docs.extensions.published_numbers import PUBLISHED
from docs.extensions.sources import in_markdown
from keras_latent.cli import app
from keras_latent.models import VARIANTS
from tests.distributions import pairs
from tests.test_package import PUBLIC

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def pages():
    makers = (
        variant_pages,
        pair_pages,
        reference_pages,
        command_line_pages,
    )
    return {path: text for maker in makers for path, text in maker.pages().items()}


def directives(pages):
    """Every name that a page tells all about, such as `models.VAE`."""
    found = set()
    for text in pages.values():
        module = re.findall(r"currentmodule:: keras_latent\.?(\S*)", text)
        names = re.findall(
            r"^\.\. (?:autoclass|autofunction|py:data):: (\S+)", text, re.M
        )
        found |= {f"{module[0]}.{name}".strip(".") for name in names}
        found |= {name.removeprefix("keras_latent.") for name in names}
    return found


def test_every_public_name_has_a_page(pages):
    told = directives(pages)
    assert {"load_model", "load_sampler", "models.VARIANTS"} <= told
    # Some are reached at the top: `exporting.export` is `kl.export`.
    top = {name for name in PUBLIC if hasattr(kl, name.rpartition(".")[2])}
    assert not sorted(set(PUBLIC) - top - told)


def test_pairs_and_objectives_are_told_as_the_tests_have_them(pages):
    text = pages["combinations/index.md"]
    of_spaces, of_objectives = text.split("## ")[1:]
    possible = sum(not pairs.refusal(*pair) for pair in pairs.pairs())
    assert of_spaces.count("✓") == possible
    rows = re.findall(r"^\| (`\w+(?:\(.*?\))?`) \|(.*)\|$", of_objectives, re.M)
    assert [says for says, _ in rows] == list(pairs.OBJECTIVES.values())
    marks = {says: row.count("✓") for says, row in rows}
    assert marks["`VAE`"] == len(pairs.POSTERIORS)
    assert marks["`BetaTCVAE`"] == 1
    assert pairs.NOT_NORMAL in of_objectives


def test_every_part_has_a_page(pages):
    for name in kl.__all__:
        if type(getattr(kl, name)).__name__ == "module":
            assert f"reference/{name}.md" in pages


def test_constants_say_what_they_are(pages):
    said = re.findall(r"py:data:: (\S+)\n\n   ?(.*)", "\n".join(pages.values()))
    assert said
    assert not [name for name, text in said if not text.strip()]


def test_what_others_report_is_of_variants():
    assert PUBLISHED.keys() <= VARIANTS.keys()


@pytest.mark.parametrize("name", VARIANTS)
class TestVariants:
    def test_says_when_to_use_it(self, name):
        assert "\nWhen: " in inspect.getdoc(VARIANTS[name])

    def test_shows_terms_and_tests(self, name, pages):
        text, variant = pages[f"variants/{name}.md"], VARIANTS[name]
        for term in variant.term_meanings:
            assert f"| `{term}` |" in text
        assert variant_pages.tests_of(variant)
        for file, sentences in variant_pages.tests_of(variant).items():
            assert (ROOT / file).exists()
            assert sentences

    def test_shows_what_others_report(self, name, pages):
        text = pages[f"variants/{name}.md"]
        assert "\n## Published\n" in text
        for row in PUBLISHED.get(name, ()):
            assert f" | {row.value} | {in_markdown(row.source)} |" in text

    def test_is_on_the_page_of_all(self, name, pages):
        assert f"({name}.md)" in pages["variants/index.md"]
        assert f"../variants/{name}.md" in pages["reference/models.md"]


def test_options_of_the_command_line_are_told(pages):
    text = pages["reference/command_line.md"]
    assert "## keras-latent train" in text
    assert "`--validation-split` | Part of the training images" in text


def test_the_page_on_the_command_line_tells_every_command_and_option():
    text = (DOCS / "howto" / "command_line.md").read_text("utf-8")
    start, *rest = re.split(r"^## (\w+)\n", text, flags=re.M)
    told = dict(zip(rest[::2], rest[1::2], strict=True)) | {"list": start}
    commands = typer.main.get_command(app).commands
    assert set(told) == set(commands)
    for name, command in commands.items():
        options = {o for p in command.params for o in p.opts if o.startswith("--")}
        written = set(re.findall(r"--[a-z][a-z0-9-]*", told[name]))
        assert options <= written
        if name not in {"list", "compare"}:
            assert written <= options


def test_figures_are_small_and_of_variants():
    for file in (DOCS / "figures").glob("*"):
        assert file.stem in VARIANTS
        assert file.stat().st_size < 40_000
    for file in (DOCS / "figures").glob("*.json"):
        told = json.loads(file.read_text("utf-8"))
        words = told["command"].split()
        assert words[:3] == ["keras-latent", "train", file.stem] or (
            words[:2] == ["python", "docs/figures.py"] and words[-1] == file.stem
        )
        assert file.with_suffix(".png").exists()


def chains(tree):
    """Every name behind `kl.` in a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if re.fullmatch(r"kl(\.\w+)+", text):
                yield text


@pytest.mark.parametrize(
    "script", sorted((DOCS / "gallery").glob("*.py")), ids=lambda script: script.stem
)
class TestGallery:
    def test_names_exist(self, script):
        found = set(chains(ast.parse(script.read_text("utf-8"))))
        assert found
        for chain in found:
            functools.reduce(getattr, chain.split(".")[1:], kl)

    def test_says_what_it_does_and_shows_its_picture(self, script):
        text = script.read_text("utf-8")
        title, line, _, *said = ast.get_docstring(ast.parse(text)).splitlines()
        assert line == "=" * len(title)
        assert said[0]
        assert f".. image:: /gallery/{script.stem}.png" in said
        setting = f'# sphinx_gallery_thumbnail_path = "gallery/{script.stem}.png"'
        assert setting in text.splitlines()
        assert script.with_suffix(".png").exists()
