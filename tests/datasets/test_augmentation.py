import numpy as np
import pytest
import tensorflow as tf

from keras_latent.datasets.augmentation import AUGMENTATIONS, augmented

IMAGES = np.random.default_rng(0).random((12, 16, 8, 3), "float32")
LABELS = np.arange(12)


def batches(passes=2):
    return tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(6).repeat(passes)


def images_of(dataset):
    return np.concatenate([images for images, _ in dataset.as_numpy_iterator()])


def test_without_names_nothing_changes():
    given = batches()
    assert augmented(given, [], seed=0) is given


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_run_that_goes_on_sees_the_same(name):
    whole = images_of(augmented(batches(), [name], seed=3))
    rest = images_of(augmented(batches(1), [name], seed=3, first_step=2))
    np.testing.assert_array_equal(whole[12:], rest)
    assert np.abs(whole[:12] - whole[12:]).max() > 0.1
    assert np.abs(whole - images_of(augmented(batches(), [name], 4))).max() > 0.1
    assert whole.min() >= 0
    assert whole.max() <= 1
    assert whole.dtype == np.float32


def test_labels_stay():
    given = augmented(batches(1), list(AUGMENTATIONS), seed=0)
    labels = np.concatenate([labels for _, labels in given.as_numpy_iterator()])
    np.testing.assert_array_equal(labels, LABELS)


def test_about_half_are_mirrored():
    seen = images_of(augmented(batches(20), ["mirror"], seed=1)).reshape(
        20, *IMAGES.shape
    )
    is_same = (seen == IMAGES).all(axis=(2, 3, 4))
    is_mirrored = (seen == IMAGES[:, :, ::-1]).all(axis=(2, 3, 4))
    assert (is_same ^ is_mirrored).all()
    assert 0.4 < is_mirrored.mean() < 0.6


def test_shifts_are_of_whole_pixels_and_repeat_the_edges():
    seen = images_of(augmented(batches(30), ["shift"], seed=1)).reshape(
        30, *IMAGES.shape
    )
    padded = np.pad(IMAGES, ((0, 0), (2, 2), (1, 1), (0, 0)), mode="edge")
    moves = {}
    for down in range(5):
        for right in range(3):
            cut = padded[:, down : down + 16, right : right + 8]
            moves[down, right] = (seen == cut).all(axis=(2, 3, 4))
    assert np.logical_or.reduce(list(moves.values())).all()
    assert all(place.any() for place in moves.values())


def test_colours_of_grey_images_stay_grey():
    given = tf.data.Dataset.from_tensors((IMAGES[..., :1], LABELS))
    assert images_of(augmented(given, ["colour"], seed=0)).shape == (12, 16, 8, 1)


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"`augment` must be one of 'mirror', 'shift'"):
        augmented(batches(), ["rotate"], seed=0)
