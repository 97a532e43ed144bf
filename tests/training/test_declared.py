"""What a new variant declares: terms, numbers, players and gates, each looked at."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_latent.models import VAE, Autoencoder, Player
from tests.models.cases import dense_networks, images, patch_critic
from tests.tiers import rarely_together

X = images(6)
TERMS = ("reconstruction", "kl", "more")


class Mine(VAE):
    """A VAE with a term more, whose declarations are a test's."""

    def __init__(self, declare=None, told=None, value=None, **kwargs):
        super().__init__(**dense_networks(), likelihood="gaussian", **kwargs)
        self.told, self.value = told, value
        self.add_term("more")
        if declare:
            declare(self)

    def players(self):
        return self.told(self) if self.told else super().players()

    def objective(self, batch, training):
        terms = super().objective(batch, training)
        more = terms["reconstruction"] if self.value is None else self.value(terms)
        return {**terms, "more": more}


def fit(optimizer="sgd", **arguments):
    model = Mine(**arguments)
    model.compile(optimizer, run_eagerly=True)
    return model.fit(X, verbose=0)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda m: m.add_term("kl", 5.0), r"`term` .*Received: term='kl'"),
        (lambda m: m.add_term("loss"), r"`term` .*Received: term='loss'"),
        (lambda m: m.add_term("regularization"), r"term='regularization'"),
        (lambda m: m.add_term(""), r"`term` must be a name.*term=''"),
        (lambda m: m.add_term(3), r"`term` must be a name.*term=3"),
        (lambda m: m.add_term("a", name="beta"), r"`name` .*name='beta'"),
        (lambda m: m.add_number("beta", 7.0), r"`name` .*name='beta'"),
        (lambda m: m.add_number("free_bits", 7.0), r"`name` .*name='free_bits'"),
        (lambda m: m.add_number("objective", 7.0), r"`name` .*name='objective'"),
        (lambda m: m.add_number("encoder", 7.0), r"`name` .*name='encoder'"),
        (lambda m: m.add_monitor("kl"), r"`name` .*name='kl'"),
        (lambda m: m.add_monitor("loss"), r"`name` .*name='loss'"),
        (
            lambda m: m.add_monitor("seen", keras.metrics.Mean(name="other")),
            r"`metric` must have the name 'seen'.*'other'",
        ),
    ],
)
def test_names_that_are_taken(declare, message):
    """By what would be replaced without a word, in the loss or in the logs."""
    with pytest.raises(ValueError, match=message):
        Mine(declare)


@pytest.mark.parametrize(
    "value", [None, "a", 1j, [1j] * 6, object()], ids=lambda v: type(v).__name__
)
def test_terms_that_are_no_real_numbers(value):
    with pytest.raises(ValueError, match=r"'more' as real numbers\. Received: more="):
        fit(value=lambda terms: value)


def test_terms_of_complex_numbers():
    """Their imaginary parts would be left out."""
    with pytest.raises(ValueError, match=r"'more' as real numbers\. Received: more="):
        fit(value=lambda terms: ops.cast(terms["kl"], "complex64"))


@pytest.mark.parametrize("returned", [None, [1.0], 3.0])
def test_objectives_that_give_no_terms(returned):
    class Wrong(Mine):
        def objective(self, batch, training):
            return returned

    model = Wrong()
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=r"`objective` must return a dict.*Received"):
        model.fit(X, verbose=0)


def one(*arguments, **more):
    return lambda model: {"a": Player(*[a(model) for a in arguments], **more)}


def whole(model):
    return [model]


def terms(model):
    return TERMS


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (lambda m: [Player([m], TERMS)], r"`players` must be a dict.*Received"),
        (lambda m: {"a": ([m], TERMS)}, r"`players` must be a dict.*Received"),
        (one(lambda m: m.encoder, terms), r"`layers` of a must be a list"),
        (one(lambda m: None, terms), r"`layers` of a must be a list.*a=None"),
        (one(lambda m: [], terms), r"`layers` of a must be a list.*a=\[\]"),
        (one(lambda m: ["encoder"], terms), r"`layers` of a must be.*\['encoder'\]"),
        (one(lambda m: m.trainable_variables, terms), r"`layers` of a must be a list"),
        (one(lambda m: [m, patch_critic()], terms), r"attributes of the model.*none"),
        (one(whole, lambda m: (*TERMS, "kl")), r"`terms` of a must hold each .* once"),
        (one(whole, terms, start=None), r"`start of a` must be.*=None"),
        (one(whole, terms, gate=True), r"`gate` of a must be a function.*=True"),
        (
            lambda m: {
                "a": Player([m.encoder, m.decoder], TERMS[:2]),
                "more": Player([m.code_mean], ("more", "more_loss")),
            },
            r"names of whose losses.*'more' beside the term 'more_loss'",
        ),
    ],
)
def test_players_that_are_none(told, message):
    declare = (lambda m: m.add_term("more_loss")) if "more_loss" in message else None
    with pytest.raises(ValueError, match=message):
        fit(told=told, declare=declare)


