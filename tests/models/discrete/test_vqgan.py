"""VQGAN and AutoencoderKL: judges against NumPy, who moves what, and from when on."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_latent import quantizers
from keras_latent.models import VAE, VQGAN, VQVAE, AutoencoderKL
from keras_latent.typing import Batch
from tests.models.cases import (
    IMAGE_SHAPE,
    dense_networks,
    feature_extractor,
    images,
    mixed_networks,
    patch_critic,
    spatial_networks,
)
from tests.tiers import rarely

X = images(7)
PLAYERS = ("model", "discriminator")


def vqgan(**arguments):
    given = {
        "quantizer": quantizers.VectorQuantizer(5, seed=1),
        "discriminator": patch_critic(),
        "discriminator_start": 0,
        **arguments,
    }
    return VQGAN(**spatial_networks(), **given)


def autoencoder_kl(**arguments):
    given = {"discriminator": patch_critic(), "discriminator_start": 0, **arguments}
    return AutoencoderKL(**spatial_networks(), seed=1, **given)


BUILDERS = {"vqgan": vqgan, "autoencoder-kl": autoencoder_kl}
each_builder = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
few_builders = pytest.mark.parametrize(
    "build", [vqgan, *rarely(autoencoder_kl)], ids=BUILDERS
)


def values_of(variables):
    return [np.array(v) for v in variables]


class TestTerms:
    def test_adversary_against_numpy(self):
        model = vqgan()
        terms = model.objective(Batch(X), False)
        mean = model.reconstruct(X)
        real, told = (np.array(model.discriminator(x)) for x in (X, mean))
        size = np.prod(IMAGE_SHAPE)
        np.testing.assert_allclose(
            terms["adversarial"], -size * told.mean((1, 2, 3)), rtol=1e-4
        )
        expected = 0.5 * np.maximum(0, 1 - real).mean((1, 2, 3))
        expected = expected + 0.5 * np.maximum(0, 1 + told).mean((1, 2, 3))
        np.testing.assert_allclose(terms["discrimination"], expected, rtol=1e-5)
        error = 0.5 * ((X - mean) ** 2).sum((1, 2, 3)) + 6 * np.log(2 * np.pi)
        np.testing.assert_allclose(terms["reconstruction"], error, rtol=1e-5)

    @pytest.mark.parametrize("names", [["first", "second"], ["second"], None])
    def test_features_against_numpy(self, names):
        extractor = feature_extractor()
        model = vqgan(feature_extractor=extractor, feature_layers=names)
        found = model.objective(Batch(X), False)["feature"]
        expected = 0.0
        for name in names or ["flatten"]:
            features = []
            for x in (X, model.reconstruct(X)):
                for layer in extractor.layers:
                    x = np.array(layer(x))
                    if layer.name.startswith(name):
                        break
                features.append(x / np.linalg.norm(x, axis=-1, keepdims=True))
            squared = ((features[0] - features[1]) ** 2).sum(axis=-1)
            expected = expected + squared.reshape(7, -1).mean(axis=-1)
        np.testing.assert_allclose(found, np.prod(IMAGE_SHAPE) * expected, rtol=1e-4)

    def test_equal_images_have_no_distance(self):
        extractor = feature_extractor()
        model = vqgan(feature_extractor=extractor)
        np.testing.assert_array_equal(model._feature_distance(X, X), 0.0)

    def test_without_an_extractor_there_is_no_such_term(self):
        assert "feature" not in vqgan().objective(Batch(X), False)
        assert "feature_weight" not in vqgan().term_weights

    def test_one_logit_an_image_will_do(self):
        critic = keras.Sequential(
            [keras.Input(IMAGE_SHAPE), layers.Flatten(), layers.Dense(1)]
        )
        terms = vqgan(discriminator=critic).objective(Batch(X), True)
        assert terms["adversarial"].shape == terms["discrimination"].shape == (7,)


@few_builders
class TestPlayers:
    @pytest.mark.parametrize("still", PLAYERS)
    def test_a_players_step_leaves_the_other_bit_for_bit(self, build, still):
        model = build(feature_extractor=feature_extractor())
        model.compile(
            {n: keras.optimizers.SGD(0.0 if n == still else 0.5) for n in PLAYERS},
            run_eagerly=True,
        )
        players = model.players()
        before = {n: values_of(p.variables) for n, p in players.items()}
        frozen = values_of(model.feature_extractor.variables)
        model.fit(X, batch_size=7, verbose=0)
        for a, b in zip(players[still].variables, before[still], strict=True):
            np.testing.assert_array_equal(a, b)
        (moving,) = set(PLAYERS) - {still}
        after = values_of(players[moving].variables)
        assert any(
            not np.array_equal(a, b) for a, b in zip(after, before[moving], strict=True)
        )
        for a, b in zip(model.feature_extractor.variables, frozen, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_they_own_everything_but_what_is_the_others(self, build):
        model = build(feature_extractor=feature_extractor())
        owned = [id(v) for p in model.players().values() for v in p.variables]
        assert sorted(owned) == sorted(id(v) for v in model.trainable_variables)

    def test_statistics_of_the_discriminator_are_its_own(self, build):
        critic = keras.Sequential(
            [
                keras.Input(IMAGE_SHAPE),
                layers.BatchNormalization(),
                layers.Conv2D(1, 2),
            ]
        )
        model = build(discriminator=critic)
        owned = {id(v) for v in model._owned(model.players()["model"])}
        assert not owned & {id(v) for v in critic.variables}

    def test_the_adversary_is_heard_from_its_step_on(self, build):
        model = build(discriminator_start=2)
        model.compile({name: keras.optimizers.SGD(0.01) for name in PLAYERS})
        before = values_of(model.discriminator.variables)
        heard = []
        for _ in range(4):
            logs = model.train_on_batch(X, return_dict=True)
            heard.append(logs["adversarial"])
            model.reset_metrics()
        assert heard[:2] == [0.0, 0.0]
        assert all(heard[2:])
        # The discriminator itself has learned from the first step on.
        after = values_of(model.discriminator.variables)
        assert not np.array_equal(after[0], before[0])

    def test_without_judges_it_is_its_parent(self, build):
        model = build(adversarial_weight=0.0)
        model.compile({name: keras.optimizers.SGD(0.3) for name in PLAYERS})
        names = ["encoder", "decoder"]
        if isinstance(model, VQGAN):
            names += ["code", "quantizer"]
            quantizer = quantizers.VectorQuantizer(5, seed=1)
            parent = VQVAE(**spatial_networks(), quantizer=quantizer)
        else:
            names += ["code_mean", "code_log_var"]
            parent = VAE(**spatial_networks(), likelihood="gaussian", beta=1e-6, seed=1)
        for name in names:
            getattr(parent, name).set_weights(getattr(model, name).get_weights())
        parent.compile(keras.optimizers.SGD(0.3))
        fit = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
        losses = [m.fit(X, **fit).history["loss"] for m in (model, parent)]
        np.testing.assert_allclose(*losses, rtol=1e-6)
        for name in names:
            for a, b in zip(
                getattr(parent, name).get_weights(),
                getattr(model, name).get_weights(),
                strict=True,
            ):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)

    def test_a_loss_that_is_not_finite_stops_all_players(self, build):
        model = build()
        model.compile({name: keras.optimizers.SGD(0.1) for name in PLAYERS})
        bias = model.discriminator.layers[-1].bias
        bias.assign([np.inf])
        before = values_of(model.trainable_variables)
        with pytest.raises(ValueError, match=r"finite.*step 1 `"):
            model.fit(X, verbose=0)
        for a, b in zip(model.trainable_variables, before, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.all
def test_a_discriminator_learns_to_tell():
    model = vqgan()
    quick = keras.optimizers.Adam(0.03)
    model.compile({"model": keras.optimizers.SGD(0.0), "discriminator": quick})
    first = model.evaluate(X, return_dict=True, verbose=0)["discrimination"]
    model.fit(X, epochs=80, verbose=0)
    last = model.evaluate(X, return_dict=True, verbose=0)["discrimination"]
    assert last < 0.9 * first


@pytest.mark.parametrize("variant", [VQGAN, AutoencoderKL])
def test_default_networks_are_residual(variant):
    model = variant.for_images((16, 16, 3), code_shape=(4, 4, 5))
    kinds = {type(layer).__name__ for layer in model.encoder.layers}
    assert {"GroupNormalization", "Add"} <= kinds
    assert (
        model.tokens(np.zeros((1, 16, 16, 3))).shape == (1, 4, 4)
        if (variant is VQGAN)
        else model.sample(1).shape == (1, 16, 16, 3)
    )


@each_builder
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"adversarial_weight": -1}, r"`adversarial_weight`.*=-1"),
        ({"feature_weight": -1}, r"`feature_weight`.*=-1"),
        ({"discriminator_start": -1}, r"`discriminator_start`.*=-1"),
        ({"feature_extractor": "vgg"}, r"`feature_extractor` must be a Keras model"),
        (
            {
                "feature_extractor": keras.Sequential(
                    [keras.Input((4, 3, 3)), layers.Flatten()]
                )
            },
            r"what `feature_extractor` takes.*input_shape=\(None, 4, 3, 3\)",
        ),
        (
            {"feature_extractor": feature_extractor(), "feature_layers": ["third"]},
            r"`feature_layers` must be.*\['first', 'second'.*\['third'\]",
        ),
        (
            {"discriminator": dense_networks()["decoder"]},
            r"`discriminator` must take values of shape \(None, 4, 3, 1\)",
        ),
    ],
)
def test_bad_arguments(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_a_dict_has_no_patches():
    with pytest.raises(ValueError, match=r"`decoder` must give one tensor"):
        AutoencoderKL(
            **mixed_networks(),
            likelihood={"image": "gaussian", "category": "categorical"},
        )
