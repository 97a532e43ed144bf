"""What users get wrong, and what they are told before anything is lost."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_latent.models import VAE, Autoencoder, DenoisingAutoencoder, EncDec
from tests.models.cases import (
    CASES,
    IMAGE_SHAPE,
    dense_networks,
    images,
    mixed_data,
    mixed_networks,
)
from tests.tiers import rarely


class Batches(keras.utils.PyDataset):
    """Batches of two rows."""

    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return len(self.x) // 2

    def __getitem__(self, index):
        return (self.x[2 * index : 2 * index + 2],)


def generator(x):
    for start in range(0, len(x), 2):
        yield (x[start : start + 2],)


FORMS = {
    "arrays": lambda x: x,
    "tensors": tf.constant,
    "tf.data": lambda x: tf.data.Dataset.from_tensor_slices(x).batch(2),
    "generator": generator,
    "PyDataset": Batches,
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def vae():
    model = VAE(**dense_networks())
    model.compile("sgd", run_eagerly=True)
    return model


def assert_refused(model, data, match, **arguments):
    """Both `fit` and `evaluate` refuse, before a weight moves."""
    before = model.get_weights()
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=match) as caught:
            method(data(), verbose=0, **arguments)
        assert len(caught.value.args) == 1
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


class TestNetworks:
    def build(self, **networks):
        return Autoencoder(**{**dense_networks(), **networks})

    @pytest.mark.parametrize("name", ["encoder", "decoder"])
    @pytest.mark.parametrize("value", ["resnet", None, layers.Dense(3)])
    def test_not_a_keras_model(self, name, value):
        kind = type(value).__name__
        with pytest.raises(
            ValueError, match=rf"`{name}` must be a Keras model.*of type {kind}"
        ):
            self.build(**{name: value})

    def test_a_decoder_of_maps_with_an_encoder_of_vectors(self):
        decoder = keras.Sequential(
            [keras.Input((4, 3, 2)), layers.Conv2D(1, 1, activation="linear")]
        )
        message = (
            r"a map of the height and width.*4 x 3.*gives a vector, of shape \(6,\)"
        )
        with pytest.raises(ValueError, match=message):
            self.build(decoder=decoder)

    def test_a_decoder_of_maps_of_another_size(self):
        encoder = keras.Sequential([keras.Input(IMAGE_SHAPE), layers.Conv2D(2, 2)])
        decoder = keras.Sequential([keras.Input((4, 3, 2)), layers.Conv2D(1, 1)])
        with pytest.raises(ValueError, match=r"4 x 3.*a map of 3 x 2"):
            self.build(encoder=encoder, decoder=decoder)

    def test_a_decoder_of_vectors_of_unknown_length(self):
        code = keras.Input((None,))
        decoder = keras.Model(code, layers.Activation("sigmoid")(code))
        with pytest.raises(ValueError, match=r"one vector.*\(None, None\)"):
            self.build(decoder=decoder)

    def test_a_decoder_of_a_vector_and_a_map(self):
        vector, feature_map = keras.Input((3,)), keras.Input((2, 2, 1))
        joined = layers.Concatenate()([vector, layers.Flatten()(feature_map)])
        pixels = layers.Reshape(IMAGE_SHAPE)(layers.Dense(12)(joined))
        networks = dense_networks()
        networks["decoder"] = keras.Model([vector, feature_map], pixels)
        with pytest.raises(ValueError, match="`decoder` must take one vector or map"):
            Autoencoder(**networks)

    def test_a_decoder_that_is_not_built(self):
        with pytest.raises(ValueError, match=r"`decoder` must know its input shape"):
            self.build(decoder=keras.Sequential([layers.Dense(3)]))

    def test_a_decoder_that_gives_something_else(self):
        decoder = keras.Sequential([keras.Input((3,)), layers.Dense(11)])
        with pytest.raises(
            ValueError,
            match=r"`decoder` must give what `encoder` takes.*\(None, 11\).*"
            r"\(None, 4, 3, 1\)",
        ):
            self.build(decoder=decoder)

    def test_columns_that_differ(self):
        networks = mixed_networks()
        with pytest.raises(ValueError, match=r"`decoder` must give what `encoder`"):
            Autoencoder(dense_networks()["encoder"], networks["decoder"])

    def test_an_encoder_of_several_outputs(self):
        image = keras.Input(IMAGE_SHAPE)
        flat = layers.Flatten()(image)
        encoder = keras.Model(image, [flat, layers.Dense(2)(flat)])
        with pytest.raises(
            ValueError, match=r"`encoder` must give one vector or map.*\(None, 12\)"
        ):
            self.build(encoder=encoder)

    def test_an_unknown_likelihood(self):
        with pytest.raises(ValueError, match=r"`likelihood`.*likelihood='poisson'"):
            self.build(likelihood="poisson")


class TestArguments:
    def test_a_loss(self):
        with pytest.raises(ValueError, match=r"`loss` can't be chosen.*loss='mse'"):
            Autoencoder(**dense_networks()).compile(loss="mse")

    def test_an_unknown_argument(self):
        with pytest.raises((TypeError, ValueError), match="sharpness"):
            Autoencoder(**dense_networks(), sharpness=2)


class TestRange:
    @every_form
    def test_pixels_out_of_range(self, form):
        x = 255.0 * images(4)
        low, high = (f"{value:.4g}"[:3] for value in (x[:2].min(), x[:2].max()))
        first_of_all = form in (FORMS["arrays"], FORMS["tensors"])
        if first_of_all:
            low, high = (f"{value:.4g}"[:3] for value in (x.min(), x.max()))
        assert_refused(
            vae(),
            lambda: form(x),
            rf"`x` must lie in \[0, 1\].*Received: minimum={low}.*, maximum={high}",
        )

    def test_pixels_out_of_the_decoders_range(self):
        model = Autoencoder(**dense_networks())
        model.compile("sgd", run_eagerly=True)
        assert_refused(
            model,
            lambda: 2.0 * np.ones((2, *IMAGE_SHAPE)),
            r"`x` must lie in \[0, 1\], the range of the decoder.*maximum=2",
        )

    def test_validation_data_out_of_range(self):
        model = vae()
        before = model.get_weights()
        with pytest.raises(ValueError, match=r"minimum=-.*, maximum="):
            model.fit(images(4), validation_data=(-images(4), None), verbose=0)
        for a, b in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_a_column_out_of_range_is_named(self):
        model = EncDec(
            **mixed_networks(),
            likelihood={"image": "bernoulli", "category": "categorical"},
        )
        model.compile("sgd", run_eagerly=True)
        x = mixed_data(4)
        x["image"] = 2.0 + x["image"]
        assert_refused(model, lambda: x, r"'image'.*minimum=2.*, maximum=")


class TestFinite:
    @every_form
    @pytest.mark.parametrize("value", [np.nan, *rarely(np.inf, -np.inf)])
    def test_pixels_that_are_not_finite(self, form, value):
        x = images(4)
        x[1, 0, 0, 0] = value
        name = "NaN=1" if np.isnan(value) else "infinite=1"
        assert_refused(
            vae(), lambda: form(x), rf"`x` must be finite. Received: .*{name}"
        )


class TestShape:
    @every_form
    def test_a_missing_channel_axis(self, form):
        assert_refused(
            vae(),
            lambda: form(images(4)[..., 0]),
            r"`x` must have the shape \(batch, 4, 3, 1\)."
            r" Received: x of shape \((\d|None), 4, 3\)",
        )

    def test_an_image_for_a_dict(self):
        model = EncDec(**mixed_networks())
        model.compile("sgd", run_eagerly=True)
        assert_refused(
            model, lambda: images(2), r"`x` must be a dict of \['category', 'image'\]"
        )

    def test_a_dict_for_an_image(self):
        assert_refused(
            vae(), lambda: mixed_data(2), r"`x` must be one tensor.*a dict of"
        )

    def test_a_missing_column(self):
        model = EncDec(**mixed_networks())
        model.compile("sgd", run_eagerly=True)
        assert_refused(
            model,
            lambda: {"image": images(2)},
            r"`x` must be a dict of .*Received: x=a dict of \['image'\]",
        )


class TestGenerators:
    def test_no_batch_is_lost_to_the_check(self):
        seen = []
        model = vae()
        step = model.train_step
        model.train_step = lambda data: seen.append(np.array(data[0])) or step(data)
        x = images(6)
        model.fit(generator(x), verbose=0)
        np.testing.assert_array_equal(np.concatenate(seen), x)

    def test_endless_generators(self):
        def endless():
            while True:
                yield from generator(images(4))

        history = vae().fit(endless(), steps_per_epoch=3, epochs=2, verbose=0).history
        assert len(history["loss"]) == 2

    def test_py_datasets(self):
        history = vae().fit(Batches(images(4)), verbose=0).history
        assert np.isfinite(history["loss"][0])


@keras.saving.register_keras_serializable(package="tests")
class Poison(layers.Layer):
    """Gives NaN where the first pixel is exactly 1."""

    def call(self, x, training=False):
        is_poisoned = x[:, :1, :1, :1] == 1.0
        return tf.where(is_poisoned, np.nan, x)


class TestLoss:
    @pytest.mark.parametrize("run_eagerly", [True, False])
    def test_nan_in_the_middle_names_step_and_term(self, run_eagerly):
        x = images(8)
        x[5, 0, 0, 0] = 1.0
        model = DenoisingAutoencoder(**dense_networks(), corruption=Poison())
        model.compile("sgd", run_eagerly=run_eagerly)
        with pytest.raises(
            ValueError,
            match=r"`loss` must be finite.*at step 3.*`reconstruction`.*"
            r"Received: reconstruction=nan",
        ):
            model.fit(x, batch_size=2, shuffle=False, verbose=0)


class TestReviewedInput:
    def mixed(self):
        case = next(case for case in CASES if case.name == "encdec-mixed")
        model = case.build()
        model.compile(run_eagerly=True)
        return model, case.data(4)

    @pytest.mark.parametrize(("column", "factor"), [("image", 255), ("category", 7)])
    def test_columns_beyond_the_range_of_their_output(self, column, factor):
        model, x = self.mixed()
        x[column] = x[column] * factor
        with pytest.raises(ValueError, match=f"Column '{column}': .*minimum=0"):
            model.fit(x, verbose=0)

    @pytest.mark.parametrize(
        ("weight", "message"),
        [(-1.0, "minimum=-1, maximum=-1"), (np.nan, "minimum=nan, maximum=nan")],
    )
    def test_sample_weights_that_are_none(self, weight, message):
        model, x = self.mixed()
        with pytest.raises(ValueError, match=f"`sample_weight` must hold .*{message}"):
            model.fit(x, sample_weight=np.full(4, weight, "float32"), verbose=0)

    def test_no_data(self):
        model, _ = self.mixed()
        with pytest.raises(ValueError, match="`x` must be data"):
            model.fit()
