"""The page of all sources, each with what cites it."""

import inspect
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils.nodes import make_id

import keras_latent as kl
from docs.extensions import reference_pages
from docs.extensions.published_numbers import PUBLISHED
from docs.extensions.sources import ALL, Source, cited_in

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PATH = "sources.md"

_INTRODUCTION = """# Sources

Papers, books and pages that the library is made after, by their first authors, and
what cites them. Docstrings cite them as they are called here.
"""


def pages() -> dict[str, str]:
    """The path below `docs` and the text of the page."""
    text = [_INTRODUCTION]
    citing = citations()
    for letter, sources in itertools.groupby(sorted(ALL, key=_order), _letter):
        text += [f"## {letter}", ""]
        for source in sources:
            text += _entry(source, citing.get(source.citation, []))
    return {PATH: "\n".join(text)}


def citations() -> dict[str, list[str]]:
    """Citations → what cites them, as links from the page."""
    citing: dict[str, list[str]] = {}
    for link, text in itertools.chain(_docstrings(), _written()):
        for citation in dict.fromkeys(cited_in(text)):
            citing.setdefault(citation, []).append(link)
    # What no page tells is said where the code is read.
    told = set(citing)
    for file in sorted((ROOT / "keras_latent").rglob("*.py")):
        for citation in dict.fromkeys(cited_in(file.read_text("utf-8"))):
            if citation not in told:
                path = file.relative_to(ROOT).as_posix()
                citing.setdefault(citation, []).append(f"`{path}`")
    return citing


def _docstrings() -> Iterator[tuple[str, str]]:
    """Links to what the reference and the pages of variants tell, and what is told."""
    seen = set()
    variants = {variant: name for name, variant in kl.models.VARIANTS.items()}
    for path, part in reference_pages.parts().items():
        link = f"[`kl.{path}`]({reference_pages.path_of(path)})"
        yield link, inspect.getdoc(part) or ""
        for name, value in reference_pages.names_of(part).items():
            # Some are public in two parts.
            if callable(value) and value in seen:
                continue
            if callable(value):
                seen.add(value)
            if inspect.isclass(value) and value in variants:
                command = variants[value]
                published = [row.source for row in PUBLISHED.get(command, ())]
                said = "\n\n".join([_said_of(value), *published])
                yield f"[`{name}`](variants/{command}.md)", said
            else:
                target = f"{part.__name__}.{name}"
                said = _said_of(value) or reference_pages.said_of_constant(name, part)
                yield f"{{py:obj}}`kl.{path}.{name} <{target}>`", said


def _said_of(value: Any) -> str:
    """The docstrings of a class with its own methods, or of a function."""
    if not callable(value):
        return ""
    told = [value]
    if inspect.isclass(value):
        told += [m for name, m in vars(value).items() if not name.startswith("_")]
    return "\n\n".join(getattr(each, "__doc__", None) or "" for each in told)


def written() -> dict[str, str]:
    """The pages that no program makes: the path below `docs` and the text of each."""
    files = sorted([*DOCS.glob("*.md"), *DOCS.glob("howto/*.md")])
    texts = {f.relative_to(DOCS).as_posix(): f.read_text("utf-8") for f in files}
    # A build before leaves it there.
    texts.pop(PATH, None)
    return texts


def _written() -> Iterator[tuple[str, str]]:
    """Links to the pages that no program makes, and their text."""
    for path, text in written().items():
        title = text.splitlines()[0].lstrip("# ")
        yield f"[{title}]({path})", text


def _entry(source: Source, citing: list[str]) -> list[str]:
    where = [source.where] if source.where != "arXiv" else []
    if source.link:
        where += [f"[{_link_text(source.link)}]({source.link})"]
    title = re.sub(r"([*_<>\[\]])", r"\\\1", source.title)
    text = [
        f"({source.label})=",
        f"**{source.citation}.** {title}. {', '.join(where)}.",
    ]
    if citing:
        text[-1] += "\\"
        text += [f"Cited by {', '.join(citing)}."]
    return [*text, ""]


def _link_text(link: str) -> str:
    """What a link leads to, as one names it.

    >>> _link_text("https://arxiv.org/abs/1312.6114"), _link_text("https://a.org/b")
    ('arXiv:1312.6114', 'a.org')
    """
    for start, name in {
        "https://arxiv.org/abs/": "arXiv:",
        "https://doi.org/": "doi:",
    }.items():
        if link.startswith(start):
            return name + link.removeprefix(start)
    return link.split("/")[2]


def _order(source: Source) -> tuple[str, str]:
    """By the first author, whom no `van` or `der` moves, then by all and the year."""
    surname = re.sub(r"^(?:[a-z]+ )+", "", source.authors)
    return make_id(re.split(r",| and | et al", surname)[0]), make_id(source.citation)


def _letter(source: Source) -> str:
    return _order(source)[0][0].upper()
