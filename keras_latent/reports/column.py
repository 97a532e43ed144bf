"""A column of the tables of a comparison, and the group that it belongs to."""

from typing import NamedTuple


class ColumnGroup(NamedTuple):
    """Columns that answer one question.

    Args:
        heading: What stands above them.
        purpose: What one who reads them first wants of a model, as in "to restore
            images".
        meaning: What they measure, in plain sentences.
        limits: What they can't tell.
    """

    heading: str
    purpose: str
    meaning: str
    limits: str


class Column(NamedTuple):
    """A number that is measured of several models.

    Args:
        name: What it is.
        protocol: How it is measured.
        better: 1 if more is better, -1 if less is, 0 if it is to be known beside them.
        group: The question that it answers, with others.
    """

    name: str
    protocol: str
    better: int
    group: ColumnGroup
