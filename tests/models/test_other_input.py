"""What users give beside arrays of the right kind: taken, or refused in words."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent import models
from tests.models.cases import (
    CATEGORIES,
    conditional_networks,
    dense_networks,
    digits,
    few_cases,
    images,
    optimizers,
)
from tests.tiers import rarely

X = images(6)


def compiled(model):
    model.compile(optimizers(model, keras.optimizers.SGD(0.01)), run_eagerly=True)
    return model


def conditional():
    return models.ConditionalVAE(**conditional_networks(), num_classes=CATEGORIES)


def batches(*columns):
    columns = columns[0] if len(columns) == 1 else columns
    return tf.data.Dataset.from_tensor_slices(columns).batch(4)


@pytest.mark.parametrize("method", ["encode", "reconstruct", "elbo", "log_likelihood"])
def test_lists_of_numbers_are_observations(method):
    model = models.VAE(**dense_networks(), likelihood="gaussian")
    keras.utils.set_random_seed(0)
    found = getattr(model, method)(X.tolist())
    keras.utils.set_random_seed(0)
    np.testing.assert_allclose(found, getattr(model, method)(X), rtol=1e-5)


def test_lists_of_numbers_are_codes():
    model = models.Autoencoder(**dense_networks())
    z = model.encode(X)
    np.testing.assert_allclose(model.decode(z.tolist()), model.decode(z), rtol=1e-6)


def test_codes_may_come_in_batches():
    model, told = models.Autoencoder(**dense_networks()), conditional()
    z = model.encode(X)
    np.testing.assert_allclose(model.decode(batches(z)), model.decode(z), rtol=1e-6)
    y = np.arange(6, dtype="int32") % CATEGORIES
    np.testing.assert_allclose(told.decode(batches(z, y)), told.decode(z, y), rtol=1e-6)
    with pytest.raises(ValueError, match=r"`z` must have the shape .* \(4, 2\)"):
        model.decode(batches(z[:, :2]))


def test_what_has_no_condition():
    model, y = conditional(), np.zeros(6, "int32")
    for call in (
        lambda: model(X),
        lambda: model.encode(batches(X)),
        lambda: model.encode(X, training=True),
    ):
        with pytest.raises(ValueError, match=r"`y` must be the condition.*y=None"):
            call()
    given = model.predict({"x": X, "y": y}, verbose=0)
    np.testing.assert_allclose(given, model.reconstruct(X, y), rtol=1e-5)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda y: y * np.nan, r"`y` must be finite\. Received: NaN=4"),
        (lambda y: y + 0.5, r"`y` must hold classes from 0 to 3.*minimum=0\.5"),
        (lambda y: y + 9.0, r"`y` must hold classes from 0 to 3.*maximum=12"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_classes_in_batches_that_are_none(method, broken, message):
    y = np.arange(6, dtype="float32") % CATEGORIES
    model = compiled(conditional())
    before = [v.numpy() for v in model.trainable_variables]
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(batches(X, broken(y)), verbose=0)
    for a, b in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_in_batches_that_are_none():
    model = models.ConstrainedAutoencoder(**dense_networks(), heads=CATEGORIES)
    with pytest.raises(ValueError, match=r"`y` must hold classes.*minimum=0\.5"):
        compiled(model).fit(batches(X, 0.0 * digits(6) + 0.5), verbose=0)


def test_vectors_of_a_condition_in_batches_that_are_not_finite():
    model = models.ConditionalVAE(**conditional_networks(), condition_size=CATEGORIES)
    y = np.full((6, CATEGORIES), np.nan, "float32")
    with pytest.raises(ValueError, match=r"`y` must be finite\. Received: NaN=16"):
        compiled(model).fit(batches(X, y), verbose=0)


def test_negative_weights_in_batches():
    model = compiled(models.Autoencoder(**dense_networks()))
    before = [v.numpy() for v in model.trainable_variables]
    weight = np.array([1, 1, -3, 1, 1, 1], "float32")
    message = r"`sample_weight` must hold finite numbers of at least 0.*minimum=-3"
    for call in (
        lambda: model.fit(batches(X, X, weight), verbose=0),
        lambda: model.evaluate(batches(X, X, weight), verbose=0),
        lambda: model.train_on_batch(X, sample_weight=weight),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    for a, b in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_batch_is_looked_at():
    model = compiled(models.Autoencoder(**dense_networks()))
    with pytest.raises(ValueError, match=r"`x` must lie in \[0, 1\].*maximum"):
        model.test_on_batch(3.0 * X)
    with pytest.raises(ValueError, match=r"`x` must be finite\. Received: NaN=72"):
        model.test_on_batch(np.nan * X)
    expected = model.evaluate(X, return_dict=True, verbose=0)
    assert model.test_on_batch(X, return_dict=True) == pytest.approx(expected)


def test_nothing_to_evaluate_on():
    model = compiled(models.Autoencoder(**dense_networks()))
    with pytest.raises(ValueError, match=r"`x` must be data to evaluate on.*x=None"):
        model.evaluate()


@pytest.mark.parametrize("wrong", [0, -2, 2.0, "2", True])
def test_sizes_of_codes_that_are_none(wrong):
    with pytest.raises(ValueError, match=r"`latent_dim` must be a positive integer"):
        models.VAE.for_images((8, 8, 1), latent_dim=wrong)


def test_whole_numbers_of_numpy():
    model = models.VAE.for_images((8, 8, 1), latent_dim=np.int64(2))
    assert model.latent_dim == 2
    np.testing.assert_array_equal(
        model.sample(3, seed=np.int64(4)), model.sample(3, seed=4)
    )


@pytest.mark.parametrize(
    "variant", [models.AdversarialAutoencoder, models.BiGAN], ids=lambda v: v.__name__
)
def test_a_prior_that_needs_a_posterior(variant):
    with pytest.raises(ValueError, match=r"`prior` 'vamp_prior' needs a model with a"):
        variant.for_images((8, 8, 1), latent_dim=2, prior="vamp_prior")


@pytest.mark.parametrize(
    "freeze",
    [
        lambda model: model.code_mean,
        lambda model: model.prior,
        lambda model: model,
    ],
    ids=["a code's layer", "a prior by its name", "all"],
)
def test_what_is_frozen_is_so_once_it_is_loaded(freeze, tmp_path):
    model = models.VAE(
        **dense_networks(), likelihood="gaussian", prior="normal_mixture", seed=1
    )
    freeze(model).trainable = False
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    if model.trainable:
        model.fit(X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    count = len(model.trainable_variables)
    assert len(loaded.trainable_variables) == count
    frozen = [v.numpy() for v in freeze(loaded).variables]
    assert frozen
    if not count:
        return
    loaded.run_eagerly = True
    for each in (model, loaded):
        each.fit(X, verbose=0)
    for a, b in zip(freeze(loaded).variables, frozen, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(loaded.variables, model.variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", [None, tf.constant], ids=["arrays", "tensors"])
def test_tensors_are_looked_at_as_arrays_are(function):
    function = function or np.asarray
    model = conditional()
    x, y = function(X), function(np.arange(6, dtype="int32") % CATEGORIES)
    z = function(model.encode(X, np.asarray(y)))
    for call in (
        lambda: model.encode(x, y + 5),
        lambda: model.reconstruct(x, y + 5),
        lambda: model.decode(z, y + 5),
    ):
        with pytest.raises(ValueError, match=r"`y` must hold classes from 0 to 3"):
            call()
    with pytest.raises(ValueError, match=r"`z` must be finite.* 18 values"):
        model.decode(z * np.float32(np.nan), y)


@pytest.mark.parametrize("jit_compile", [False, *rarely(True)])
def test_images_of_another_size_in_a_graph_of_any_size(jit_compile):
    encoder = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3, padding="same")]
    )
    decoder = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 3, padding="same")]
    )
    model = models.Autoencoder(encoder, decoder)
    model.compile(keras.optimizers.SGD(0.01), jit_compile=jit_compile)

    def batches_of(*sides):
        spec = tf.TensorSpec((None, None, None, 1))
        return tf.data.Dataset.from_generator(
            lambda: (np.ones((3, side, side, 1), "float32") for side in sides),
            output_signature=spec,
        )

    model.fit(batches_of(4, 4), verbose=0)
    before = [v.numpy() for v in model.trainable_variables]
    wanted = r"" if jit_compile else r"`x` must have the shape \(batch, 4, 4, 1\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=wanted):
        model.fit(batches_of(8), verbose=0)
    for a, b in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(a, b)


def as_ragged(x):
    return tf.RaggedTensor.from_tensor(x)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "encode"])
def test_lists_are_arrays(method):
    """Of images, and the one input of a model as Keras lists it."""
    found = []
    for given in (X, [X], list(X), X.tolist()):
        keras.utils.set_random_seed(0)
        model = compiled(models.Autoencoder(**dense_networks()))
        quietly = {"verbose": 0} if method in ("fit", "evaluate") else {}
        result = getattr(model, method)(given, **quietly)
        found.append(result.history["loss"] if method == "fit" else result)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-6)


def test_lists_of_several_shapes():
    model = compiled(models.Autoencoder(**dense_networks()))
    message = r"`x` must be one array, or a list of rows.* a list of 2 of several"
    for call in (model.fit, model.encode):
        with pytest.raises(ValueError, match=message):
            call([X, X[:2]])


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "encode"])
@pytest.mark.parametrize("sparse", [as_ragged, tf.sparse.from_dense])
def test_what_is_not_dense(method, sparse):
    model = compiled(models.Autoencoder(**dense_networks()))
    with pytest.raises(ValueError, match=r"`x` must be dense.*type (Ragged|Sparse)"):
        getattr(model, method)(sparse(X))


@pytest.mark.parametrize("given", [np.float32(3), 3.0, "images", None])
def test_what_holds_no_rows(given):
    model = compiled(models.Autoencoder(**dense_networks()))
    for call in (model.fit, model.evaluate, model.train_on_batch, model.encode):
        with pytest.raises(ValueError, match=r"`x` must be .*Received: x="):
            call(given)
    for validation in ((given,), given) if given is not None else ((given,),):
        with pytest.raises(ValueError, match=r"must be an array of rows.*Received"):
            model.fit(X, validation_data=validation, verbose=0)


def test_a_dataset_without_batches():
    model = models.Autoencoder(**dense_networks())
    with pytest.raises(ValueError, match=r"`x` must hold a batch.*: a dataset"):
        model.encode(batches(X).take(0))


def test_a_dataset_where_arrays_are_needed():
    model = models.VAE(**dense_networks(), likelihood="gaussian")
    with pytest.raises(ValueError, match=r"`x` must be an array.*BatchDataset"):
        model.log_likelihood(batches(X))


@pytest.mark.parametrize("kind", [complex, str, object])
def test_codes_that_are_no_real_numbers(kind):
    model = models.Autoencoder(**dense_networks())
    z = np.zeros((2, *model.code_shape)).astype(kind)
    with pytest.raises(ValueError, match=r"`z` must hold real numbers.*of dtype"):
        model.decode(z)


def test_switches_are_on_or_off():
    with pytest.raises(ValueError, match=r"`global_batch` must be True or.*'yes'"):
        models.EncDec(**dense_networks(), global_batch="yes")
    with pytest.raises(ValueError, match=r"`per_example` must be True or.*=1"):
        models.CapacityVAE(**dense_networks(), per_example=1)
    model = models.VAE(**dense_networks())
    for argument in ("sample", "training"):
        with pytest.raises(ValueError, match=rf"`{argument}` must be True or.*='a'"):
            model.encode(X, **{argument: "a"})
    with pytest.raises(ValueError, match=r"`training` must be True or.*=2"):
        model.decode(model.encode(X), training=2)


@pytest.mark.parametrize("variant", ["BiGAN", "VAEGAN", "AutoencoderKL"])
def test_critics_of_images_where_there_are_none(variant):
    message = r"`discriminator` must be given where the decoder gives no images.*=None"
    dense = keras.layers.Dense
    encoder = keras.Sequential([keras.Input((4,)), dense(3)])
    decoder = keras.Sequential([keras.Input((2,)), dense(4, activation="sigmoid")])
    with pytest.raises(ValueError, match=message):
        getattr(models, variant)(encoder, decoder)


def test_weights_of_classes_where_there_are_none():
    model = models.ConditionalVAE(**conditional_networks(), condition_size=CATEGORIES)
    y = np.zeros((6, CATEGORIES), "float32")
    with pytest.raises(ValueError, match=r"`class_weight` needs classes.*\{0: 1\.0\}"):
        compiled(model).fit(X, y, class_weight={0: 1.0}, verbose=0)


def test_metrics_of_an_earlier_compile_are_not_logged():
    model = models.Autoencoder(**dense_networks())
    model.compile(metrics=["mae"], run_eagerly=True)
    assert "mae" in model.fit(X, verbose=0).history
    model.compile(run_eagerly=True)
    assert "mae" not in model.fit(X, verbose=0).history


@few_cases
def test_another_float_of_keras_changes_nothing_but_the_networks(case):
    """What is computed in float32 stays so where layers compute in float64."""
    keras.config.set_floatx("float64")
    try:
        model = case.build()
        model.compile(run_eagerly=True)
        labels = None if case.labels is None else case.labels(4)
        logs = model.fit(case.data(4), labels, verbose=0).history
    finally:
        keras.config.set_floatx("float32")
    assert np.isfinite(logs["loss"]).all()
