"""What a section of a report consists of, and figures that fit on a phone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

_NARROW_INCHES = 4.3
_NARROW_TICKS = 14
_LARGE_POINTS = 12.5


class Picture(NamedTuple):
    """A figure, in the form for wide screens and paper and the one for phones.

    Args:
        wide: A matplotlib `Figure`.
        alt: What it shows, in words.
        narrow: The same with less beside each other, or `None` if it needs no other
            form.
        caption: What there is to say of it, or `""`.
    """

    wide: Any
    alt: str
    narrow: Any = None
    caption: str = ""


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
