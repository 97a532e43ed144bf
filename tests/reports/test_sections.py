import numpy as np
import pytest

import keras_latent as kl
from keras_latent.reports import code_sections, image_sections
from keras_latent.reports.learning_section import learning_curves
from keras_latent.reports.reported_model import ReportedModel


@pytest.fixture
def reported(vae, digits):
    return ReportedModel(vae, *digits, None, None, 2000, 0)


def tick_labels(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


def row_labels(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_each_log_has_a_figure_and_its_course_in_words():
    section = learning_curves(
        {
            "epoch": [1, 2],
            "kl": [1.0, 2.0],
            "loss": [9.0, 8.0],
            "val_loss": [np.nan, 8.5],
        }
    )
    assert [picture.alt for picture in section.pictures] == [
        "Curve of loss: training from 9 to 8, validation from 8.5 to 8.5.",
        "Curve of kl: training from 1 to 2.",
    ]
    titles = [picture.wide.axes[0].get_title("left") for picture in section.pictures]
    assert titles == ["loss", "kl"]


def test_the_worst_and_best_are_those_of_all_images(reported):
    section = image_sections.worst_and_best(reported)
    (picture,) = section.pictures
    errors = np.sort(reported.errors)
    worst, best = picture.wide.axes
    assert tick_labels(worst) == [f"{error:.3g}" for error in errors[::-1][:10]]
    assert tick_labels(best) == [f"{error:.3g}" for error in errors[:10]]
    assert tick_labels(picture.narrow.axes[1]) == tick_labels(best)[:4]


def test_interpolations_lead_from_class_to_class(vae, digits):
    images, labels = digits
    reported = ReportedModel(vae, images, labels, None, None, 2000, 0)
    pairs = image_sections._pairs(reported)
    assert pairs.shape == (5, 2)
    assert len(np.unique(pairs)) == 10
    assert (labels[pairs[:, 0]] != labels[pairs[:, 1]]).all()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_images_make_few_pairs(vae, digits, count):
    labels = np.zeros(count, int)
    reported = ReportedModel(vae, digits[0][:count], labels, None, None, 2000, 0)
    pairs = image_sections._pairs(reported)
    assert pairs.shape == (count // 2, 2)
    assert len(np.unique(pairs)) == pairs.size


def test_the_map_takes_as_many_images_as_allowed(vae, digits):
    reported = ReportedModel(vae, *digits, None, None, 20, 0)
    (picture,) = code_sections.code_map(reported).pictures
    assert picture.caption == "A sample: 20 of 60 images, coloured by class."
    assert picture.wide.axes[0].get_xlabel() == "a sample: 20 of 60"
    assert len(picture.wide.axes[0].collections[0].get_offsets()) == 20
    assert picture.narrow.get_size_inches()[0] < 5


def test_long_names_of_classes_leave_a_narrow_map_its_width(vae, digits):
    names = [f"the_{name}_of_all_the_classes" for name in "0123456789"]
    reported = ReportedModel(vae, *digits, None, names, 20, 0)
    (picture,) = code_sections.code_map(reported).pictures
    picture.narrow.draw_without_rendering()
    (axes,), (legend,) = picture.narrow.axes, picture.narrow.legends
    assert [text.get_text() for text in legend.texts] == [
        text.get_text() for text in picture.wide.legends[0].texts
    ]
    place = axes.get_position()
    assert place.width > 0.9
    assert legend.get_window_extent().y1 <= axes.get_window_extent().y0
    assert axes.get_window_extent().height > 100


def test_traversals_come_in_the_order_of_use(reported):
    (picture,) = code_sections.traversals(reported).pictures
    used = np.argsort(-reported.codes.var(axis=0))
    (axes,) = picture.wide.axes
    assert row_labels(axes) == [str(dimension) for dimension in used]
    assert tick_labels(axes) == ["-3", "-2", "-1", "0", "1", "2", "3"]
    assert "units of the prior" in picture.caption


def test_of_a_long_code_the_most_used_are_traversed(digits):
    model = kl.models.VAE.for_images((28, 28, 1), latent_dim=40)
    reported = ReportedModel(model, *digits, None, None, 2000, 0)
    (picture,) = code_sections.traversals(reported).pictures
    used = np.argsort(-reported.codes.std(axis=0), kind="stable")[:12]
    rows = row_labels(picture.wide.axes[0])
    assert rows == [str(dimension) for dimension in used]
    assert picture.caption.startswith("The 12 most used of 40 dimensions")


def test_plain_codes_are_traversed_in_their_own_spread(digits):
    model = kl.models.Autoencoder.for_images((28, 28, 1), latent_dim=2)
    model.code.bias.assign([50.0, -7.0])
    reported = ReportedModel(model, *digits, None, None, 2000, 0)
    (picture,) = code_sections.traversals(reported).pictures
    assert "standard deviations" in picture.caption

    codes = reported.codes
    first = int(np.argmax(codes.std(axis=0)))
    code = codes[reported.order[0]].copy()
    code[first] = codes[:, first].mean() + 3 * codes[:, first].std()
    expected = np.asarray(model.decode(code[None]))[0, ..., 0]
    drawn = picture.wide.axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn[:28, -28:], expected.clip(0, 1), atol=1e-5)


def test_use_is_drawn_with_as_many_numbers_as_fit(digits):
    model = kl.models.VAE.for_images((28, 28, 1), latent_dim=30)
    reported = ReportedModel(model, *digits, None, None, 2000, 0)
    variance, divergence = code_sections.code_usage(reported).pictures
    for picture in (variance, divergence):
        wide, narrow = tick_labels(picture.wide.axes[0]), picture.narrow.axes[0]
        assert len(wide) == 30
        assert tick_labels(narrow) == wide[::3]
        assert narrow.get_xticks().tolist() == list(range(0, 30, 3))
    idle = np.flatnonzero(reported.codes.var(axis=0) <= 0.01)
    assert f"inactive: {', '.join(map(str, idle))}" in variance.caption


def test_samples_of_the_prior_stand_beside_those_of_samplers(vae, digits):
    flow = kl.samplers.FlowMatching(vae, units=4, epochs=1, steps=1, verbose=0)
    samplers = {
        "normal": kl.samplers.Normal(vae).fit(digits[0]),
        "flow_matching-labels": flow.fit(digits[0], digits[1]),
    }
    reported = ReportedModel(vae, *digits, None, None, 2000, 3, samplers)
    section = image_sections.samples(reported)
    assert [picture.caption for picture in section.pictures] == [
        "The prior, a standard normal.",
        "Normal, saved as normal.",
        "FlowMatching, saved as flow_matching-labels: as many images of each label, "
        "sorted.",
    ]
    # Side by side where the page is as wide as it becomes.
    assert all(picture.wide.get_size_inches()[0] < 5 for picture in section.pictures)
    drawn = section.pictures[1].wide.axes[0].images[0].get_array()
    expected = np.asarray(samplers["normal"].sample(64, seed=3))
    np.testing.assert_allclose(drawn[:28, :28], expected[0, ..., 0], atol=1e-5)
