import numpy as np
import pytest

from keras_latent.metrics.generation import inception_score

PROBABILITIES = np.random.default_rng(0).dirichlet([0.3] * 4, 30)


def by_hand(rows):
    mean = rows.mean(axis=0)
    return np.exp(np.mean([np.sum(row * np.log(row / mean)) for row in rows]))


def test_equals_the_divergences_by_hand():
    score = inception_score(None, PROBABILITIES, splits=1)

    assert float(score) == pytest.approx(by_hand(PROBABILITIES), abs=1e-9)
    assert score.interval is None
    assert 1.5 < float(score) < 4


def test_is_the_mean_over_parts():
    order = np.random.default_rng(3).permutation(30)
    expected = [by_hand(PROBABILITIES[rows]) for rows in np.split(order, 3)]

    score = inception_score(PROBABILITIES[::-1], PROBABILITIES, splits=3, seed=3)

    assert float(score) == pytest.approx(np.mean(expected), abs=1e-9)
    assert score.interval == pytest.approx(1.96 * np.std(expected, ddof=1) / np.sqrt(3))
    assert score.protocol["of_real"] > 1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.tile(np.eye(5), (4, 1)), 5),
        (np.full((20, 5), 0.2), 1),
        (np.eye(5)[[2] * 9], 1),
    ],
)
def test_lies_between_one_and_the_number_of_classes(rows, expected):
    assert float(inception_score(None, rows, splits=1)) == pytest.approx(expected)


@pytest.mark.parametrize("rows", [PROBABILITIES * 2, np.tile([1.5, -0.5], (20, 1))])
def test_what_is_no_probability_is_refused(rows):
    with pytest.raises(ValueError, match=r"`extractor` must give probabilities"):
        inception_score(None, rows)


def test_more_parts_than_images_are_refused():
    with pytest.raises(ValueError, match=r"`splits` .* 5\. Received: splits=10"):
        inception_score(None, PROBABILITIES[:5])
