import keras
import numpy as np
import pytest

from keras_latent.layers import HyperConv2D

BATCH, HEIGHT, WIDTH, INPUTS, FILTERS, CONDITION = 4, 7, 6, 3, 5, 2

each_geometry = pytest.mark.parametrize(
    ("kernel_size", "strides", "padding"),
    [
        (1, 1, "valid"),
        (3, 1, "same"),
        ((3, 2), 1, "valid"),
        ((2, 3), 2, "same"),
        (3, 2, "valid"),
    ],
)


def data():
    random = np.random.default_rng(0)
    shapes = (BATCH, HEIGHT, WIDTH, INPUTS), (BATCH, CONDITION)
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def layer_of_random_weights(rank, *geometry):
    kernel_size, strides, padding = geometry
    layer = HyperConv2D(FILTERS, kernel_size, rank, strides, padding, control=(6,))
    layer(data())
    random = np.random.default_rng(1)
    layer.set_weights([random.normal(size=each.shape) for each in layer.weights])
    return layer


def control_of(layer, condition):
    """C for one example, of the shape of the kernel, from the weights alone."""
    hidden, hidden_bias, *weights = layer.get_weights()[2:]
    condition = np.maximum(condition @ hidden + hidden_bias, 0)
    first = np.tensordot(condition, weights[0], 1) + weights[1]
    if layer.rank is None:
        return first
    second = np.tensordot(condition, weights[2], 1) + weights[3]
    return np.broadcast_to(first.T @ second, layer.kernel.shape)


def convolution(x, kernel, strides, padding):
    """One image and one kernel, place by place."""
    height, width = kernel.shape[:2]
    if padding == "same":
        pads = []
        for size, side in zip(x.shape, (height, width), strict=False):
            total = max((-(-size // strides) - 1) * strides + side - size, 0)
            pads.append((total // 2, total - total // 2))
        x = np.pad(x, (*pads, (0, 0)))
    return np.array(
        [
            [
                np.tensordot(x[top : top + height, left : left + width], kernel, 3)
                for left in range(0, x.shape[1] - width + 1, strides)
            ]
            for top in range(0, x.shape[0] - height + 1, strides)
        ]
    )


@each_geometry
@pytest.mark.parametrize("rank", [None, 1, 2])
def test_equals_a_loop_over_the_examples(rank, kernel_size, strides, padding):
    layer = layer_of_random_weights(rank, kernel_size, strides, padding)
    kernel, bias = layer.get_weights()[:2]
    x, condition = data()
    y, matrix = layer([x, condition]), layer.control_matrix(condition)
    for row in range(BATCH):
        expected = control_of(layer, condition[row])
        np.testing.assert_allclose(matrix[row], expected, rtol=1e-4, atol=1e-4)
        image = convolution(x[row], kernel * expected, strides, padding) + bias
        np.testing.assert_allclose(y[row], image, rtol=1e-3, atol=1e-2)


@each_geometry
@pytest.mark.parametrize("rank", [1, 3])
def test_rank_r_equals_the_full_form_with_the_same_control(
    rank, kernel_size, strides, padding
):
    layer = layer_of_random_weights(rank, kernel_size, strides, padding)
    x, condition = data()
    # A condition that picks, by its only 1, a kernel for each example.
    full = HyperConv2D(FILTERS, kernel_size, None, strides, padding, control=())
    picks = np.eye(BATCH, dtype="float32")
    full([x, picks])
    matrices = np.array(layer.control_matrix(condition))
    kernel, bias = layer.get_weights()[:2]
    full.set_weights([kernel, bias, matrices, np.zeros(kernel.shape)])
    np.testing.assert_allclose(
        layer([x, condition]), full([x, picks]), rtol=1e-3, atol=1e-2
    )


@pytest.mark.parametrize("rank", [None, 1, 4, 16])
def test_begins_with_the_scale_of_a_convolution(rank):
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 12, 12, 30)).astype("float32")
    condition = random.normal(size=(8, 5)).astype("float32")
    plain, layer = keras.layers.Conv2D(40, 3), HyperConv2D(40, 3, rank)
    expected = np.array(plain(x))
    layer([x, condition])
    layer.kernel.assign(plain.kernel)
    y = np.array(layer([x, condition]))
    assert y.std() / expected.std() == pytest.approx(1.0, abs=0.05)
    assert np.corrcoef(y.ravel(), expected.ravel())[0, 1] > 0.95


@each_geometry
@pytest.mark.parametrize("rank", [None, 2])
def test_shapes_are_those_of_a_convolution(rank, kernel_size, strides, padding):
    plain = keras.layers.Conv2D(FILTERS, kernel_size, strides, padding)
    layer = HyperConv2D(FILTERS, kernel_size, rank, strides, padding)
    for height, width in ((HEIGHT, WIDTH), (None, None)):
        features = keras.Input((height, width, INPUTS))
        symbol = layer([features, keras.Input((CONDITION,))])
        assert symbol.shape == plain(features).shape
    assert layer(data()).shape == plain(data()[0]).shape


@pytest.mark.parametrize("rank", [None, 2])
def test_images_of_unknown_size(rank):
    inputs = [keras.Input((None, None, INPUTS)), keras.Input((CONDITION,))]
    layer = HyperConv2D(FILTERS, 3, rank, padding="same")
    model = keras.Model(inputs, layer(inputs))
    x = data()
    np.testing.assert_allclose(model.predict(x, verbose=0), layer(x), atol=1e-5)
    smaller = [x[0][:, :4, :5], x[1]]
    assert model.predict(smaller, verbose=0).shape == (BATCH, 4, 5, FILTERS)


def test_integers_of_numpy():
    layer = HyperConv2D(np.int64(5), (np.int64(3), 2), strides=np.int32(2))
    config = layer.get_config()
    assert (config["filters"], config["kernel_size"], config["strides"]) == (
        5,
        [3, 2],
        2,
    )
    assert {type(side) for side in config["kernel_size"]} == {int}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0}, "`filters` must be a positive integer.*filters=0"),
        ({"kernel_size": 0}, "`kernel_size` must be a positive.*kernel_size=0"),
        ({"kernel_size": (3, -1)}, "`kernel_size` must be a positive.*kernel_size=-1"),
        ({"kernel_size": (3,)}, r"`kernel_size` must be .*pair.*kernel_size=\(3,\)"),
        ({"kernel_size": "3"}, "`kernel_size` must be a positive.*kernel_size='3'"),
        ({"strides": 0}, "`strides` must be a positive integer.*strides=0"),
        ({"strides": (1, 2)}, r"`strides` must be a positive.*strides=\(1, 2\)"),
        ({"padding": "causal"}, "`padding` must be one of 'valid', 'same'.*'causal'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        HyperConv2D(**{"filters": 4, "kernel_size": 3, **arguments})


def test_a_kernel_larger_than_the_images():
    message = r"`kernel_size` must be at most .* \(7, 6\).*kernel_size=\(7, 7\)"
    with pytest.raises(ValueError, match=message):
        HyperConv2D(FILTERS, 7)(data())
    assert HyperConv2D(FILTERS, 7, padding="same")(data()).shape[1:3] == (7, 6)
