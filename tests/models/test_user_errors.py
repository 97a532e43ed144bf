"""What users do by mistake or habit, beside the suite that every variant passes."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_latent as kl
from keras_latent import likelihoods, models

SHAPE = (4, 3, 1)


def encoder():
    return keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(5)])


def decoder(*last, activation="sigmoid"):
    return keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(12, activation=activation),
            layers.Reshape(SHAPE),
            *last,
        ]
    )


def images(count=6, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), dtype="float32")


class TestWeights:
    def test_a_number_is_assigned_to_the_variable(self):
        model = models.VAE(encoder(), decoder())
        variable = model.beta
        model.beta = 2.0

        assert model.beta is variable
        assert float(variable) == 2.0
        assert float(model.term_weights["beta"]) == 2.0

    def test_a_wrong_number_is_refused(self):
        model = models.VAE(encoder(), decoder())
        with pytest.raises(ValueError, match=r"`beta` must be .*Received: beta=-1"):
            model.beta = -1.0

    @pytest.mark.parametrize("form", ["model.keras", "model.weights.h5"])
    def test_numbers_that_were_assigned_are_saved(self, form, tmp_path):
        """Of each kind: a term's weight, a number that weighs none."""
        made = {
            "free_bits": lambda: models.VAE(encoder(), decoder(), free_bits=0.5),
            "beta": lambda: models.VAE(encoder(), decoder(), beta=0.5),
            "margin": lambda: models.EncDec(encoder(), decoder(), margin=0.5),
            "perturbation_scale": lambda: models.ConstrainedAutoencoder(
                encoder(), decoder(), heads=3, perturbation_scale=0.5
            ),
        }
        for name, make in made.items():
            model, path = make(), tmp_path / f"{name}-{form}"
            setattr(model, name, 1.5)
            assert model.get_config()[name] == 1.5
            if form.endswith(".keras"):
                model.save(path)
                loaded = kl.load_model(path)
            else:
                model.save_weights(path)
                loaded = make()
                loaded.load_weights(path)
            assert float(getattr(loaded, name)) == 1.5, name

    def test_numbers_of_numpy_are_numbers(self):
        model = models.VAE(encoder(), decoder(), beta=np.float32(0.5))
        assert model.get_config()["beta"] == 0.5


class TestActivations:
    @pytest.mark.parametrize("activation", ["linear", "tanh"])
    def test_probabilities_need_a_squashing_activation(self, activation):
        with pytest.raises(
            ValueError, match=rf"`decoder` must give probabilities.*'{activation}'"
        ):
            models.VAE(encoder(), decoder(activation=activation))

    def test_logits_need_none(self):
        likelihood = likelihoods.Bernoulli(from_logits=True)
        with pytest.raises(ValueError, match=r"`decoder` must give logits.*'sigmoid'"):
            models.VAE(encoder(), decoder(), likelihood=likelihood)

    def test_layers_after_the_activation_make_it_unknown(self):
        model = models.Autoencoder(encoder(), decoder(layers.Rescaling(255.0)))
        model.compile()
        assert model.evaluate(255.0 * images(), verbose=0, return_dict=True)

    def test_a_nested_decoder_is_looked_into(self):
        nested = keras.Sequential([keras.Input((2,)), decoder(activation="linear")])
        with pytest.raises(ValueError, match="must give probabilities"):
            models.VAE(encoder(), nested)

    @pytest.mark.parametrize("squashes", [True, False])
    @pytest.mark.parametrize("ending", ["operation", "wrapper", "scaled", "subclass"])
    def test_ends_that_name_no_activation_are_looked_at(self, ending, squashes):
        z = keras.Input((2,))
        x = layers.Reshape((4, 3))(layers.Dense(12)(z))
        if ending == "operation":
            x = keras.ops.sigmoid(x) if squashes else 2.0 * x
        elif ending == "scaled":
            x = keras.ops.sigmoid(x) * (1.0 if squashes else 255.0)
        elif ending == "wrapper":
            own = layers.Dense(3, activation="sigmoid" if squashes else None)
            x = layers.TimeDistributed(own)(x)
        network = keras.Model(z, layers.Reshape(SHAPE)(x))
        if ending == "subclass":
            network = Subclassed("sigmoid" if squashes else None)
            network.build((None, 2))
        if squashes:
            model = models.VAE(encoder(), network)
            model.compile("sgd", run_eagerly=True)
            assert np.isfinite(model.fit(images(), verbose=0).history["loss"]).all()
            return
        with pytest.raises(ValueError, match="`decoder` must give probabilities"):
            models.VAE(encoder(), network)
        models.VAE(encoder(), network, likelihood="gaussian")


class Subclassed(keras.Model):
    """A decoder that was built, and has no property `input_shape`."""

    def __init__(self, activation):
        super().__init__()
        self.dense = layers.Dense(12, activation=activation)
        self.reshape = layers.Reshape(SHAPE)

    def build(self, shape):
        self.dense.build(shape)
        self.reshape.build((None, 12))

    def call(self, z):
        return self.reshape(self.dense(z))


