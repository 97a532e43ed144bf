from pathlib import Path

from applications.table import tables

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "pretrained.md"


def test_the_page_shows_what_stands_on_the_cards():
    assert tables() in PAGE.read_text(encoding="utf-8")


def test_a_row_for_each_pretrained_model():
    rows = [line for line in tables().splitlines() if line.startswith("| `Conv")]
    assert len(rows) >= 6
