"""Figures to files."""

from pathlib import Path
from typing import Any

from keras_latent.kinds import check_offers
from keras_latent.saving import written_whole
from keras_latent.validation import check_choice, checked_path


def save(figure: Any, path: str | Path) -> None:
    """Write a figure to a file, whole or not at all.

    Args:
        figure: A matplotlib `Figure`.
        path: Where to; the suffix names the format, such as `.png`, `.svg` or `.pdf`.
            A file that is there already is replaced, a missing folder is made.

    Raises:
        ValueError: If it is no figure, or matplotlib doesn't write the format.
    """
    check_offers("figure", figure, "a matplotlib `Figure`", "canvas", "savefig")
    path = checked_path("path", path)
    suffixes = [f".{name}" for name in figure.canvas.get_supported_filetypes()]
    check_choice("path", path.suffix.lower(), suffixes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as unfinished:
        figure.savefig(unfinished, dpi=150, facecolor="white", bbox_inches="tight")