class TestNetworks:
    def test_an_unbuilt_sequential_encoder_is_built(self):
        unbuilt = keras.Sequential([layers.Flatten(), layers.Dense(5)])
        model = models.Autoencoder(unbuilt, decoder())
        assert model.encode(images()).shape == (6, 2)

    def test_an_encoder_may_give_a_dict_of_one(self):
        x = keras.Input(SHAPE)
        named = keras.Model(x, {"features": layers.Flatten()(x)})
        assert models.Autoencoder(named, decoder()).encode(images()).shape == (6, 2)

    def test_a_list_of_outputs_is_refused(self):
        z = keras.Input((2,))
        several = keras.Model(z, [layers.Dense(3)(z), layers.Dense(4)(z)])
        with pytest.raises(ValueError, match=r"`decoder` must give one tensor.*list"):
            models.Autoencoder(encoder(), several)

    def test_other_columns_are_refused(self):
        z, x = keras.Input((2,)), {"b": keras.Input((3,), name="b")}
        gives = keras.Model(z, {"a": layers.Dense(3)(z), "c": layers.Dense(3)(z)})
        takes = keras.Model(x, layers.Dense(2)(x["b"]))
        with pytest.raises(
            ValueError, match="`decoder` must give what `encoder` takes"
        ):
            models.EncDec(takes, gives)

    def test_a_dict_of_likelihoods_for_one_tensor_is_refused(self):
        with pytest.raises(ValueError, match="`likelihood` must be a dict where"):
            models.VAE(encoder(), decoder(), likelihood={"x": "bernoulli"})

    @pytest.mark.parametrize(
        "variant", [models.ContractiveAutoencoder, models.DenoisingAutoencoder]
    )
    def test_variants_of_one_tensor_refuse_dicts(self, variant):
        columns = {"a": (3,), "b": (2,)}
        networks = (
            kl.networks.mixed_encoder(columns),
            kl.networks.mixed_decoder(columns, 2, {"a": None, "b": None}),
        )
        with pytest.raises(ValueError, match=f"one tensor for {variant.__name__}"):
            variant(*networks)


class TestData:
    @pytest.mark.parametrize(
        "variant", [models.ContractiveAutoencoder, models.DenoisingAutoencoder]
    )
    def test_whole_numbers_train_as_floats(self, variant):
        x = (images() > 0.5).astype("int64")
        logs = []
        for data in (x, x.astype("float32")):
            keras.utils.set_random_seed(0)
            model = variant(encoder(), decoder())
            model.compile(keras.optimizers.SGD(0.01))
            logs.append(model.fit(data, shuffle=False, verbose=0).history)

        assert logs[0] == logs[1]
        assert all(value[0] > 0 for value in logs[0].values())

    def test_no_rows_are_refused(self):
        model = models.Autoencoder(encoder(), decoder())
        model.compile()
        with pytest.raises(ValueError, match="`x` must hold at least one row"):
            model.fit(images()[:0], verbose=0)

    def test_a_weight_for_each_pixel_is_refused(self):
        model = models.Autoencoder(encoder(), decoder())
        model.compile()
        with pytest.raises(ValueError, match=r"`sample_weight` .* shape \(6, 4, 3\)"):
            model.fit(images(), sample_weight=np.ones((6, 4, 3)), verbose=0)


class TestCompile:
    def test_a_metric_with_the_name_of_a_term_is_refused(self):
        model = models.EncDec(encoder(), decoder())
        with pytest.raises(ValueError, match=r"`metrics` .*Received: \['mse'\]"):
            model.compile(metrics=["mse"])

    def test_metrics_work_on_uneven_replicas(self, two_replicas):
        with two_replicas.scope():
            model = models.Autoencoder(encoder(), decoder())
            model.compile("sgd", metrics=["mae"])
        logs = model.fit(images(5), batch_size=5, verbose=0).history
        expected = np.abs(model.predict(images(5), verbose=0) - images(5)).mean()
        assert logs["mae"][0] == pytest.approx(expected, rel=0.05)

    def test_the_logged_loss_is_the_one_that_was_minimised(self):
        regularized = keras.Sequential(
            [
                keras.Input(SHAPE),
                layers.Flatten(),
                layers.Dense(5, kernel_regularizer=keras.regularizers.L2(1.0)),
            ]
        )
        model = models.Autoencoder(regularized, decoder())
        model.compile(keras.optimizers.SGD(0.1))
        before = model.evaluate(images(), verbose=0, return_dict=True)
        logs = model.fit(images(), batch_size=6, verbose=0).history
        assert logs["regularization"][0] == pytest.approx(before["regularization"])
        assert logs["loss"][0] == pytest.approx(before["loss"])


class TestSaving:
    def test_an_exported_model_reconstructs(self, tmp_path):
        model = models.VAE(encoder(), decoder())
        model.export(tmp_path / "served", verbose=False)
        served = tf.saved_model.load(tmp_path / "served")
        np.testing.assert_allclose(
            served.serve(images()), model.reconstruct(images()), rtol=1e-5
        )

    def test_unnamed_arguments_are_refused(self):
        class Unnamed(models.VAE):
            def __init__(self, *networks, **kwargs):
                super().__init__(*networks, **kwargs)

        with pytest.raises(
            TypeError, match=re.escape("Unnamed.__init__ with *networks")
        ):
            Unnamed(encoder(), decoder())

    def test_unregistered_layers_load_with_custom_objects(self, tmp_path):
        class Doubled(layers.Layer):
            def call(self, x):
                return 2 * x

        network = keras.Sequential([keras.Input(SHAPE), Doubled(), layers.Flatten()])
        model = models.Autoencoder(network, decoder())
        model.save(tmp_path / "model.keras")
        loaded = kl.load_model(
            tmp_path / "model.keras", custom_objects={"Doubled": Doubled}
        )
        np.testing.assert_array_equal(loaded.encode(images()), model.encode(images()))

    def test_an_unzipped_folder_can_be_written(self, tmp_path):
        model = models.Autoencoder(encoder(), decoder())
        model.save(tmp_path / "folder", zipped=False)
        loaded = keras.saving.load_model(tmp_path / "folder")
        np.testing.assert_array_equal(loaded.encode(images()), model.encode(images()))
