"""ConditionalVAE: what reaches its networks, and what users give and get."""

import keras
import numpy as np
import pytest

from keras_latent.losses import standard_normal_kl
from keras_latent.models import VAE, ConditionalVAE
from keras_latent.typing import Batch
from tests.models.cases import (
    CATEGORIES,
    LATENT_DIM,
    conditional_networks,
    dense_networks,
    digits,
    images,
)

X, Y = images(6), digits(6)


def build(**arguments):
    return ConditionalVAE(
        **conditional_networks(), **{"num_classes": CATEGORIES, "seed": 1, **arguments}
    )


def one_hot(y):
    return np.eye(CATEGORIES + 1, dtype="float32")[y][:, :CATEGORIES]


def test_terms_against_numpy():
    model = build(likelihood="gaussian")
    state = model.noise.seed_generator.state.numpy()
    terms = model.objective(Batch({"x": X, "y": Y}), False)
    model.noise.seed_generator.state.assign(state)
    features = model.encoder([X, one_hot(Y)])
    mean, log_var = model.code_mean(features), model.code_log_var(features)
    expected = np.sum(standard_normal_kl(mean, log_var), axis=-1)
    np.testing.assert_allclose(terms["kl"], expected, rtol=1e-5)
    z = model.infer({"x": X, "y": Y}, False).z
    decoded = np.array(model.decoder([np.array(z), one_hot(Y)]))
    squares = np.sum((X - decoded) ** 2, axis=(1, 2, 3))
    constant = 0.5 * X[0].size * np.log(2 * np.pi)
    np.testing.assert_allclose(
        terms["reconstruction"], 0.5 * squares + constant, rtol=1e-5
    )


def test_a_missing_class_is_none_of_them():
    seen = build().condition.vector_of(np.array([0, -1, 3]))
    np.testing.assert_array_equal(seen, one_hot(np.array([0, -1, 3])))
    assert np.array(seen)[1].sum() == 0.0


def test_other_classes_give_other_codes_and_images():
    model = build()
    other = (Y + 2) % CATEGORIES
    assert np.abs(model.encode(X, Y) - model.encode(X, other)).max() > 1e-3
    z = np.zeros((6, LATENT_DIM), "float32")
    assert np.abs(model.decode(z, Y) - model.decode(z, other)).max() > 1e-3


def test_every_way_to_give_the_condition():
    model = build()
    z = model.encode(X, Y)
    together = {"x": X, "y": Y}
    np.testing.assert_array_equal(model.encode(together), z)
    np.testing.assert_allclose(model.encode(X, Y.tolist()), z)
    np.testing.assert_allclose(model.to_encoder()(together), z, atol=1e-6)
    expected = model.reconstruct(X, Y)
    np.testing.assert_allclose(model.decode(z, Y), expected, atol=1e-6)
    np.testing.assert_allclose(model.predict(together, verbose=0), expected, atol=1e-6)
    decoded = model.to_decoder()({"x": z, "y": Y})
    np.testing.assert_allclose(decoded, expected, atol=1e-6)


def test_samples_of_a_class():
    model = build()
    one = model.sample(3, y=[2, 2, 2], seed=5)
    np.testing.assert_array_equal(model.sample(3, y=2, seed=5), one)
    np.testing.assert_array_equal(model.sample(y=[2, 2, 2], seed=5), one)
    assert np.abs(one - model.sample(3, y=1, seed=5)).max() > 1e-4


@pytest.mark.all
def test_it_learns_what_the_class_tells():
    """Images that are their class need no code: the divergence falls to nothing."""
    y = np.arange(64) % CATEGORIES
    x = np.zeros((64, 4, 3, 1), "float32")
    x[np.arange(64), y, :, 0] = 1.0
    model = build()
    model.compile(keras.optimizers.Adam(0.02))
    logs = model.fit(x, y, batch_size=16, epochs=60, verbose=0).history
    assert logs["reconstruction"][-1] < 1.0
    assert logs["kl"][-1] < 0.2
    generated = np.array(model.sample(4, y=np.arange(4), seed=0))
    np.testing.assert_array_equal(generated.mean(axis=(2, 3)).argmax(1), np.arange(4))


