"""`--set name=value`, and what is chosen where nothing is said."""

import math

import keras
import numpy as np
import pytest

from keras_latent import datasets, models
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.defaults import default_settings, epochs_for
from keras_latent.cli.errors import in_options
from keras_latent.cli.settings import (
    check_settings,
    make_optimizer,
    parse_settings,
    plain_arguments,
    variant_options,
)
from keras_latent.renamed_errors import arguments_called


def checked(variant, *words):
    settings = parse_settings(words)
    check_settings(models.VARIANTS[variant], settings)
    return settings


def test_values_are_read():
    assert parse_settings(
        ["a=1", "b=1e-3", "c=TRUE", "d=none", "e=iwae", "f=[1, 2]"]
    ) == {
        "a": 1,
        "b": 1e-3,
        "c": True,
        "d": None,
        "e": "iwae",
        "f": [1, 2],
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["beta"], "a name and a value"),
        (["=3"], "a name and a value"),
        (["beta="], "a name and a value"),
        (["beta=1", "beta=2"], "each name once"),
        (
            ["bata=1"],
            r"name one of beta, decoder.widths, .*free_bits.*Received: --set bata=1",
        ),
        (["beta=high"], "give a number for 'beta'"),
        (["global_batch=1"], "give true or false for 'global_batch'"),
        (
            ["prior=normal_mixture", "prior.components=2.5"],
            "an integer for 'prior.comp",
        ),
        (["prior.components=3"], "name one of"),
        (["likelihood=poisson"], "`likelihood` must be one of 'bernoulli'"),
        (["prior=nose"], "`prior` must be one of 'normal'"),
        (["optimizer=adamm"], "the name of an optimizer of Keras"),
        (["optimizer.learning_rate=1"], "name one of"),
        (["encoder=mine"], "name one of"),
        (["encoder.depth=3"], r"name one of .*encoder\.widths.*--set encoder\.depth=3"),
        (
            ["decoder.widths=64"],
            r"a list of positive integers for 'decoder\.widths', such as "
            r"\[128,64,32,16\]\. Received: --set decoder\.widths=64",
        ),
        (["encoder.widths=[]"], "a list of positive integers"),
        (["encoder.widths=[8, 0.5]"], "a list of positive integers"),
    ],
)
def test_refused(words, message):
    with pytest.raises(ValueError, match=message):
        checked("vae", *words)


def test_every_variant_has_plain_arguments():
    for name, variant in models.VARIANTS.items():
        known = plain_arguments(variant)
        assert {"likelihood", "optimizer"} <= known.keys(), name
        check_settings(variant, {})
    assert plain_arguments(models.EncDec)["margin"] == 1.0
    assert plain_arguments(models.IWAE)["num_samples"] == 5


def test_default_networks_are_made_of_them():
    words = ["encoder.widths=[3, 5]", "decoder.widths=[7,6,4]"]
    options = variant_options(models.VAE, checked("vae", *words))
    model = models.VAE.for_images((8, 8, 1), 2, **options)
    assert model.encoder.output_shape == (None, 2, 2, 5)
    widths = {
        layer.filters for layer in model.decoder.layers if hasattr(layer, "filters")
    }
    assert widths <= {7, 6, 4, 1}
    # What isn't said stays as it is.
    usual = models.VAE.for_images((8, 8, 1), 2)
    other = models.VAE.for_images((8, 8, 1), 2, encoder={"widths": (3, 5)})
    assert other.decoder.count_params() == usual.decoder.count_params()

    settings = checked("autoencoder-kl", "encoder.width=8", "decoder.attention=true")
    options = variant_options(models.AutoencoderKL, settings)
    assert options == {"encoder": {"width": 8}, "decoder": {"attention": True}}
    settings = checked("inverter", "decoder.mode=concat", "extra_encoder.widths=[4]")
    assert settings.keys() == {"decoder.mode", "extra_encoder.widths"}
    for variant in ("vqvae", "conditional-vae"):
        with pytest.raises(ValueError, match="must name one of"):
            checked(variant, "encoder.widths=[4]")


def test_networks_without_such_an_argument_are_refused():
    with pytest.raises(
        ValueError, match=r"`encoder` must be a model, .*'widths'.*with depth=3"
    ):
        models.VAE.for_images((8, 8, 1), 2, encoder={"depth": 3})


