"""A variant's file is read in one go: what isn't its objective stands elsewhere."""

import ast
import inspect
import io
import tokenize

import pytest

from keras_latent.models import VARIANTS

MOST = 60
LONGER = {"constrained": 126, "inverter": 154, "vae-gan": 113}
"""Those that are known to be longer, each at most by what it has now."""

NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source):
    """Number of lines with code, docstrings and comments left out."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            said = node.body[0]
            lines -= set(range(said.lineno, said.end_lineno + 1))
    return len(lines)


def test_what_counts():
    source = '"""Says."""\n\n# Why.\nx = [\n    1,\n]\n\n\ndef f():\n    """Too."""\n'
    assert code_lines(source) == 4


@pytest.mark.parametrize("name", VARIANTS)
def test_the_file_of_each_variant_is_short(name):
    source = inspect.getsource(inspect.getmodule(VARIANTS[name]))
    assert code_lines(source) <= LONGER.get(name, MOST)


@pytest.mark.parametrize("name", LONGER)
def test_the_long_ones_are_long(name):
    source = inspect.getsource(inspect.getmodule(VARIANTS[name]))
    assert code_lines(source) > MOST
