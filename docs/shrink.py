"""Make pictures small enough for the repository: `python docs/shrink.py PICTURE...`."""

import sys

from PIL import Image

WIDTH = 560
COLOURS = 24


def shrink(path: str) -> None:
    """Rewrite a picture with at most 560 pixels a row, of at most 24 colours."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDTH:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        shrink(path)
