"""What is said of runs that were made to show it."""

import keras
import numpy as np
import pytest

from keras_latent import models
from keras_latent.reports.advice import advice
from keras_latent.reports.reported_model import Labelled, ReportedModel
from tests.models.cases import IMAGE_SHAPE, dense_networks

# Each trains a model until it shows what is said of it.
pytestmark = pytest.mark.all

COUNT = 96


def grey_images(seed, count=COUNT):
    """Images that differ in their brightness alone, but for a little noise."""
    rng = np.random.default_rng(seed)
    brightness = rng.uniform(0.1, 0.9, (count, 1, 1, 1))
    images = brightness + 0.02 * rng.normal(size=(count, *IMAGE_SHAPE))
    return np.clip(images, 0.0, 1.0).astype("float32")


def noise(seed, count=COUNT):
    return np.random.default_rng(seed).random((count, *IMAGE_SHAPE), "float32")


def trained(
    model, train, test, epochs, rate=1e-2, labels=None, batch_size=32, passes=1
):
    """What is said of a model after its training, of so many passes an epoch."""
    keras.utils.set_random_seed(0)
    model.compile(keras.optimizers.Adam(rate))
    labels = labels or (None, None)
    many = np.tile(train, (passes, 1, 1, 1))
    history = model.fit(
        many,
        None if labels[0] is None else np.tile(labels[0], passes),
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(test, labels[1]),
        verbose=0,
    ).history
    known = labels[0] if labels[0] is not None else np.zeros(len(train), int)
    reported = ReportedModel(
        model, test, labels[1], Labelled(train, known), None, 2000, 0
    )
    return advice(reported, history)


def said(sentences, text):
    return any(text in sentence for sentence in sentences)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(1)


def test_inactive_dimensions():
    model = models.VAE(**dense_networks(None), likelihood=sharp(0.1))
    sentences = trained(model, grey_images(0), grey_images(1), 12, passes=10)
    active = int(np.sum(model.encode(grey_images(1)).var(axis=0) > 0.01))
    assert 0 < active < 3
    assert said(sentences, f"{active} of 3 dimensions of the code are active")
    assert said(sentences, f"`--latent-dim {active}` does the same")
    assert not said(sentences, "collapse")


def test_one_image_says_nothing_of_dimensions():
    model = models.VAE(**dense_networks(None), likelihood=sharp(0.1))
    sentences = trained(model, grey_images(0), grey_images(1, count=1), 1)
    assert not said(sentences, "dimensions of the code are active")


def test_a_code_that_has_collapsed():
    model = models.VAE(**dense_networks(None), likelihood=sharp(), beta=1000.0)
    sentences = trained(model, grey_images(0), grey_images(1), 8, passes=5)
    assert sentences[0].startswith("The code tells next to nothing of the image")
    assert said(sentences, "posterior collapse")
    assert said(sentences, "--set beta=0.1")


def test_what_is_tried_against_a_collapse_is_what_the_model_has():
    networks = dense_networks(None)
    model = models.CapacityVAE(**networks, likelihood=sharp(), capacity=0.0)
    sentences = trained(model, grey_images(0), grey_images(1), 8, passes=5)
    assert said(
        sentences, "Try more capacity, such as `--set capacity=25`, or the scale"
    )
    assert not any(said(sentences, other) for other in ("beta", "free_bits"))


def test_codes_that_lie_where_the_prior_does_not_draw():
    train, test = noise(0), noise(1)
    far, near = (
        trained(
            models.VAE(**dense_networks(None), likelihood=sharp(scale)), train, test, 30
        )
        for scale in (0.01, 1.0)
    )
    assert said(far, "Draws from the prior will look unlike the images")
    assert said(far, "keras-latent sample RUN --sampler gaussian_mixture")
    assert not said(near, "Draws from the prior")


def test_a_model_that_has_hardly_learned():
    model = models.Autoencoder(**dense_networks(None))
    sentences = trained(model, grey_images(0), grey_images(1), 1, rate=1e-6)
    assert sentences[0].startswith("The model has hardly learned yet")


def test_a_training_that_ended_too_early_and_one_that_did_not():
    early = models.Autoencoder(**dense_networks(None))
    sentences = trained(early, grey_images(0), grey_images(1), 5, rate=1e-3)
    assert said(sentences, "Training ended too early: over the last 1 of 5 epochs")
    assert said(sentences, "keras-latent resume RUN --epochs")
    enough = models.Autoencoder(**dense_networks(None))
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 3 * 60)
    sentences = trained(enough, grey_images(0), grey_images(1), 12, rate=rate, passes=5)
    assert not said(sentences, "too early")


def test_over_fitting():
    hidden = [keras.layers.Dense(64, "relu"), keras.layers.Dense(64, "relu")]
    encoder = keras.Sequential(
        [keras.Input(IMAGE_SHAPE), keras.layers.Flatten(), *hidden]
    )
    decoder = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(12),
            keras.layers.Reshape(IMAGE_SHAPE),
        ]
    )
    model = models.Autoencoder(encoder, decoder)
    sentences = trained(model, noise(0, 10), noise(1, 50), 12, passes=10)
    assert said(sentences, "The model over-fits: its loss on the training images fell")
    assert said(sentences, "--augment mirror,shift,colour")
    assert not said(sentences, "too early")


