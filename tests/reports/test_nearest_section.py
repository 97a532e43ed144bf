"""Generated images beside the training images that are nearest to them."""

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.reports.advice import advice
from keras_latent.reports.nearest_pictures import nearest_pictures
from keras_latent.reports.nearest_section import nearest_images
from keras_latent.reports.reported_model import Labelled, ReportedModel
from keras_latent.reports.sections import sections

KNOWN = np.random.default_rng(1).random((20, 8, 8, 1), "float32")
IMAGES = np.random.default_rng(2).random((6, 8, 8, 1), "float32")


class Copying:
    """A sampler that gives training images away."""

    classes = None

    def sample(self, count, seed=None, labels=None):
        return np.resize(KNOWN[[3, 17]], (count, 8, 8, 1))


@pytest.fixture(scope="module")
def reported():
    model = kl.models.VAE.for_images((8, 8, 1), latent_dim=2)
    known = Labelled(KNOWN, np.zeros(20, int))
    return ReportedModel(
        model, IMAGES, None, known, None, 10, 0, {"copying": Copying()}
    )


def test_the_nearest_is_that_of_all_pairs():
    others = [KNOWN[:7], KNOWN[7:14], KNOWN[14:]]
    found = nearest_pictures(IMAGES, iter(others))
    errors = ((IMAGES[:, None] - KNOWN) ** 2).mean(axis=(2, 3, 4))
    assert found.rows.tolist() == errors.argmin(axis=1).tolist()
    assert found.distances == pytest.approx(np.sqrt(errors.min(axis=1)), rel=1e-6)


def test_copies_are_at_no_distance_and_stand_over_what_they_copy(reported):
    section = nearest_images(reported)
    of_prior, copied = section.pictures
    (axes,) = copied.wide.axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0.000"] * 10
    drawn = axes.images[0].get_array()
    np.testing.assert_allclose(drawn[:8, :8], KNOWN[3, ..., 0])
    np.testing.assert_allclose(drawn[-8:, :8], KNOWN[3, ..., 0])
    assert "Of 100 images of the sampler copying, 100% are nearer" in copied.caption
    errors = ((IMAGES[:, None] - KNOWN) ** 2).mean(axis=(2, 3, 4)).min(axis=1)
    assert f"{np.median(np.sqrt(errors)):.3f} away" in section.explanation
    made = np.asarray(reported.model.sample(100, seed=0))
    errors = ((made[:, None] - KNOWN) ** 2).mean(axis=(2, 3, 4)).min(axis=1)
    assert f"nearest of all is {np.sqrt(errors.min()):.3f}" in of_prior.caption


@pytest.mark.parametrize("copies", [0, 1, 4])
def test_held_out_images_that_are_in_the_training_are_told_of(reported, copies):
    # As another file format changes them.
    again = 0.99 * KNOWN[5 : 5 + copies]
    images = np.concatenate([IMAGES, again])
    both = ReportedModel(reported.model, images, None, reported.known, None, 10, 0)
    told = [one for one in advice(both) if "in the training as well" in one]
    assert len(told) == (copies > 0)
    for sentence in told:
        assert sentence.startswith(f"{copies} of {6 + copies} held-out images")


def test_without_training_images_there_is_no_such_section(reported):
    headings = [section.heading for section in sections(reported, None)]
    assert "Nearest training images" in headings
    unknown = ReportedModel(reported.model, IMAGES, None, None, None, 10, 0)
    headings = [section.heading for section in sections(unknown, None)]
    assert "Nearest training images" not in headings
