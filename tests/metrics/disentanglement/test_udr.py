import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from keras_latent.metrics.disentanglement import udr

BASE = np.random.default_rng(0).normal(size=(400, 3))
MIXED = BASE @ np.random.default_rng(1).normal(size=(3, 4))
OTHER = np.random.default_rng(2).normal(size=(400, 3))


def agreement(likeness):
    one = [max(row) ** 2 / sum(row) if sum(row) else 0 for row in likeness]
    other = [
        max(column) ** 2 / sum(column) if sum(column) else 0 for column in likeness.T
    ]
    return (np.mean(one) + np.mean(other)) / 2


def standardised(codes):
    return (codes - codes.mean(axis=0)) / codes.std(axis=0)


def test_lasso_equals_the_formula():
    models = [BASE, MIXED, BASE + 0.5 * OTHER]
    expected = []
    for i, one in enumerate(models):
        found = []
        for j, other in enumerate(models):
            if i != j:
                lasso = Lasso(alpha=0.1).fit(standardised(one), standardised(other))
                found.append(agreement(np.abs(lasso.coef_).T))
        expected.append(np.median(found))

    score = udr(models)

    assert score.by_model == pytest.approx(expected, abs=1e-6)
    assert float(score) == pytest.approx(np.mean(expected), abs=1e-6)


def test_spearman_equals_the_formula():
    likeness = np.abs(spearmanr(BASE, MIXED).statistic[:3, 3:])

    score = udr([BASE, MIXED], similarity="spearman")

    assert score.by_model == pytest.approx([agreement(likeness)] * 2, abs=1e-9)


def test_models_alike_up_to_order_and_sign_have_the_greatest():
    large = np.random.default_rng(0).normal(size=(20000, 3))
    models = [large, -large[:, [2, 0, 1]] * 5]

    assert float(udr(models)) == pytest.approx(0.9, abs=0.01)
    assert float(udr(models, similarity="spearman")) == pytest.approx(1, abs=0.03)


def test_models_of_nothing_common_have_none():
    assert float(udr([BASE, OTHER])) == pytest.approx(0, abs=0.05)


def test_codes_of_small_divergence_and_constant_ones_are_left_out():
    wide = np.column_stack([BASE, OTHER[:, 0], np.ones(400)])
    kept = udr([BASE, BASE + 0.1 * OTHER])

    score = udr([wide, BASE + 0.1 * OTHER], [[1, 1, 1, 0.001, 1], [1, 1, 1]])

    assert score.protocol["excluded_codes"] == [[3, 4], []]
    assert score.by_model == pytest.approx(kept.by_model)


@pytest.mark.parametrize("similarity", ["lasso", "spearman"])
def test_a_model_without_codes_agrees_with_none(similarity):
    assert float(udr([BASE, np.ones((400, 2))], similarity=similarity)) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([BASE],),
            r"`codes_of_models` .* two models\. Received: .* list and length 1",
        ),
        (([BASE, np.zeros((400, 2, 2, 3))],), r"`codes_of_models\[1\]` .* 2, 2, 3\)"),
        (
            (iter([BASE, BASE]),),
            r"`codes_of_models` .* type list_iterator and length N",
        ),
        (({"a": BASE, "b": BASE},), r"`codes_of_models` .* of type dict and length 2"),
        (([BASE, BASE], 3), r"`divergences` .* Received: divergences of length None"),
        (([BASE, BASE[:9]],), r"same images\. Received: .* \[400, 9\] rows"),
        (([BASE, BASE * np.nan],), r"`codes_of_models\[1\]` must be finite"),
        (([BASE, BASE], [[1, 1, 1]]), r"`divergences` .* Received: .* length 1"),
        (([BASE, BASE], [[1, 1, 1], [1]]), r"`divergences\[1\]` .* \(3,\)\. Received"),
        (([BASE, BASE], None, BASE), r"`similarity` must be one of 'lasso'"),
        ((np.array(3),), r"`codes_of_models` must be a sequence.*ndarray"),
        (([BASE, BASE], None, "pearson"), r"`similarity` .* similarity='pearson'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        udr(*arguments)
