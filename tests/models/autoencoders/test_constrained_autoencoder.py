import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, softmax

from keras_latent import models
from keras_latent.callbacks import Linear, WeightSchedule
from keras_latent.typing import Batch
from tests.models.cases import CATEGORIES, LATENT_DIM, dense_networks, digits, images
from tests.tiers import rarely


def build(heads=CATEGORIES, **arguments):
    return models.ConstrainedAutoencoder(**dense_networks(), heads=heads, **arguments)


def compiled(model, **arguments):
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True, **arguments)
    return model


def test_objective_against_numpy():
    model = build(perturbation_weight=1.0, perturbation_scale=0.3, seed=7)
    x, y = images(5), np.array([0, 3, -1, 2, -1])
    state = model.noise.seed_generator.state.numpy()
    terms = model.objective(Batch(x, y), training=False)

    z = model.encode(x)
    kernel, bias = model.heads.get_weights()
    log_probability = log_softmax(z @ kernel + bias, axis=-1)
    expected = [-log_probability[row, y[row]] if y[row] >= 0 else 0 for row in range(5)]
    np.testing.assert_allclose(terms["classification"], expected, rtol=1e-5)
    right = (z @ kernel + bias).argmax(-1) == y
    np.testing.assert_array_equal(terms["accuracy"].value, right)
    np.testing.assert_array_equal(terms["accuracy"].weight, [1, 1, 0, 1, 0])

    squares = np.sum((x - model.reconstruct(x)) ** 2, axis=(1, 2, 3))
    nats = 0.5 * squares + 0.5 * x[0].size * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["reconstruction"], nats, rtol=1e-5)

    model.noise.seed_generator.state.assign(state)
    neighbour = z + 0.3 * model.noise(z).numpy()
    again = model.encode(model.decode(neighbour))
    expected = np.sum((again - neighbour) ** 2, axis=-1)
    np.testing.assert_allclose(terms["perturbation"], expected, rtol=1e-5)


def test_without_constraints_it_is_the_autoencoder():
    model = compiled(build(classification_weight=0.0))
    plain = compiled(models.Autoencoder(**dense_networks()))
    for mine, its in (
        (model.encoder, plain.encoder),
        (model.decoder, plain.decoder),
        (model.code, plain.code),
    ):
        its.set_weights(mine.get_weights())
    x = images(8)
    model.fit(x, digits(8), shuffle=False, verbose=0)
    plain.fit(x, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.encode(x), plain.encode(x), atol=1e-6)


def test_missing_labels_train_the_reconstruction_alone():
    x = images(8)
    some = digits(8)
    first, second = compiled(build()), compiled(build())
    second.set_weights(first.get_weights())
    other = images(8, seed=5)
    head = first.heads.get_weights()
    first.fit(x, np.full(8, -1), verbose=0)
    np.testing.assert_array_equal(first.heads.get_weights()[0], head[0])

    # Rows without a label leave no trace in the head, whatever they show.
    rows = some < 0
    changed = np.where(rows[:, None, None, None], other, x)
    heads = []
    for observations in (x, changed):
        second.set_weights(first.get_weights())
        second.fit(observations, some, verbose=0)
        heads.append(second.heads.get_weights()[0])
    np.testing.assert_array_equal(*heads)


def test_accuracy_counts_labelled_rows():
    model = compiled(build())
    x, y = images(10), digits(10)
    logs = model.evaluate(x, y, batch_size=4, return_dict=True, verbose=0)
    right = model.classify(x).numpy().argmax(-1) == y
    assert logs["accuracy"] == pytest.approx(right[y >= 0].mean())
    nothing = model.evaluate(x, np.full(10, -1), return_dict=True, verbose=0)
    assert nothing["accuracy"] == nothing["classification"] == 0.0


def gradients_of(model, term, x, y):
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(model.objective(Batch(x, y), True)[term])
    variables = model.trainable_variables
    return {
        variable.path: gradient
        for variable, gradient in zip(
            variables, tape.gradient(value, variables), strict=True
        )
    }


@pytest.mark.parametrize(
    ("term", "moves"),
    [
        ("reconstruction", {"encoder", "code", "decoder"}),
        ("classification", {"encoder", "code", "heads"}),
        ("perturbation", {"encoder", "code", "decoder"}),
    ],
)
def test_who_is_moved_by_each_term(term, moves):
    model = build(perturbation_weight=1.0)
    gradients = gradients_of(model, term, images(6), digits(6))
    parts = {
        "encoder": model.encoder.trainable_variables,
        "code": model.code.trainable_variables,
        "decoder": model.decoder.trainable_variables,
        "heads": model.heads.trainable_variables,
    }
    moved = {
        part
        for part, variables in parts.items()
        if any(gradients[variable.path] is not None for variable in variables)
    }
    assert moved == moves


def test_the_neighbour_is_detached():
    """Codes of x can't move towards where the term is small: only E(D(.)) can."""
    model = build(perturbation_weight=1.0, perturbation_scale=0.0)
    x, y = images(4), digits(4)
    found = gradients_of(model, "perturbation", x, y)
    z = tf.constant(model.encode(x))
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        again = model.encode(model.decode(z, training=True), training=True)
        value = tf.reduce_sum(tf.square(again - z))
    expected = tape.gradient(value, variables)
    for variable, gradient in zip(variables, expected, strict=True):
        if gradient is None:
            assert found[variable.path] is None
        else:
            np.testing.assert_allclose(found[variable.path], gradient, atol=1e-6)


@pytest.fixture
def two_heads():
    parity = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(2),
        ]
    )
    return {"digit": CATEGORIES, "parity": parity}


