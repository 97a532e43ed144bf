"""The commands that the benchmarks and their page give."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
COMMAND = re.compile(r"(PYTHONPATH=\. )?python benchmarks/(\w+)\.py")


@pytest.mark.parametrize("file", [*SCRIPTS, *PAGES], ids=lambda file: file.name)
def test_what_needs_the_recipes_finds_them(file):
    """`applications` isn't installed, and a script's path is its own folder."""
    for has_path, script in COMMAND.findall(file.read_text(encoding="utf-8")):
        source = (ROOT / "benchmarks" / f"{script}.py").read_text(encoding="utf-8")
        needs_path = re.search(r"^(from|import) applications\b", source, re.MULTILINE)
        assert bool(has_path) == bool(needs_path), script


def test_every_script_says_how_it_is_run():
    runnable = [file for file in SCRIPTS if "__main__" in file.read_text("utf-8")]
    assert len(runnable) > 10
    for file in runnable:
        assert f"python benchmarks/{file.name}" in file.read_text("utf-8"), file
