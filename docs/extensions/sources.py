"""What the library is made after: a table of sources, which citations lead to."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from docutils.nodes import make_id


class Source(NamedTuple):
    """A row of `sources.csv`.

    Args:
        authors: Up to three of them by name, of more the first one "et al.".
        year: Empty where the source doesn't say it.
        title: In full.
        where: Journal, conference or site.
        link: The abstract's page, DOI or publisher's page; empty if none is known.
    """

    authors: str
    year: str
    title: str
    where: str
    link: str

    @property
    def citation(self) -> str:
        """How docstrings cite it, which no other source is cited as."""
        return f"{self.authors} {self.year}".rstrip()

    @property
    def label(self) -> str:
        """The name of its place on the page of all sources."""
        return f"source-{make_id(self.citation)}"


def _read() -> list[Source]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [Source(**row) for row in csv.DictReader(file)]


ALL = _read()
SOURCES = {source.citation: source for source in ALL}
"""Sources by their citations."""

_KNOWN = re.compile(
    # Neither in an address nor in a longer word; lines may end within a citation.
    r"(?<![\w/.-])(?:"
    + "|".join(
        re.escape(citation).replace(r"\ ", r"\s+")
        for citation in sorted(SOURCES, key=len, reverse=True)
    )
    + r")(?![\w/-])"
)


def cited_in(text: str) -> list[str]:
    """The citations in a text, each on one line.

    >>> cited_in("Source: Wang et al. 2004; Lloyd 1982.")
    ['Wang et al. 2004', 'Lloyd 1982']
    """
    return [" ".join(found.split()) for found in _KNOWN.findall(text)]


def in_rest(text: str) -> str:
    """A text in reStructuredText whose citations lead to their sources.

    >>> in_rest("Source: Lloyd 1982.")
    'Source: :ref:`Lloyd 1982 <source-lloyd-1982>`.'
    """
    return _linked(text, ":ref:`{} <{}>`".format)


def in_markdown(text: str) -> str:
    """A text in Markdown whose citations lead to their sources.

    >>> in_markdown("Lloyd 1982, table 1")
    '{ref}`Lloyd 1982 <source-lloyd-1982>`, table 1'
    """
    return _linked(text, "{{ref}}`{} <{}>`".format)


def _linked(text: str, link: Callable[[str, str], str]) -> str:
    def replace(found: re.Match[str]) -> str:
        return link(found[0], SOURCES[" ".join(found[0].split())].label)

    return _KNOWN.sub(replace, text)
