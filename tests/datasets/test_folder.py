import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_latent import datasets


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **options)


def colour(value, size=(6, 4)):
    return np.full((*size, 3), value)


def test_subfolders_are_the_classes(tmp_path):
    save(tmp_path / "dog" / "1.png", colour((255, 0, 51)))
    save(tmp_path / "cat" / "more" / "2.bmp", colour((0, 102, 0)))
    save(tmp_path / "cat" / "1.PNG", colour((0, 0, 255)))
    save(tmp_path / ".cache" / "3.png", colour(1))
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    images, labels = datasets.arrays(tmp_path, "train")
    assert images.shape == (3, 6, 4, 3)
    np.testing.assert_allclose(
        images[:, 0, 0], [[0, 0, 1], [0, 0.4, 0], [1, 0, 0.2]], atol=1e-6
    )
    assert labels.tolist() == [0, 0, 1]


def test_a_flat_folder_has_no_classes(tmp_path):
    save(tmp_path / "b.jpg", np.full((8, 8), 128), quality=95)
    save(tmp_path / "a.gif", np.arange(64).reshape(8, 8))
    images, labels = datasets.arrays(str(tmp_path), "train")
    assert datasets.image_shape(tmp_path) == (8, 8, 1)
    assert labels.tolist() == [-1, -1]
    np.testing.assert_allclose(images[:, 4, 4, 0], [36 / 255, 128 / 255], atol=0.01)


def test_train_and_test_subfolders_are_the_splits(tmp_path):
    save(tmp_path / "train" / "cat" / "1.png", colour(1))
    save(tmp_path / "train" / "dog" / "1.png", colour(2))
    save(tmp_path / "test" / "dog" / "1.png", colour(3))
    assert datasets.arrays(tmp_path, "train")[1].tolist() == [0, 1]
    images, labels = datasets.arrays(tmp_path, "test")
    assert labels.tolist() == [1]
    assert images.max() == pytest.approx(3 / 255)
    with pytest.raises(ValueError, match=r"`split` must be one of 'train', 'test'"):
        datasets.load(tmp_path, "validation")


def test_one_coloured_image_makes_all_have_three_channels(tmp_path):
    save(tmp_path / "train" / "grey.png", np.full((4, 4), 51))
    save(tmp_path / "test" / "red.png", colour((255, 0, 0), (4, 4)))
    images, _ = datasets.arrays(tmp_path, "train")
    np.testing.assert_allclose(images, np.full((1, 4, 4, 3), 0.2), atol=1e-6)


def test_transparent_pixels_are_white(tmp_path):
    pixels = np.zeros((4, 4, 4))
    pixels[:2, :, 3] = 255
    save(tmp_path / "1.png", pixels)
    images, _ = datasets.arrays(tmp_path, "train")
    assert images[0, :2].max() == 0
    assert images[0, 2:].min() == 1


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    pixels = np.array([[0, 1 << 12], [1 << 15, (1 << 16) - 1]], np.uint16)
    Image.fromarray(pixels).save(tmp_path / "1.png")
    images, _ = datasets.arrays(tmp_path, "train")
    np.testing.assert_allclose(images[0, ..., 0], pixels / (2**16 - 1), atol=1 / 255)


def test_different_sizes_need_an_image_size(tmp_path):
    save(tmp_path / "1.png", colour(1, (4, 4)))
    save(tmp_path / "2.png", colour(2, (4, 5)))
    with pytest.raises(ValueError, match=r"`image_size`.*1.png.*4 x 4.*2.png.*4 x 5"):
        datasets.load(tmp_path, "train")
    images, _ = datasets.arrays(tmp_path, "train", image_size=3)
    np.testing.assert_allclose(images[1], np.full((3, 3, 3), 2 / 255), atol=1e-6)


def test_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"`name`.*none in '{tmp_path}'"):
        datasets.load(tmp_path, "train")


def test_what_is_no_image_is_named_before_work_starts(tmp_path):
    save(tmp_path / "1.png", colour(1))
    (tmp_path / "2.png").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match=r"`name` must be.*can be read.*2.png"):
        datasets.load(tmp_path, "train")


def damage(path, size=(64, 64)):
    """Write an image of which the second half is missing."""
    save(path, np.random.RandomState(0).randint(0, 256, (*size, 3)))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("read", ["load", "arrays", "epochs"])
def test_all_damaged_images_are_named_before_work_starts(tmp_path, read):
    save(tmp_path / "1.png", colour(1, (64, 64)))
    damage(tmp_path / "2.png")
    damage(tmp_path / "3.jpg")
    damage(tmp_path / "4.webp")
    options = {"batch_size": 2, "seed": 0} if read == "epochs" else {}
    message = (
        r"can be read.*3 of 4 files.*2\.png' \(.+\).*3\.jpg' \(.+\).*4\.webp' \(.+\)"
    )
    with pytest.raises(ValueError, match=message):
        getattr(datasets, read)(tmp_path, "train", **options)


def test_bad_images_are_skipped_if_asked(tmp_path, caplog):
    save(tmp_path / "cat" / "1.png", colour(1, (64, 64)))
    damage(tmp_path / "cat" / "2.png")
    damage(tmp_path / "dog" / "3.jpg")
    (tmp_path / "dog" / "4.jpg").write_bytes(b"<html>not found</html>")
    opened = datasets.open_dataset(tmp_path, skip_bad=True)
    assert opened.split().file_paths == (str(tmp_path / "cat" / "1.png"),)
    assert opened.class_names == ("cat", "dog")
    assert opened.summary == (
        "Found 1 file in 2 classes, left out 3 (3 that can't be read)"
    )
    assert opened.summary in caplog.text
    assert len(datasets.arrays(opened, "train")[0]) == 1


def test_all_bad_headers_are_named_at_once(tmp_path):
    save(tmp_path / "1.png", colour(1))
    (tmp_path / "2.png").write_bytes(b"<html>not found</html>")
    (tmp_path / "3.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"2 of 3 files.*2\.png.*3\.jpg"):
        datasets.image_shape(tmp_path)


@pytest.mark.parametrize("side", [9_000, 12_000, 40_000])
def test_a_huge_image_is_refused_by_its_header(tmp_path, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    content = b"IHDR" + header
    (tmp_path / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + content
        + struct.pack(">I", zlib.crc32(content))
        + struct.pack(">I4s", 0, b"IDAT")
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )
    with pytest.raises(ValueError, match=r"of at most 67108864 pixels.*bomb\.png"):
        datasets.load(tmp_path, "train")
