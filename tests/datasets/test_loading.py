"""The behaviour that every kind of source shares."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_latent import datasets
from tests.datasets.test_icons import write_archives


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("images")
    for number in range(13):
        pixels = np.full((4, 4), 10 * number, np.uint8)
        Image.fromarray(pixels).save(root / f"{number:02}.png")
    return root


@pytest.fixture(params=["mnist", "shapes", "folder"])
def source(request):
    """The name of a dataset and a split of it of 13 images."""
    if request.param == "folder":
        return request.getfixturevalue("folder"), "train"
    return request.param, "train[:13]"


def stream(source, steps, **options):
    batches, _ = datasets.epochs(*source, batch_size=5, **options)
    return [images for images, _ in batches.take(steps).as_numpy_iterator()]


def rows(images):
    """Each image as bytes, sorted: a set that counts doubles."""
    return sorted(image.tobytes() for image in images)


def assert_same(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_epoch_holds_every_image_once_and_keeps_the_ragged_batch(source):
    images, _ = datasets.arrays(*source)
    batches = stream(source, 6, seed=3)
    assert [len(batch) for batch in batches] == [5, 5, 3, 5, 5, 3]
    assert rows(np.concatenate(batches[:3])) == rows(images)
    assert rows(np.concatenate(batches[3:])) == rows(images)


def test_epochs_differ_in_order_and_from_the_stored_order(source):
    images, _ = datasets.arrays(*source)
    batches = stream(source, 6, seed=3)
    first, second = np.concatenate(batches[:3]), np.concatenate(batches[3:])
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, images)
    assert not np.array_equal(first, np.concatenate(stream(source, 3, seed=4)))


def test_a_resumed_stream_continues_the_unbroken_one(source):
    tf.random.set_seed(1)
    unbroken = stream(source, 9, seed=3)
    tf.random.set_seed(2)
    assert_same(stream(source, 3, seed=3, initial_epoch=2), unbroken[6:])


def test_a_stream_can_be_iterated_twice(source):
    batches, steps = datasets.epochs(*source, batch_size=5, seed=0)
    assert steps == 3
    once, twice = (
        [images for images, _ in batches.take(4).as_numpy_iterator()] for _ in range(2)
    )
    assert_same(once, twice)


def test_labels_stay_with_their_images():
    images, labels = datasets.arrays("mnist", "test[:40]")
    label_of = {
        image.tobytes(): label for image, label in zip(images, labels, strict=True)
    }
    batches, _ = datasets.epochs("mnist", "test[:40]", batch_size=40, seed=0)
    some_images, some_labels = next(batches.as_numpy_iterator())
    assert not np.array_equal(some_labels, labels)
    assert [label_of[image.tobytes()] for image in some_images] == list(some_labels)


def test_load_keeps_the_stored_order(source):
    images, labels = datasets.arrays(*source)
    batches = list(datasets.load(*source, batch_size=5).as_numpy_iterator())
    assert [len(some) for some, _ in batches] == [5, 5, 3]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), images)
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), labels)


def test_load_shuffles_anew_at_each_pass(source):
    images, _ = datasets.arrays(*source)
    dataset = datasets.load(*source, batch_size=5, shuffle=True, seed=1)
    assert len(dataset) == 3
    passes = [
        np.concatenate([x for x, _ in dataset.as_numpy_iterator()]) for _ in range(2)
    ]
    assert not np.array_equal(*passes)
    assert rows(passes[0]) == rows(passes[1]) == rows(images)


def test_load_repeats_its_shuffles_with_the_same_seed(source):
    def two_passes(seed):
        dataset = datasets.load(*source, batch_size=5, shuffle=True, seed=seed)
        return [x for x, _ in dataset.repeat(2).as_numpy_iterator()]

    assert_same(two_passes(1), two_passes(1))
    assert not np.array_equal(two_passes(1)[0], two_passes(2)[0])


def test_load_gives_single_images_without_a_batch_size(source):
    dataset = datasets.load(*source)
    image, label = dataset.element_spec
    assert len(dataset) == 13
    assert image.dtype == tf.float32
    assert label.dtype == tf.int64
    assert image.shape == datasets.image_shape(source[0])


@pytest.mark.parametrize("image_size", [8, (40, 12)])
def test_images_are_resized(source, image_size):
    height, width = (8, 8) if image_size == 8 else image_size
    images, _ = datasets.arrays(*source, image_size=image_size)
    assert images.shape[1:3] == (height, width)
    assert images.shape[1:] == datasets.image_shape(source[0], image_size)
    assert images.min() >= 0
    assert images.max() <= 1
    specification = datasets.load(*source, batch_size=2, image_size=image_size)
    assert specification.element_spec[0].shape == (None, *images.shape[1:])


def test_shrinking_averages_and_keeps_the_brightness():
    images, _ = datasets.arrays("mnist", "test", limit=20)
    small, _ = datasets.arrays("mnist", "test", limit=20, image_size=14)
    means = images.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(small.mean(axis=(1, 2, 3)), means, atol=0.005)


def test_arrays_gives_the_first_images_up_to_the_limit():
    images, labels = datasets.arrays("mnist", "test", limit=300)
    more_images, more_labels = datasets.arrays("mnist", "test[:600]")
    np.testing.assert_array_equal(images, more_images[:300])
    np.testing.assert_array_equal(labels, more_labels[:300])


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_every_listed_dataset_can_be_loaded(name, tmp_path, monkeypatch):
    few_emoji = Path(__file__).parents[1] / "data" / "emoji"
    monkeypatch.setenv("KERAS_LATENT_EMOJI", str(few_emoji))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    if name == "icons":
        (tmp_path / "archives").mkdir()
        write_archives(tmp_path / "archives")
        monkeypatch.setenv("KERAS_LATENT_ICONS", str(tmp_path / "archives"))
    images, _ = datasets.arrays(name, "test", limit=2)
    assert images.shape == (2, *datasets.image_shape(name))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "dev"}, "`split` must be one of 'train', 'test'.*split='dev'"),
        (
            {"split": "validation"},
            r"`split` must be one of 'train', 'test'. `open_dataset\(\.\.\., "
            r"validation_split=0\.1\)` keeps .*split='validation'",
        ),
        ({"split": "train[1:2:3]"}, r"`split` must be a name.*split='train\[1:2:3\]'"),
        ({"split": "test[7:7]"}, r"`split` must select.*split='test\[7:7\]'"),
        ({"batch_size": 0}, "`batch_size` must be a positive.*batch_size=0"),
        ({"image_size": 0}, "`image_size` must be a positive.*image_size=0"),
        ({"image_size": (8, 8, 3)}, r"`image_size` must be.*image_size=\(8, 8, 3\)"),
        ({"image_size": 8.5}, "`image_size` must be.*image_size=8.5"),
        ({"image_size": (8, "9")}, r"`image_size` must be.*image_size=\(8, '9'\)"),
    ],
)
def test_wrong_arguments_of_load(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.load(**{"name": "mnist", "split": "train", **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": None}, "`batch_size` must be a positive.*batch_size=None"),
        ({"seed": None}, "`seed` must be a number.*seed=None"),
        ({"initial_epoch": -1}, "`initial_epoch` must be.*initial_epoch=-1"),
    ],
)
def test_wrong_arguments_of_epochs(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.epochs(
            **{"name": "mnist", "split": "train", "batch_size": 1, "seed": 0}
            | arguments
        )


def test_wrong_limit():
    with pytest.raises(ValueError, match=r"`limit` must be a positive.*limit=0"):
        datasets.arrays("mnist", "test", limit=0)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere"])
def test_missing_folder(name):
    with pytest.raises(FileNotFoundError, match=f"`name` must be the path.*{name}"):
        datasets.load(name, "train")
