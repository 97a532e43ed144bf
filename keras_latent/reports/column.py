"""A column of the tables of a comparison."""

from typing import NamedTuple


class Column(NamedTuple):
    """A number that is measured of several models.

    Args:
        name: What it is.
        protocol: How it is measured.
        better: 1 if more is better, -1 if less is, 0 if it is to be known beside them.
    """

    name: str
    protocol: str
    better: int
