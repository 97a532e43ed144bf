"""The builders whose codes are maps, of numbers and of tokens."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from applications import picture_measures
from keras_latent.applications import ConvKLAutoencoder, ConvVQAutoencoder

CHANNELS = {ConvKLAutoencoder: 4, ConvVQAutoencoder: 3}


@pytest.fixture(params=CHANNELS, ids=lambda builder: builder.__name__)
def builder(request):
    return request.param


@pytest.fixture
def images():
    return np.random.default_rng(0).random((2, 16, 12, 3), "float32")


def test_the_code_is_a_map_a_quarter_as_large(builder, images):
    model = builder(weights=None, input_shape=(16, 12, 3))
    channels = CHANNELS[builder]
    assert model.code_shape == (4, 3, channels)
    assert model.encode(images).shape == (2, 4, 3, channels)
    assert model.reconstruct(images).shape == images.shape


def test_they_train(builder, images):
    model = builder(weights=None, input_shape=(16, 12, 3))
    model.compile(run_eagerly=True)
    before = model.get_weights()
    logs = model.fit(images, verbose=0).history
    assert np.isfinite(logs["loss"][0])
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_backbone_gives_the_map(builder, images):
    arguments = {"weights": None, "input_shape": (16, 12, 3)}
    keras.utils.set_random_seed(1)
    model = builder(**arguments)
    keras.utils.set_random_seed(1)
    backbone = builder(**arguments, include_top=False, pooling="code")
    np.testing.assert_allclose(backbone(images), model.encode(images), atol=1e-6)
    features = builder(**arguments, include_top=False)
    assert features.output_shape == (None, 4, 3, 128)


def test_a_backbone_gives_tokens(images):
    arguments = {"weights": None, "input_shape": (16, 12, 3)}
    keras.utils.set_random_seed(1)
    model = ConvVQAutoencoder(**arguments)
    keras.utils.set_random_seed(1)
    backbone = ConvVQAutoencoder(**arguments, include_top=False, pooling="tokens")
    np.testing.assert_array_equal(
        backbone.predict(images, verbose=0), model.tokens(images)
    )
    np.testing.assert_array_equal(
        model.to_tokens().predict(images, verbose=0), model.tokens(images)
    )


def test_refused():
    with pytest.raises(ValueError, match=r"`pooling` must be one of .*'code'"):
        ConvKLAutoencoder(weights=None, include_top=False, pooling="tokens")
    message = r"`latent_dim` must be a multiple of 4 x 3.*Received: latent_dim=50"
    with pytest.raises(ValueError, match=message):
        ConvKLAutoencoder(weights=None, input_shape=(16, 12, 3), latent_dim=50)
    with pytest.raises(ValueError, match=r"`latent_dim` must be 36, 3 numbers"):
        ConvVQAutoencoder(weights=None, input_shape=(16, 12, 3), latent_dim=4 * 12)
    with pytest.raises(ValueError, match=r"`weights` must be one of 'pictures', None"):
        ConvKLAutoencoder(weights="mnist")


def test_codecs_at_as_many_bytes():
    ramp = np.linspace(0, 1, 32, dtype="float32")
    image = np.broadcast_to(ramp[:, None, None], (32, 32, 3))
    small, few = picture_measures.at_most(120, image, "WebP")
    large, more = picture_measures.at_most(4000, image, "WebP")
    assert few <= 120 < 4000
    assert more <= 4000
    errors = [np.mean((decoded - image) ** 2) for decoded in (small, large)]
    assert errors[1] <= errors[0] < 0.01


def test_measures_have_rivals(monkeypatch):
    images = np.random.default_rng(0).random((4, 32, 32, 3), "float32")
    monkeypatch.setattr(picture_measures, "images_of", lambda name, split: images)
    model = ConvVQAutoencoder(weights=None, input_shape=(32, 32, 3))
    measures = picture_measures.measure(model)
    assert measures["bytes"]["value"] == 8 * 8 * 7 / 8
    decoded = model.reconstruct(images)
    ratio = kl.metrics.peak_signal_to_noise_ratio(images, decoded).mean()
    assert measures["psnr emoji"]["value"] == pytest.approx(float(ratio), rel=1e-4)
    assert {"WebP emoji", "JPEG icons", "usage"} <= measures.keys()
