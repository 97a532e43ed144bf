"""The reference: every public name, part by part."""

import ast
import importlib
import inspect
import itertools
from pathlib import Path
from types import ModuleType
from typing import Any

import keras_latent as kl
from docs.extensions.sources import in_markdown, in_rest
from docs.extensions.variant_pages import summary

FOLDER = "reference"


def parts() -> dict[str, ModuleType]:
    """Every public part, such as `metrics.anomaly`, by its name behind `kl.`."""
    found: dict[str, ModuleType] = {}
    waiting = {name: getattr(kl, name) for name in kl.__all__}
    while waiting:
        name, value = waiting.popitem()
        if not inspect.ismodule(value):
            continue
        found[name] = value
        for inner, part in _public(value).items():
            if inspect.ismodule(part):
                waiting[f"{name}.{inner}"] = part
    return dict(sorted(found.items()))


def names_of(part: ModuleType) -> dict[str, Any]:
    """The public names of a part, but its modules."""
    return {n: v for n, v in _public(part).items() if not inspect.ismodule(v)}


def pages() -> dict[str, str]:
    """The path below `docs` and the text of each page."""
    made = {f"{FOLDER}/{name}.md": _page(name, part) for name, part in parts().items()}
    made[f"{FOLDER}/index.md"] = _index()
    return made


def _public(part: ModuleType) -> dict[str, Any]:
    listed = getattr(part, "__all__", None)
    if listed is not None:
        return {name: getattr(part, name) for name in listed}
    return {
        name: value
        for name, value in vars(part).items()
        if not name.startswith("_")
        and getattr(value, "__module__", None) == part.__name__
    }


def _index() -> str:
    functions = [name for name in kl.__all__ if inspect.isfunction(getattr(kl, name))]
    text = [
        "# Reference",
        "",
        "`import keras_latent as kl` makes all of this reachable.",
        "",
    ]
    text += ["| part | what it holds |", "|---|---|"]
    for name, part in parts().items():
        text += [f"| [`kl.{name}`]({name}.md) | {summary(part).rstrip('.')} |"]
    text += ["| [`keras-latent`](command_line.md) | the command line |", ""]
    text += ["```{eval-rst}", ".. currentmodule:: keras_latent", ""]
    text += [f".. autofunction:: {name}" for name in functions]
    # What a function of the top gives, and users never make.
    text += [".. autoclass:: keras_latent.exporting.Exported"]
    text += ["```", "", "```{toctree}", ":hidden:", ""]
    text += [f"kl.{name} <{name}>" for name in parts()]
    return "\n".join([*text, "keras-latent <command_line>", "```", ""])


def _page(name: str, part: ModuleType) -> str:
    text = [f"# kl.{name}", "", *_introduction(part)]
    elsewhere, here = [], []
    for public, value in names_of(part).items():
        variant = next((n for n, v in kl.models.VARIANTS.items() if v is value), None)
        if part is kl.models and variant:
            elsewhere += [f"[{public}](../variants/{variant}.md)"]
        else:
            here += _directive(public, value, part)
    if elsewhere:
        text += [f"Variants have pages of their own: {', '.join(elsewhere)}.", ""]
    module = part.__name__
    return "\n".join(
        [*text, "```{eval-rst}", f".. currentmodule:: {module}", "", *here, "```", ""]
    )


def _introduction(part: ModuleType) -> list[str]:
    return [in_markdown(inspect.getdoc(part) or ""), ""]


def _directive(name: str, value: Any, part: ModuleType) -> list[str]:
    if inspect.isclass(value):
        return [f".. autoclass:: {name}", ""]
    if callable(value):
        return [f".. autofunction:: {name}", ""]
    said = in_rest(" ".join(said_of_constant(name, part).split()))
    return [f".. py:data:: {name}", "", f"   {said}", ""]


def said_of_constant(name: str, part: ModuleType) -> str:
    """The string below an assignment, in whichever file of the part it stands."""
    file = Path(part.__file__ or "")
    files = file.parent.rglob("*.py") if file.name == "__init__.py" else [file]
    for source in files:
        body = ast.parse(source.read_text("utf-8")).body
        for statement, following in itertools.pairwise(body):
            targets = getattr(
                statement, "targets", [getattr(statement, "target", None)]
            )
            names = [getattr(target, "id", None) for target in targets]
            if name in names and isinstance(following, ast.Expr):
                return str(ast.literal_eval(following.value))
    return ""


def path_of(part: str) -> str:
    """The page of a part below `docs`."""
    return f"{FOLDER}/{part}.md"


def module_of(part: str) -> ModuleType:
    """The module of a part by its name behind `kl.`."""
    return importlib.import_module(parts()[part].__name__)
