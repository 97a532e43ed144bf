"""Colours of classes, which figures and the explorer share."""

import colorsys
import math
from typing import Final

CLASS_COLOURS: Final = (
    "#4466ee",
    "#99cc00",
    "#aa0000",
    "#ff66bb",
    "#8822aa",
    "#ddbbaa",
    "#55ccff",
    "#22aa77",
    "#ee5500",
    "#aa88ff",
    "#445555",
    "#996688",
)
"""Twelve colours that stay apart, with the kinds of colour blindness too.

Found by search: of the colours that stand out from white and from the explorer's dark
background, twelve whose nearest two are as far apart as can be in Oklab, seen as they
are and as Machado, Oliveira and Fernandes 2009 simulate protanopia, deuteranopia and
tritanopia.
"""

MARKERS: Final = ("o", "s", "^")
"""The marker of the first twelve classes, of the next twelve, and of the last."""

MOST_CLASSES: Final = len(CLASS_COLOURS) * len(MARKERS)
"""Classes that have a colour each; of more, neighbours on a scale look alike."""

# Of the markers: as they are, halfway to white, and nearly halfway to black.
_SHADES = ((0.0, 1.0), (0.5, 1.0), (0.4, 0.0))


def class_colours(count: int) -> list[str]:
    """The colours of so many classes, in their order, as `"#rrggbb"`.

    Up to twelve have `CLASS_COLOURS`; the next twelve the same ones lighter, and the
    last twelve darker. More than `MOST_CLASSES` are spread over the hues.

    Args:
        count: How many classes there are.

    >>> class_colours(2)
    ['#4466ee', '#99cc00']
    >>> class_colours(14)[12:]
    ['#a2b2f6', '#cce680']
    """
    if count > MOST_CLASSES:
        hues = (place / count for place in range(count))
        return [_as_text(colorsys.hls_to_rgb(hue, 0.5, 0.7)) for hue in hues]
    rounds = math.ceil(count / len(CLASS_COLOURS))
    shaded = [
        _shaded(colour, *_SHADES[number])
        for number in range(rounds)
        for colour in CLASS_COLOURS
    ]
    return shaded[:count]


def _shaded(colour: str, share: float, towards: float) -> str:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return _as_text(tuple(part + share * (towards - part) for part in parts))


def _as_text(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
