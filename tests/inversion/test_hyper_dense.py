import keras
import numpy as np
import pytest

from keras_latent.layers import HyperDense

BATCH, INPUTS, OUTPUTS, CONDITION = 5, 7, 4, 3

each_rank = pytest.mark.parametrize("rank", [None, 1, 2, 5])


def data():
    random = np.random.default_rng(0)
    shapes = (BATCH, INPUTS), (BATCH, CONDITION)
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def layer_of_random_weights(rank, control=(6,)):
    layer = HyperDense(OUTPUTS, rank, control=control)
    layer(data())
    random = np.random.default_rng(1)
    layer.set_weights([random.normal(size=each.shape) for each in layer.weights])
    return layer


def control_of(layer, condition):
    """C for one example, of shape (in, out), from the weights alone."""
    weights = layer.get_weights()[2:]
    while len(weights) > (2 if layer.rank is None else 4):
        condition = np.maximum(condition @ weights[0] + weights[1], 0)
        weights = weights[2:]
    maps = [
        np.tensordot(condition, kernel, 1) + bias
        for kernel, bias in zip(weights[::2], weights[1::2], strict=True)
    ]
    if layer.rank is None:
        return maps[0]
    u, v = maps
    return sum(np.outer(u[k], v[k]) for k in range(layer.rank))


@each_rank
@pytest.mark.parametrize("control", [(), (6,), (6, 5)])
def test_equals_a_loop_over_the_examples(rank, control):
    layer = layer_of_random_weights(rank, control)
    kernel, bias = layer.get_weights()[:2]
    x, condition = data()
    y, matrix = layer([x, condition]), layer.control_matrix(condition)
    for row in range(BATCH):
        expected = control_of(layer, condition[row])
        np.testing.assert_allclose(matrix[row], expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(
            y[row], x[row] @ (kernel * expected) + bias, rtol=1e-4, atol=1e-3
        )


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_rank_r_equals_the_full_form_with_the_same_control(rank):
    layer = layer_of_random_weights(rank)
    x, condition = data()
    # A condition that picks, by its only 1, a matrix for each example.
    full = HyperDense(OUTPUTS, control=())
    picks = np.eye(BATCH, dtype="float32")
    full([x, picks])
    matrices = np.array(layer.control_matrix(condition))
    found = np.linalg.matrix_rank(
        matrices, tol=1e-4 * np.linalg.norm(matrices, 2, (-2, -1))
    )
    assert set(found) == {min(rank, OUTPUTS)}
    kernel, bias = layer.get_weights()[:2]
    full.set_weights([kernel, bias, matrices, np.zeros((INPUTS, OUTPUTS))])
    np.testing.assert_allclose(
        layer([x, condition]), full([x, picks]), rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("rank", [None, 1, 4, 16])
def test_begins_with_the_scale_of_a_dense_layer(rank):
    random = np.random.default_rng(0)
    x = random.normal(size=(64, 200)).astype("float32")
    condition = random.normal(size=(64, 5)).astype("float32")
    dense, layer = keras.layers.Dense(300), HyperDense(300, rank)
    expected = np.array(dense(x))
    layer([x, condition])
    layer.kernel.assign(dense.kernel)
    y = np.array(layer([x, condition]))
    assert y.std() / expected.std() == pytest.approx(1.0, abs=0.04)
    assert np.corrcoef(y.ravel(), expected.ravel())[0, 1] > 0.95


@each_rank
def test_begins_as_the_dense_layer_where_the_condition_is_0(rank):
    layer, (x, condition) = HyperDense(OUTPUTS, rank), data()
    y = layer([x, np.zeros_like(condition)])
    np.testing.assert_allclose(y, x @ np.array(layer.kernel), rtol=1e-4, atol=1e-5)


@pytest.mark.all
@pytest.mark.parametrize("rank", [None, 3])
def test_learns_a_product_of_its_inputs(rank):
    random = np.random.default_rng(0)
    x = random.normal(size=(256, 3)).astype("float32")
    condition = random.normal(size=(256, 3)).astype("float32")
    target = (x * condition).sum(axis=1, keepdims=True)
    inputs = [keras.Input((3,)), keras.Input((3,))]
    model = keras.Model(inputs, HyperDense(1, rank, control=())(inputs))
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit([x, condition], target, 64, epochs=15, verbose=0)
    error = model.evaluate([x, condition], target, verbose=0)
    assert error < 0.05 * target.var()


@pytest.mark.parametrize("rank", [None, 2])
def test_shapes_of_symbols(rank):
    features, condition = keras.Input((INPUTS,), 8), keras.Input((CONDITION,), 8)
    layer = HyperDense(OUTPUTS, rank)
    assert layer([features, condition]).shape == (8, OUTPUTS)
    shapes = [(None, INPUTS), (None, CONDITION)]
    assert layer.compute_output_shape(shapes) == (None, OUTPUTS)


def test_features_of_unknown_number():
    message = r"`inputs` must be .*Received: .*\[\(None, None\), \(None, 3\)\]"
    with pytest.raises(ValueError, match=message):
        HyperDense(OUTPUTS)([keras.Input((None,)), keras.Input((CONDITION,))])


@pytest.mark.parametrize("units", [0, 2.5, "4", True])
def test_wrong_units(units):
    with pytest.raises(ValueError, match=f"`units` must be a positive.*={units!r}"):
        HyperDense(units)