def test_one_class_that_is_missing_is_the_vae():
    networks = dense_networks()
    vae = VAE(**networks, seed=1)
    conditional = build()
    # The networks with nothing of the condition: its rows of the kernels are 0.
    first = conditional.encoder.layers[-1]
    kernel, bias = networks["encoder"].layers[-1].get_weights()
    first.set_weights([np.vstack([kernel, np.zeros((CATEGORIES, 6))]), bias])
    hidden, plain = (
        [layer for layer in decoder.layers if isinstance(layer, keras.layers.Dense)]
        for decoder in (conditional.decoder, networks["decoder"])
    )
    kernel, bias = plain[0].get_weights()
    hidden[0].set_weights([np.vstack([kernel, np.zeros((CATEGORIES, 6))]), bias])
    hidden[1].set_weights(plain[1].get_weights())
    for name in ("code_mean", "code_log_var"):
        getattr(conditional, name).set_weights(getattr(vae, name).get_weights())
    missing = np.full(6, -1)
    found = conditional.objective(Batch({"x": X, "y": missing}), False)
    expected = vae.objective(Batch(X), False)
    for term, value in expected.items():
        np.testing.assert_allclose(found[term], value, rtol=1e-5)


def test_a_vector_of_numbers():
    model = ConditionalVAE.for_images((8, 8, 1), latent_dim=2, condition_size=2)
    x = np.random.default_rng(0).random((5, 8, 8, 1)).astype("float32")
    y = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")
    model.compile()
    model.fit(x, y, verbose=0)
    assert model.encode(x, y).shape == (5, 2)
    with pytest.raises(ValueError, match=r"`y` must have the shape \(5, 2\).*\(5, 3\)"):
        model.encode(x, np.zeros((5, 3)))
    y[0, 0] = np.nan
    with pytest.raises(ValueError, match="`y` must be finite"):
        model.encode(x, y)


class TestErrors:
    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (None, r"`y` must be the condition, of shape"),
            (Y[:4], r"`y` must have the shape \(6,\). Received: y of shape \(4,\)"),
            (Y + CATEGORIES, r"classes from 0 to 3, or -1.*Received: y with [4-9]"),
            (Y - 1.5, r"classes from 0 to 3"),
        ],
    )
    def test_of_the_condition(self, y, message):
        model = build()
        model.compile()
        for use in (model.fit, model.encode, model.reconstruct, model.log_likelihood):
            arguments = {"verbose": 0} if use == model.fit else {}
            with pytest.raises(ValueError, match=message):
                use(X, y=y, **arguments)

    def test_wrong_classes_in_a_dataset(self):
        import tensorflow as tf

        model = build()
        model.compile()
        data = tf.data.Dataset.from_tensor_slices((X, Y + 2)).batch(3)
        before = model.get_weights()
        with pytest.raises(
            ValueError, match=r"`y` must hold classes from 0 to 3.*step"
        ):
            model.fit(data, verbose=0)
        assert all(
            np.array_equal(a, b)
            for a, b in zip(model.get_weights(), before, strict=True)
            if a.ndim
        )

    @pytest.mark.parametrize(
        "arguments",
        [{"num_classes": None}, {"condition_size": 2}, {"num_classes": 0}],
    )
    def test_of_its_description(self, arguments):
        with pytest.raises(ValueError, match=r"`num_classes`"):
            build(**arguments)

    def test_networks_without_a_condition(self):
        with pytest.raises(ValueError, match=r"`decoder` must take.*a condition"):
            ConditionalVAE(**dense_networks(), num_classes=CATEGORIES)

    def test_a_condition_for_a_model_without_one(self):
        model = VAE(**dense_networks())
        for use in (model.encode, model.reconstruct):
            with pytest.raises(ValueError, match=r"`y` can't be given to VAE"):
                use(X, Y)


def test_weights_of_rows_beside_a_condition_within_x():
    """Keras drops weights where there is no y, which here is within x."""
    model = ConditionalVAE(**conditional_networks(), num_classes=CATEGORIES, seed=1)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    x = {"x": X, "y": Y.astype("int32")}
    weight = np.array([2.0, 0, 0, 0, 0, 0], "float32")
    state = np.array(model.noise.seed_generator.state)
    terms = model.objective(Batch(x), True)
    expected = 2.0 * float(terms["kl"][0]) / 6
    for method in (model.fit, model.evaluate):
        model.noise.seed_generator.state.assign(state)
        method(x, sample_weight=weight, batch_size=6, verbose=0)
        logs = model.get_metrics_result()
        assert float(logs["kl"]) == pytest.approx(expected, rel=1e-5)
