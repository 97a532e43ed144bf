"""Pixels as a viewer shows them, against Pillow."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_latent import datasets
from tests.tiers import rarely

LEVELS = np.random.default_rng(0).integers(0, 256, (6, 8, 4), dtype=np.uint8)


def read(path, **options):
    opened = datasets.open_dataset(path.parent, **options)
    images, _ = datasets.arrays(opened, "train")
    return images[0]


def levels(path):
    """The 256 levels that the floats stand for."""
    image = read(path) * 255
    np.testing.assert_allclose(image, np.rint(image), atol=1e-4)
    return np.rint(image)


@pytest.fixture
def smooth():
    """A colour image that JPEG hardly changes."""
    return Image.fromarray(LEVELS[..., :3]).resize((40, 24), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg(tmp_path, smooth, mode):
    path = tmp_path / "1.jpg"
    smooth.convert(mode).save(path, quality=95)
    expected = np.asarray(Image.open(path).convert("L" if mode == "L" else "RGB"))
    np.testing.assert_array_equal(np.squeeze(levels(path)), expected)


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_png(tmp_path, smooth, mode):
    path = tmp_path / "1.png"
    stored = smooth.convert(mode)
    stored.save(path)
    expected = np.asarray(stored.convert("RGB" if mode == "RGB" else "L"))
    np.testing.assert_array_equal(np.squeeze(levels(path)), expected)


@pytest.mark.parametrize("suffix", ["jpg", *rarely("png", "webp")])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path, smooth, suffix, orientation):
    path = tmp_path / f"1.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth.save(path, exif=exif)
    shown = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    assert datasets.image_shape(tmp_path) == (shown.height, shown.width, 3)
    np.testing.assert_array_equal(levels(path), np.asarray(shown))


def test_webp(tmp_path):
    path = tmp_path / "1.webp"
    Image.fromarray(LEVELS[..., :3]).save(path, lossless=True)
    np.testing.assert_array_equal(levels(path), LEVELS[..., :3])


@pytest.mark.parametrize("suffix", ["png", "webp"])
@pytest.mark.parametrize("background", ["white", "#ff8000"])
def test_transparency_lies_on_the_background(tmp_path, suffix, background):
    path = tmp_path / f"1.{suffix}"
    Image.fromarray(LEVELS).save(path, lossless=True, exact=True)
    under = np.array((255, 255, 255) if background == "white" else (255, 128, 0))
    alpha = LEVELS[..., 3:] / 255
    expected = alpha * LEVELS[..., :3] + (1 - alpha) * under
    images = read(path, background=background)
    np.testing.assert_allclose(images * 255, expected, atol=1.01)


def test_transparent_grey_stays_grey_on_the_grey_of_the_background(tmp_path):
    path = tmp_path / "1.png"
    Image.fromarray(np.uint8([[[200, 255], [200, 0]]]), "LA").save(path)
    images = read(path, background="#ff0000")
    np.testing.assert_allclose(images[0, :, 0] * 255, [200, 76], atol=1e-4)


@pytest.mark.parametrize("transparent", [False, True])
def test_palettes(tmp_path, transparent):
    path = tmp_path / "1.png"
    palette = Image.fromarray(LEVELS[..., :3]).quantize(16)
    palette.save(path, **({"transparency": 3} if transparent else {}))
    expected = np.asarray(palette.convert("RGB")).copy()
    if transparent:
        expected[np.asarray(palette) == 3] = 255
    np.testing.assert_array_equal(levels(path), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_kept(tmp_path, channels):
    path = tmp_path / "1.png"
    ramp = np.arange(48 * channels, dtype=np.uint16).reshape(6, 8, channels)
    path.write_bytes(tf.io.encode_png(ramp).numpy())
    images = read(path)
    assert images.shape == ramp.shape
    np.testing.assert_allclose(images * 65535, ramp, atol=0.01)


def test_eight_bits_beside_sixteen_keep_their_brightness(tmp_path):
    Image.fromarray(np.full((4, 4), 51, np.uint8)).save(tmp_path / "1.png")
    Image.fromarray(np.full((4, 4), 51, np.uint8)).save(tmp_path / "2.bmp")
    Image.fromarray(np.full((4, 4), 51, np.uint8)).save(tmp_path / "3.jpg")
    Image.fromarray(np.full((4, 4), 1, np.uint16)).save(tmp_path / "4.png")
    images, _ = datasets.arrays(tmp_path, "train")
    np.testing.assert_allclose(
        images[:, 0, 0, 0], [0.2, 0.2, 0.2, 1 / 65535], rtol=1e-4
    )


def test_the_first_frame_of_an_animation_counts(tmp_path):
    path = tmp_path / "1.gif"
    frames = [Image.new("RGB", (4, 4), name) for name in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read(path)[0, 0], [1, 0, 0])


class TestFit:
    @pytest.fixture
    def striped(self, tmp_path):
        """Red, green and blue thirds of an image that is thrice as wide as high."""
        pixels = np.repeat(np.eye(3, dtype=np.uint8) * 255, 8, axis=0)
        path = tmp_path / "1.png"
        Image.fromarray(np.broadcast_to(pixels, (8, 24, 3)).copy()).save(path)
        return path

    @pytest.mark.parametrize("others", [False, True])
    @pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
    def test_what_is_where(self, striped, fit, others):
        if others:  # Sizes that differ aren't resized in batches.
            Image.new("RGB", (5, 5)).save(striped.parent / "2.png")
        options = {"image_size": 24, "fit": fit, "background": "#808080"}
        image = read(striped, **options)
        grey = np.full(3, 128 / 255)
        middles = {
            "stretch": ([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]),
            "crop": ([0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]),
            "pad": ([1, 0, 0], [0, 1, 0], [0, 0, 1], grey),
        }
        points = image[[12, 12, 12, 2], [3, 12, 20, 12]]
        np.testing.assert_allclose(points, middles[fit], atol=1e-6)

    def test_pad_shrinks_to_the_frame_of_the_smaller_side(self, striped):
        image = read(striped, image_size=(6, 12), fit="pad", background="black")
        bright = image.max(axis=(1, 2)) > 0
        assert bright.tolist() == [False, True, True, True, True, False]

    def test_unknown(self, striped):
        with pytest.raises(ValueError, match=r"`fit` must be one of.*fit='squeeze'"):
            datasets.open_dataset(striped.parent, fit="squeeze")
        with pytest.raises(ValueError, match=r"`background` must be a colour.*'plaid'"):
            datasets.open_dataset(striped.parent, background="plaid")

    def test_shrinking_is_antialiased_and_rounded_to_levels(self, tmp_path):
        checks = np.indices((64, 64)).sum(0) % 2 * np.uint8(255)
        for name in ("1.png", "2.png"):
            Image.fromarray(checks.astype(np.uint8)).save(tmp_path / name)
        images, _ = datasets.arrays(tmp_path, "train", image_size=16)
        assert 0.4 < images.min() <= images.max() < 0.6
        np.testing.assert_allclose(images * 255, np.round(images * 255), atol=1e-4)

    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("image_size", [(11, 7), (40, 50)])
    def test_resizing_is_that_of_floats_rounded(self, tmp_path, bits, image_size):
        path = tmp_path / "1.png"
        generator = np.random.default_rng(1)
        pixels = generator.integers(0, 2**bits, (30, 20, 3))
        pixels = pixels.astype(np.uint8 if bits == 8 else np.uint16)
        path.write_bytes(tf.io.encode_png(pixels).numpy())
        expected = tf.image.resize(
            pixels.astype(np.float32), image_size, antialias=True
        )
        image = read(path, image_size=image_size) * (2**bits - 1)
        np.testing.assert_allclose(image, expected, atol=0.52)
