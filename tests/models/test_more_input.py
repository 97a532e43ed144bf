"""More of what users give: nothing of it is left aside or cut without a word."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent import layers, models, quantizers, samplers
from tests.models.cases import (
    CATEGORIES,
    conditional_networks,
    dense_networks,
    images,
    optimizers,
)

X = images(6)
Y = np.arange(6, dtype="int32") % CATEGORIES


def compiled(model):
    model.compile(optimizers(model, keras.optimizers.SGD(0.01)), run_eagerly=True)
    return model


def plain():
    return compiled(models.Autoencoder(**dense_networks()))


def conditional():
    networks = conditional_networks()
    return compiled(models.ConditionalVAE(**networks, num_classes=CATEGORIES))


def batches(*columns):
    columns = columns[0] if len(columns) == 1 else columns
    return tf.data.Dataset.from_tensor_slices(columns).batch(4)


def unmoved(model, message, call):
    before = [v.numpy() for v in model.trainable_variables]
    with pytest.raises(ValueError, match=message):
        call(model)
    for a, b in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_condition_of_what_has_none():
    model = models.VAE(**dense_networks(), likelihood="gaussian")
    message = r"`y` can't be given to VAE, which has no condition"
    with pytest.raises(ValueError, match=message):
        model.log_likelihood(X, num_samples=2, y=Y)


@pytest.mark.parametrize("method", ["fit", "evaluate", "encode", "reconstruct"])
def test_a_condition_beside_another(method):
    """One of the two would be left aside."""
    unmoved(
        conditional(),
        r"`y` can't be given beside an `x` that holds the condition",
        lambda model: getattr(model, method)({"x": X, "y": Y}, 0 * Y),
    )


@pytest.mark.parametrize("dtype", ["complex64", "str"])
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_numbers_in_batches_that_are_not_real(dtype, method):
    unmoved(
        plain(),
        r"`x` must hold real numbers\. Received: x of dtype (complex64|string)",
        lambda model: getattr(model, method)(batches(X.astype(dtype)), verbose=0),
    )


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3, "float32"), r"for each of the 6 rows.*of shape \(3,\)"),
        (np.ones((6, 2), "float32"), r"for each of the 6 rows.*of shape \(6, 2\)"),
        (np.ones(6) + 1j, r"`sample_weight` must hold real.*complex128"),
        (np.array(["a"] * 6), r"`sample_weight` must hold real numbers.*string"),
    ],
)
def test_weights_that_are_none(weight, message):
    unmoved(plain(), message, lambda m: m.train_on_batch(X, sample_weight=weight))
    unmoved(plain(), message, lambda m: m.fit(X, sample_weight=weight, verbose=0))


@pytest.mark.parametrize("run_eagerly", [True, False])
def test_weights_in_batches_of_a_column_too_many(run_eagerly):
    model = models.Autoencoder(**dense_networks())
    model.compile(run_eagerly=run_eagerly)
    weight = np.ones((6, 2), "float32")
    unmoved(
        model,
        r"`sample_weight` must hold one number for each.*, 2\)",
        lambda model: model.fit(batches(X, X, weight), verbose=0),
    )
    model.fit(batches(X, X, weight[:, :1]), verbose=0)


@pytest.mark.parametrize("form", ["arrays", "dataset"])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"0": 2.0}, r"`class_weight` must be a dict from classes.*\{'0': 2\.0\}"),
        ([1.0, 2.0], r"`class_weight` must be a dict from classes.*\[1\.0, 2\.0\]"),
        ("balanced", r"`class_weight` must be a dict from classes.*'balanced'"),
        ({0: -1.0}, r"`class_weight\[0\]` must be a number.*-1\.0"),
        ({0: "2"}, r"`class_weight\[0\]` must be a number.*'2'"),
        ({0: np.nan}, r"`class_weight\[0\]` must be a number.*nan"),
    ],
)
def test_weights_of_classes_that_are_none(form, wrong, message):
    data = (X, Y) if form == "arrays" else (batches(X, Y),)
    unmoved(
        conditional(),
        message,
        lambda model: model.fit(*data, class_weight=wrong, verbose=0),
    )


def test_weights_of_no_class_and_of_no_labels():
    model = conditional()
    model.fit(batches(X, Y), class_weight={}, verbose=0)
    with pytest.raises(ValueError, match=r"`class_weight` must come with labels"):
        model.fit(batches({"x": X, "y": Y}), class_weight={0: 2.0}, verbose=0)


def test_what_is_predicted_is_looked_at():
    model = plain()
    with pytest.raises(ValueError, match=r"`x` must lie in \[0, 1\].*maximum"):
        model.predict(300.0 * X, verbose=0)
    with pytest.raises(ValueError, match=r"`x` must be finite\. Received: NaN=72"):
        model.predict(np.nan * X, verbose=0)
    for given in (X[:, :2], batches(X[:, :2])):
        with pytest.raises(ValueError, match=r"`x` must have the shape \(batch, 4, 3"):
            model.predict(given, verbose=0)
    with pytest.raises(ValueError, match=r"`x` must have the shape \(batch, 4, 3"):
        model(X[:, :2])
    y = {"x": X, "y": Y + 9}
    with pytest.raises(ValueError, match=r"`y` must hold classes from 0 to 3.* 9"):
        conditional().predict(y, verbose=0)
    expected = model.reconstruct(X)
    for given in (X, list(X), batches(X)):
        found = model.predict(given, verbose=0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_variables_are_tensors():
    model = plain()
    found = model.encode(tf.Variable(X))
    np.testing.assert_allclose(found, model.encode(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be a positive integer.*=0"),
        ({"batch_size": 2.5}, r"`batch_size` must be a positive integer.*=2\.5"),
        ({"validation_split": 2.0}, r"`validation_split` must be a number.*=2\.0"),
        ({"validation_split": "a"}, r"`validation_split` must be a number.*='a'"),
        ({"epochs": "a"}, r"`epochs` must be an integer of at least 0.*='a'"),
        ({"epochs": -1}, r"`epochs` must be an integer of at least 0.*=-1"),
        ({"epochs": None}, r"`epochs` must be an integer of at least 0.*=None"),
        ({"initial_epoch": 0.5}, r"`initial_epoch` must be an integer of .*=0\.5"),
        ({"steps_per_epoch": 0}, r"`steps_per_epoch` must be a positive integer.*=0"),
        ({"validation_steps": "a"}, r"`validation_steps` must be a positive.*='a'"),
        ({"validation_batch_size": -2}, r"`validation_batch_size` must be a po.*=-2"),
        ({"validation_freq": 0}, r"`validation_freq` must be a positive in.*=0"),
        ({"validation_freq": [1, "a"]}, r"`validation_freq` .*=\[1, 'a'\]"),
        ({"verbose": "loudly"}, r"`verbose` must be one of 'auto', 0, 1, 2.*='loudly'"),
        ({"shuffle": "yes"}, r"`shuffle` must be one of True, False, 'batch'.*='yes'"),
        ({"sample_weight": "a"}, r"`sample_weight` must be an array.*='a'"),
        ({"sample_weight": 2.0}, r"`sample_weight` must be an array.*=2\.0"),
        ({"y": "a"}, r"`y` must be an array with an entry for each row.*y='a'"),
        ({"y": [1]}, r"`y` must hold as many rows as `x`, 6.*y of shape \(1,\)"),
        ({"validation_data": object()}, r"`validation_data` must be an array of rows"),
        ({"validation_data": (X, "a")}, r"`y` must be an array with an entry.*y='a'"),
        ({"callbacks": [3]}, r"`callbacks` must be callbacks of Keras.*3"),
        (
            {"callbacks": keras.callbacks.TerminateOnNaN},
            r"`callbacks` must be callbacks of Keras.*TerminateOnNaN",
        ),
    ],
)
def test_arguments_of_fit_that_are_none(arguments, message):
    arguments = {"verbose": 0, **arguments}
    unmoved(plain(), message, lambda model: model.fit(X, **arguments))


@pytest.mark.parametrize("method", ["evaluate", "predict"])
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("batch_size", "a"),
        ("batch_size", 0),
        ("steps", 2.5),
        ("verbose", "loudly"),
        ("callbacks", 3),
    ],
)
def test_arguments_of_what_comes_after_fit_that_are_none(method, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be .*Received: "):
        getattr(plain(), method)(X, **{"verbose": 0, argument: value})


def test_what_is_predicted_holds_its_condition():
    model = conditional()
    for given in (X, batches(X), batches(X, Y)):
        with pytest.raises(ValueError, match=r"`x` must be a dict in `predict`.*'y'"):
            model.predict(given, verbose=0)
    assert model.predict({"x": X, "y": Y}, verbose=0).shape == X.shape


def test_epochs_of_validation_may_be_listed():
    logs = plain().fit(
        X, epochs=2, validation_data=(X,), validation_freq=[2], verbose=0
    )
    assert len(logs.history["val_loss"]) == 1
    assert plain().fit(X, epochs=0, verbose=0).history == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps_per_execution": 0}, r"`steps_per_execution` must be a pos.*=0"),
        ({"steps_per_execution": 2.5}, r"`steps_per_execution` must be a pos.*=2\.5"),
        ({"run_eagerly": "x"}, r"`run_eagerly` must be True or False.*='x'"),
        ({"auto_scale_loss": 1}, r"`auto_scale_loss` must be True or False.*=1"),
        ({"jit_compile": "xla"}, r"`jit_compile` must be one of 'auto', True.*'xla'"),
    ],
)
def test_arguments_of_compile_that_are_none(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.Autoencoder(**dense_networks()).compile(**arguments)


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5"])
def test_files_that_could_not_be_loaded_are_not_written(name, tmp_path):
    with pytest.raises(ValueError, match=rf"`filepath` must end in '\.keras'.*{name}"):
        plain().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", [True, -1, 1.5, 2**70, "one"])
@pytest.mark.parametrize(
    "call",
    [
        lambda seed: vae().sample(2, seed=seed),
        lambda seed: vae().elbo(X, seed=seed),
        lambda seed: vae().log_likelihood(X, num_samples=2, seed=seed),
        lambda seed: vae(seed=seed),
        lambda seed: layers.StandardNormal(seed),
        lambda seed: quantizers.VectorQuantizer(8, seed=seed),
        lambda seed: samplers.GaussianMixture(vae(), 2, seed=seed),
        lambda seed: samplers.Normal(vae()).fit(X).sample(2, seed=seed),
    ],
)
def test_seeds_that_are_none(call, seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer in \[0, 2\^63\)"):
        call(seed)


def vae(**arguments):
    return models.VAE(**dense_networks(), likelihood="gaussian", **arguments)


def test_seeds_of_numpy_are_those_of_python():
    seeds = np.int64(3), 3
    first, second = (vae(seed=seed).get_config()["seed"] for seed in seeds)
    assert first == second == 3
    model = vae()
    first, second = (model.sample(2, seed=seed) for seed in seeds)
    np.testing.assert_array_equal(first, second)


def test_codes_of_half_the_digits():
    model = vae()
    codes = tf.cast(model.encode(X), "bfloat16")
    decoded = model.decode(codes.numpy())
    np.testing.assert_allclose(decoded, model.decode(tf.cast(codes, "float32")))


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_a_dataset_without_a_batch(method):
    message = r"`%s` must hold a batch\. Received: a dataset without one"

    class Empty(keras.utils.PyDataset):
        def __len__(self):
            return 0

        def __getitem__(self, index):
            raise IndexError(index)

    def empty_to(model, empty):
        return getattr(model, method)(empty)

    for empty in batches(X).take(0), Empty():
        unmoved(plain(), message % "x", partial(empty_to, empty=empty))
    unmoved(
        plain(),
        message % "validation_data",
        lambda model: model.fit(X, validation_data=batches(X).take(0)),
    )


def test_what_gives_batches_but_once():
    message = r"`x` must be an array, or a dataset of batches.*of type generator"
    with pytest.raises(ValueError, match=message):
        vae().encode(X[i : i + 2] for i in range(0, 6, 2))


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "encode"])
def test_masked_values(method):
    masked = np.ma.masked_greater(X, 0.5)
    message = rf"`x` must have no mask.* with {masked.mask.sum()} masked values"
    unmoved(plain(), message, lambda model: getattr(model, method)(masked))
    whole = np.ma.masked_greater(X, 2.0)
    getattr(plain(), method)(whole)


def test_codes_without_a_row():
    model = vae()
    message = r"`z` must hold at least one row. Received: z of shape \(0, "
    with pytest.raises(ValueError, match=message):
        model.decode(model.encode(X)[:0])
    discrete = models.VQVAE.for_images((8, 8, 1), code_shape=(2, 2, 3))
    with pytest.raises(ValueError, match=r"`t` must hold at least one row"):
        discrete.decode_tokens(np.zeros((0, 2, 2), int))
    with pytest.raises(ValueError, match=r"`z` must hold at least one row"):
        discrete.quantize(np.zeros((0, 2, 2, 3), "float32"))


def test_one_batch_as_in_training():
    model = vae()
    with pytest.raises(ValueError, match=r"`x` must be one batch.*BatchDataset"):
        model.encode(batches(X), training=True)
    with pytest.raises(ValueError, match=r"`z` must be one batch.*BatchDataset"):
        model.decode(batches(model.encode(X)), training=True)


@pytest.mark.parametrize("parts", [0, 4])
def test_tuples_of_another_length(parts):
    given = (X, Y, np.ones(6), np.ones(6))[:parts]
    message = r"`%s` must be x, \(x, y\) or \(x, y, sample_weight\)\. Received: .* with"
    unmoved(plain(), message % "x", lambda model: model.fit(given))
    validated = message % "validation_data"
    unmoved(plain(), validated, lambda model: model.fit(X, validation_data=given))
