"""SemiSupervisedVAE: against NumPy, and what its bound is at the ends of q(y|x)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from keras_latent.likelihoods import Gaussian
from keras_latent.models import VAE, SemiSupervisedVAE
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import (
    CATEGORIES,
    IMAGE_SHAPE,
    LATENT_DIM,
    classifier,
    conditional_networks,
    images,
)
from tests.models.variational import optimal_scale

X = images(6)
Y = np.array([0, 1, 2, 3, 1, 0])
NONE = np.full(6, -1)


def build(**arguments):
    defaults = {"num_classes": CATEGORIES, "classifier": classifier(), "seed": 1}
    return SemiSupervisedVAE(**{**conditional_networks(), **defaults, **arguments})


def without_noise(model):
    """Costs are those of the posterior's mean then."""
    gradients.without_variance(model)
    return model


def costs(model, x):
    """L(x, y) of each class, (rows, classes), by NumPy, at the posterior's mean."""
    by_class = []
    for y in range(CATEGORIES):
        given = {"x": x, "y": np.full(len(x), y)}
        z = model.encode(given)
        decoded = np.array(model.decode(z, given["y"]), "float64")
        log_p = (x * np.log(decoded) + (1 - x) * np.log1p(-decoded)).sum((1, 2, 3))
        log_var = -20.0
        kl = 0.5 * (z.astype("float64") ** 2 + np.exp(log_var) - 1 - log_var).sum(1)
        by_class.append(-log_p + kl + np.log(CATEGORIES))
    return np.stack(by_class, axis=1)


def log_q(model, x):
    return special.log_softmax(np.array(model.classifier(x), "float64"), axis=1)


def terms(model, y, x=X):
    return model.objective(Batch({"x": x, "y": y.astype("float32")}), True)


def test_terms_of_labelled_rows():
    model = without_noise(build())
    found, expected = terms(model, Y), costs(model, X)
    rows = np.arange(6)
    np.testing.assert_allclose(found["bound"], expected[rows, Y], rtol=1e-5)
    np.testing.assert_allclose(
        found["classification"], -log_q(model, X)[rows, Y], rtol=1e-5
    )
    right = log_q(model, X).argmax(1) == Y
    np.testing.assert_array_equal(found["accuracy"].value, right)


def test_terms_of_rows_without_a_label():
    model = without_noise(build())
    found, log_probs = terms(model, NONE), log_q(model, X)
    expected = (np.exp(log_probs) * (costs(model, X) + log_probs)).sum(axis=1)
    np.testing.assert_allclose(found["bound"], expected, rtol=1e-5)
    np.testing.assert_array_equal(found["classification"], 0.0)
    np.testing.assert_array_equal(found["accuracy"].weight, 0.0)


def set_logits(model, logits):
    dense = model.classifier.layers[-1]
    dense.set_weights([0.0 * dense.kernel.numpy(), np.asarray(logits, "float32")])


def test_a_certain_classifier_makes_its_class_the_label():
    model = without_noise(build())
    set_logits(model, [0.0, 60.0, 0.0, 0.0])
    found = terms(model, NONE)["bound"]
    np.testing.assert_allclose(found, terms(model, NONE * 0 + 1)["bound"], rtol=1e-5)


def test_the_best_classifier_makes_the_bound_of_log_p_of_x():
    """With q(y|x) ∝ exp(−L(x, y)) it is −log Σ exp(−L)."""
    model = without_noise(build())
    x = X[:1]
    expected = costs(model, x)[0]
    set_logits(model, -expected)
    found = float(terms(model, NONE[:1], x)["bound"][0])
    assert found == pytest.approx(-special.logsumexp(-expected), rel=1e-5)


