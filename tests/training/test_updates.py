"""What a loss that isn't finite does to the weights: nothing."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.models import VAE
from tests.models.cases import dense_networks, images
from tests.tiers import rarely

ROWS = 4
"""In a batch."""


def data(batches, poisoned=()):
    """Batches of images, some with NaN in their last row; numbered from 1 on."""
    x = images(ROWS * batches)
    x[[ROWS * step - 1 for step in poisoned], 0, 0, 0] = np.nan
    return tf.data.Dataset.from_tensor_slices(x).batch(ROWS)


def built(strategy=None, **compilation):
    keras.utils.set_random_seed(0)
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = VAE(**dense_networks())
        model.compile(keras.optimizers.Adam(0.01), **compilation)
    return model


def learnt(model):
    """The weights, and what the optimizer knows of each."""
    variables = [*model.trainable_variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(v) for v in variables if len(v.shape)]


def assert_equal(some, others):
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def assert_weights_stay(strategy=None, **compilation):
    """Of five steps the third and the fifth meet NaN."""
    expected = built(strategy, **compilation)
    expected.fit(data(2), verbose=0)
    model = built(strategy, **compilation)
    message = "`loss` must be finite, but at step 3 .*`reconstruction`.*=nan"
    with pytest.raises(ValueError, match=message):
        model.fit(data(5, poisoned=[3, 5]), verbose=0)
    assert_equal(learnt(model), learnt(expected))
    # Later data, without NaN, is learnt from as if nothing had been.
    logs = model.fit(data(1), verbose=0).history
    assert np.isfinite(logs["loss"][0])
    assert not np.array_equal(learnt(model)[0], learnt(expected)[0])


@pytest.mark.parametrize(
    "compilation",
    [
        {"run_eagerly": True},
        {"steps_per_execution": 5},
        *rarely(
            {"jit_compile": False}, {"jit_compile": True, "steps_per_execution": 2}
        ),
    ],
)
def test_weights_do_not_move(compilation):
    assert_weights_stay(**compilation)


@pytest.mark.all
def test_weights_do_not_move_in_float16(dtype_policy):
    dtype_policy("mixed_float16")
    assert_weights_stay(jit_compile=False)


@pytest.mark.parametrize("policy", ["float32", *rarely("mixed_float16")])
@pytest.mark.parametrize("run_eagerly", [False, *rarely(True)])
def test_no_replica_moves_if_one_finds_nan(
    policy, run_eagerly, dtype_policy, two_replicas
):
    dtype_policy(policy)
    assert_weights_stay(two_replicas, run_eagerly=run_eagerly)


def test_no_callback_sees_the_end_of_an_epoch_that_failed():
    ended = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ended.append(logs["loss"])
    )
    model = built(run_eagerly=True)
    for callbacks in (callback, keras.callbacks.CallbackList([callback])):
        with pytest.raises(ValueError, match=r"at step [23]"):
            model.fit(data(2, poisoned=[2]), callbacks=callbacks, verbose=0)
    assert ended == []


def test_a_batch_alone_is_refused_at_once():
    model = built(run_eagerly=True)
    before = learnt(model)
    bad = images(ROWS)
    bad[0] = np.nan
    with pytest.raises(ValueError, match="at step 1"):
        model.train_on_batch(bad)
    assert_equal(learnt(model), before)
    model.train_on_batch(images(ROWS))
    assert not np.array_equal(learnt(model)[0], before[0])


def test_an_interrupted_training_leaves_nothing_behind():
    def interrupt(batch, logs):
        if batch == 1:
            raise KeyboardInterrupt

    model = built(run_eagerly=True)
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(data(2, poisoned=[2]), callbacks=[callback], verbose=0)
    before = learnt(model)
    model.fit(data(1), verbose=0)
    assert not np.array_equal(learnt(model)[0], before[0])
