"""What a section of a report consists of, and figures that fit on a phone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

_NARROW_INCHES = 4.3
_NARROW_TICKS = 14
_LARGE_POINTS = 12.5
_SHORT_NAME = 20
_INCHES_OF_A_NAME = 0.22


class Picture(NamedTuple):
    """A figure, in the form for wide screens and paper and the one for phones.

    Args:
        wide: A matplotlib `Figure`.
        alt: What it shows, in words.
        narrow: The same with less beside each other, or `None` if it needs no other
            form.
        caption: What there is to say of it, or `""`.
        names: What its images are called, in their order; the caption leads to them.
            Defaults to none.
        narrow_names: How many of them the narrow form shows. Defaults to `None`: all.
    """

    wide: Any
    alt: str
    narrow: Any = None
    caption: str = ""
    names: Sequence[str] = ()
    narrow_names: int | None = None


class Section(NamedTuple):
    """A part of a report.

    Args:
        heading: Its heading.
        explanation: What it shows and how to read it.
        pictures: Its figures; several stand beside each other where there is room.
    """

    heading: str
    explanation: str
    pictures: Sequence[Picture]


def narrowed(figure: Any) -> Any:
    """The figure at the width of a phone, its texts as large as they were."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(_NARROW_INCHES, height * _NARROW_INCHES / width)
    return figure


def with_legend_below(figure: Any) -> Any:
    """The figure, its legend where it takes no width from what it explains."""
    for legend in list(figure.legends):
        names = [text.get_text() for text in legend.texts]
        handles = legend.legend_handles
        legend.remove()
        columns = 2 if max(map(len, names), default=0) <= _SHORT_NAME else 1
        width, height = figure.get_size_inches()
        rows = -(-len(names) // columns)
        figure.set_size_inches(width, height + rows * _INCHES_OF_A_NAME)
        below = figure.legend(
            handles, names, loc="outside lower left", ncols=columns, frameon=False
        )
        # A name between dollar signs is no formula.
        for text in below.texts:
            text.set_parse_math(False)
    return figure


def with_larger_labels(figure: Any) -> Any:
    """The figure, its labels legible where it is shown smaller than it is."""
    for axes in figure.axes:
        axes.tick_params(labelsize=_LARGE_POINTS)
    return figure


def with_fewer_ticks(figure: Any) -> Any:
    """A chart of bars at the width of a phone, with as many numbers as fit."""
    (axes,) = figure.axes
    places, labels = axes.get_xticks(), axes.get_xticklabels()
    step = -(-len(places) // _NARROW_TICKS) or 1
    axes.set_xticks(places[::step], [label.get_text() for label in labels[::step]])
    figure.set_size_inches(_NARROW_INCHES, figure.get_size_inches()[1])
    return figure
