"""CodeUsage: what it counts, what it logs and when it warns."""

import warnings

import keras
import numpy as np
import pytest

from keras_latent import models
from keras_latent.callbacks import CodeUsage

pytestmark = pytest.mark.usefixtures("eagerly")


def with_one_idle_dimension(vae):
    """Means of the first dimension are the pixels' sum, of the second nothing."""
    kernel, bias = (np.zeros_like(w) for w in vae.code_mean.get_weights())
    kernel[:, 0] = 1.0
    vae.code_mean.set_weights([kernel, bias])
    kernel, bias = (np.zeros_like(w) for w in vae.code_log_var.get_weights())
    bias[:] = [-1.0, 0.0]
    vae.code_log_var.set_weights([kernel, bias])


def test_counts_and_divergences_against_numpy(vae, images):
    with_one_idle_dimension(vae)
    usage = CodeUsage(images)

    history = vae.fit(images, epochs=2, callbacks=[usage], verbose=0).history

    sums = images.astype("float64").sum(axis=(1, 2, 3))
    expected = 0.5 * np.mean(sums**2 + np.exp(-1.0) - 1.0 + 1.0)
    assert history["active_units"] == [1.0, 1.0]
    assert [active.tolist() for active in usage.active] == [[True, False]] * 2
    np.testing.assert_allclose(usage.divergences, [[expected, 0.0]] * 2, rtol=1e-5)


def test_the_threshold_is_one_of_variance(vae, images):
    with_one_idle_dimension(vae)
    variance = images.astype("float64").sum(axis=(1, 2, 3)).var()

    for threshold, count in ((0.99 * variance, 1.0), (1.01 * variance, 0.0)):
        usage = CodeUsage(images, threshold=threshold)
        history = vae.fit(images, callbacks=[usage], verbose=0).history
        assert history["active_units"] == [count]


def test_each_training_is_watched_afresh(vae, images):
    usage = CodeUsage(images)
    for epochs in (2, 1):
        vae.fit(images, epochs=epochs, callbacks=[usage], verbose=0)
        assert len(usage.active) == len(usage.divergences) == epochs


def collapsed(model):
    for layer in (getattr(model, name) for name in model.code_channels()):
        layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    return model


def test_a_collapsed_posterior_is_told_once(vae, images):
    collapsed(vae)
    callbacks = [CodeUsage(images, patience=2)]
    with pytest.warns(UserWarning, match="active, for 2 epochs up to epoch 2: its pos"):
        vae.fit(images, epochs=2, callbacks=callbacks, verbose=0)
    with pytest.warns(UserWarning, match="collapsed to the prior") as told:
        vae.fit(images, epochs=5, callbacks=callbacks, verbose=0)
    assert sum("active" in str(one.message) for one in told) == 1


def test_epochs_before_the_patience_ends_are_not_told(vae, images):
    collapsed(vae)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "No dimension of the code")
        vae.fit(images, epochs=2, callbacks=[CodeUsage(images)], verbose=0)


def test_a_code_without_a_posterior(networks, images):
    model = collapsed(models.Autoencoder(*networks))
    model.compile(keras.optimizers.SGD(0.0))
    usage = CodeUsage(images, patience=1)

    with pytest.warns(UserWarning, match="smaller weight of what holds the code back"):
        model.fit(images, callbacks=[usage], verbose=0)

    assert usage.divergences == []
    assert usage.active[0].tolist() == [False, False]


def test_a_divergence_of_the_whole_code_has_no_elements(networks, images):
    model = models.VAE(*networks, prior="normal_mixture")
    model.compile(keras.optimizers.SGD(0.0))
    usage = CodeUsage(images)

    history = model.fit(images, callbacks=[usage], verbose=0).history

    assert usage.divergences == []
    assert history["active_units"] == [usage.active[0].sum()]


@pytest.mark.parametrize(
    ("argument", "value"), [("threshold", -0.1), ("patience", 0), ("patience", 1.5)]
)
def test_errors_name_the_argument(images, argument, value):
    with pytest.raises(ValueError, match=rf"`{argument}` .* {argument}={value!r}"):
        CodeUsage(images, **{argument: value})


def test_images_that_the_model_does_not_take_are_refused_at_the_start(vae, images):
    for wrong, message in (
        (images[:1], r"`images` must hold at least 2"),
        (images[..., 0], r"`images` must"),
    ):
        before = vae.get_weights()
        with pytest.raises(ValueError, match=message):
            vae.fit(images, callbacks=[CodeUsage(wrong)], verbose=0)
        np.testing.assert_equal(vae.get_weights(), before)
