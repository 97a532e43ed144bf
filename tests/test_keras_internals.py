"""Each private part of Keras and TensorFlow does what the library relies on."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.saving.serialization_lib import SafeModeScope

import keras_latent
from keras_latent import keras_internals as internals


def network():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh", activity_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2),
        ]
    )


def test_nothing_else_touches_private_parts():
    """Names of theirs that begin with an underscore, or internal modules."""
    root = Path(keras_latent.__file__).parent
    private = re.compile(
        r"keras\.src|tf\.__internal__|tensorflow\.python|_keras_history|_flatten_layers"
        r"|_clear_losses|\._iterations\b|_common_apply|_use_merge_call|_inbound_nodes"
        r"|_non_trainable_variables|_maybe_symbolic_build|seed_generator_state"
    )
    found = [
        f"{path.name}: {match[0]}"
        for path in root.rglob("*.py")
        if path.name != "keras_internals.py"
        for match in private.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_always_safely(tmp_path):
    keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: x + 1)]).save(
        tmp_path / "model.keras"
    )
    with SafeModeScope(None):  # Which puts back what is set within.
        keras.config.enable_unsafe_deserialization()
        with internals.always_safely(), pytest.raises(ValueError, match=r"(?i)lambda"):
            keras.saving.load_model(tmp_path / "model.keras")
        keras.saving.load_model(tmp_path / "model.keras")


def test_forget_metrics():
    model = network()
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((2, 3)), np.ones((2, 2))
    model.fit(x, y, verbose=0)
    internals.forget_metrics(model)
    model.compile("sgd", "mse")
    assert list(model.fit(x, y, verbose=0).history) == ["loss"]


def test_random_states():
    model = network()
    (state,) = internals.random_states(model)
    before = state.numpy()
    model(np.ones((2, 3)), training=True)
    assert not np.array_equal(state.numpy(), before)


def test_forget_losses():
    model = network()
    model(np.ones((2, 3)))
    assert len(model.losses) == 1
    internals.forget_losses(model)
    assert model.losses == []


def test_statistics():
    model = network()
    normalisation = model.layers[1]
    found = {id(v) for v in internals.statistics([model])}
    wanted = {id(normalisation.moving_mean), id(normalisation.moving_variance)}
    assert found == wanted
    normalisation.trainable = False
    assert internals.statistics([model]) == []


def test_operation_before():
    model = network()
    operation, made_of = internals.operation_before(model.outputs[0])
    assert operation is model.layers[-1]
    before, _ = internals.operation_before(made_of[0])
    assert before is model.layers[-2]


def test_built_shapes():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    own = Own()
    assert internals.built_shapes(own) is None
    own.build((None, 3))
    assert internals.built_shapes(own) == (None, 3)


@pytest.mark.parametrize("scaled", [False, True])
def test_optimizers(scaled):
    variable = keras.Variable([1.0])
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build([variable])
    for _ in range(3):
        optimizer.apply([tf.ones(1)], [variable])
    assert int(internals.updates_made(optimizer)) == 3
    assert internals.moved_variables(optimizer) == [variable]


def test_apply_on_all_replicas(two_replicas):
    with two_replicas.scope():
        variable = keras.Variable([1.0])
        optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
        optimizer.build([variable])

    def step():
        context = tf.distribute.get_replica_context()
        context.merge_call(
            lambda strategy: internals.apply_on_all_replicas(
                strategy, optimizer, [tf.ones(1)], [variable]
            )
        )

    tf.function(lambda: two_replicas.run(step))()
    copies = two_replicas.experimental_local_results(variable.value)
    assert [float(copy[0]) for copy in copies] == [0.5, 0.5]
    assert "_use_merge_call" not in vars(two_replicas.extended)


def test_logs_of_worker():
    logs = internals.logs_of_worker({"loss": tf.constant(2.0)})
    assert logs["loss"].shape == (1,)


def test_validation_of_fit():
    seen = []

    class Looked(keras.Model):
        def evaluate(self, *args, **kwargs):
            seen.append(internals.is_validation_of_fit(kwargs))
            return super().evaluate(*args, **kwargs)

    x = keras.Input((3,))
    model = Looked(x, keras.layers.Dense(3)(x))
    model.compile("sgd", "mse")
    data = np.ones((4, 3))
    model.fit(data, data, validation_data=(data, data), verbose=0)
    model.evaluate(data, data, verbose=0)
    assert seen == [True, False]


def test_built_model_tells_of_steps_and_builds_metrics():
    # Made by layers of its own: Keras changes the bases of a class that is functional.
    class Told(internals.BuiltModel):
        def __init__(self):
            super().__init__()
            self.calls = 0
            self.dense = keras.layers.Dense(3)

        def call(self, x):
            return self.dense(x)

        def on_steps_begun(self, logs):
            self.calls += 1

        def example_of_metrics(self):
            return np.zeros((1, 3)), np.zeros((1, 3))

    model = Told()
    model.compile("sgd", "mse", metrics=["mae"])
    model._metrics_are_built = False
    model.fit(np.ones((4, 3)), np.ones((4, 3)), batch_size=2, verbose=0)
    assert model.calls == 2


def test_a_method_that_keras_wraps():
    class Named(keras.layers.Layer):
        def quantize(self, values):
            return [round(value) for value in values]

    layer = Named()
    # Where this passes at once, the wrapper is gone, and so may be what undoes it.
    with pytest.raises((ValueError, TypeError)):
        layer.quantize([0.9])
    internals.as_written(layer, "quantize")
    assert layer.quantize([0.9]) == [1]


def test_strategy_of(two_replicas):
    assert internals.strategy_of(keras.optimizers.SGD()) is tf.distribute.get_strategy()
    with two_replicas.scope():
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    assert internals.strategy_of(optimizer) is two_replicas