def test_a_validation_loss_that_rises_again():
    history = {"loss": [9.0, 5.0, 4.5, 4.4], "val_loss": [9.1, 4.6, 4.4, 4.9]}
    model = models.Autoencoder(**dense_networks(None))
    reported = ReportedModel(model, grey_images(1), None, None, None, 2000, 0)
    sentences = advice(reported, history)
    assert said(sentences, "lowest after epoch 3 (4.4) and has risen to 4.9")
    history["val_loss"][-1] = 4.45
    assert not said(advice(reported, history), "over-fits")
    # Terms that work against each other: the images get better all the while.
    history |= {"val_loss": [3.6, 3.8, 3.7, 3.9], "val_mse": [0.4, 0.3, 0.2, 0.1]}
    assert not said(advice(reported, history), "over-fits")
    history["val_mse"] = [0.4, 0.2, 0.1, 0.3]
    assert said(advice(reported, history), "lowest after epoch 1 (3.6)")


def test_classes_that_neither_codes_nor_pixels_tell():
    labels = [(np.arange(COUNT) % 10 == 0).astype(int)] * 2
    model = models.Autoencoder(**dense_networks(None))
    sentences = trained(model, noise(0), noise(1), 3, labels=labels)
    assert said(sentences, "tell the class better than the most frequent one does (")
    assert not said(sentences, "The nearest neighbours tell")


def test_heads_that_tell_the_majority_and_heads_that_do_not():
    train, test = grey_images(0), grey_images(1)
    labels = [
        (images.mean(axis=(1, 2, 3)) > 0.7).astype(int) for images in (train, test)
    ]
    drowned = models.ConstrainedAutoencoder(
        **dense_networks(None), heads=2, classification_weight=0.0
    )
    drowned.heads.layers[-1].bias.assign([5.0, -5.0])
    sentences = trained(drowned, train, test, 5, labels=labels)
    assert said(sentences, "The head tells little more than the most frequent class")
    assert said(sentences, "--set classification_weight=")
    heard = models.ConstrainedAutoencoder(
        **dense_networks(None), heads=2, classification_weight=10.0
    )
    sentences = trained(heard, train, test, 12, labels=labels, passes=5)
    assert not said(sentences, "The head")
    assert said(sentences, "The nearest neighbours tell the class of ")


def test_reconstructions_beside_those_of_components():
    # Brightness bends through the pixels: one number is enough, but not linearly.
    def bent(seed):
        along = np.random.default_rng(seed).uniform(0, 1, (COUNT, 1))
        pixels = 0.5 + 0.5 * np.sin(4 * along + np.linspace(0, 6, 12))
        return pixels.reshape(COUNT, *IMAGE_SHAPE).astype("float32")

    def networks():
        encoder = keras.Sequential(
            [
                keras.Input(IMAGE_SHAPE),
                keras.layers.Flatten(),
                keras.layers.Dense(32, "tanh"),
            ]
        )
        decoder = keras.Sequential(
            [
                keras.Input((1,)),
                keras.layers.Dense(32, "tanh"),
                keras.layers.Dense(12),
                keras.layers.Reshape(IMAGE_SHAPE),
            ]
        )
        return {"encoder": encoder, "decoder": decoder}

    model = models.Autoencoder(**networks())
    good = trained(model, bent(0), bent(1), 15, rate=3e-2, passes=10)
    assert said(good, "Reconstructions are good: their error is")
    assert said(good, "% below PCA with 1 numbers")
    poor = trained(models.Autoencoder(**networks()), bent(0), bent(1), epochs=16)
    assert said(poor, "Reconstructions are worse than PCA with 1 numbers")


@pytest.mark.parametrize(
    ("losses", "remedy"),
    [
        (np.linspace(9.0, 1.0, 30), "Train for longer"),
        (1.0 + 8.0 * 0.5 ** np.arange(30), "The loss has settled"),
        (1.0 + 8.0 * 0.5 ** np.arange(15), "Train for longer"),
    ],
)
def test_what_is_tried_against_poor_reconstructions(losses, remedy):
    images = noise(0)
    reported = ReportedModel(
        models.Autoencoder(**dense_networks(None)),
        noise(1),
        None,
        Labelled(images, np.zeros(len(images), int)),
        None,
        2000,
        0,
    )
    # As if it had learned a little more than the mean image.
    mean, of_components = reported.results.rival_errors
    vars(reported.results)["error"] = 0.5 * (mean + of_components)
    sentences = advice(reported, {"loss": list(losses)})
    worse = [one for one in sentences if one.startswith("Reconstructions are worse")]
    assert len(worse) == 1
    assert remedy in worse[0]


def sharp(scale=0.05):
    from keras_latent.likelihoods import Gaussian

    return Gaussian(scale=scale)
