"""Make pictures small enough for the repository: `python docs/shrink.py PICTURE...`."""

import sys

import numpy as np
from PIL import Image

WIDTH = 560
GREYS, COLOURS = 24, 160


def shrink(path: str) -> None:
    """Rewrite a picture with at most 560 pixels a row, of few colours."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDTH:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    low, high = np.asarray(picture, int).min(-1), np.asarray(picture, int).max(-1)
    is_grey = (high - low).max() < 2
    picture.quantize(GREYS if is_grey else COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        shrink(path)