def test_with_one_class_it_is_the_vae():
    image, told = keras.Input(IMAGE_SHAPE), keras.Input((1,))
    joined = keras.layers.Concatenate()([keras.layers.Flatten()(image), told])
    encoder = keras.Model([image, told], keras.layers.Dense(6, "tanh")(joined))
    code, label = keras.Input((LATENT_DIM,)), keras.Input((1,))
    both = keras.layers.Concatenate()([code, label])
    pixels = keras.layers.Dense(int(np.prod(IMAGE_SHAPE)), "sigmoid")(both)
    decoder = keras.Model([code, label], keras.layers.Reshape(IMAGE_SHAPE)(pixels))
    model = SemiSupervisedVAE(encoder, decoder, num_classes=1, seed=1)
    one = keras.ops.ones_like
    pixel = keras.layers.Flatten()(image)[:, :1]
    plain_encoder = keras.Model(image, encoder([image, one(pixel)]))
    plain_decoder = keras.Model(code, decoder([code, one(code[:, :1])]))
    vae = VAE(plain_encoder, plain_decoder, seed=1)
    gradients.share_codes(model, vae)
    expected = float(gradients.loss(vae, X))
    for y in (NONE, 0 * NONE):
        model.noise.seed_generator.state.assign(
            keras.random.SeedGenerator(1).state.numpy()
        )
        found = float(np.mean(terms(model, y)["bound"]))
        assert found == pytest.approx(expected, rel=1e-5)


def test_a_missing_class_is_the_likeliest():
    model = build()
    set_logits(model, [0.0, 0.0, 3.0, 0.0])
    expected = model.reconstruct(X, np.full(6, 2))
    np.testing.assert_allclose(model.reconstruct(X, NONE), expected, rtol=1e-6)
    np.testing.assert_allclose(model.encode(X, NONE), model.encode(X, NONE * 0 + 2))
    probabilities = np.array(model.classify(X))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-6)
    assert (probabilities.argmax(axis=1) == 2).all()


def test_metrics_compare_with_the_reconstruction():
    model = build()
    model.compile(metrics=["mse"], run_eagerly=True)
    given = {"x": X, "y": Y.astype("int32")}
    found = model.evaluate(given, batch_size=6, verbose=0, return_dict=True)["mse"]
    expected = np.mean((model.reconstruct(given) - X) ** 2)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.all
def test_a_few_labels_teach_the_others():
    """Two kinds of images: one label of each is enough for all."""
    rng = np.random.default_rng(0)
    kinds = np.arange(200) % 2
    x = 0.2 + 0.6 * kinds[:, None, None, None] + 0.1 * rng.normal(size=(200, 4, 3, 1))
    x = np.clip(x, 0.0, 1.0).astype("float32")
    y = np.full(200, -1)
    y[:2] = kinds[:2]
    networks = conditional_networks()
    model = build(**networks, classification_weight=100.0)
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(x, y, batch_size=50, epochs=12, verbose=0)
    assert (np.array(model.classify(x)).argmax(axis=1) == kinds).mean() > 0.95


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = conditional_networks(output_activation=None)
    model = build(**networks, likelihood="gaussian")
    gradients.assert_finite_training(model, 1e3 * X, Y)


