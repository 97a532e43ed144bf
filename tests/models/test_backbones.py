"""Backbones of others as encoders, as extractors of features, and as judges."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.models.feature_distance import FeatureDistance

IMAGE_SHAPE = (32, 32, 3)


def named_input():
    """A network whose one input has a name, as many of keras-hub have."""
    images = keras.Input(IMAGE_SHAPE, name="images")
    features = keras.layers.Conv2D(2, 8, strides=8, activation="tanh")(images)
    return keras.Model({"images": images}, features)


def of_keras_applications():
    return keras.applications.MobileNetV2(
        alpha=0.35, include_top=False, weights=None, input_shape=IMAGE_SHAPE
    )


def clip_of_keras_hub():
    """It takes a dict of `images`, and gives a vector for each patch."""
    hub = pytest.importorskip("keras_hub")
    return hub.models.CLIPVisionEncoder(
        patch_size=16,
        hidden_dim=4,
        num_layers=1,
        num_heads=1,
        intermediate_dim=4,
        image_shape=IMAGE_SHAPE,
    )


def vgg_of_keras_hub():
    """It gives a map."""
    hub = pytest.importorskip("keras_hub")
    return hub.models.VGGBackbone(
        stackwise_num_repeats=[1, 1],
        stackwise_num_filters=[2, 2],
        image_shape=(32, 32, 3),
    )


BACKBONES = [
    named_input,
    # Deep ones take their time.
    pytest.param(of_keras_applications, marks=pytest.mark.all),
    clip_of_keras_hub,
    vgg_of_keras_hub,
]


@pytest.fixture(scope="module", params=BACKBONES)
def backbone(request):
    """Each is built once: a deep network takes a while."""
    keras.utils.set_random_seed(0)
    return request.param()


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).random((3, *IMAGE_SHAPE), "float32")


def features_of(backbone, x):
    """What Keras itself computes, given what the network says that it takes."""
    given = {"images": x} if isinstance(backbone.input, dict) else x
    return np.reshape(backbone.predict(given, verbose=0), (len(x), -1))


def dense_decoder(size):
    """A decoder that takes no time."""
    return keras.Sequential(
        [
            keras.Input((size,)),
            keras.layers.Dense(1, "sigmoid"),
            keras.layers.Dense(int(np.prod(IMAGE_SHAPE)), "sigmoid"),
            keras.layers.Reshape(IMAGE_SHAPE),
        ]
    )


@pytest.mark.filterwarnings("error:.*structure of `inputs`.*")
def test_as_an_encoder(backbone, x, tmp_path):
    model = kl.models.Autoencoder(backbone, dense_decoder(2))
    codes = model.encode(x)
    kernel, bias = model.code.get_weights()
    expected = features_of(backbone, x) @ kernel + bias
    np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.to_encoder()(x), codes, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = kl.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.encode(x), codes, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("error:.*structure of `inputs`.*")
def test_as_what_is_inverted(backbone, x):
    expected = features_of(backbone, x)
    model = kl.models.FeatureInverter(backbone, dense_decoder(expected.shape[1]))
    np.testing.assert_allclose(model.encode(x), expected, rtol=1e-4, atol=1e-5)
    model.compile(run_eagerly=True)
    frozen, moved = backbone.get_weights(), model.decoder.get_weights()
    model.fit(x, verbose=0)
    for before, after in zip(frozen, backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert np.any(moved[0] != model.decoder.get_weights()[0])


@pytest.mark.filterwarnings("error:.*structure of `inputs`.*")
def test_as_a_perceptual_distance(backbone, x):
    distance = FeatureDistance(backbone, None, keras.KerasTensor((None, *IMAGE_SHAPE)))
    found = distance(x, x[::-1].copy())
    a = features_of(backbone, x).reshape(3, -1, backbone.output.shape[-1])
    a /= np.sqrt(np.square(a).sum(-1, keepdims=True) + 1e-10)
    squared = np.square(a - a[::-1]).sum(-1).mean(1)
    np.testing.assert_allclose(found, squared * x[0].size, rtol=1e-3, atol=1e-9)


@pytest.mark.filterwarnings("error:.*structure of `inputs`.*")
def test_as_the_extractor_of_a_metric(backbone, x):
    images, others = np.concatenate([x, x / 2]), np.concatenate([x / 3, x / 4])
    options = {"subsets": 2, "subset_size": 4, "floor": False}
    found = kl.metrics.generation.kid(images, others, backbone, **options)
    told = kl.metrics.generation.kid(
        features_of(backbone, images), features_of(backbone, others), **options
    )
    assert float(found) == pytest.approx(float(told), rel=1e-3, abs=1e-6)
    assert found.protocol["extractor"] == backbone.name