@pytest.mark.parametrize(
    ("given", "received"), [(None, "None"), (tf.ones(2), r"\(2,\)")]
)
def test_gates_that_give_no_truth(given, received):
    told = one(whole, terms, gate=lambda means: given)
    with pytest.raises(ValueError, match=rf"`gate` must give one truth.*{received}"):
        fit(told=told)


def test_a_gate_that_reads_an_unknown_term():
    told = one(whole, terms, gate=lambda means: means["kll"] > 0)
    message = r"`gate` must read means of \[.*'kl'.*Received: 'kll'"
    with pytest.raises(ValueError, match=message):
        fit(told=told)


def two(model):
    inference = [model.encoder, model.code_mean, model.code_log_var]
    return {
        "a": Player(inference, ("reconstruction", "kl")),
        "b": Player([model.decoder], ("more",)),
    }


@pytest.mark.parametrize("run_eagerly", [True, False])
def test_a_player_that_nothing_moves(run_eagerly):
    model = Mine(told=two, value=lambda terms: 0.0 * ops.stop_gradient(terms["kl"]))
    model.compile({"a": "sgd", "b": "sgd"}, run_eagerly=run_eagerly)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"`terms` of b must depend on the layers"):
        model.fit(X, verbose=0)
    for a, b in zip(model.get_weights()[:4], before[:4], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("given", [None, keras.optimizers.SGD, "adamm", 3])
def test_optimizers_that_are_none(given):
    with pytest.raises(ValueError, match=r"`optimizer` must be an opt.*Received: opt"):
        fit({"a": "sgd", "b": given}, told=two)


def test_the_optimizer_of_another_model():
    optimizer = keras.optimizers.Adam()
    fit(optimizer)
    with pytest.raises(ValueError, match=r"`optimizer` of 'model' must be a new one"):
        fit(optimizer)


def test_layers_that_are_made_trainable_after_the_compilation():
    model = Mine()
    model.decoder.trainable = False
    model.compile(run_eagerly=True)
    model.decoder.trainable = True
    with pytest.raises(
        ValueError, match=r"`compile` must come after.*trainable.*kernel"
    ):
        model.fit(X, verbose=0)
    model.compile(run_eagerly=True)
    model.fit(X, verbose=0)


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [
        ("float64", 1e-5),
        *rarely_together(("float16", 2e-2), ("bfloat16", 1e-1)),
    ],
)
def test_layers_that_compute_in_another_dtype(dtype, tolerance):
    """Beside the code's, which are of float32."""

    def made(dtype):
        layers = keras.layers
        encoder = [keras.Input(X.shape[1:]), layers.Flatten(), layers.Dense(4)]
        decoder = [
            keras.Input((2,)),
            layers.Dense(12, dtype=dtype),
            layers.Reshape(X.shape[1:]),
        ]
        nets = keras.Sequential(encoder), keras.Sequential(decoder)
        model = VAE(*nets, likelihood="gaussian", seed=1)
        model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
        return model

    model, other = made("float32"), made(dtype)
    for a, b in zip(model.trainable_variables, other.trainable_variables, strict=True):
        b.assign(ops.cast(a, b.dtype))
    expected, found = (
        each.fit(X, epochs=3, shuffle=False, verbose=0).history["loss"]
        for each in (model, other)
    )
    assert found == pytest.approx(expected, rel=tolerance)
    with pytest.raises(ValueError, match=r"`x` must be finite|loss"):
        other.fit(tf.data.Dataset.from_tensors(np.nan * X), verbose=0)


@pytest.mark.all
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_layers_of_several_dtypes_on_replicas(dtype, two_replicas):
    def trained():
        keras.utils.set_random_seed(0)
        layers = keras.layers
        encoder = [keras.Input(X.shape[1:]), layers.Flatten(), layers.Dense(4)]
        decoder = [keras.Input((2,)), layers.Dense(12, dtype=dtype)]
        decoder += [layers.BatchNormalization(), layers.Reshape(X.shape[1:])]
        model = Autoencoder(keras.Sequential(encoder), keras.Sequential(decoder))
        model.compile(keras.optimizers.SGD(0.01))
        return model.fit(X, shuffle=False, verbose=0).history["loss"]

    expected = trained()
    with two_replicas.scope():
        # Each replica normalises its own part of the batch.
        assert trained() == pytest.approx(expected, rel=0.5)


def test_a_name_of_an_optimizer_outside_of_the_scope(two_replicas):
    with two_replicas.scope():
        model = Mine()
    model.compile("sgd", run_eagerly=True)
    assert np.isfinite(model.fit(X, verbose=0).history["loss"]).all()
    with pytest.raises(ValueError, match=r"`optimizer` of 'model' must be made in the"):
        model.compile(keras.optimizers.SGD())


def test_a_model_outside_of_the_scope(two_replicas):
    model = Mine()
    with (
        two_replicas.scope(),
        pytest.raises(ValueError, match=r"`compile` must be called in the scope.*Mirr"),
    ):
        model.compile("sgd")
