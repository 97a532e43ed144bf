"""Reads a page as a browser would, without one."""

import base64
import io
from html.parser import HTMLParser

_VOID = {"meta", "img", "source", "link", "br", "wbr"}


class Page(HTMLParser):
    """What a page holds.

    Attributes:
        elements: Each start tag with a dict of its attributes.
        texts: Pairs of the open tags and the text within the innermost.
        unclosed: Tags that are still open in the end.
    """

    def __init__(self, html):
        super().__init__()
        # A place where a word may break is no part of the text.
        self.html = html = html.replace("<wbr>", "")
        self.elements = []
        self.texts = []
        self.unclosed = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in _VOID:
            self.unclosed.append(tag)

    def handle_endtag(self, tag):
        assert self.unclosed.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((tuple(self.unclosed), data.strip()))

    def attributes(self, tag):
        """The attributes of all elements of a tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    def inside(self, tag):
        """The texts of all elements of a tag."""
        return [text for tags, text in self.texts if tags[-1] == tag]

    @property
    def headings(self):
        """The headings of the sections."""
        return self.inside("h2")

    @property
    def numbers(self):
        """Name of a number or a fact → its text, and how a number was measured."""
        found = {}
        for tags, text in self.texts:
            if tags[-1] == "dt":
                name = text
                found[name] = []
            elif tags[-1] == "dd":
                found[name].append(text)
        return {name: (*texts, "")[:2] for name, texts in found.items()}

    def pictures(self):
        """Every picture of the page, decoded."""
        from PIL import Image

        sources = [image["src"] for image in self.attributes("img")]
        sources += [source["srcset"] for source in self.attributes("source")]
        prefix = "data:image/png;base64,"
        assert all(source.startswith(prefix) for source in sources)
        return [
            Image.open(io.BytesIO(base64.b64decode(source.removeprefix(prefix))))
            for source in sources
        ]
