"""Sections of neighbours, clusters and few examples."""

import numpy as np
import pytest

from keras_latent.metrics import few_shot_accuracy
from keras_latent.reports import neighbour_sections
from keras_latent.reports.reported_model import Labelled, ReportedModel


@pytest.fixture(scope="module")
def reported(vae, digits, known):
    return ReportedModel(vae, *digits, Labelled(*known), None, 40, 0)


def pixels_of(picture):
    return np.asarray(picture.wide.axes[0].images[0].get_array())


def test_neighbours_are_the_training_images_of_the_nearest_codes(reported, vae, known):
    section = neighbour_sections.neighbours(reported)
    (picture,) = section.pictures
    assert "100 training images" in section.explanation
    first = reported.order[0]
    away = np.linalg.norm(vae.encode(known[0]) - reported.codes[first], axis=1)
    nearest = np.argsort(away)[:8]
    said = [text.get_text() for text in picture.wide.axes[0].texts[:8]]
    assert said == [f"{away[place]:.3g}" for place in nearest]
    drawn = pixels_of(picture)
    np.testing.assert_allclose(drawn[:28, :28], reported.pictures([first])[0, ..., 0])
    left = 28 + 7
    np.testing.assert_allclose(
        drawn[:28, left : left + 28], known[0][nearest[0], ..., 0]
    )
    assert len(picture.narrow.axes[0].texts) == 6 * 4


def test_without_training_images_no_image_is_its_own_neighbour(vae, digits):
    # Of equal images, one is the other's neighbour.
    images = np.concatenate([digits[0][:3], digits[0][:1]])
    reported = ReportedModel(vae, images, None, None, None, 40, 0)
    section = neighbour_sections.neighbours(reported)
    assert "3 other images" in section.explanation
    texts = section.pictures[0].wide.axes[0].texts
    assert len(texts) == 4 * 3
    distances = np.array([float(text.get_text()) for text in texts]).reshape(4, 3)
    is_double = np.isin(reported.order, [0, 3])
    np.testing.assert_allclose(distances[is_double, 0], 0, atol=1e-4)
    assert (distances[~is_double] > 0.01).all()
    alone = ReportedModel(vae, images[:1], None, None, None, 40, 0)
    assert neighbour_sections.neighbours(alone) is None


def test_clusters_hold_what_lies_together(reported):
    (picture,) = neighbour_sections.cluster_sheets(reported).pictures
    labels = [text.get_text() for text in picture.wide.axes[0].get_yticklabels()]
    classes = len(np.unique(reported.labels[np.sort(reported.order[:40])]))
    assert len(labels) == classes
    assert sum(int(label.split()[0]) for label in labels) == 40
    assert "clusters of a sample of 40 of 60 codes" in picture.caption
    assert "class that is most frequent in" in picture.caption


def test_of_codes_that_are_equal_there_are_no_clusters(vae, digits):
    images = np.repeat(digits[0][:1], 40, axis=0)
    reported = ReportedModel(vae, images, None, None, None, 40, 0)
    assert neighbour_sections.cluster_sheets(reported) is None


def test_few_examples_are_told_by_codes_and_pixels(vae, digits):
    images, labels = digits
    # Of the others, there are too few.
    chosen = np.where(np.isin(labels, [0, 1, 7]), labels, 100 + np.arange(60))
    reported = ReportedModel(vae, images, chosen, None, None, 60, 0)
    (picture,) = neighbour_sections.few_shot(reported).pictures
    codes, pixels, _ = picture.wide.axes[0].lines
    rows = np.isin(labels, [0, 1, 7])
    least = min(np.sum(labels == one) for one in (0, 1, 7))
    options = {"ways": 3, "queries": least // 2, "episodes": 200, "seed": 0}
    expected = few_shot_accuracy(reported.codes[rows], labels[rows], **options)
    assert codes.get_ydata()[0] == pytest.approx(expected.value)
    small = images[rows].reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))
    expected = few_shot_accuracy(small.reshape(len(small), -1), labels[rows], **options)
    assert pixels.get_ydata()[0] == pytest.approx(expected.value, abs=0.01)
    assert f"codes give {codes.get_ydata()[0]:.1%}" in picture.caption
    assert "fewer than the 4 images that a class needs here: 1" in picture.caption
    assert "(1), " in picture.caption


def test_few_examples_say_which_classes_they_are_of(vae, digits):
    images, labels = digits
    labels = np.arange(60) % 8
    labels[labels == 7] = [7, *[0] * 6]
    names = [*"abcdefgh", "unseen"]
    reported = ReportedModel(vae, images, labels, None, names, 60, 0)
    section = neighbour_sections.few_shot(reported)
    assert (
        "the right one of 5 classes, which each draw takes anew from 7 of them"
        in section.explanation
    )
    (picture,) = section.pictures
    assert picture.caption.endswith(
        "Left out, with fewer than the 4 images that a class needs here: h (1), "
        "unseen (0)."
    )
    few = np.arange(60) % 5
    reported = ReportedModel(vae, images, few, None, names[:5], 60, 0)
    section = neighbour_sections.few_shot(reported)
    assert "the right one of 5 classes of which a few" in section.explanation
    assert "Left out" not in section.pictures[0].caption


def test_without_classes_or_with_few_images_of_each_there_is_no_such_section(
    vae, digits
):
    images, _ = digits
    for labels in (None, np.arange(60), np.zeros(60, int)):
        reported = ReportedModel(vae, images, labels, None, None, 60, 0)
        assert neighbour_sections.few_shot(reported) is None
