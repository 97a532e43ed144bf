"""What the documentation makes of docstrings, formulas and other hosts."""

import types

import pytest

pytest.importorskip("sphinx", reason="needs sphinx, of the extra `docs`")
pytest.importorskip("latex2mathml", reason="needs latex2mathml, of the extra `docs`")

from docutils import nodes
from latex2mathml.converter import convert

from docs.extensions import docstrings, formulas, no_requests


def test_formulas_of_several_lines_keep_them():
    lines = ["Loss, in nats:", "", "    a = b", "", "      + c|d", "", "With *x*."]
    assert docstrings.as_page(lines) == [
        "Loss, in nats:",
        "",
        ".. code-block:: none",
        "",
        "    a = b",
        "",
        "      + c|d",
        "",
        r"With \*x\*.",
    ]


def test_sections_are_left_to_what_reads_them():
    lines = ["Args:", "    beta: Weight of `q(z|x)`, |z|.", "    **kwargs: The rest."]
    assert docstrings.as_page(lines) == [
        "Args:",
        r"    beta: Weight of `q(z|x)`, \|z\|.",
        "    **kwargs: The rest.",
    ]


def test_examples_stay_as_they_are():
    lines = [">>> a * b | c", "{1: 2}", "", "Source: A * B."]
    expected = [">>> a * b | c", "{1: 2}", "", r"**Source:** A \* B."]
    assert docstrings.as_page(lines) == expected


def test_formulas_become_mathml():
    page = types.SimpleNamespace(body=[])
    with pytest.raises(nodes.SkipNode):
        formulas._visit_block(page, nodes.math_block("", "x^2"))
    formula = convert("x^2", display="block")
    assert page.body == [f'<div class="formula">{formula}</div>']
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in formula


@pytest.mark.parametrize(
    "asks",
    [
        '<script async="async" src="https://elsewhere/x.js"></script>',
        '<link rel="stylesheet" href="//elsewhere/x.css">',
        "<img alt='' src='http://elsewhere/x.png'>",
        "<style>@import 'https://elsewhere/x.css';</style>",
        "<style>a { background: url(https://elsewhere/x.woff) }</style>",
    ],
)
def test_requests_are_found(asks, tmp_path):
    (tmp_path / "fine.html").write_text(
        '<a href="https://elsewhere">x</a><img src="a">'
    )
    assert not no_requests.requests_in(tmp_path)
    (tmp_path / "page.html").write_text(asks)
    assert len(no_requests.requests_in(tmp_path)) == 1
