"""The names of the variants, without loading one."""

import ast
import importlib.util
from pathlib import Path

_REGISTRIES = {"VARIANTS": "__init__.py", "COMBINATIONS": "combinations.py"}


def variant_names() -> list[str]:
    """Read the names of variants and combinations from the registry's source.

    To import the registry would load TensorFlow, which takes seconds.

    Returns:
        The names in the registry's order; none where there is no source to read.

    >>> "vae" in variant_names()
    True
    """
    spec = importlib.util.find_spec("keras_latent")
    names: list[str] = []
    for folder in (spec and spec.submodule_search_locations) or ():
        for registry, file in _REGISTRIES.items():
            path = Path(folder) / "models" / file
            if path.is_file():
                names += _keys(path.read_text(encoding="utf-8"), registry)
    return names


def _keys(source: str, name: str) -> list[str]:
    """The keys of the dict that a module assigns to a name."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        is_named = any(isinstance(t, ast.Name) and t.id == name for t in targets)
        if is_named and isinstance(node.value, ast.Dict):
            keys = [ast.literal_eval(key) for key in node.value.keys if key]
            return [str(key) for key in keys]
    return []