@pytest.mark.parametrize("y", [np.full(6, 4), np.full(6, -2)])
def test_labels_out_of_range(y):
    model = build()
    model.compile("sgd", run_eagerly=True)
    message = rf"`y` must hold classes from 0 to 3, or -1.*y with {y[0]}"
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": None}, r"`num_classes` must be a positive.*num_classes=None"),
        ({"num_classes": 3}, r"`decoder` must take.*\(3,\)"),
        ({"classification_weight": -1.0}, r"`classification_weight`.*=-1.0"),
        ({"classifier": "mlp"}, r"`classifier` must be a Keras model.*'mlp'"),
        (
            {
                "classifier": keras.Sequential(
                    [
                        keras.Input(IMAGE_SHAPE),
                        keras.layers.Flatten(),
                        keras.layers.Dense(3),
                    ]
                )
            },
            r"`classifier` must give logits of shape \(None, 4\).*\(None, 3\)",
        ),
        (
            {
                "classifier": keras.Sequential(
                    [
                        keras.Input(IMAGE_SHAPE),
                        keras.layers.Flatten(),
                        keras.layers.Dense(4, "softmax"),
                    ]
                )
            },
            r"`classifier` must give logits, without an activation.*'softmax'",
        ),
        (
            {
                "classifier": keras.Sequential(
                    [keras.Input((5,)), keras.layers.Dense(4)]
                )
            },
            r"must give what `classifier` takes.*classifier\.input_shape=\(None, 5\)",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("y", [Y, NONE], ids=["labelled", "without"])
def test_an_optimal_scale_weighs_classes_by_their_shares(y):
    """And so −log p(x|z, y) is ½n(1 + log 2πσ²) on average: wrong classes count not."""
    model = build(likelihood=Gaussian(scale="optimal"))
    model.compile("sgd")
    logs = model.train_step((tf.constant(X), tf.constant(y)))
    optimal_scale.assert_is_of_the_step(model, logs, X[0].size)


def test_no_class_is_guessed_where_a_density_is_asked_for():
    model = build()
    x = np.round(X)
    y = np.array([0, 1, -1, 3, 1, -1])
    with pytest.raises(ValueError, match=r"`y` must .* Received: y with -1 in 2 of 6"):
        model.log_likelihood(x, num_samples=2, y=y)
    assert model.log_likelihood(x, num_samples=2, y=Y).shape == (6,)


def test_the_number_of_classes_may_be_one_of_numpy():
    model = build(num_classes=np.int64(CATEGORIES), classifier=None)
    assert type(model.num_classes) is int


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[:, :2], r"`x` must have the shape.*Received: x of shape"),
        (np.nan * X, r"`x` must be finite.*NaN="),
        (2.0 * X + 1.0, r"`x` must lie in \[0, 1\]"),
        ("a", r"`x` must be an array of numbers.*x='a'"),
        (None, r"`x` must be an array of numbers.*x=None"),
    ],
)
def test_what_can_t_be_classified(x, message):
    with pytest.raises(ValueError, match=message):
        build().classify(x)


def test_it_classifies_lists_and_in_graphs():
    model = build()
    expected = model.classify(X)
    np.testing.assert_allclose(model.classify(X.tolist()), expected, rtol=1e-6)
    anything = tf.TensorSpec([None, *IMAGE_SHAPE])
    graph = tf.function(model.classify, input_signature=[anything])
    np.testing.assert_allclose(graph(X), expected, rtol=1e-5)
    image = keras.Input(IMAGE_SHAPE)
    classifier = keras.Model(image, model.classify(image))
    np.testing.assert_allclose(classifier(X), expected, rtol=1e-5)


def test_labels_may_be_objects_that_are_classes():
    model, other = build(), build()
    for own in (model, other):
        own.set_weights(model.get_weights())
        own.compile("sgd", run_eagerly=True)
    found = model.evaluate(X, Y.astype(object), verbose=0, return_dict=True)
    expected = other.evaluate(X, Y, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-6)
    hidden = np.ma.array(Y.astype(object), mask=Y == 1)
    with pytest.raises(ValueError, match=r"`y` must have no mask"):
        model.fit(X, hidden, verbose=0)
    with pytest.raises(ValueError, match=r"`y` must hold classes.*y with None"):
        model.fit(X, np.array([None, *Y[1:]], dtype=object), verbose=0)


def test_a_dataset_whose_labels_are_within_x_or_absent():
    model = build()
    model.compile("sgd", run_eagerly=True)
    expected = model.evaluate(X, Y, batch_size=3, verbose=0, return_dict=True)
    within = tf.data.Dataset.from_tensor_slices({"x": X, "y": Y}).batch(3)
    found = model.evaluate(within, verbose=0, return_dict=True)
    assert found.keys() == expected.keys()
    model.fit(within, validation_data=within, verbose=0)
    absent = tf.data.Dataset.from_tensor_slices(X).batch(3)
    for dataset in (absent, absent.map(lambda x: (x, None))):
        with pytest.raises(ValueError, match=r"`y` must be the condition.*y=None"):
            model.fit(dataset, verbose=0)


def test_a_dataset_of_words_is_refused_by_name():
    model = build()
    model.compile()
    words = tf.data.Dataset.from_tensor_slices((X, Y.astype(str))).batch(3)
    with pytest.raises(ValueError, match=r"`y` must hold real numbers.*y of dtype str"):
        model.fit(words, verbose=0)
