import keras
import numpy as np
import pytest
from keras import layers

from keras_latent.exporting.upsampling import with_known_sizes


def test_resizing_repeats_pixels_also_within_inner_models():
    inner = keras.Sequential(
        [keras.Input((2, 3, 1)), layers.UpSampling2D((3, 2)), layers.Conv2D(2, 2)]
    )
    x = keras.Input((2, 3, 1))
    network = keras.Model(x, layers.UpSampling2D()(inner(x)))
    same = with_known_sizes(network)
    given = np.random.default_rng(0).random((4, 2, 3, 1), "float32")
    np.testing.assert_array_equal(same(given), network(given))
    kinds = [type(layer).__name__ for layer in same.layers]
    assert kinds == ["InputLayer", "Sequential", "NearestResizing"]
    assert same.weights[0] is network.weights[0]


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_other_layers_stay(interpolation):
    layer = layers.UpSampling2D(2, "channels_first", interpolation)
    other = layers.UpSampling2D(2, interpolation="bilinear")
    for own in (layer, other):
        network = keras.Sequential([keras.Input((2, 3, 1)), own])
        assert with_known_sizes(network).layers[-1] is own
