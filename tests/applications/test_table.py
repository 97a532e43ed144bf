from pathlib import Path

from applications.table import tables

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_what_stands_on_the_cards():
    assert tables() in README.read_text(encoding="utf-8")


def test_a_row_for_each_pretrained_model():
    rows = [line for line in tables().splitlines() if line.startswith("| [")]
    assert len(rows) >= 6
    assert all("saved_models/" in row for row in rows)
