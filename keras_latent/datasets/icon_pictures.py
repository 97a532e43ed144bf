"""SVG to pixels."""

import io
import re
from typing import Any

import numpy as np

SIDE = 64
_SEEN_ON_WHITE = 0.15
_ELSEWHERE = re.compile(r"""\s(?:xlink:)?href\s*=\s*(?:"(?!#)[^"]*"|'(?!#)[^']*')""")


def load_renderer() -> Any:
    """The package that draws SVG.

    Raises:
        ImportError: If it isn't installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise ImportError(
            "The dataset 'icons' needs the package resvg-py, which draws them. Install "
            "it with the extra `datasets`: `pip install 'keras_latent[datasets]'`"
        ) from error
    return resvg_py


def drawn(svg: str, side: int = SIDE) -> np.ndarray:
    """Draw a logo in the middle of a square, on white, or on black if it is white.

    Args:
        svg: The drawing. It keeps its proportions, and touches two sides of the
            square.
        side: Of the square in pixels. Defaults to 64.

    Returns:
        uint8 array of shape (side, side, 3).

    Raises:
        ValueError: If it can't be drawn.
    """
    from PIL import Image

    # A drawing is itself alone: it reads no file, and no font of this machine.
    svg = _ELSEWHERE.sub("", svg)
    svg = svg.replace("<svg ", f'<svg width="{side}" height="{side}" ', 1)
    png = load_renderer().svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png)), formats=["PNG"]) as picture:
        pixels = np.asarray(picture.convert("RGBA"), np.float32) / 255
    colours, cover = pixels[..., :3], pixels[..., 3:]
    # How far what is drawn is from white, on average over where it is drawn.
    darkness = np.sum(cover * (1 - colours)) / 3
    ground = 1.0 if darkness >= _SEEN_ON_WHITE * np.sum(cover) else 0.0
    return np.rint(255 * (cover * colours + (1 - cover) * ground)).astype(np.uint8)
