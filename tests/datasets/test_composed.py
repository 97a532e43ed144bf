import numpy as np
import pytest
import tensorflow as tf

from keras_latent.datasets.composed import ComposedSource, Layer, combinations

COUNTS = (3, 4, 2)
FACTORS = {"hue": range(3), "form": range(4), "hat": range(2)}
SIZES = {"train": 14, "validation": 4, "test": 6}


@pytest.fixture(scope="module")
def layers():
    random = np.random.RandomState(0)

    def drawings(*shape):
        alpha = random.randint(0, 256, (*shape, 5, 6, 1))
        colours = random.randint(0, 256, (*shape, 5, 6, 3)) * alpha // 255
        return np.concatenate([colours, alpha], axis=-1).astype(np.uint8)

    # The lower one is chosen by two factors.
    return Layer((0, 1), drawings(3, 4)), Layer((2,), drawings(2))


@pytest.fixture(scope="module")
def source(layers):
    labels = combinations("train", SIZES, FACTORS)
    return ComposedSource(layers, labels, tuple(SIZES), tuple(FACTORS))


def composed(layers, label):
    """One picture, by the formula of what lies over another (Porter and Duff)."""
    lower = layers[0].drawings[label[0], label[1]] / 255.0
    upper = layers[1].drawings[label[2]] / 255.0
    picture = np.ones((5, 6, 3))
    for drawing in (lower, upper):
        picture = drawing[..., :3] + (1 - drawing[..., 3:]) * picture
    return picture


def test_pictures_are_drawings_over_one_another(source, layers):
    assert source.image_shape == (5, 6, 3)
    assert source.factor_names == ("hue", "form", "hat")
    batches = list(source.batches(4).as_numpy_iterator())
    assert [len(images) for images, _ in batches] == [4, 4, 4, 2]
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(labels, source.labels)
    images = np.concatenate([images for images, _ in batches])
    assert images.dtype == np.float32
    expected = np.stack([composed(layers, label) for label in labels])
    # Half a level at the end is all that is rounded.
    assert np.abs(images - expected).max() < 0.51 / 255


def test_a_seed_decides_the_order_alone(source):
    orders = [
        next(iter(source.batches(14, tf.constant([1, epoch], tf.int64))))[1].numpy()
        for epoch in (0, 0, 1)
    ]
    np.testing.assert_array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])
    assert sorted(map(tuple, orders[2])) == sorted(map(tuple, source.labels))


def test_take_gives_a_part(source, layers):
    part = source.take([2, 3, 11])
    assert part.size == 3
    ((images, labels),) = part.batches(8).as_numpy_iterator()
    np.testing.assert_array_equal(labels, source.labels[[2, 3, 11]])
    assert np.abs(images[2] - composed(layers, labels[2])).max() < 0.51 / 255
    assert part.splits == source.splits
    fingerprints = {source.fingerprint(), part.fingerprint()}
    fingerprints.add(source.take([2, 3, 12]).fingerprint())
    assert len(fingerprints) == 3
    assert source.take([2, 3, 11]).fingerprint() == part.fingerprint()


def test_splits_make_the_product():
    labels = [combinations(split, SIZES, FACTORS) for split in SIZES]
    assert [len(some) for some in labels] == list(SIZES.values())
    together = {tuple(label) for label in np.concatenate(labels)}
    assert together == set(np.ndindex(COUNTS))
    np.testing.assert_array_equal(
        combinations("test[1:3]", SIZES, FACTORS), labels[2][1:3]
    )


def test_twins_are_in_one_split():
    sizes = {"train": 800, "test": 200}
    factors = {"a": range(10), "b": range(10), "c": range(10)}

    def lookalikes(split, twins):
        labels = combinations(split, sizes, factors, twins)
        assert len({tuple(label) for label in labels}) == sizes[split]
        # By chance, and not one twin after the other.
        alone = np.abs(np.diff(labels[:, [0, 2]], axis=0)).max(axis=1) > 0
        assert alone.mean() > 0.9
        return {(a, 2 if b == 6 else b, c) for a, b, c in labels.tolist()}

    train, test = (lookalikes(split, {"b": (2, 6)}) for split in sizes)
    # One pair may stand where a split ends.
    assert len(train & test) <= 1
    assert len(train | test) == 900
    # Without being told, chance parts about 32 of 100 pairs.
    train, test = (lookalikes(split, None) for split in sizes)
    assert len(train & test) > 15


def test_a_slice_that_is_empty():
    with pytest.raises(ValueError, match=r"must select at least one of the 6 examples"):
        combinations("test[6:]", SIZES, FACTORS)