def test_several_heads(two_heads, tmp_path):
    model = compiled(build(two_heads, classification_weight=0.5))
    x, y = images(9), digits(9)
    labels = {"digit": y, "parity": np.where(y < 0, -1, y % 2)}
    logs = model.fit(x, labels, verbose=0).history
    assert {"classification_digit", "classification_parity"} < set(logs)
    assert {"accuracy_digit", "accuracy_parity"} < set(logs)
    assert float(model.classification_parity_weight) == 0.5
    told = model.classify(x)
    z = model.encode(x)
    expected = softmax(model.heads["parity"](z), axis=-1)
    np.testing.assert_allclose(told["parity"], expected, rtol=1e-5)
    assert told["digit"].shape == (9, CATEGORIES)

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.classify(x)["parity"], told["parity"])
    again.fit(x, labels, verbose=0)


def test_a_dataset_of_labels():
    data = tf.data.Dataset.from_tensor_slices((images(8), digits(8))).batch(4)
    logs = compiled(build()).fit(data, validation_data=data, verbose=0).history
    assert np.isfinite(logs["val_classification"]).all()


def test_for_images():
    model = models.ConstrainedAutoencoder.for_images(
        (8, 8, 1), latent_dim=2, heads={"shape": 3, "colour": 6}
    )
    told = model.classify(np.zeros((2, 8, 8, 1), "float32"))
    assert {name: value.shape for name, value in told.items()} == {
        "shape": (2, 3),
        "colour": (2, 6),
    }


def head(inputs, outputs, activation=None):
    layers = [keras.Input((inputs,)), keras.layers.Dense(outputs, activation)]
    return keras.Sequential(layers)


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        (0, "`heads` must be a positive integer. Received: heads=0"),
        (1, r"`heads` must give logits.*at least 2 classes"),
        ({}, "`heads` must hold at least one head"),
        ({0: 10, 1: 2}, "`heads` must be named by strings.*the name 0"),
        ({"": 3}, "`heads` must be named by strings that aren't empty.*the name ''"),
        ("digits", "`heads` must be a Keras model.*Received: heads='digits'"),
        ({"a": 3, "b": 2.5}, r"`heads\['b'\]` must be a Keras model.*2\.5"),
        (head(7, 4), r"`heads` must take the code, of shape \(None, 3\).*\(None, 7\)"),
        (head(3, 4, "softmax"), "`heads` must give logits, without.*'softmax'"),
    ],
)
def test_wrong_heads(heads, message):
    with pytest.raises(ValueError, match=message):
        build(heads)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "`y` must hold the labels.*Received: y=None"),
        (np.arange(5), r"`y` must hold one label for each of the 8.*\(5,\)"),
        (np.eye(8), r"`y` must hold one label for each of the 8.*\(8, 8\)"),
        (np.full(8, 4), "`y` must hold classes from 0 to 3, or -1.*4"),
        (np.full(8, -2), "classes from 0 to 3.*-2"),
        (np.full(8, 0.5), r"classes from 0 to 3.*0\.5"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_wrong_labels(labels, message, method):
    model = compiled(build())
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(images(8), labels, verbose=0)


def test_wrong_labels_in_a_dataset():
    data = tf.data.Dataset.from_tensor_slices((images(4), [9, 0, 1, 2])).batch(4)
    with pytest.raises(ValueError, match=r"classes from 0 to 3.*9"):
        compiled(build()).fit(data, verbose=0)


@pytest.mark.parametrize("wrong", [CATEGORIES, -2, 255, 2**33, 0.5, np.nan])
def test_labels_that_are_no_class_are_nan(wrong):
    model = build()
    terms = model.objective(Batch(images(3), np.array([1, wrong, -1])), training=False)
    found = np.isnan(terms["classification"])
    np.testing.assert_array_equal(found, [False, True, False])


@pytest.mark.parametrize("jit_compile", [False, *rarely(True)])
def test_wrong_labels_in_a_later_batch_stop_the_training(jit_compile):
    labels = [0, 1, -1, 3, 0, CATEGORIES]
    data = tf.data.Dataset.from_tensor_slices((images(6), labels)).batch(3)
    model = build()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=jit_compile)
    with pytest.raises(ValueError, match="at step 2 `classification` is not"):
        model.fit(data, verbose=0)
    assert np.isfinite(model.heads.get_weights()[0]).all()


def test_the_perturbation_is_not_switched_on_later():
    model = compiled(build())
    assert float(model.perturbation_weight) == 0.0
    model.perturbation_weight = 0.0
    message = "`perturbation_weight` must stay 0.*Received: perturbation_weight=1.0"
    with pytest.raises(ValueError, match=message):
        model.perturbation_weight = 1.0
    assert float(model.perturbation_weight) == 0.0
    late = WeightSchedule("perturbation_weight", Linear(0.0, 1.0, duration=2))
    with pytest.raises(ValueError, match="`weight` must be one of"):
        model.fit(images(4), digits(4), callbacks=[late], verbose=0)


def test_the_weight_of_the_perturbation_is_a_schedules():
    model = compiled(build(perturbation_weight=1.0))
    for weight in (0.0, 0.5):
        model.perturbation_weight = weight
        logs = model.evaluate(images(4), digits(4), return_dict=True, verbose=0)
        assert logs["perturbation"] > 0
        assert float(model.perturbation_weight) == weight
    with pytest.raises(ValueError, match="`perturbation_weight` must be a number in"):
        model.perturbation_weight = -1.0


def test_labels_of_a_head_are_missing(two_heads):
    model = compiled(build(two_heads))
    with pytest.raises(ValueError, match=r"\['digit', 'parity'\].*y=\['digit'\]"):
        model.fit(images(4), {"digit": np.zeros(4)}, verbose=0)
    with pytest.raises(ValueError, match=r"\['digit', 'parity'\].*y=ndarray"):
        model.fit(images(4), np.zeros(4), verbose=0)