def test_a_model_is_made_of_them():
    words = ["beta=4", "likelihood=gaussian", "likelihood.scale=0.2"]
    words += ["prior=normal_mixture", "prior.components=3", "optimizer=sgd"]
    settings = checked("vae", *words, "optimizer.momentum=0.5")
    model = models.VAE.for_images((8, 8, 1), 2, **variant_options(models.VAE, settings))
    assert float(model.beta) == 4.0
    assert model.likelihood.scale == 0.2
    assert model.prior.components == 3
    optimizer = make_optimizer(models.VAE, settings, 0.25)
    assert (type(optimizer), optimizer.momentum) == (keras.optimizers.SGD, 0.5)
    assert float(optimizer.learning_rate) == 0.25
    usual = make_optimizer(models.EncDec, {}, None)
    assert isinstance(usual, keras.optimizers.RMSprop)
    assert float(usual.learning_rate) == pytest.approx(3e-4)


def test_a_named_likelihood_keeps_its_logits():
    settings = checked("vae", "likelihood=bernoulli", "likelihood.from_logits=true")
    model = models.VAE.for_images((8, 8, 1), 2, **variant_options(models.VAE, settings))
    assert model.likelihood.from_logits


def test_few_images_are_trained_on_for_longer():
    assert epochs_for(steps_per_epoch=20) == 100
    assert epochs_for(steps_per_epoch=1000) == 10
    assert epochs_for(20, epochs=3) == 3
    assert epochs_for(20, steps=41) == 3
    with pytest.raises(ValueError, match="`steps` can't be given together with"):
        Arguments("vae", "mnist", epochs=1, steps=1)


def test_colour_images_have_the_optimal_scale():
    colour, grey = (datasets.open_dataset(name) for name in ("shapes", "mnist"))
    chosen = default_settings(models.VAE, {}, colour, None)
    assert chosen == {"likelihood": "gaussian", "likelihood.scale": "optimal"}
    assert default_settings(models.VAE, {}, grey, None) == {}
    assert default_settings(models.EncDec, {}, colour, None) == {}
    said = {"likelihood": "bernoulli"}
    assert default_settings(models.VAE, said, colour, None) == said


def test_a_term_that_would_drown_weighs_as_much_as_the_reconstruction():
    shapes = datasets.open_dataset("shapes")
    variant = models.ConstrainedAutoencoder
    chosen = default_settings(variant, {}, shapes, classes=4)
    images, _ = datasets.arrays(shapes, "train")
    rows = np.linspace(0, len(images) - 1, 500).astype(int)
    error = 0.5 * images[rows].var(axis=0).sum()
    weight = chosen["classification_weight"]
    assert weight * math.log(4) == pytest.approx(error, rel=0.01)
    said = {"classification_weight": 2.0}
    assert default_settings(variant, said, shapes, classes=4) == said


@pytest.mark.parametrize(
    ("message", "words", "expected"),
    [
        (
            "`image_size` is. Received: image_size=3",
            [],
            "`--image-size` is. Received: --image-size=3",
        ),
        (
            "`beta` must. Received: beta=-1",
            [],
            "`--set beta` must. Received: --set beta=-1",
        ),
        (
            "`epochs` must. Received: epochs=0",
            ["--set", "epochs=0"],
            "`--set epochs` must. Received: --set epochs=0",
        ),
        (
            "`components` must. Received: components=0",
            ["--set=prior.components = 0", "scale=1"],
            "`--set prior.components` must. Received: --set prior.components=0",
        ),
        ("`scale` must", ["--augment", "scale=1"], "`scale` must"),
        ("`name` must be a folder", [], "`--dataset` must be a folder"),
        ("`skip_bad=True` leaves", [], "`--skip-bad` leaves"),
        ("`x` must be finite", [], "`x` must be finite"),
    ],
)
def test_errors_speak_of_options(message, words, expected):
    names = ("epochs", "image_size", "dataset")
    options = {name: f"--{name.replace('_', '-')}" for name in names}
    assert in_options(message, {**options, "set_": "--set"}, words) == expected


def test_errors_speak_of_options_that_the_command_has():
    both = "`steps` or `epochs`. Received: steps=1, epochs=3"
    assert in_options(both, {"steps": "--steps", "epochs": "--epochs"}) == (
        "`--steps` or `--epochs`. Received: --steps=1, --epochs=3"
    )
    assert in_options("`epochs`, `beta` and `limit`", {"limit": "--limit"}) == (
        "`epochs`, `beta` and `--limit`"
    )


def test_errors_of_what_is_called_speak_of_the_caller():
    with (
        pytest.raises(OSError, match=r"^`output` must be. Received: output='a'$"),
        arguments_called(path="output"),
    ):
        raise OSError("`path` must be. Received: path='a'")
    error = UnicodeDecodeError("utf-8", b"a", 0, 1, "said")
    with pytest.raises(UnicodeDecodeError) as raised, arguments_called(path="output"):
        raise error
    assert raised.value is error
