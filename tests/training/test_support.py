"""The documentation's table of precisions and ways of compilation: each cell is tried.

What one device does stands in test_conformance.py.
"""

import functools
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_latent.training import workers
from tests.models.cases import CASES, few_cases, in_tiers, optimizers
from tests.processes import run_workers
from tests.tiers import rarely

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "devices.md"

# The settings that train, each with its dtype policy.
TRAINS = {
    "`mixed_float16`": "mixed_float16",
    "`mixed_bfloat16`": "mixed_bfloat16",
    "`run_eagerly=True`": "float32",
}
REFUSED = {
    "`steps_per_execution=4`": {"steps_per_execution": 4},
    "`jit_compile=True`": {"jit_compile": True},
}
# Tracing takes most of the time: each half precision is traced once, and runs eagerly
# elsewhere. What float32 gives, test_conformance_replicas.py tells.
TRACED = [("vae", "mixed_float16"), ("encdec", "mixed_bfloat16")]
# A case of each variant. What workers refuse is shown in test_multiworker.py.
IN_WORKERS = list({case.variant: case for case in reversed(CASES)}.values())[::-1]
TOLERANCE = {"float32": 1e-5, "mixed_float16": 5e-3, "mixed_bfloat16": 3e-2}


def built(case):
    keras.utils.set_random_seed(3)
    return case.build(**case.separable)


def trained(case, run_eagerly=True):
    """The loss of a step on a ragged batch, and the weights before and after it."""
    model = built(case)
    before = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    model.compile(
        optimizers(model, keras.optimizers.SGD(0.05)), run_eagerly=run_eagerly
    )
    x = case.with_labels(case.data(7))
    history = model.fit(x, batch_size=8, shuffle=False, verbose=0).history
    after = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    return history["loss"][0], before, after


def trained_on(strategy, case, policy):
    """The same, spread by a strategy."""
    with strategy.scope():
        return trained(case, run_eagerly=(case.name, policy) not in TRACED)


@functools.cache
def plain(name):
    """The same in float32 on one device, where eager steps equal compiled ones."""
    return trained(next(case for case in CASES if case.name == name))


def assert_trained(case, policy, loss, weights):
    expected_loss, before, expected = plain(case.name)
    tolerance = TOLERANCE[policy]
    assert loss == pytest.approx(expected_loss, rel=tolerance, abs=tolerance)
    for found, value, start in zip(weights, expected, before, strict=True):
        np.testing.assert_allclose(found, value, atol=tolerance)
        # What moves on one device has moved here.
        assert np.array_equal(found, start) == np.array_equal(value, start)


@in_tiers(CASES, ("constrained",))
@pytest.mark.parametrize("setting", ["`mixed_bfloat16`", *rarely("`mixed_float16`")])
def test_replicas_train(case, setting, two_replicas, dtype_policy):
    plain(case.name)  # In float32.
    policy = TRAINS[setting]
    dtype_policy(policy)
    loss, _, weights = trained_on(two_replicas, case, policy)
    assert_trained(case, policy, loss, weights)


@few_cases
def test_what_replicas_refuse(case, two_replicas):
    with two_replicas.scope():
        model = built(case)
    for arguments in REFUSED.values():
        (name,) = arguments
        message = f"`{name}` must be .* on several replicas.* Received: {name}="
        with pytest.raises(ValueError, match=message):
            model.compile(**arguments)


@pytest.mark.all
def test_workers_train(tmp_path):
    words = ["-m", "tests.training.test_support", str(tmp_path)]
    run_workers(words, tmp_path)
    for case in IN_WORKERS:
        for policy in TRAINS.values():
            for place in range(2):
                with np.load(tmp_path / f"{case.name}-{policy}-{place}.npz") as arrays:
                    loss, *weights = arrays.values()
                assert_trained(case, policy, float(loss), weights)


def train_in_worker(folder):
    place = workers.read_cluster().place
    strategy = workers.join_workers(timeout=900.0)
    for case in IN_WORKERS:
        for policy in TRAINS.values():
            keras.config.set_dtype_policy(policy)
            loss, _, weights = trained_on(strategy, case, policy)
            np.savez(folder / f"{case.name}-{policy}-{place}.npz", loss, *weights)


def table():
    """The table, as the tests above and those of one device imply it."""
    strategies = ("one device", "`MirroredStrategy`", "`MultiWorkerMirroredStrategy`")
    rows = [("Setting", *strategies), ("---",) * 4]
    rows += [(name, *["all variants"] * 3) for name in TRAINS]
    rows += [(name, "all variants", *["`ValueError`"] * 2) for name in REFUSED]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_the_page_shows_this_table():
    assert table() in PAGE.read_text(encoding="utf-8")


if __name__ == "__main__":
    train_in_worker(Path(sys.argv[1]))
