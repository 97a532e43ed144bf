"""The table of sources, what cites them, and the links between both."""

import ast
import re
import types
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="needs sphinx, of the extra `docs`")

from docs.extensions import docstrings, generated, source_pages, sources
from docs.extensions.published_numbers import PUBLISHED

ROOT = Path(__file__).parents[2]

_NAME = r"(?:(?:van|der|den|de|De)\s+)*[A-ZÀ-Ž][\w'-]+"
_CITATION = re.compile(
    rf"\b{_NAME}(?:(?:,\s+{_NAME})*,?\s+and\s+{_NAME}|\s+et\s+al\.)?"
    r",?\s+\(?(?:18|19|20)\d\d[a-z]?\b"
)
"""Names and a year, known or not, however they are written."""


def citations_of(text):
    return {" ".join(found.split()) for found in _CITATION.findall(text)}


def strings(file):
    """Docstrings and all other strings of a program."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    "written",
    [
        "Kingma and\n    Welling 2013",
        "Kingma & others, Wen, Tran and Ba 2020",
        "van den Oord et al. 2016",
        "Bińkowski et al. (2018)",
        "Revoy, 2016",
    ],
)
def test_citations_are_recognized(written):
    assert len(citations_of(f"Source: {written}, equation 1.")) == 1


def test_every_citation_has_an_entry():
    files = sorted((ROOT / "keras_latent").rglob("*.py"))
    texts = {file: "\n\n".join(strings(file)) for file in files}
    texts |= source_pages.written()
    texts["published"] = "\n".join(
        r.source for rows in PUBLISHED.values() for r in rows
    )
    cited = {(str(file), c) for file, text in texts.items() for c in citations_of(text)}
    assert len(cited) > 150
    assert not [(file, c) for file, c in sorted(cited) if c not in sources.SOURCES]


def test_a_page_of_a_build_before_is_not_read(tmp_path, monkeypatch):
    for name in (source_pages.PATH, "start.md"):
        (tmp_path / name).write_text("# Kingma and Welling, AAAI 2018")
    monkeypatch.setattr(source_pages, "DOCS", tmp_path)
    assert list(source_pages.written()) == ["start.md"]


def test_every_entry_is_cited():
    assert not sources.SOURCES.keys() - source_pages.citations().keys()


def test_a_citation_is_a_key():
    assert len(sources.SOURCES) == len(sources.ALL)
    assert len({source.label for source in sources.ALL}) == len(sources.ALL)
    links = [source.link for source in sources.ALL if source.link]
    assert len(set(links)) == len(links)


@pytest.mark.parametrize("source", sources.ALL, ids=lambda source: source.citation)
def test_entries_are_whole(source):
    assert source.title.strip()
    assert source.where.strip()
    assert not source.link or re.fullmatch(r"https://[\w.-]+/\S+", source.link)
    assert re.fullmatch(r"(?:(?:19|20)\d\d)?", source.year)
    names = re.split(r", | and ", source.authors)
    assert len(names) <= 3
    # Those of sites may come without.
    assert source.year or names == ["small-yellow-duck"]


def test_citations_lead_to_their_entries():
    lines = ["Source: Wen, Tran", "and Ba 2020; x.org/small-yellow-duck/encdec."]
    assert docstrings.as_page(lines) == [
        "**Source:** :ref:`Wen, Tran",
        "and Ba 2020 <source-wen-tran-and-ba-2020>`; x.org/small-yellow-duck/encdec.",
    ]


def test_the_page_tells_all_by_first_authors():
    text = source_pages.pages()["sources.md"]
    told = re.findall(r"^\((source-\S+)\)=\n\*\*(.+?)\.\*\* ", text, re.M)
    assert sorted(told) == sorted((s.label, s.citation) for s in sources.ALL)
    order = [citation for _, citation in told]
    oord = order.index("van den Oord et al. 2016")
    assert order[oord - 1].startswith("Odena")
    assert order[-1] == "Zheng et al. 2025"
    (vaes,) = re.findall(r"^\*\*Kingma and Welling 2013\..*\\\n(.*)$", text, re.M)
    assert "[`VAE`](variants/vae.md)" in vaes
    assert "`kl.distributions.Normal <keras_latent.distributions.Normal>`" in vaes


def test_pages_beside_it_are_kept(tmp_path, monkeypatch):
    pages = {"sources.md": "made", "variants/vae.md": "made"}
    monkeypatch.setattr(generated, "all_pages", lambda: pages)
    (tmp_path / "variants").mkdir()
    for path in ("start.md", "variants/gone.md"):
        (tmp_path / path).write_text("before")
    generated._write(types.SimpleNamespace(srcdir=tmp_path))
    found = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.md")}
    assert found == {"sources.md", "start.md", "variants/vae.md"}
