"""The page of a report, as one file of HTML that needs nothing beside it."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from keras_latent.reports.measures import Measure
from keras_latent.reports.section import Section

_DOTS_PER_INCH = 144
_CSS_PIXELS_PER_INCH = 96
_PAGE_WIDTH = 1040
_MOST_COLUMNS = 3
_WORD_ENDS = re.compile(r"(?<=[/\\_])(?=[^\W_])")


class Image(NamedTuple):
    """An image in the page.

    Args:
        source: Its PNG as a data URI.
        width: Its natural width in CSS pixels.
        height: Its natural height.
    """

    source: str
    width: int
    height: int


def page(
    title: str,
    facts: Mapping[str, str],
    measures: Mapping[str, Sequence[Measure]],
    sections: Sequence[Section],
    advice: Sequence[str] = (),
    explorer: str | None = None,
) -> str:
    """Render a report.

    Every text is escaped: names may hold what HTML would take for its own.

    Args:
        title: The heading.
        facts: What the report is about: a name → what it is.
        measures: Heading of a group → its numbers.
        sections: The sections, in their order.
        advice: What the numbers mean, in sentences. Defaults to none.
        explorer: The address of a page on which the codes are explored. Defaults to
            `None`: no link.

    Returns:
        A document of HTML without scripts, which loads nothing.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_latent.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["anchor"] = anchor
    environment.filters["code"] = with_code
    environment.filters["breakable"] = breakable
    return environment.get_template("report.html").render(
        title=title,
        facts=facts,
        measures=measures,
        advice=advice,
        explorer=explorer,
        sections=[_with_images(section) for section in sections],
    )


def with_code(text: str) -> Any:
    """A text as HTML, in which what stands between backticks is code.

    >>> str(with_code("try `--epochs`, <b>"))
    'try <code>--epochs</code>, &lt;b&gt;'
    """
    from markupsafe import Markup, escape

    parts = [escape(part) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(text)
    for place in range(1, len(parts), 2):
        parts[place] = Markup("<code>{}</code>").format(parts[place])
    return Markup("").join(parts)


def breakable(text: str) -> Any:
    """A text as HTML whose file names may break where their words end.

    >>> str(breakable("a/long_name & more"))
    'a/<wbr>long_<wbr>name &amp; more'
    """
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, _WORD_ENDS.split(text)))


def image(figure: Any) -> Image:
    """A matplotlib `Figure` as PNG."""
    from PIL import Image as PillowImage

    drawn, written = io.BytesIO(), io.BytesIO()
    figure.savefig(
        drawn,
        format="png",
        dpi=_DOTS_PER_INCH,
        facecolor="white",
        bbox_inches="tight",
        pad_inches=0.05,
    )
    # The white background leaves nothing transparent, which would take up room.
    picture = PillowImage.open(drawn).convert("RGB")
    picture.save(written, format="PNG", optimize=True)
    width, height = (
        round(side * _CSS_PIXELS_PER_INCH / _DOTS_PER_INCH) for side in picture.size
    )
    encoded = base64.b64encode(written.getvalue()).decode("ascii")
    return Image(f"data:image/png;base64,{encoded}", width, height)


def anchor(heading: str) -> str:
    """The name by which a link finds a heading.

    >>> anchor("Worst and best")
    'worst-and-best'
    """
    return re.sub(r"\W+", "-", heading.lower()).strip("-")


def _with_images(section: Section) -> dict[str, Any]:
    pictures = [
        picture._asdict()
        | {
            "wide": image(picture.wide),
            "narrow": None if picture.narrow is None else image(picture.narrow),
        }
        for picture in section.pictures
    ]
    # As many beside each other as keep their natural size.
    fitting = _PAGE_WIDTH // max(picture["wide"].width for picture in pictures)
    columns = max(1, min(fitting, len(pictures), _MOST_COLUMNS))
    return section._asdict() | {"pictures": pictures, "columns": columns}
