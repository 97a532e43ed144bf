import numpy as np
import pytest

from keras_latent.distributions import Normal


class Pixels:
    """Takes a model's place: the code of an image is the first row of its pixels."""

    latent_dim = 3
    code_shape = (3,)

    def encode(self, images):
        return images[:, 0, :, 0]

    def target(self, images):
        return images

    def decode(self, codes):
        return np.stack([codes, np.zeros_like(codes)], axis=1)[..., None]


class MixedPixels(Pixels):
    """The same for a dict of a label and a picture in colour."""

    def encode(self, images):
        return super().encode(images["picture"])

    def decode(self, codes):
        picture = np.repeat(super().decode(codes), 3, axis=-1)
        return {"label": np.zeros((len(codes), 10)), "picture": picture}


@pytest.fixture
def model():
    return Pixels()


class Maps:
    """Takes the place of a model whose code is a map; `seen` is what was decoded."""

    latent_dim = 8
    code_shape = (2, 2, 2)
    has_prior = True

    def __init__(self, space="real"):
        self.prior = Normal() if space == "real" else UnitVectors()

    def encode(self, images):
        codes = np.repeat(images[:, :2, :2], 2, axis=-1) + np.array([0.0, 0.5])
        if self.prior.space == "sphere":
            codes = codes / np.linalg.norm(codes, axis=-1, keepdims=True)
        return codes

    def target(self, images):
        return images

    def decode(self, codes):
        assert codes.shape[1:] == self.code_shape
        self.seen = codes
        return codes.sum(axis=-1, keepdims=True)


class UnitVectors:
    """Takes the place of a prior on a sphere."""

    space = "sphere"


@pytest.fixture
def maps():
    return Maps()


@pytest.fixture
def maps_on_spheres():
    return Maps("sphere")


@pytest.fixture
def mixed_model():
    return MixedPixels()


@pytest.fixture
def images():
    """Two images of which the second row is not in the code."""
    pixels = [[[0.0, 0.2, 0.4], [1, 1, 1]], [[0.6, 0.8, 1.0], [1, 1, 1]]]
    return np.array(pixels, "float32")[..., None]


@pytest.fixture
def mixed_images(images):
    return {"label": np.zeros((2, 10)), "picture": np.repeat(images, 3, axis=-1)}


@pytest.fixture
def shown():
    """Reads the only grid of a figure: its image at a row and column, its labels."""
    return Shown


class Shown:
    """A figure of one grid of images of 2 × 3 pixels, some columns a pixel apart."""

    def __init__(self, figure, gaps=()):
        (self.axes,) = figure.axes
        (image,) = self.axes.images
        self.pixels = np.asarray(image.get_array())
        self.gaps = gaps

    def top(self, row, column):
        """The first row of pixels of the image at a place."""
        left = 4 * column + sum(column >= gap for gap in self.gaps)
        return self.pixels[3 * row, left : left + 3]

    @property
    def column_labels(self):
        return [label.get_text() for label in self.axes.get_xticklabels()]

    @property
    def row_labels(self):
        return [label.get_text() for label in self.axes.get_yticklabels()]
