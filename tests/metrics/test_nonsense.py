"""Every argument of the metrics of codes, images and anomalies, given what it can't be.

Those of disentanglement and generation have a sweep of their own.
"""

import numpy as np
import pytest

from keras_latent import metrics
from keras_latent.metrics import anomaly
from keras_latent.models import VAE
from tests.models.cases import dense_networks, images
from tests.nonsense import assert_told, every_argument

MODEL = VAE(**dense_networks())
CODES = np.random.default_rng(0).normal(size=(12, 2))
LABELS = np.arange(12) % 2
LARGE = np.random.default_rng(0).random((2, 16, 16, 1))
PAIR = {"images": LARGE, "reconstructions": LARGE}
SPLITS = {
    "train_codes": CODES,
    "train_labels": LABELS,
    "test_codes": CODES,
    "test_labels": LABELS,
}
BOXES = [[[0, 0, 2, 2]]]
COMPONENTS = metrics.PrincipalComponents(np.zeros((2, 1, 1)), np.eye(2))
FUNCTIONS = [
    (metrics.active_units, {"means": CODES, "threshold": 0.01}),
    (
        metrics.average_precision,
        {
            "boxes": BOXES,
            "scores": [[0.9]],
            "true_boxes": BOXES,
            "classes": [[1]],
            "true_classes": [[1]],
            "iou_threshold": 0.5,
        },
    ),
    (
        metrics.few_shot_accuracy,
        {
            "codes": CODES,
            "labels": LABELS,
            "ways": 2,
            "shots": 1,
            "queries": 1,
            "episodes": 2,
            "seed": 0,
        },
    ),
    (metrics.knn_accuracy, {**SPLITS, "k": 1}),
    (metrics.latent_length, {"codes": CODES, "generated_codes": CODES}),
    (metrics.linear_probe, SPLITS),
    (metrics.majority_accuracy, {"train_labels": LABELS, "test_labels": LABELS}),
    (metrics.mean_squared_error, PAIR),
    (metrics.peak_signal_to_noise_ratio, PAIR),
    (
        metrics.principal_components,
        {"images": lambda: [LARGE], "components": 1, "seed": 0},
    ),
    (metrics.retrieval_accuracy, {"queries": CODES, "gallery": CODES, "k": 1}),
    (metrics.structural_similarity, PAIR),
    (COMPONENTS.reconstruct, {"images": np.zeros((3, 2, 1, 1))}),
    (anomaly.auroc, {"normal_scores": [0.0], "anomalous_scores": [1.0]}),
    (anomaly.distance_scores, {"normal_codes": CODES, "codes": CODES, "k": 1}),
    (anomaly.elbo_scores, {"model": MODEL, "x": images(3), "seed": 0}),
    (
        anomaly.reconstruction_scores,
        {"model": MODEL, "x": images(3), "batch_size": 2},
    ),
    (anomaly.threshold, {"normal_scores": [1.0, 2.0], "false_alarm_rate": 0.1}),
]
OTHERS = {"PrincipalComponents", "Score", "anomaly", "disentanglement", "generation"}


def test_every_metric_is_here():
    names = {function.__name__ for function, _ in FUNCTIONS}
    assert set(metrics.__all__) - OTHERS <= names


@pytest.mark.parametrize(("function", "good"), FUNCTIONS)
def test_what_is_called_good_is_measured(function, good):
    function(**good)


@every_argument(FUNCTIONS)
def test_nonsense_is_refused_in_words(function, good, argument, value):
    assert_told(function, good, argument, value)


@pytest.mark.parametrize("metric", [metrics.knn_accuracy, metrics.linear_probe])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [0.5, 1.0],
            r"`train_labels` must be classes.*train_labels with 0\.5",
        ),
        ([np.nan, 1.0], "`train_labels` must be classes.*with nan"),
        (np.array([None, "a"]), "`train_labels` must be classes.*with None"),
        (np.array([1j, 2]), "`train_labels` must be classes.*with 1j"),
        (["a", "b"], r"`test_labels` must be of the kind of `train_labels`.*int64"),
    ],
)
def test_labels_that_are_no_classes_are_refused(metric, labels, message):
    with pytest.raises(ValueError, match=message):
        metric(**{**SPLITS, "train_labels": np.tile(labels, 6)})


def test_whole_floats_and_texts_are_classes():
    texts = np.array(["cat", "dog"])[LABELS]
    kinds = [LABELS, LABELS.astype(float), LABELS == 1, texts, texts.astype(object)]
    found = [
        metrics.linear_probe(CODES, labels, CODES, labels).value for labels in kinds
    ]
    assert found == found[:1] * len(kinds)


def test_texts_are_no_majority_among_numbers():
    with pytest.raises(ValueError, match="`test_labels` must be of the kind"):
        metrics.majority_accuracy(["a"], [0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (LARGE, r"`images` must be a function .*`lambda: \[images\]`.* type ndarray"),
        (lambda: None, "`images` must give batches.*gives one NoneType"),
    ],
)
def test_components_need_a_function_of_batches(given, message):
    with pytest.raises(ValueError, match=message):
        metrics.principal_components(given, 3)


@pytest.mark.parametrize("argument", ["boxes", "true_boxes"])
def test_boxes_of_other_than_four_numbers_are_refused(argument):
    good = {"boxes": BOXES, "scores": [[0.9]], "true_boxes": BOXES}
    with pytest.raises(ValueError, match=rf"`{argument}` .*\(count, 4\).* \(1, 3\)"):
        metrics.average_precision(**{**good, argument: [[[0, 0, 2]]]})
