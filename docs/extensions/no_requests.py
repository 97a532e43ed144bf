"""No page asks another host for anything: no script, no font, no picture."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

_ASKS = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*\bhref=[\"']?(?:https?:)?//"
    r"|(?:@import\s+[\"']|url\([\"']?)(?:https?:)?//",
    re.IGNORECASE,
)


def requests_in(folder: Path) -> list[str]:
    """What pages and style sheets ask other hosts for.

    Args:
        folder: That of the built documentation.

    Returns:
        The file and the beginning of what asks, for each.
    """
    files = [f for f in sorted(folder.rglob("*")) if f.suffix in (".html", ".css")]
    return [
        f"{file.relative_to(folder)}: {found[0]}"
        for file in files
        for found in _ASKS.finditer(file.read_text("utf-8"))
    ]


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and (found := requests_in(Path(app.outdir))):
        raise ExtensionError("Pages ask other hosts: " + "; ".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at what was built."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
