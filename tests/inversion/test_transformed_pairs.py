import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_latent import datasets
from keras_latent.datasets import transformed_pairs
from keras_latent.inversion.affine import transform
from tests.tiers import rarely

KINDS = ["rotation", "affine"]


def batches(steps, split="test[:13]", batch_size=5, **options):
    pairs, _ = transformed_pairs("mnist", split, batch_size=batch_size, **options)
    return list(pairs.take(steps).as_numpy_iterator())


def joined(some):
    """Images, parameters and transformed images of several batches."""
    parts = [(image, parameters, target) for (image, parameters), target in some]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def assert_same(some, others):
    for one, other in zip(joined(some), joined(others), strict=True):
        np.testing.assert_array_equal(one, other)


def rows(images):
    return sorted(image.tobytes() for image in images)


def test_a_quarter_turn():
    images, parameters, targets = joined(batches(3, angles=(90, 90)))
    np.testing.assert_allclose(targets, np.rot90(images, axes=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(parameters, [[1, 0]] * 13, atol=1e-6)


def test_no_turn():
    images, parameters, targets = joined(batches(3, angles=(0, 0)))
    np.testing.assert_allclose(targets, images, atol=1e-5)
    np.testing.assert_array_equal(parameters, [[0, 1]] * 13)


def test_parameters_are_the_sine_and_cosine_of_the_angle():
    images, parameters, targets = joined(batches(3, seed=3))
    sine, cosine = parameters.T
    np.testing.assert_allclose(np.hypot(sine, cosine), 1, atol=1e-6)
    zeros = np.zeros(13)
    maps = np.stack([cosine, -sine, zeros, sine, cosine, zeros], axis=1)
    expected = transform(images, tf.constant(maps.reshape(-1, 2, 3), tf.float32))
    np.testing.assert_allclose(targets, expected, atol=1e-5)


def test_parameters_of_an_affine_map_are_its_six_numbers():
    images, parameters, targets = joined(batches(3, kind="affine", seed=3))
    assert parameters.shape == (13, 6)
    expected = transform(images, tf.constant(parameters.reshape(-1, 2, 3)))
    np.testing.assert_array_equal(targets, expected)
    assert (parameters.std(axis=0) > 0).all()


def test_an_affine_identity():
    options = {"angles": (0, 0), "scale": 1, "shear": 0, "shift": 0}
    images, parameters, targets = joined(batches(3, kind="affine", **options))
    np.testing.assert_allclose(parameters, [[1, 0, 0, 0, 1, 0]] * 13, atol=1e-6)
    np.testing.assert_allclose(targets, images, atol=1e-5)


def test_rotations_neither_scale_nor_shear_nor_shift():
    some = batches(3, angles=(20, 20), scale=3.0, shear=1.0, shift=1.0)
    assert_same(some, batches(3, angles=(20, 20)))


def test_held_out_angles_are_never_seen():
    held_in = [(-180, -60), (-20, 40), (90, 180)]
    _, parameters, _ = joined(batches(10, "test[:500]", 100, angles=held_in))
    angles = np.degrees(np.arctan2(*parameters.T))
    inside = [(low - 0.01 <= angles) & (angles <= high + 0.01) for low, high in held_in]
    assert np.any(inside, axis=0).all()
    assert all(some.sum() > 100 for some in inside)


@pytest.mark.parametrize("classes", [(4, 4), *rarely([8, 9], range(3), np.array([7]))])
def test_classes(classes):
    images, labels = datasets.arrays("mnist", "test[:300]")
    kept = images[np.isin(labels, list(classes))]
    pairs, steps = transformed_pairs(
        "mnist", "test[:300]", classes=classes, batch_size=16
    )
    sizes = [len(target) for _, target in pairs.take(2 * steps)]
    whole, left = divmod(len(kept), 16)
    assert sizes == 2 * ([16] * whole + [left] * bool(left))
    found, _, _ = joined(pairs.take(2 * steps).as_numpy_iterator())
    assert rows(found[: len(kept)]) == rows(found[len(kept) :]) == rows(kept)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [[1, 2, 7], *rarely(None)])
def test_a_resumed_stream_continues_the_unbroken_one(kind, classes):
    options = {"kind": kind, "classes": classes, "split": "test[:30]"}
    _, steps = transformed_pairs("mnist", batch_size=5, **options)
    tf.random.set_seed(1)
    unbroken = batches(3 * steps, seed=3, **options)
    tf.random.set_seed(2)
    resumed = batches(steps, seed=3, initial_epoch=2, **options)
    assert_same(resumed, unbroken[2 * steps :])


@pytest.mark.parametrize("kind", KINDS)
def test_epochs_and_seeds_and_images_differ_in_their_maps(kind):
    some = batches(6, kind=kind, seed=3)
    first, second, other = (
        joined(part)[1] for part in (some[:3], some[3:], batches(3, kind=kind, seed=4))
    )
    for one, another in itertools.combinations([first, second, other], 2):
        assert not np.isin(one, another).all(axis=1).any()
    assert len(np.unique(np.concatenate([first, second, other]), axis=0)) == 39


def test_an_epoch_holds_every_image_once():
    images, _ = datasets.arrays("mnist", "test[:13]")
    some = batches(6, seed=-3)
    assert [len(target) for _, target in some] == [5, 5, 3, 5, 5, 3]
    assert rows(joined(some[:3])[0]) == rows(joined(some[3:])[0]) == rows(images)


@pytest.mark.parametrize("kind", KINDS)
def test_specification(kind):
    pairs, steps = transformed_pairs(
        "shapes", "test[:9]", kind, batch_size=4, image_size=(8, 10)
    )
    (image, parameters), target = pairs.element_spec
    assert image.shape == target.shape == (None, 8, 10, 3)
    assert parameters.shape == (None, {"rotation": 2, "affine": 6}[kind])
    assert {each.dtype for each in (image, parameters, target)} == {tf.float32}
    assert steps == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "mirror"}, "`kind` must be one of 'rotation', 'affine'.*'mirror'"),
        ({"angles": (30, 10)}, r"`angles` must be a pair.*angles=\(30, 10\)"),
        ({"angles": []}, r"`angles` must be a pair.*angles=\[\]"),
        ({"classes": []}, r"`classes` must be a sequence.*classes=\[\]"),
        ({"classes": ["8"]}, r"`classes` must be a sequence.*classes=\['8'\]"),
        ({"classes": 8}, "`classes` must be a sequence.*classes=8"),
        ({"classes": [8, 10]}, r"`classes` must be labels.*classes with \[10\]"),
        ({"name": "shapes", "classes": [1]}, r"`classes` must be `None`.*\[1\]"),
        ({"scale": 0.5}, r"`scale` must be a number.*scale=0\.5"),
        ({"shear": -1}, "`shear` must be a number.*shear=-1"),
        ({"shift": "far"}, "`shift` must be a number.*shift='far'"),
        ({"batch_size": 0}, "`batch_size` must be a positive.*batch_size=0"),
        ({"seed": None}, "`seed` must be a number.*seed=None"),
        ({"initial_epoch": -1}, "`initial_epoch` must be.*initial_epoch=-1"),
        ({"split": "dev"}, "`split` must be one of 'train', 'test'.*split='dev'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        transformed_pairs(**{"split": "test[:100]", **arguments})
