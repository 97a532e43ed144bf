"""Scenes of emoji: what is on them, and where the boxes say that it is."""

import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_latent.datasets import emoji, emoji_scenes, regions_of

A_FEW = Path(__file__).parents[1] / "data" / "emoji"
# The function has the module's name.
MODULE = sys.modules["keras_latent.inversion.emoji_scenes"]


@pytest.fixture(autouse=True)
def a_few(monkeypatch):
    monkeypatch.setenv(emoji.ARCHIVES_VARIABLE, str(A_FEW))


def scenes(epochs=1, **arguments):
    """Images, boxes and classes of the first epochs."""
    arguments = {"batch_size": 4, "scenes_per_epoch": 10, **arguments}
    dataset, steps = emoji_scenes(**arguments)
    batches = list(dataset.take(epochs * steps).as_numpy_iterator())
    images = np.concatenate([image for image, _ in batches])
    boxes = np.concatenate([labels["boxes"] for _, labels in batches])
    return images, boxes, np.concatenate([labels["classes"] for _, labels in batches])


def equal(some, others):
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def pictures(split):
    """The pictures of a split, read from the archives."""
    found = []
    for path in emoji.find_archives(A_FEW).values():
        listed = emoji.pictures_of(emoji.read_archive(path)["emoji.json"])
        splits = emoji.split_by_glyph({picture.glyph for picture in listed})
        found += [picture for picture in listed if splits[picture.glyph] == split]
    return found


def test_shapes_and_padding():
    images, boxes, classes = scenes(scenes_per_epoch=60)
    assert images.shape == (60, 128, 128, 3)
    assert boxes.shape == (60, 3, 4)
    assert classes.shape == (60, 3)
    assert (images.dtype, boxes.dtype, classes.dtype) == ("float32", "float32", "int64")
    assert images.min() >= 0
    assert images.max() <= 1
    is_there = classes >= 0
    assert set(is_there.sum(axis=1)) == {1, 2, 3}
    assert (is_there[:, :-1] >= is_there[:, 1:]).all()  # padded at the end
    assert (boxes[~is_there] == -1).all()
    assert (classes[~is_there] == -1).all()
    left, top, right, bottom = boxes[is_there].T
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (right <= 128).all()
    assert (bottom <= 128).all()
    assert (np.maximum(right - left, bottom - top) <= 64).all()
    assert (np.minimum(right - left, bottom - top) > 4).all()


def test_the_last_batch_of_an_epoch_holds_what_is_left():
    dataset, steps = emoji_scenes(batch_size=4, scenes_per_epoch=10)
    assert steps == 3
    sizes = [len(image) for image, _ in dataset.take(4)]
    assert sizes == [4, 4, 2, 4]


class TestSeeds:
    def test_equal_seeds_give_equal_scenes(self):
        assert equal(scenes(seed=3), scenes(seed=3))
        assert not equal(scenes(seed=3), scenes(seed=4))

    @pytest.mark.all
    def test_each_epoch_has_other_scenes_and_can_be_begun_with(self):
        images, boxes, classes = scenes(epochs=2)
        later = scenes(initial_epoch=1)
        assert equal((images[10:], boxes[10:], classes[10:]), later)
        assert not np.array_equal(images[:10], images[10:])

    def test_the_size_of_a_batch_alters_no_scene(self):
        assert equal(scenes(batch_size=4), scenes(batch_size=7))


