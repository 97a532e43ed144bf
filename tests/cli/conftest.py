"""A folder of small images to train on."""

import numpy as np
import pytest
import tensorflow as tf


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


@pytest.fixture
def few_traces(request):
    """Runs eagerly what isn't marked `traced`: tracing takes longer than few steps."""
    tf.config.run_functions_eagerly("traced" not in request.keywords)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def no_traces():
    """Runs a file eagerly, its fixtures, too."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
