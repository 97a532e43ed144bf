import base64

import pytest
from matplotlib.figure import Figure

from keras_latent.reports.measures import Measure
from keras_latent.reports.page import anchor, image, page
from keras_latent.reports.section import Picture, Section
from tests.reports.reading import Page


def figure(width, height=1.0):
    drawn = Figure(figsize=(width, height))
    # A frame that fills the figure, so that the page cuts nothing off.
    drawn.add_axes((0, 0, 1, 1)).set(xticks=[], yticks=[])
    return drawn


def test_an_image_has_its_natural_size():
    source, width, height = image(figure(3.0, 2.0))
    png = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    assert png.startswith(b"\x89PNG")
    # Three by two inches and a margin.
    assert width == pytest.approx(3 * 96, abs=12)
    assert height == pytest.approx(2 * 96, abs=12)


@pytest.mark.parametrize(
    ("widths", "columns"), [([3, 3, 3], 3), ([3, 3], 2), ([4.5, 4.5], 2), ([8, 8], 1)]
)
def test_pictures_stand_beside_each_other_at_their_natural_size(widths, columns):
    section = Section("Heading", "Words.", [Picture(figure(w), "Alt.") for w in widths])
    html = page("Title", {}, {}, [section])
    assert f'class="pictures columns-{columns}"' in html


def test_what_stands_between_backticks_is_code():
    html = page("T", {}, {}, [], ["Try `--set x=<1>`, & not ``.", "A lone ` stays."])
    assert (
        "<li>Try <code>--set x=&lt;1&gt;</code>, &amp; not <code></code>.</li>" in html
    )
    assert "<li>A lone ` stays.</li>" in html


def test_a_narrow_form_is_for_narrow_screens():
    picture = Picture(figure(8), "Alt.", figure(4), "Caption.")
    read = Page(page("Title", {}, {}, [Section("Heading", "Words.", [picture])]))
    (img,), (source,) = read.attributes("img"), read.attributes("source")
    assert source["media"] == "print, (min-width: 40rem)"
    assert int(source["width"]) == pytest.approx(2 * int(img["width"]), abs=12)
    assert img["src"] != source["srcset"]
    assert read.inside("figcaption") == ["Caption."]


def test_every_text_is_escaped():
    evil = '"><script>alert("&")</script>'
    picture = Picture(figure(3), evil, None, evil)
    section = Section(evil, evil, [picture])
    measures = {evil: [Measure(evil, evil, evil)]}
    read = Page(page(evil, {evil: evil}, measures, [section]))
    assert "script" not in {tag for tag, _ in read.elements}
    assert read.attributes("img")[0]["alt"] == evil
    for tag in ("title", "h1", "h2", "h3", "figcaption", "dt"):
        assert evil in read.inside(tag)
    assert not read.unclosed


def test_a_link_to_the_explorer_is_there_where_there_is_one():
    def links(**explorer):
        read = Page(page("Title", {}, {}, [], **explorer))
        return [link["href"] for link in read.attributes("a")]

    assert links() == []
    assert links(explorer="my%20page.html") == ["my%20page.html"]


def test_anchors_are_words():
    assert anchor("Use of the dimensions") == "use-of-the-dimensions"