class TestContent:
    @pytest.fixture
    def on_black(self, monkeypatch):
        black = tf.zeros((128, 128, 3))
        monkeypatch.setattr(MODULE, "_background", lambda *arguments: black)

    def test_a_box_is_what_can_be_seen(self, on_black, monkeypatch):
        read = MODULE._with_opacity

        def white(*arguments):
            pixels = read(*arguments).copy()
            pixels[..., :3] = 255
            return pixels

        monkeypatch.setattr(MODULE, "_with_opacity", white)
        images, boxes, _ = scenes(max_emoji=1, scenes_per_epoch=30)
        for image, box in zip(images, boxes[:, 0], strict=True):
            rows, columns = np.nonzero(image[..., 0] > 0.1)
            seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            # Resized, an edge is as soft as a pixel of the smaller picture.
            np.testing.assert_allclose(seen, box, atol=2)

    def test_nothing_is_drawn_outside_of_the_boxes(self, on_black):
        images, boxes, _ = scenes(scenes_per_epoch=20)
        for image, own in zip(images, boxes, strict=True):
            for left, top, right, bottom in own[own[:, 0] >= 0].round().astype(int):
                image[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2] = 0
            assert image.max() < 0.13  # opacities below 32 of 255

    def test_a_class_is_the_category(self):
        _, _, classes = scenes(scenes_per_epoch=60, split="test")
        expected = {emoji.CATEGORIES.index(p.category) for p in pictures("test")}
        assert set(classes[classes >= 0]) == expected

    def test_the_picture_is_laid_over_the_image(self):
        random = np.random.default_rng(0)
        image = random.random((128, 128, 3)).astype("float32")
        picture = random.integers(0, 256, (64, 64, 4), "uint8")
        laid = MODULE._pasted(tf.constant(image), picture, 64.0, tf.constant([9.0, 30]))
        colour, opacity = picture[..., :3] / 255, picture[..., 3:] / 255
        inside = image[30:94, 9:73]
        inside[:] = opacity * colour + (1 - opacity) * inside
        np.testing.assert_allclose(laid, image, atol=1e-5)

    def test_what_is_transparent_has_no_colour(self):
        picture = np.zeros((64, 64, 4), "uint8")
        picture[..., 0] = 255
        picture[20:40, 20:40] = (0, 0, 255, 255)
        laid = MODULE._pasted(tf.zeros((64, 64, 3)), picture, 40.0, tf.zeros(2))
        assert laid.numpy()[..., 0].max() == 0

    def test_the_next_one_goes_where_it_hides_least(self):
        shared = MODULE._intersections(
            tf.constant([[0.0, 0, 4, 4], [5, 5, 6, 6]]),
            tf.constant([[2.0, 1, 9, 9], [-1, -1, -1, -1]]),
        )
        assert shared.numpy().tolist() == [[6, 0], [1, 0]]


class TestSplit:
    def test_each_glyph_is_equally_likely(self):
        listed = pictures("train")
        shares = np.diff(MODULE._cutouts("train").likelihood, prepend=0)
        assert len(shares) == len(listed)
        by_glyph = {picture.glyph: 0.0 for picture in listed}
        for picture, share in zip(listed, shares, strict=True):
            by_glyph[picture.glyph] += share
        assert len(by_glyph) == 16
        np.testing.assert_allclose(list(by_glyph.values()), 1 / 16, rtol=1e-5)

    def test_a_slice_of_the_pictures(self):
        assert len(MODULE._cutouts("train[:5]").pictures) == 5

    def test_one_that_is_none(self):
        with pytest.raises(ValueError, match="`split` must"):
            emoji_scenes("dev")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be a positive integer"),
        ({"scenes_per_epoch": 0}, "`scenes_per_epoch` must be a positive integer"),
        ({"image_size": 8.0}, "`image_size` must be a positive integer"),
        ({"max_emoji": 0}, "`max_emoji` must be a positive integer"),
        ({"sides": (64, 24)}, r"`sides` must be a pair .*sides=\(64, 24\)"),
        ({"sides": (24, 129)}, r"`sides` must be .* to `image_size`, 128"),
        ({"sides": 24}, r"`sides` must be a pair .*sides=24"),
        ({"seed": 2**63}, "`seed` must be a number in"),
        ({"initial_epoch": -1}, "`initial_epoch` must be a number in"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        emoji_scenes(**arguments)


def test_missing_archives(tmp_path, monkeypatch):
    monkeypatch.setenv(emoji.ARCHIVES_VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match="KERAS_LATENT_EMOJI"):
        emoji_scenes()


def test_pictures_of_another_size(tmp_path, monkeypatch):
    file = io.BytesIO()
    Image.new("RGBA", (32, 64)).save(file, "PNG")
    entry = {"unified": "1F600", "image": "a.png", "category": "Objects"}
    files = {"emoji.json": json.dumps([entry]).encode(), "64/a.png": file.getvalue()}
    for package in ("google", "twitter"):
        path = tmp_path / f"emoji-datasource-{package}-16.0.0.tgz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    monkeypatch.setenv(emoji.ARCHIVES_VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match=r"64 x 64 pixels.*a\.png of 32 x 64"):
        emoji_scenes()


def test_regions_come_with_their_scenes():
    images = np.arange(4.0, dtype="float32").reshape(4, 1, 1, 1)
    classes = np.array([[0, 3], [-1, -1], [5, -1], [2, 2]])
    boxes = np.arange(32.0, dtype="float32").reshape(4, 2, 4)
    scenes = tf.data.Dataset.from_tensor_slices(
        (images, {"boxes": boxes, "classes": classes})
    ).batch(3)
    regions = list(regions_of(scenes, batch_size=2))
    assert [len(batch["image"]) for batch in regions] == [2, 2, 1]
    scene = np.concatenate([batch["image"] for batch in regions]).ravel()
    assert scene.tolist() == [0, 0, 2, 3, 3]
    found = np.concatenate([batch["boxes"] for batch in regions])
    np.testing.assert_array_equal(found, boxes[classes >= 0])
