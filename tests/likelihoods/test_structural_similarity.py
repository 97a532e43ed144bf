"""StructuralSimilarity: against TensorFlow's, and where it is no likelihood."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.likelihoods import Mixed, StructuralSimilarity, get
from keras_latent.models import VAE, Autoencoder
from keras_latent.typing import Batch
from tests.models import gradients

RNG = np.random.default_rng(0)
WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


def pair(side, channels=1, rows=3):
    x = RNG.random((rows, side, side, channels)).astype("float32")
    # Smooth, lest the contrasts of noise be below 0.
    x = np.array(tf.nn.avg_pool2d(x, 4, 1, "SAME"))
    noise = RNG.normal(size=x.shape).astype("float32")
    return x, np.clip(x + 0.05 * noise, 0, 1)


@pytest.mark.parametrize(
    ("side", "channels", "scales"), [(16, 1, 1), (28, 1, 2), (48, 3, 3), (176, 1, 5)]
)
def test_values_against_tensorflow(side, channels, scales):
    x, y = pair(side, channels)
    weights = WEIGHTS[:scales] / WEIGHTS[:scales].sum()
    expected = np.array(tf.image.ssim_multiscale(x, y, 1.0, power_factors=weights))
    found = np.array(StructuralSimilarity(weight=1.0).log_prob(x, y))
    assert (expected < 0.999).all()
    # TensorFlow's is in float32, too.
    np.testing.assert_allclose(1.0 + found, expected, rtol=3e-5)
    by_size = np.array(StructuralSimilarity().log_prob(x, y))
    np.testing.assert_allclose(by_size, found * x[0].size / 10, rtol=1e-5)


def blurred(images):
    """Means in windows weighted by a Gaussian, of images without channels."""
    window = np.exp(-0.5 * ((np.arange(11) - 5.0) / 1.5) ** 2)
    size = images.shape[-1] - 10
    means = np.zeros((size, images.shape[-1]))
    for start in range(size):
        means[start, start : start + 11] = window / window.sum()
    return means @ images @ means.T


def similarity(x, y, scales):
    """MS-SSIM of images without channels, in float64."""
    powers, total = WEIGHTS[:scales] / WEIGHTS[:scales].sum(), 1.0
    for scale, power in enumerate(powers):
        if scale:
            shape = (-1, x.shape[-2] // 2, 2, x.shape[-1] // 2, 2)
            x, y = (a.reshape(shape).mean(axis=(2, 4)) for a in (x, y))
        m, n = blurred(x), blurred(y)
        spread = blurred(x * x) - m * m + blurred(y * y) - n * n
        factor = (2.0 * (blurred(x * y) - m * n) + 0.03**2) / (spread + 0.03**2)
        if scale == scales - 1:
            factor = factor * (2.0 * m * n + 0.01**2) / (m * m + n * n + 0.01**2)
        total = total * factor.mean(axis=(1, 2)) ** power
    return total


@pytest.mark.parametrize(("side", "scales"), [(16, 1), (22, 2)])
def test_gradients_by_complex_steps(side, scales):
    x, y = pair(side, rows=1)
    decoded = tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(decoded)
        value = StructuralSimilarity(weight=1.0).log_prob(x, decoded)
    x, y = (a[..., 0].astype("float64") for a in (x, y))
    moved = y + 1e-30j * np.eye(side * side).reshape(-1, side, side)
    values = similarity(x, moved, scales)
    np.testing.assert_allclose(value, values[:1].real - 1.0, rtol=1e-5)
    expected = values.imag.reshape(side, side) / 1e-30
    scale = np.linalg.norm(expected)
    found = np.array(tape.gradient(value, decoded))[0, ..., 0]
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)


def test_equal_images_lose_nothing():
    x, _ = pair(28)
    likelihood = StructuralSimilarity()
    np.testing.assert_allclose(likelihood.log_prob(x, x), 0.0, atol=1e-4)


def test_opposite_images_have_finite_gradients():
    """Their contrasts are below 0, of which there is no root."""
    x = tf.constant(pair(28)[0])
    y = 1.0 - x
    with tf.GradientTape() as tape:
        tape.watch(y)
        value = StructuralSimilarity().log_prob(x, y)
    assert np.isfinite(value).all()
    assert np.isfinite(tape.gradient(value, y)).all()


@pytest.mark.all
@pytest.mark.parametrize("variant", [Autoencoder, VAE])
def test_models_train_with_it(variant):
    x, _ = pair(16, rows=5)
    model = variant.for_images((16, 16, 1), 3, likelihood="structural_similarity")
    terms = model.objective(Batch(x), False)
    assert terms["reconstruction"].shape == (5,)
    assert (np.array(terms["reconstruction"]) > 0).all()
    gradients.assert_finite_training(model, x)
    config = model.get_config()
    again = variant.from_config(config)
    assert isinstance(again.likelihood, StructuralSimilarity)


def test_there_is_no_log_likelihood():
    x, _ = pair(16)
    model = VAE.for_images((16, 16, 1), 3, likelihood="structural_similarity")
    with pytest.raises(ValueError, match=r"is no density.*'bernoulli' or 'gaussian'"):
        model.log_likelihood(x)


def test_small_images():
    x, y = pair(10)
    message = r"`x` must hold images of at least 11 x 11.*\(3, 10, 10, 1\)"
    with pytest.raises(ValueError, match=message):
        StructuralSimilarity().log_prob(x, y)
    flat = x.reshape(3, -1)
    with pytest.raises(ValueError, match=r"`x` must hold images.*\(3, 100\)"):
        StructuralSimilarity().log_prob(flat, flat)


def test_a_model_of_small_images_is_refused_where_it_is_made():
    message = r"at least 11 x 11 pixels.* observations of shape \(10, 16, 1\)"
    with pytest.raises(ValueError, match=message):
        VAE.for_images((10, 16, 1), 3, likelihood="structural_similarity")
    kinds = {"image": "structural_similarity", "category": "categorical"}
    shapes = {"image": (4, 3, 1), "category": (4,)}
    with pytest.raises(ValueError, match=r"Column 'image'.*at least 11 x 11 pixels"):
        Mixed(kinds).check_event(shapes)
    Mixed(kinds).check_event({**shapes, "image": (11, 11, 1)})


def test_the_weight():
    likelihood = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(StructuralSimilarity(weight=5.0))
    )
    assert likelihood.weight == 5.0
    assert get("structural_similarity").weight is None
    with pytest.raises(ValueError, match=r"`weight` must be a number.*=-1.0"):
        StructuralSimilarity(weight=-1.0)


def test_a_negative_still_has_a_way_up():
    x = tf.constant(pair(16)[0])
    y = tf.Variable(1.0 - x)
    likelihood = StructuralSimilarity()
    values = []
    for _ in range(2):
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(likelihood.log_prob(x, y))
        gradient = tape.gradient(value, y)
        values.append(float(value))
        y.assign_add(0.2 * gradient / tf.reduce_max(tf.abs(gradient)))
    assert values[1] > values[0]


@pytest.mark.parametrize("event", [None, "abc", 3, (3,), (None, 16, 1), ("a", 1, 2)])
def test_what_is_no_image(event):
    with pytest.raises(ValueError, match=r"needs images of at least 11 x 11 pixels"):
        StructuralSimilarity().check_event(event)
    with pytest.raises(ValueError, match=r"is no density.* type list"):
        StructuralSimilarity().check_normalised([[1.0], [1.0, 2.0]])
