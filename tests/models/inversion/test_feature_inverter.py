"""The decoder that inverts the features of a frozen network."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_latent as kl
from keras_latent.layers import RegionPooling
from keras_latent.models import FeatureInverter
from keras_latent.training.batches import unpacked
from tests.models.cases import IMAGE_SHAPE, images, inverter_networks

FEATURES = 2


def inverter(**overrides):
    return FeatureInverter(**{**inverter_networks(), **overrides})


def map_inverter():
    """It inverts maps of 2 × 2."""
    extractor = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 4, strides=4, activation="tanh")]
    )
    return FeatureInverter.for_images(
        (8, 8, 1), code_shape=(2, 2, 3), feature_extractor=extractor
    )


def squares(count):
    return np.random.default_rng(0).random((count, 8, 8, 1), "float32")


def values(variables):
    return [variable.numpy() for variable in variables]


def given(count):
    features = np.random.default_rng(1).normal(size=(count, FEATURES))
    return features.astype("float32"), images(count)


class TestObjective:
    def test_against_numpy(self):
        model, x = inverter(), images(5)
        f = model.feature_extractor(x, training=False)
        n = model.extra_encoder(x)
        decoded = model.decoder([f, n]).numpy()
        constant = 0.5 * np.log(2 * np.pi) * x[0].size
        expected = 0.5 * np.square(x - decoded).sum(axis=(1, 2, 3)) + constant
        batch, _ = unpacked(model, x)
        terms = model.objective(batch, training=True)
        assert list(terms) == ["reconstruction"]
        np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)

    def test_the_code_is_the_features_and_the_extra_numbers(self):
        model, x = inverter(), images(5)
        z = model.encode(x)
        f = model.feature_extractor(x, training=False)
        np.testing.assert_array_equal(z[:, :FEATURES], f)
        np.testing.assert_array_equal(z[:, FEATURES:], model.extra_encoder(x))
        decoded = model.decoder([z[:, :FEATURES], z[:, FEATURES:]])
        np.testing.assert_array_equal(model.decode(z), decoded)

    def test_without_an_extra_encoder_features_are_all(self):
        decoder = keras.Sequential(
            [
                keras.Input((FEATURES,)),
                layers.Dense(12),
                layers.Reshape(IMAGE_SHAPE),
            ]
        )
        model = inverter(decoder=decoder, extra_encoder=None)
        x = images(4)
        assert model.latent_dim == FEATURES
        expected = decoder(model.feature_extractor(x, training=False))
        np.testing.assert_array_equal(model.reconstruct(x), expected)

    def test_a_feature_map_is_flattened(self):
        extractor = keras.Sequential([keras.Input(IMAGE_SHAPE), layers.Conv2D(1, 3)])
        model = inverter(feature_extractor=extractor)
        x = images(3)
        expected = extractor(x).numpy().reshape(3, FEATURES)
        np.testing.assert_array_equal(model.encode(x)[:, :FEATURES], expected)


class TestMaps:
    def test_the_code_is_the_map(self, tmp_path):
        model, x = map_inverter(), squares(5)
        f = model.feature_extractor(x, training=False)
        assert model.code_shape == (2, 2, 3)
        np.testing.assert_array_equal(model.encode(x), f)
        np.testing.assert_array_equal(model.reconstruct(x), model.decoder(f))
        np.testing.assert_array_equal(
            model.ablate(x), model.decoder(keras.ops.zeros((5, 2, 2, 3)))
        )
        model.save(tmp_path / "model.keras")
        loaded = kl.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.encode(x), f)

    def test_only_the_decoder_moves(self):
        model, x = map_inverter(), squares(4)
        model.compile(run_eagerly=True)
        frozen = values(model.feature_extractor.variables)
        before = values(model.decoder.variables)
        model.fit(x, verbose=0)
        for old, new in zip(
            frozen, values(model.feature_extractor.variables), strict=True
        ):
            np.testing.assert_array_equal(old, new)
        assert np.any(before[0] != values(model.decoder.variables)[0])

    def test_a_sampler_of_maps(self):
        model = map_inverter()
        sampler = kl.samplers.Normal(model).fit(squares(8))
        assert sampler.sample_codes(3, seed=0).shape == (3, 2, 2, 3)
        assert sampler.sample(3, seed=0).shape == (3, 8, 8, 1)

    def test_given_maps(self):
        decoder = kl.networks.map_decoder((8, 8, 1), (2, 2, 3))
        model, x = FeatureInverter(None, decoder), squares(4)
        features = np.ones((4, 2, 2, 3), "float32")
        codes = model.encode({"features": features, "image": x})
        np.testing.assert_array_equal(codes, features)

    def test_maps_of_another_size(self):
        extractor = map_inverter().feature_extractor
        decoder = kl.networks.map_decoder((8, 8, 1), (4, 4, 3))
        with pytest.raises(
            ValueError, match=r"take the 2 x 2 x 3 features .* of 4 x 4 x 3 features"
        ):
            FeatureInverter(extractor, decoder)


class TestAblation:
    def test_features_are_zero_and_the_extra_numbers_stay(self):
        model, x = inverter(), images(5)
        zeros = keras.ops.zeros((5, FEATURES))
        expected = model.decoder([zeros, model.extra_encoder(x)])
        np.testing.assert_array_equal(model.ablate(x), expected)
        assert not np.allclose(model.ablate(x), model.reconstruct(x))


class TestFrozenNetwork:
    def test_nothing_of_it_moves_and_the_rest_does(self):
        model = inverter()
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        frozen = values(model.feature_extractor.variables)
        others = {
            "decoder": values(model.decoder.trainable_variables),
            "extra_encoder": values(model.extra_encoder.trainable_variables),
        }
        model.fit(images(8), batch_size=4, epochs=2, verbose=0)
        for before, now in zip(
            frozen, values(model.feature_extractor.variables), strict=True
        ):
            np.testing.assert_array_equal(before, now)
        for name, before in others.items():
            now = values(getattr(model, name).trainable_variables)
            assert any(
                not np.array_equal(a, b) for a, b in zip(before, now, strict=True)
            ), name

    def test_it_stays_as_the_user_left_it(self):
        networks = inverter_networks()
        model = FeatureInverter(**networks)
        model.compile()
        assert networks["feature_extractor"].trainable
        assert len(networks["feature_extractor"].trainable_variables) == 4

    def test_it_gets_no_gradient(self):
        model = inverter()
        batch, _ = unpacked(model, images(4))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model.objective(batch, True)["reconstruction"])
        extractor = model.feature_extractor.trainable_variables
        extra = model.extra_encoder.trainable_variables
        gradients = tape.gradient(loss, extractor + extra)
        assert all(gradient is None for gradient in gradients[: len(extractor)])
        assert all(np.abs(g).max() > 0 for g in gradients[len(extractor) :])

    def test_its_dropout_is_off_in_training(self):
        model, x = inverter(), images(4)
        a, b = model.encode(x, training=True), model.encode(x, training=True)
        np.testing.assert_array_equal(a, b)

    def test_its_regularisers_are_no_part_of_the_loss(self):
        networks = inverter_networks()
        kernel = networks["feature_extractor"].layers[1].kernel
        kernel.regularizer = keras.regularizers.L2(1.0)
        model = FeatureInverter(**networks)
        model.compile(run_eagerly=True)
        logs = model.evaluate(images(4), return_dict=True, verbose=0)
        assert logs["loss"] == pytest.approx(logs["reconstruction"])


class TestGivenFeatures:
    def model(self):
        model = inverter(feature_extractor=None)
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        return model

    def test_every_form_of_pairs_gives_the_same_loss(self):
        model = self.model()
        features, x = given(8)
        weight = np.ones(8, "float32")
        named = {"features": features, "image": x}
        slices = tf.data.Dataset.from_tensor_slices
        forms = [
            {"x": features, "y": x},
            {"x": (features, x)},
            {"x": (features, x, weight)},
            {"x": named},
            {"x": slices((features, x)).batch(32)},
            {"x": slices((features, x, weight)).batch(32)},
            {"x": slices(named).batch(32)},
        ]
        losses = [model.fit(**form, verbose=0).history["loss"][0] for form in forms]
        losses += [model.evaluate(**form, verbose=0)[0] for form in forms]
        np.testing.assert_allclose(losses, losses[0], rtol=1e-6)

    def test_features_of_an_extractor_train_as_the_extractor_does(self):
        model, x = inverter(), images(8)
        without = inverter(feature_extractor=None)
        for name in ("decoder", "extra_encoder"):
            getattr(without, name).set_weights(getattr(model, name).get_weights())
        for each in (model, without):
            each.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        features = model.feature_extractor.predict(x, verbose=0)
        model.fit(x, shuffle=False, verbose=0)
        without.fit(features, x, shuffle=False, verbose=0)
        pairs = zip(model.decoder.variables, without.decoder.variables, strict=True)
        for a, b in pairs:
            np.testing.assert_allclose(a, b, atol=1e-6)

    def test_encodes_and_predicts_dicts(self):
        model = self.model()
        features, x = given(4)
        pair = {"features": features, "image": x}
        np.testing.assert_array_equal(model.encode(pair)[:, :FEATURES], features)
        assert model.predict(pair, verbose=0).shape == x.shape
        assert model.ablate(pair).shape == x.shape

    def test_the_encoder_on_its_own_takes_pairs(self):
        model = self.model()
        features, x = given(4)
        pair = {"features": features, "image": x}
        codes = model.to_encoder().predict(pair, verbose=0)
        np.testing.assert_allclose(codes, model.encode(pair), rtol=1e-6)

    def test_saved_and_loaded(self, tmp_path):
        model = self.model()
        features, x = given(4)
        model.save(tmp_path / "model.keras")
        loaded = kl.load_model(tmp_path / "model.keras")
        pair = {"features": features, "image": x}
        np.testing.assert_allclose(loaded.reconstruct(pair), model.reconstruct(pair))

    @pytest.mark.parametrize(
        ("features", "message"),
        [
            (np.zeros((4, 3), "float32"), r"`features` must have the shape \(batch, 2"),
            (np.zeros((3, 2), "float32"), "Received: 3 features and 4 images"),
            (np.full((4, 2), np.nan, "float32"), "`features` must be finite"),
        ],
    )
    def test_features_that_do_not_fit(self, features, message):
        with pytest.raises(ValueError, match=message):
            self.model().fit({"features": features, "image": images(4)}, verbose=0)

    def test_features_without_images(self):
        with pytest.raises(ValueError, match="`image` must be an array of rows"):
            self.model().fit(given(4)[0], verbose=0)


class TestRegions:
    SCENE = (8, 10, 1)

    def model(self):
        scene = keras.Input(self.SCENE, name="image")
        boxes = keras.Input((4,), name="boxes")
        pooled = RegionPooling(1, self.SCENE[:2])([layers.Conv2D(2, 3)(scene)], boxes)
        extractor = keras.Model(
            {"image": scene, "boxes": boxes}, layers.Flatten()(pooled)
        )
        extra = keras.Sequential(
            [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)]
        )
        features, number = keras.Input((FEATURES,)), keras.Input((1,))
        joined = layers.Concatenate()([features, number])
        pixels = layers.Reshape((4, 4, 1))(layers.Dense(16)(joined))
        decoder = keras.Model([features, number], pixels)
        return FeatureInverter(extractor, decoder, extra)

    def scenes(self, count=3):
        pixels = np.random.default_rng(0).random((count, *self.SCENE))
        boxes = np.tile(np.array([[2.0, 1.0, 6.0, 5.0]], "float32"), (count, 1))
        return {"image": pixels.astype("float32"), "boxes": boxes}

    def test_what_is_decoded_is_the_content_of_the_box(self):
        model, x = self.model(), self.scenes()
        # A box of 4 by 4 pixels, of which the middles of halves are averaged.
        lines = np.array([[6, 2, 0, 0], [1, 6, 1, 0], [0, 1, 6, 1], [0, 0, 2, 6]]) / 8
        target = np.asarray(model.target(x))
        inner = x["image"][:, 1:5, 2:6, 0]
        middle = np.einsum("ij,bjk,lk->bil", lines, inner, lines)[:, 1:3, 1:3]
        np.testing.assert_allclose(target[:, 1:3, 1:3, 0], middle, rtol=1e-5)

    @pytest.mark.all
    def test_trains_and_predicts(self):
        model, x = self.model(), self.scenes(6)
        model.compile(keras.optimizers.Adam(0.05), run_eagerly=True)
        frozen = values(model.feature_extractor.variables)
        losses = model.fit(x, epochs=20, verbose=0).history["loss"]
        assert losses[-1] < losses[0]
        now_frozen = values(model.feature_extractor.variables)
        for before, now in zip(frozen, now_frozen, strict=True):
            np.testing.assert_array_equal(before, now)
        assert model.predict(x, verbose=0).shape == (6, 4, 4, 1)
        codes = model.to_encoder().predict(x, verbose=0)
        np.testing.assert_allclose(codes, model.encode(x), rtol=1e-5)

    @pytest.mark.parametrize("box", [[2, 1, 2, 5], [2, 1, 11, 5], [-1, 0, 4, 4]])
    def test_boxes_that_are_none(self, box):
        model, x = self.model(), self.scenes()
        x["boxes"][1] = box
        model.compile()
        with pytest.raises(ValueError, match=r"`boxes` must be .* boxes\[1\]"):
            model.fit(x, verbose=0)

    def test_an_extractor_of_other_inputs(self):
        a, b = keras.Input((2,), name="image"), keras.Input((3,), name="boxes")
        joined = layers.Concatenate()([a, b])
        extractor = keras.Model({"image": a, "boxes": b}, layers.Dense(2)(joined))
        with pytest.raises(ValueError, match="`feature_extractor` must take an image"):
            inverter(feature_extractor=extractor)


class TestErrors:
    def test_an_extractor_of_several_outputs(self):
        image = keras.Input(IMAGE_SHAPE)
        flat = layers.Flatten()(image)
        extractor = keras.Model(image, [layers.Dense(2)(flat), layers.Dense(3)(flat)])
        message = (
            r"`feature_extractor` must give one .* choose .*\(None, 2\).*\(None, 3"
        )
        with pytest.raises(ValueError, match=message):
            inverter(feature_extractor=extractor)

    def test_an_extractor_of_other_images(self):
        extractor = keras.Sequential(
            [keras.Input((7, 7, 1)), layers.Flatten(), layers.Dense(2)]
        )
        with pytest.raises(
            ValueError, match=r"feature_extractor.input_shape=\(None, 7"
        ):
            inverter(feature_extractor=extractor)

    def test_a_decoder_of_other_features(self):
        extractor = keras.Sequential(
            [keras.Input(IMAGE_SHAPE), layers.Flatten(), layers.Dense(7)]
        )
        with pytest.raises(
            ValueError, match=r"must take the 7 features .* of 2 features"
        ):
            inverter(feature_extractor=extractor)

    def test_no_model(self):
        with pytest.raises(
            ValueError, match="`feature_extractor` must be a Keras model"
        ):
            inverter(feature_extractor="resnet")
        with pytest.raises(ValueError, match="`extra_encoder` must be a Keras model"):
            inverter(extra_encoder="resnet")

    def test_a_missing_extra_encoder(self):
        with pytest.raises(ValueError, match="`extra_encoder` must be given"):
            inverter(extra_encoder=None)

    def test_an_extra_encoder_of_another_size(self):
        extra = keras.Sequential(
            [keras.Input(IMAGE_SHAPE), layers.Flatten(), layers.Dense(4)]
        )
        with pytest.raises(ValueError, match=r"`extra_encoder` gives, 4"):
            inverter(extra_encoder=extra)

    def test_a_decoder_of_maps(self):
        a, b = keras.Input((2,)), keras.Input((3, 3, 1))
        joined = layers.Concatenate()([a, layers.Flatten()(b)])
        pixels = layers.Reshape(IMAGE_SHAPE)(layers.Dense(12)(joined))
        with pytest.raises(ValueError, match=r"or map, .* or a list of vectors"):
            inverter(decoder=keras.Model([a, b], pixels))

    def test_no_room_for_extra_numbers(self):
        extractor = kl.networks.convolutional_encoder((8, 8, 1), widths=(2,))
        with pytest.raises(ValueError, match="more than the 32 features"):
            FeatureInverter.for_images((8, 8, 1), 32, feature_extractor=extractor)


def test_default_networks():
    extractor = kl.networks.convolutional_encoder((8, 8, 1), widths=(2,))
    model = FeatureInverter.for_images((8, 8, 1), 35, feature_extractor=extractor)
    assert model.latent_dim == 35
    assert model.reconstruct(np.zeros((2, 8, 8, 1), "float32")).shape == (2, 8, 8, 1)
