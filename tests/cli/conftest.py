"""A folder of small images to train on."""

import numpy as np
import pytest


@pytest.fixture
def image_folder(tmp_path):
    """Two classes of 8 × 8 images, split into `train` (24) and `test` (12)."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 6)):
        for label in ("dark", "light"):
            folder = tmp_path / "images" / split / label
            folder.mkdir(parents=True)
            low = 0 if label == "dark" else 128
            for index in range(count):
                pixels = rng.integers(low, low + 128, (8, 8), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "images"
