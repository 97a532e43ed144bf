"""What holds for both layers whose weights a second input multiplies."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.layers import HyperConv2D, HyperDense

BATCH, INPUTS, OUTPUTS, CONDITION, WIDTH = 6, 7, 11, 3, 4
SHAPES = {"dense": (INPUTS,), "conv": (5, 6, INPUTS)}

each_layer = pytest.mark.parametrize("kind", SHAPES)
each_rank = pytest.mark.parametrize("rank", [None, 1, 3])


def make(kind, rank=None, **arguments):
    arguments = {"control": (WIDTH,), **arguments}
    if kind == "dense":
        return HyperDense(OUTPUTS, rank, **arguments)
    return HyperConv2D(OUTPUTS, (2, 3), rank, **arguments)


def data(kind, batch=BATCH):
    random = np.random.default_rng(0)
    shapes = (batch, *SHAPES[kind]), (batch, CONDITION)
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def functional(kind, rank, **arguments):
    inputs = [keras.Input(SHAPES[kind]), keras.Input((CONDITION,))]
    return keras.Model(inputs, make(kind, rank, **arguments)(inputs))


@each_layer
@each_rank
def test_the_control_begins_near_one(kind, rank):
    layer = make(kind, rank, control=(32,))
    x, condition = data(kind)
    layer([x, condition])
    matrix = np.array(layer.control_matrix(condition))
    assert matrix.shape == (BATCH, *layer.kernel.shape)
    assert matrix.mean() == pytest.approx(1.0, abs=0.05)
    assert 0.01 < matrix.std() < 0.25
    # It is another one for each example.
    assert (matrix.std(axis=0) > 0).all()


@each_layer
@each_rank
@pytest.mark.parametrize("control", [(), (WIDTH,), (WIDTH, 5)])
def test_gradients_reach_every_variable(kind, rank, control):
    layer = make(kind, rank, control=control)
    inputs = [tf.constant(value) for value in data(kind)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(layer(inputs) ** 2)
    variables = [*(each.value for each in layer.trainable_variables), *inputs]
    assert len(layer.trainable_variables) == 2 + 2 * len(control) + (2, 4)[bool(rank)]
    for gradient in tape.gradient(loss, variables):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0


def sizes_of_tensors(function, *inputs):
    """How many numbers each tensor of the traced function holds."""
    graph = function.get_concrete_function(*inputs).graph
    shapes = [out.shape for each in graph.get_operations() for out in each.outputs]
    assert all(shape.is_fully_defined() for shape in shapes)
    return [shape.num_elements() for shape in shapes]


@each_layer
def test_no_matrix_for_each_example_in_the_factorised_form(kind):
    arguments = {} if kind == "dense" else {"padding": "same"}
    layer = make(kind, rank=2, control=(3,), **arguments)
    # Few places, lest the feature maps be as large as the matrices.
    batch, sides = 20, {"dense": (), "conv": (1, 2)}[kind]
    x, condition = tf.ones((batch, *sides, INPUTS)), tf.ones((batch, CONDITION))
    layer([x, condition])

    @tf.function
    def step(x, condition):
        with tf.GradientTape() as tape:
            tape.watch([x, condition])
            loss = tf.reduce_sum(layer([x, condition]) ** 2)
        variables = [each.value for each in layer.trainable_variables]
        return tape.gradient(loss, [*variables, x, condition])

    matrices = batch * INPUTS * OUTPUTS
    assert max(sizes_of_tensors(step, x, condition)) < matrices
    # The one that is avoided would have been seen.
    matrix = tf.function(layer.control_matrix)
    assert max(sizes_of_tensors(matrix, condition)) >= matrices


@pytest.mark.all
@each_layer
@pytest.mark.parametrize("rank", [pytest.param(None, marks=pytest.mark.all), 2])
@pytest.mark.parametrize(
    "dtype", ["float32", pytest.param("mixed_float16", marks=pytest.mark.all)]
)
def test_compiled_by_xla(kind, rank, dtype):
    model = functional(kind, rank, dtype=dtype)
    x = data(kind)
    expected = np.array(model(x))
    assert expected.dtype == model.output.dtype
    assert expected.dtype == {"float32": "float32"}.get(dtype, "float16")
    model.compile("adam", "mse", jit_compile=True)
    tolerance = {"float32": 1e-5}.get(dtype, 0.02)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), expected, atol=tolerance, rtol=tolerance
    )
    target = np.ones(expected.shape, "float32")
    losses = model.fit(x, target, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@each_layer
@each_rank
def test_half_precision_is_near_single(kind, rank):
    single, half = make(kind, rank), make(kind, rank, dtype="mixed_float16")
    x = data(kind)
    expected = np.array(single(x))
    half(x)
    half.set_weights(single.get_weights())
    assert all(each.dtype == "float32" for each in half.variables)
    np.testing.assert_allclose(np.array(half(x)), expected, atol=0.03)
    np.testing.assert_array_equal(
        half.control_matrix(x[1]), single.control_matrix(x[1])
    )


@each_layer
@each_rank
def test_saved_and_loaded(kind, rank, tmp_path):
    model = functional(kind, rank, activation="tanh", use_bias=False)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = data(kind)
    np.testing.assert_array_equal(again(x), model(x))


@each_layer
def test_config(kind):
    arguments = {
        "rank": 3,
        "activation": "relu",
        "use_bias": False,
        "control": (5, 2),
        "kernel_initializer": "he_normal",
        "bias_initializer": "ones",
        "name": "mine",
    }
    if kind == "conv":
        arguments |= {"strides": 2, "padding": "same"}
    layer = make(kind, **arguments)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    config = again.get_config()
    assert config == layer.get_config()
    assert again.control == (5, 2)
    for name in ("rank", "use_bias", "strides", "padding", "name"):
        assert config.get(name) == arguments.get(name)


@each_layer
def test_integers_of_numpy(kind):
    layer = make(kind, np.int64(2), control=[np.int32(4)])
    assert {type(layer.rank), type(layer.control[0])} == {int}
    assert layer(data(kind)).shape == make(kind, 2)(data(kind)).shape


@each_layer
@pytest.mark.parametrize("activation", [None, "relu"])
def test_bias_and_activation(kind, activation):
    layer = make(kind, 2, activation=activation, bias_initializer="ones")
    plain = make(kind, 2, use_bias=False)
    x = data(kind)
    layer(x), plain(x)
    kernel, bias, *control = layer.get_weights()
    plain.set_weights([kernel, *control])
    expected = np.array(plain(x)) + bias
    if activation:
        expected = np.maximum(expected, 0)
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


@each_layer
@each_rank
def test_batches_of_any_size(kind, rank):
    model = functional(kind, rank)
    x = data(kind)
    whole = np.array(model(x))
    for row in range(BATCH):
        single = model([value[row : row + 1] for value in x])
        np.testing.assert_allclose(single[0], whole[row], atol=1e-5)
    model.compile(jit_compile=False)
    np.testing.assert_allclose(model.predict(x, 4, verbose=0), whole, atol=1e-5)


@each_layer
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rank": 0}, "`rank` must be a positive integer. Received: rank=0"),
        ({"rank": -1}, "`rank` must be a positive integer. Received: rank=-1"),
        ({"rank": 2.0}, r"`rank` must be a positive integer. Received: rank=2\.0"),
        ({"control": 32}, "`control` must be a sequence of widths.*control=32"),
        ({"control": (8, 0)}, r"`control\[1\]` must be a positive.*\[1\]=0"),
    ],
)
def test_wrong_arguments(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(kind, **arguments)


@each_layer
@pytest.mark.parametrize("rank", [None, 2])
def test_wrong_inputs(kind, rank):
    x, condition = data(kind)
    expected = r"`inputs` must be \[features, condition\] of shapes .*Received"
    for wrong in (
        x,
        [x],
        [x, x[..., None]],
        [x, condition, condition],
        [x[:1], condition],
    ):
        with pytest.raises(ValueError, match=expected):
            make(kind, rank)(wrong)


@each_layer
@pytest.mark.parametrize("rank", [None, 2])
def test_inputs_other_than_those_it_was_built_for(kind, rank):
    layer = make(kind, rank)
    x, condition = data(kind)
    layer([x, condition])
    for wrong in ([x[..., :-1], condition], [x, condition[:, :-1]]):
        with pytest.raises(ValueError, match="incompatible with the layer"):
            layer(wrong)
    with pytest.raises(ValueError, match="`inputs` must be"):
        layer([x, condition[:1]])
