"""The picture that the README opens with: what lies between four emoji.

`python docs/opening_picture.py`, with the archives of emoji where
`KERAS_LATENT_EMOJI` says.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import keras_latent as kl
from keras_latent.datasets.emoji import emoji_columns
from keras_latent.images import tile

PICTURE = Path(__file__).parent / "pictures" / "between_emoji.png"
CORNERS = ("1F602", "1F353", "1F438", "1F30D")
"""The glyphs above on the left and right, and below, of the training split."""

ROWS, COLUMNS = 6, 13


def main() -> None:
    """Decode a sheet of codes between the four corners."""
    model = kl.applications.ConvVAE(weights="emoji")
    known = emoji_columns("train")
    is_noto = known["style"] == "noto"
    rows = [np.flatnonzero(is_noto & (known["glyph"] == glyph))[0] for glyph in CORNERS]
    codes = model.encode(known["image"][rows])
    down, across = np.linspace(0, 1, ROWS), np.linspace(0, 1, COLUMNS)
    upper_left, upper_right, lower_left, lower_right = codes
    sheet = [
        (1 - v) * ((1 - u) * upper_left + u * upper_right)
        + v * ((1 - u) * lower_left + u * lower_right)
        for v in down
        for u in across
    ]
    grid = np.clip(tile(model.decode(np.stack(sheet)), COLUMNS), 0, 1)
    picture = Image.fromarray(np.round(255 * grid).astype("uint8"))
    picture.quantize(128).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
