"""What the packages of icons hold: their logos as SVG, and what each is called."""

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from keras_latent.datasets.archives import file_of, read_archive

_ROOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{} {} {} {}">{}</svg>'
)
_ICONIFY_SIDE = 16
"""Of an icon whose set doesn't say otherwise, by the format of Iconify."""


class Logo(NamedTuple):
    """One logo.

    Attributes:
        package: The package that it comes from, one of `icons.PACKAGES`.
        name: What the package calls it.
        words: The words of its name, in lower case, of ASCII alone where they can be.
        other_names: The words of other names of the same brand.
        svg: The drawing.
    """

    package: str
    name: str
    words: tuple[str, ...]
    other_names: tuple[tuple[str, ...], ...]
    svg: str


def logos_of(package: str, path: Path) -> Iterator[Logo]:
    """Give the logos of a package, in the order of their names.

    Args:
        package: One of `icons.PACKAGES`.
        path: Of its archive.

    Raises:
        ValueError: If the archive is damaged, or isn't that of such a package.
    """
    files = read_archive(path, _is_wanted)
    try:
        # What is lazy would fail elsewhere.
        yield from list(_READERS[package](package, files, path))
    except (
        AttributeError,
        LookupError,
        TypeError,
        UnicodeDecodeError,
        json.JSONDecodeError,
    ) as error:
        raise ValueError(
            f"The archive {str(path)!r} must be whole: put it there again. "
            f"Received: one whose table can't be read ({error!r})"
        ) from error


def _is_wanted(folders: Any, name: str) -> bool:
    return name.endswith(".svg") or name in ("simple-icons.json", "icons.json")


def _simple_icons(package: str, files: dict[str, bytes], path: Path) -> Iterator[Logo]:
    table = json.loads(file_of(files, path, "simple-icons.json"))
    for brand in sorted(table, key=lambda brand: brand["slug"]):
        slug, colour = brand["slug"], brand["hex"]
        drawing = file_of(files, path, f"{slug}.svg").decode()
        # The drawings are black; the table says the brand's colour.
        drawing = drawing.replace("<svg ", f'<svg fill="#{colour}" ', 1)
        aliases = brand.get("aliases", {})
        others = [*aliases.get("aka", ()), *aliases.get("old", ()), slug]
        yield Logo(
            package,
            slug,
            words_of(brand["title"]),
            tuple(words_of(other) for other in others),
            drawing,
        )


def _iconify(package: str, files: dict[str, bytes], path: Path) -> Iterator[Logo]:
    table = json.loads(file_of(files, path, "icons.json"))
    for name, icon in sorted(table["icons"].items()):
        told = {"left": 0, "top": 0, "width": _ICONIFY_SIDE, "height": _ICONIFY_SIDE}
        box = [icon.get(key, table.get(key, told[key])) for key in told]
        yield Logo(
            package, name, _words_of_file(name), (), _ROOT.format(*box, icon["body"])
        )


def _super_tiny_icons(
    package: str, files: dict[str, bytes], path: Path
) -> Iterator[Logo]:
    drawings = {name: file for name, file in files.items() if name.endswith(".svg")}
    if not drawings:
        raise LookupError("no .svg")
    for file, drawing in sorted(drawings.items()):
        name = file.removesuffix(".svg")
        yield Logo(package, name, words_of(name), (), drawing.decode())


_READERS = {
    "simple-icons": _simple_icons,
    "logos": _iconify,
    "vscode-icons": _iconify,
    "super-tiny-icons": _super_tiny_icons,
}


def words_of(name: str) -> tuple[str, ...]:
    """Split a name into its words.

    >>> words_of("Café-Bar C++ 2.0")
    ('cafe', 'bar', 'cplusplus', '2', '0')
    """
    plain = unicodedata.normalize("NFKD", name.lower().replace("+", "plus"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(re.findall(r"\w+?(?=_|\b)", plain)) or (name,)


def _words_of_file(name: str) -> tuple[str, ...]:
    """Leave out what an icon of a file or a folder has beside the brand."""
    words = words_of(name)
    if len(words) > 2 and words[:2] in (("file", "type"), ("folder", "type")):
        words = words[2:]
        if words[0] == "light" and len(words) > 1:
            words = words[1:]
        if words[-1] == "opened" and len(words) > 1:
            words = words[:-1]
    return words
