"""Pages that the code itself says: variants, pairs, the reference, the sources."""

from pathlib import Path

from sphinx.application import Sphinx

from docs.extensions import (
    command_line_pages,
    pair_pages,
    reference_pages,
    source_pages,
    variant_pages,
)

MAKERS = (
    variant_pages,
    pair_pages,
    reference_pages,
    command_line_pages,
    source_pages,
)


def all_pages() -> dict[str, str]:
    """Every page that is made of the code: its path below `docs`, and its text."""
    return {path: text for maker in MAKERS for path, text in maker.pages().items()}


def _write(app: Sphinx) -> None:
    pages = all_pages()
    for path, text in pages.items():
        file = Path(app.srcdir) / path
        file.parent.mkdir(exist_ok=True, parents=True)
        # Sphinx builds anew what has changed alone.
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, encoding="utf-8")
    # What stands beside the folders of such pages is written by hand.
    for folder in {str(Path(path).parent) for path in pages} - {"."}:
        for file in (Path(app.srcdir) / folder).glob("*.md"):
            if str(file.relative_to(app.srcdir)) not in pages:
                file.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
