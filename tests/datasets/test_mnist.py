import numpy as np
import pytest

from keras_latent import datasets

# How often each digit occurs, as published with the data.
COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


@pytest.mark.parametrize(("split", "mean"), [("train", 0.1307), ("test", 0.1325)])
def test_the_real_digits(split, mean):
    images, labels = datasets.arrays("mnist", split)
    assert images.shape == (sum(COUNTS[split]), 28, 28, 1)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 1)
    assert images.mean() == pytest.approx(mean, abs=1e-4)
    assert np.bincount(labels).tolist() == COUNTS[split]


def test_slices_are_parts_of_the_split():
    images, labels = datasets.arrays("mnist", "test")
    for text, part in [
        ("test[:7]", slice(None, 7)),
        ("test[9990:]", slice(9990, None)),
        ("test[-3:-1]", slice(-3, -1)),
        ("test[9998:20000]", slice(9998, None)),
    ]:
        some_images, some_labels = datasets.arrays("mnist", text)
        np.testing.assert_array_equal(some_images, images[part])
        np.testing.assert_array_equal(some_labels, labels[part])


def test_the_shuffle_of_a_real_epoch_covers_all_digits():
    dataset = datasets.load("mnist", "train", batch_size=1000, shuffle=True)
    labels = np.concatenate([y for _, y in dataset.as_numpy_iterator()])
    _, in_order = datasets.arrays("mnist", "train")
    assert np.bincount(labels).tolist() == COUNTS["train"]
    # Unrelated orders agree in a tenth of the places.
    assert np.mean(labels == in_order) == pytest.approx(0.1, abs=0.01)
