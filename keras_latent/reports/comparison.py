"""What a comparison has come to, and the rows of its tables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_latent.reports.column import Column, ColumnGroup
from keras_latent.reports.compared_model import ComparedModel


class Row(NamedTuple):
    """A model with its numbers."""

    one: ComparedModel
    numbers: Mapping[Column, float]


class Spread(NamedTuple):
    """The mean of numbers, and how far they lie apart.

    Args:
        mean: The mean.
        deviation: The standard deviation, with one less in the denominator; `None` of a
            single number.
    """

    mean: float
    deviation: float | None


class Group(NamedTuple):
    """Models that differ by the seed alone; most often one.

    Args:
        name: What they are called.
        variant: The name of their class.
        rows: One for each.
        spreads: Of each number that all of them have.
    """

    name: str
    variant: str
    rows: Sequence[Row]
    spreads: Mapping[str, Spread]


class Comparison(NamedTuple):
    """All that a page tells of several models.

    Args:
        title: The heading.
        facts: What is common to all: a name → what it is.
        rows: The models and their numbers.
        pictures: Of one model of each group, what it makes of images, and makes up.
        saw_all: Whether the models may have been trained on the images.
    """

    title: str
    facts: Mapping[str, str]
    rows: Sequence[Row]
    pictures: Sequence[Any]
    saw_all: bool

    @property
    def columns(self) -> list[Column]:
        """Each number that a model has, once, those of a group together.

        Protocols of one name may differ between models in what they counted.
        """
        return [column for columns in self.column_groups.values() for column in columns]

    @property
    def column_groups(self) -> dict[ColumnGroup, list[Column]]:
        """The columns by their groups, in the order of the first of each."""
        found: dict[str, Column] = {}
        for row in self.rows:
            for column in row.numbers:
                found.setdefault(column.name, column)
        groups: dict[ColumnGroup, list[Column]] = {}
        for column in found.values():
            groups.setdefault(column.group, []).append(column)
        return groups

    @property
    def groups(self) -> list[Group]:
        """The groups, in the order of their first models."""
        members: dict[str, list[Row]] = {}
        for row in self.rows:
            members.setdefault(row.one.group, []).append(row)
        return [
            Group(name, type(rows[0].one.model).__name__, rows, _spreads(rows))
            for name, rows in members.items()
        ]


def by_name(row: Row) -> dict[str, float]:
    """The numbers of a model by the names of their columns."""
    return {column.name: value for column, value in row.numbers.items()}


def _spreads(rows: Sequence[Row]) -> dict[str, Spread]:
    named = [by_name(row) for row in rows]
    spreads = {}
    for name in named[0]:
        if all(name in numbers for numbers in named):
            values = [numbers[name] for numbers in named]
            deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
            spreads[name] = Spread(float(np.mean(values)), deviation)
    return spreads
