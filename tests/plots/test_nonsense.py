"""Every argument of every plot, given what it can't be."""

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_latent import plots
from keras_latent.metrics import Score
from tests.nonsense import assert_told, every_argument
from tests.plots.conftest import Pixels


class Inverter:
    """Takes a feature inverter's place."""

    def target(self, x):
        return x

    ablate = target

    def predict(self, x, verbose):
        return x


class Reconstructing(Pixels):
    """A model of a prior as well, that refuses what is no image."""

    has_prior = True

    def encode(self, images):
        if np.ndim(images) != 4:
            raise ValueError(f"`x` must be images. Received: x={images!r}")
        return super().encode(images)

    def reconstruct(self, images):
        return self.decode(self.encode(images))

    def sample(self, count, seed):
        if not isinstance(seed, int):
            raise ValueError(f"`seed` must be an integer. Received: seed={seed!r}")
        return np.zeros((count, 2, 3, 1))


MODEL = Reconstructing()
IMAGES = np.random.default_rng(0).random((4, 2, 3, 1))
SCORES = [Score(0.5, {"shots": 1, "ways": 2, "chance": 0.5})]
TRUE = [False, True, False, True]
FUNCTIONS = [
    (plots.anomaly_scores, {"scores": range(4), "is_anomalous": TRUE, "threshold": 1}),
    (plots.roc_curves, {"scores": {"error": range(4)}, "is_anomalous": TRUE}),
    (
        plots.attribute_edits,
        {"model": MODEL, "images": IMAGES, "vector": [0, 1, 0], "strengths": [1]},
    ),
    (
        plots.cluster_sheets,
        {
            "images": IMAGES,
            "clusters": [0, 1, 0, 1],
            "distances": [0, 1, 2, 3],
            "columns": 2,
            "row_labels": ["a", "b"],
        },
    ),
    (plots.code_usage, {"codes": IMAGES[:, 0, :, 0], "kl": [0, 1, 2]}),
    (plots.few_shot_accuracies, {"scores": {"codes": SCORES}}),
    (
        plots.interpolations,
        {
            "model": MODEL,
            "starts": IMAGES,
            "ends": IMAGES,
            "steps": 2,
            "method": "linear",
        },
    ),
    (plots.inversions, {"models": {"a": Inverter()}, "sections": {"b": IMAGES}}),
    (plots.learning_curves, {"history": {"loss": [2.0, 1.0]}}),
    (
        plots.manifold_grid,
        {
            "model": MODEL,
            "size": 2,
            "codes": IMAGES[:, 0, :, 0],
            "dimensions": [0, 1],
        },
    ),
    (
        plots.neighbours,
        {
            "images": IMAGES,
            "nearest": IMAGES[:, None],
            "distances": [[0], [1], [2], [3]],
            "row_labels": ["a", "b", "c", "d"],
        },
    ),
    (plots.prior_samples, {"model": MODEL, "count": 2, "seed": 0}),
    (
        plots.projection,
        {
            "points": IMAGES[:, 0, :2, 0],
            "images": IMAGES,
            "labels": [0, 1, 0, 1],
            "class_names": ["a", "b"],
            "sampled_from": 9,
        },
    ),
    (plots.reconstructions, {"model": MODEL, "images": IMAGES, "columns": 2}),
    (plots.worst_and_best, {"model": MODEL, "images": IMAGES, "count": 2}),
    (plots.samples, {"images": IMAGES, "row_labels": ["a", "b"]}),
    (plots.save, {"figure": Figure(), "path": "figure.png"}),
    (
        plots.traversals,
        {
            "model": MODEL,
            "code": [0, 0, 0],
            "dimensions": [0, 1],
            "values": [0.0, 1.0],
            "codes": IMAGES[:, 0, :, 0],
            "row_labels": ["a", "b"],
        },
    ),
]
ALLOWED = {("anomaly_scores", "threshold", "number")}


def test_every_plot_is_here():
    assert {function.__name__ for function, _ in FUNCTIONS} == set(plots.__all__)


@pytest.mark.parametrize(
    ("function", "good"), [(f, g) for f, g in FUNCTIONS if f is not plots.save]
)
def test_what_is_called_good_is_drawn(function, good):
    assert isinstance(function(**good), Figure)


@every_argument(FUNCTIONS, ALLOWED)
def test_nonsense_is_refused_in_words(function, good, argument, value):
    assert_told(function, good, argument, value)


def test_what_fit_gives_is_drawn_as_its_logs():
    history = keras.callbacks.History()
    history.history = {"loss": [3.0, 2.0], "val_loss": [3.5, 2.5]}

    (axes,) = plots.learning_curves(history).axes

    assert [line.get_ydata().tolist() for line in axes.lines] == [[3, 2], [3.5, 2.5]]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({"loss": ["x"]}, r"`history` must hold numbers.*history\['loss'\] of type li"),
        ({"loss": 3.0}, r"one number for each epoch.*history\['loss'\] of shape \(\)"),
        ({3: [1.0]}, r"by the name of the log.*Received: history\[3\]"),
        (
            {"epoch": [1], "loss": [1.0, 2.0]},
            r"`history\['epoch'\]` must number the 2 .* of length 1",
        ),
    ],
)
def test_logs_that_are_no_numbers_are_refused(history, message):
    with pytest.raises(ValueError, match=message):
        plots.learning_curves(history)


@pytest.mark.parametrize(
    ("is_anomalous", "message"),
    [
        (["no", "yes", "no", "no"], "`is_anomalous` must hold numbers"),
        ([0, 1, 2, 0], "`is_anomalous` must hold booleans"),
        ([True] * 4, "true of some and false of others.*true of 4 of 4"),
        ([True, False], r"each of the 4 `scores\['a'\]`.* shape \(2,\)"),
    ],
)
def test_what_says_nothing_of_anomalies_is_refused(is_anomalous, message):
    with pytest.raises(ValueError, match=message):
        plots.roc_curves({"a": range(4)}, is_anomalous)


def test_codes_are_looked_at_where_dimensions_are_named():
    with pytest.raises(ValueError, match="`codes` must have the latent dimension 3"):
        plots.traversals(MODEL, [0, 0, 0], dimensions=[0], codes=[[0.0, 1.0]])


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="`images` must hold at least one image"):
        plots.samples(np.zeros((0, 2, 3, 1)))
