"""Docstrings as they stand in the code, read as a page."""

import inspect
import re
from typing import Any

from sphinx.application import Sphinx

from docs.extensions.sources import in_rest

_NAMED = ("Source:", "When:")
"""Paragraphs that begin with what they are."""

_REST_ARGUMENT = re.compile(r"\s+\*+\w+:")
"""Such as the line of `**kwargs`."""

_LITERALS = re.compile(r"(`+[^`]+`+)")


def as_page(lines: list[str]) -> list[str]:
    """Mark what a reader of the code sees: formulas, citations, what names itself.

    Args:
        lines: A docstring's, of which one word and a colon alone begin a section.

    Returns:
        The lines, with a directive before each formula of several lines, and with
        links to the sources.

    >>> as_page(["The loss:", "", "    a = b", "", "Source: A."])
    ['The loss:', '', '.. code-block:: none', '', '    a = b', '', '**Source:** A.']
    """
    page: list[str] = []
    in_section = in_block = in_example = False
    for index, line in enumerate(lines):
        is_blank = not line.strip()
        is_indented = line.startswith("    ")
        if not is_blank and not is_indented:
            in_section = line.endswith(":") and " " not in line
            in_block = False
        begins = is_indented and not in_section and not in_block and not is_blank
        if begins and index and not lines[index - 1].strip():
            page += [".. code-block:: none", ""]
            in_block = True
        in_example = not is_blank and (in_example or line.lstrip().startswith(">>>"))
        if not in_block and not in_example:
            line = _escaped(line)
        for name in _NAMED:
            if line.startswith(f"{name} "):
                line = f"**{name}**{line.removeprefix(name)}"
        page.append(line)
    return in_rest("\n".join(page)).split("\n")


def _escaped(line: str) -> str:
    """Formulas in a sentence as they stand: no emphasis, no substitution."""
    if _REST_ARGUMENT.match(line):
        # The next reader knows what it is.
        return line
    parts = _LITERALS.split(line)
    parts[::2] = [re.sub(r"([*|])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def _process(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    lines[:] = as_page(lines)


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, given: Any, returned: Any
) -> tuple[str, str | None] | None:
    """That of a class is its constructor's; Keras hides it behind one of its own."""
    if what != "class" or not inspect.isfunction(obj.__init__):
        return None
    signature = inspect.signature(obj.__init__)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in list(signature.parameters.values())[1:]
    ]
    return str(inspect.Signature(plain)), None


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before what reads the sections."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    app.connect("autodoc-process-signature", _signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
