"""What holds for every variant on several replicas: they compute what one computes."""

import keras
import numpy as np
import pytest

from keras_latent import models
from tests.models.cases import CASES, few_cases, in_tiers, optimizers
from tests.tiers import rarely


def trained(case, rows, arguments, weights=None, **compilation):
    """Variables and logs after some SGD steps, the last on a ragged batch."""
    keras.utils.set_random_seed(3)
    model = case.build(**arguments)
    if weights is not None:
        model.set_weights(weights)
    weights = model.get_weights()
    model.compile(optimizers(model, keras.optimizers.SGD(0.05)), **compilation)
    x = case.with_labels(case.data(rows))
    history = model.fit(x, batch_size=8, shuffle=False, verbose=0).history
    logs = [{name: values[0] for name, values in history.items()}]
    if not compilation:
        logs.append(model.evaluate(x, batch_size=8, return_dict=True, verbose=0))
    moved = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    return weights, moved, logs


def assert_replicas_agree(case, strategy, rows, arguments, **compilation):
    weights, expected, expected_logs = trained(case, rows, arguments, **compilation)
    with strategy.scope():
        _, moved, logs = trained(case, rows, arguments, weights, **compilation)
    for a, b in zip(moved, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    for a, b in zip(logs, expected_logs, strict=True):
        if "spread_weight" in arguments:  # It is 0, but the pairs may differ.
            a["spread"] = b["spread"]
        assert a == pytest.approx(b, rel=1e-5, abs=1e-6)
    assert any(not np.allclose(a, b) for a, b in zip(moved, weights, strict=False))


def chosen(*names):
    cases = [case for case in CASES if case.name in names]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


PAIRED = [case for case in CASES if case.name in ("encdec", "variational-encdec")]
LEFT_WITHOUT = [case for case in CASES if case.name in ("autoencoder", "vae", "encdec")]
COUPLED = (
    *("capacity", "info", "beta-tc", "dip", "wasserstein", "factor"),
    "vqvae-lookup-free",
)
"""Those with a term in which rows meet."""


@in_tiers(CASES, ("autoencoder", "constrained", "encdec", "factor", "vqvae"))
def test_two_replicas_train_as_one(case, two_replicas):
    # Two steps, the last on 7 rows: 4 here and 3 there. Tracing would take longest.
    assert_replicas_agree(case, two_replicas, 15, case.separable, run_eagerly=True)


@pytest.mark.all
@few_cases
def test_two_replicas_train_as_one_in_graphs(case, two_replicas):
    assert_replicas_agree(case, two_replicas, rows=23, arguments=case.separable)


@in_tiers(LEFT_WITHOUT, ("encdec",))
@pytest.mark.parametrize("run_eagerly", [True, *rarely(False)])
def test_a_replica_may_be_left_without_a_row(case, two_replicas, run_eagerly):
    # Two steps, the last on 1 row; a convolution, noise, and a pass over images.
    compilation = {"run_eagerly": True} if run_eagerly else {}
    assert_replicas_agree(case, two_replicas, 9, case.separable, **compilation)


@in_tiers(PAIRED, ("encdec",))
def test_pairs_stay_together_in_even_shares(case, two_replicas):
    arguments = {"global_batch": False}
    assert_replicas_agree(case, two_replicas, 24, arguments, run_eagerly=True)


@in_tiers(PAIRED, ("encdec",))
@pytest.mark.parametrize("rows", [17, *rarely(23)])
def test_pairs_of_the_whole_batch(case, two_replicas, rows):
    # The last shares are of 4 and 3 rows, or of 1 and none.
    arguments = {"global_batch": True}
    assert_replicas_agree(case, two_replicas, rows, arguments, run_eagerly=True)


@chosen("vae")
@pytest.mark.parametrize("rows", [17, *rarely(23)])
def test_free_bits_of_the_whole_batch(case, two_replicas, rows):
    # In the first batch, a dimension costs more than this, but less on one half.
    arguments = {"free_bits": 1.0, "global_batch": True}
    assert_replicas_agree(case, two_replicas, rows, arguments, run_eagerly=True)


@in_tiers([case for case in CASES if case.name in COUPLED], ("dip",))
def test_terms_that_couple_the_rows_of_the_whole_batch(case, two_replicas):
    # Three steps, the last on 1 row, which leaves a replica without any.
    assert case.separable
    assert getattr(case.build(), "global_batch", True)
    assert_replicas_agree(case, two_replicas, 17, {}, run_eagerly=True)


@pytest.mark.parametrize("weighted", [True, *rarely(False)])
def test_metrics_of_a_replica_without_a_row(two_replicas, weighted):
    case = next(case for case in CASES if case.name == "autoencoder")
    x = case.data(9)
    arguments = {"x": x, "batch_size": 8, "return_dict": True, "verbose": 0}
    if weighted:
        arguments["sample_weight"] = np.linspace(0.5, 2.0, 9).astype("float32")

    def measures(weights=None):
        model = case.build()
        if weights is not None:
            model.set_weights(weights)
        model.compile(metrics=["mae"], weighted_metrics=["mse"])
        return model.get_weights(), model.evaluate(**arguments)

    weights, expected = measures()
    with two_replicas.scope():
        _, found = measures(weights)
    assert found == pytest.approx(expected, rel=1e-5)


def test_replicas_draw_different_noise(two_replicas):
    with two_replicas.scope():
        case = next(case for case in CASES if case.variant is models.VAE)
        model = case.build()
    x = np.zeros((1, 3), "float32")
    draws = two_replicas.run(lambda: model.noise(x))
    first, second = two_replicas.experimental_local_results(draws)
    assert np.abs(first - second).min() > 1e-6
