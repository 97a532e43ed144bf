"""A page for each variant, made of its class, its tests and its figure."""

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

from docs.extensions.published_numbers import PUBLISHED
from docs.extensions.sources import in_markdown
from keras_latent import models

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "figures"
FOLDER = "variants"

_CLASS = """
```{{eval-rst}}
.. currentmodule:: keras_latent.models

.. autoclass:: {name}
   :no-index-entry:
```
"""


def pages() -> dict[str, str]:
    """The path below `docs` and the text of each page."""
    made = {f"{FOLDER}/index.md": _index()}
    benchmarks = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for name, variant in models.VARIANTS.items():
        is_measured = bool(re.search(rf"\b{variant.__name__}\b", benchmarks))
        made[f"{FOLDER}/{name}.md"] = _page(name, variant, is_measured)
    return made


def families() -> dict[str, dict[str, type[Any]]]:
    """What the folders of `keras_latent/models` say they hold → variants by name."""
    grouped: dict[str, dict[str, type[Any]]] = {}
    for name, variant in models.VARIANTS.items():
        folder = importlib.import_module(variant.__module__.rpartition(".")[0])
        says = (folder.__doc__ or "").strip().rstrip(".")
        grouped.setdefault(says, {})[name] = variant
    return grouped


def summary(variant: type[Any]) -> str:
    """The first line of a docstring."""
    return (variant.__doc__ or "").splitlines()[0]


def tests_of(variant: type[Any]) -> dict[str, list[str]]:
    """The files that test a variant alone → what they prove, as sentences."""
    *_, family, module = variant.__module__.split(".")
    folder = ROOT / "tests" / "models"
    own = folder / family / f"test_{module}.py"
    if own.exists():
        files = [own]
    else:
        named = re.compile(rf"\b{variant.__name__}\b")
        every = sorted(folder.glob("*/test_*.py"))
        files = [file for file in every if named.search(file.read_text("utf-8"))]
    return {str(f.relative_to(ROOT)): _sentences(f) for f in files}


def _sentences(file: Path) -> list[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return [
        node.name.removeprefix("test_").replace("_", " ")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def _index() -> str:
    text = [
        "# Variants",
        "",
        "Each is a `keras.Model` with its own objective; each page is made of the",
        "class, its tests, and a model trained to be drawn (`python docs/figures.py`).",
        "",
    ]
    for says, variants in families().items():
        text += [f"## {says}", "", "::::{container} cards", ""]
        for name, variant in variants.items():
            text += [":::{container} card", ""]
            if (FIGURES / f"{name}.png").exists():
                text += [f"![]({_from_page(name)})", ""]
            text += [
                f"[{variant.__name__}]({name}.md)",
                "",
                _escaped(summary(variant)),
                "",
                ":::",
                "",
            ]
        text += ["::::", ""]
    listed = "\n".join(
        f"{variant.__name__} <{name}>"
        for variants in families().values()
        for name, variant in variants.items()
    )
    text += ["```{toctree}", ":hidden:", "", listed, "```", ""]
    return "\n".join(text)


def _page(name: str, variant: type[Any], is_measured: bool) -> str:
    text = [f"# {variant.__name__}", ""]
    text += [
        f"`keras_latent.models.{variant.__name__}`, on the command line `{name}`.",
        "",
    ]
    text += _figure(name, variant)
    text += [_CLASS.format(name=variant.__name__)]
    text += ["## Terms", "", "| term in the logs | what it says |", "|---|---|"]
    for term, meaning in variant.term_meanings.items():
        text += [f"| `{term}` | {_escaped(meaning)} |"]
    text += ["", *_published(name, is_measured), *_numbers(name), *_tests(variant)]
    return "\n".join(text)


def _from_page(name: str) -> str:
    return f"../figures/{name}.png"


def _figure(name: str, variant: type[Any]) -> list[str]:
    if not (FIGURES / f"{name}.png").exists():
        return []
    rows = json.loads((FIGURES / f"{name}.json").read_text("utf-8"))["rows"]
    alt = f"Digits and what {variant.__name__} makes of them"
    caption = "From above: " + ", ".join(rows) + "."
    return [
        f":::{{figure}} {_from_page(name)}",
        f":alt: {alt}",
        ":class: pixels",
        "",
        caption,
        ":::",
        "",
    ]


def _published(name: str, is_measured: bool) -> list[str]:
    """What others report, and where we measured it ourselves."""
    text = ["## Published", ""]
    rows = PUBLISHED.get(name, ())
    if rows:
        text += ["| measure | value | source |", "|---|---|---|"]
        text += [
            f"| {_escaped(row.what)} | {row.value} | {in_markdown(row.source)} |"
            for row in rows
        ]
    else:
        text += ["No published number of it could be checked against its source."]
    if is_measured:
        text += ["", "Ours stand in [Benchmarks](../benchmarks.md)."]
    return [*text, ""]


def _numbers(name: str) -> list[str]:
    if not (FIGURES / f"{name}.json").exists():
        return []
    told = json.loads((FIGURES / f"{name}.json").read_text("utf-8"))
    text = [
        "## The model of the figure",
        "",
        "A short training, to be looked at rather than to be compared:",
        "",
        "```sh",
        told["command"],
        "```",
        "",
        "| measure | value |",
        "|---|---|",
    ]
    text += [
        f"| {what} | {value:.4g} |"
        for what, value in told["metrics"].items()
        # As many components as pixels lose nothing, which says nothing.
        if not ("PCA" in what and value < 1e-9)
    ]
    logged = {k: v for k, v in told["logs"].items() if k.startswith("val_")}
    text += [
        f"| `{what}`, last epoch | {value:.4g} |" for what, value in logged.items()
    ]
    return [*text, ""]


def _tests(variant: type[Any]) -> list[str]:
    text = ["## What the tests prove", ""]
    for file, sentences in tests_of(variant).items():
        text += [f"`{file}`:", ""]
        text += [f"- {_escaped(sentence)}" for sentence in sentences]
        text += [""]
    return [
        *text,
        "Besides, the conformance suite (`tests/models/test_conformance.py` and its",
        "neighbours) trains it, saves it, loads it in a fresh process and compares",
        "two replicas with one, as it does for every variant.",
        "",
    ]


def _escaped(text: str) -> str:
    """A plain text as Markdown."""
    return re.sub(r"([*_|<>\[\]$])", r"\\\1", text)
