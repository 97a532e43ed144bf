"""One step: checked terms, players that move together or not at all, moved state."""

import contextlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_latent.models import VAE, Autoencoder, DeterministicModel, FactorVAE, Player
from keras_latent.networks import dense_critic
from keras_latent.training.moved_by_data import move_after_step, over_replicas
from tests.models.cases import LATENT_DIM, dense_networks, images
from tests.tiers import rarely


def values_of(variables):
    return [keras.ops.convert_to_numpy(v) for v in variables]


def is_equal(some, others):
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


class Declared(DeterministicModel):
    """An autoencoder whose objective returns what it is told to."""

    def __init__(self, returned, **kwargs):
        super().__init__(**dense_networks(), **kwargs)
        self.returned = returned
        self.add_term("reconstruction")
        self.add_term("norm")

    def objective(self, batch, training):
        z = self.encoded(batch.x, training)
        values = {
            "reconstruction": self.reconstruction(batch.x, z, training),
            "norm": ops.sum(ops.square(z), axis=-1),
        }
        return self.returned(values)


def train(returned, sample_weight=None, **compilation):
    model = Declared(returned)
    model.compile(keras.optimizers.SGD(0.0), **compilation)
    model.fit(images(6), sample_weight=sample_weight, batch_size=3, verbose=0)


class TestChecks:
    def test_a_missing_term(self):
        with pytest.raises(ValueError, match=r"declared names.*missing=\['norm'\]"):
            train(lambda values: {"reconstruction": values["reconstruction"]})

    def test_a_misspelt_term(self):
        with pytest.raises(ValueError, match=r"missing=\['norm'\], unknown=\['nrom'\]"):
            train(
                lambda values: {
                    "reconstruction": values["reconstruction"],
                    "nrom": values["norm"],
                }
            )

    @pytest.mark.parametrize("run_eagerly", [False, True])
    @pytest.mark.parametrize("weights", [None, np.ones(6)])
    def test_a_term_of_a_column(self, weights, run_eagerly):
        def returned(values):
            return {**values, "norm": values["norm"][:, None]}

        message = r"'norm' of shape \(batch,\) or \(\).*norm of shape \((3|None), 1\)"
        with pytest.raises(ValueError, match=message):
            train(returned, weights, run_eagerly=run_eagerly)

    @pytest.mark.parametrize("rows", [1, 2])
    def test_a_term_of_other_rows(self, rows):
        def returned(values):
            return {**values, "norm": values["norm"][:rows]}

        # What the trace doesn't know, TensorFlow says.
        with pytest.raises(
            (ValueError, tf.errors.InvalidArgumentError), match=r"norm|shape"
        ):
            train(returned, np.ones(6))
        with pytest.raises(ValueError, match=rf"batch of 3 rows.*shape \({rows},\)"):
            train(returned, np.ones(6), run_eagerly=True)

    def test_scalars_are_terms(self):
        train(lambda values: {**values, "norm": ops.mean(values["norm"])})

    def test_a_term_of_no_player(self):
        class Left(Declared):
            def players(self):
                return {"model": Player([self], ("reconstruction",))}

        with pytest.raises(ValueError, match=r"`players` must minimise.*'norm'"):
            Left(lambda values: values).compile()

    @pytest.mark.parametrize("every", [0, 1.5, -1])
    def test_steps_of_a_player_are_whole_numbers(self, every):
        class Rare(Declared):
            def players(self):
                return {"model": Player([self], ("reconstruction", "norm"), every)}

        with pytest.raises(ValueError, match=rf"every of model.*{every}"):
            Rare(lambda values: values).compile()


class Poisoned(FactorVAE):
    """A `FactorVAE` one of whose terms has a wrong value, or a wrong gradient."""

    def __init__(self, term, poison, **kwargs):
        super().__init__(
            **dense_networks(), discriminator=dense_critic(LATENT_DIM, (4,)), seed=1
        )
        self.term, self.poison = term, poison

    def objective(self, batch, training):
        terms = super().objective(batch, training)
        return {**terms, self.term: self.poison(terms[self.term])}


@tf.custom_gradient
def nan_gradient(x):
    return tf.identity(x), lambda upstream: upstream * float("nan")


class TestAllOrNone:
    @pytest.mark.parametrize("term", ["discrimination", *rarely("reconstruction")])
    @pytest.mark.parametrize("run_eagerly", [True, False])
    @pytest.mark.parametrize(
        ("poison", "message"),
        [
            (lambda value: value * float("nan"), "at step 1 `{term}` is not"),
            (nan_gradient, "gradient of the loss must be finite.*step 1.*`{term}`"),
        ],
    )
    def test_nobody_moves(self, term, poison, message, run_eagerly):
        model = Poisoned(term, poison)
        model.compile(
            {name: keras.optimizers.Adam(0.1) for name in model.players()},
            run_eagerly=run_eagerly,
        )
        before = values_of(model.variables)
        with pytest.raises(ValueError, match=message.format(term=term)):
            model.fit(images(4), batch_size=4, verbose=0)
        after = values_of(model.variables)
        for a, b, variable in zip(before, after, model.variables, strict=True):
            if (
                variable.name != "seed_generator_state"
                and "metric" not in variable.path
            ):
                np.testing.assert_array_equal(a, b, err_msg=variable.path)

    def test_statistics_of_layers_stay_as_well(self):
        networks = dense_networks()
        networks["encoder"] = with_batch_normalisation(networks["encoder"])
        x = images(8)
        x[5, 0, 0, 0] = np.nan
        data = tf.data.Dataset.from_tensor_slices(x).batch(4)
        expected = VAE(**networks, seed=1)
        expected.compile(keras.optimizers.SGD(0.1))
        weights = expected.get_weights()
        expected.fit(data.take(1), verbose=0)
        wanted = values_of(networks["encoder"].variables)
        expected.set_weights(weights)
        with pytest.raises(ValueError, match=r"`x` must be finite.*NaN=1.*at step"):
            expected.fit(data, verbose=0)
        found = values_of(networks["encoder"].variables)
        for a, b in zip(found, wanted, strict=True):
            assert np.isfinite(a).all()
            np.testing.assert_allclose(a, b, atol=0.1)


def with_batch_normalisation(encoder):
    normalised = keras.layers.BatchNormalization(momentum=0.5)(encoder.outputs[0])
    return keras.Model(encoder.inputs, normalised)


class Scheduled(FactorVAE):
    """A `FactorVAE` whose discriminator moves when it is told to."""

    def __init__(self, discriminator=None, **when: Any) -> None:
        critic = discriminator or dense_critic(LATENT_DIM, (4,))
        super().__init__(**dense_networks(), discriminator=critic, seed=1)
        self.when = when

    def players(self):
        players = super().players()
        judge = players["discriminator"]._replace(**self.when)
        return {**players, "discriminator": judge}


def moves(model, steps, **compilation):
    """In which steps each player has moved."""
    model.compile(
        {name: keras.optimizers.SGD(0.1) for name in model.players()}, **compilation
    )
    x, moved = images(4 * steps), {name: [] for name in model.players()}
    for step in range(steps):
        before = {n: values_of(p.variables) for n, p in model.players().items()}
        model.train_on_batch(x[4 * step : 4 * step + 4])
        for name, player in model.players().items():
            if not is_equal(values_of(player.variables), before[name]):
                moved[name].append(step)
    return moved


class TestWhen:
    @pytest.mark.parametrize("run_eagerly", [True, False])
    def test_every_third_step(self, run_eagerly):
        moved = moves(Scheduled(every=3), 7, run_eagerly=run_eagerly)
        assert moved == {"vae": list(range(7)), "discriminator": [0, 3, 6]}

    def test_a_late_start(self):
        assert moves(Scheduled(start=2), 4)["discriminator"] == [2, 3]

    @pytest.mark.parametrize("bound", [-1.0, *rarely(1e9)])
    def test_a_gate_on_the_means(self, bound):
        seen = []

        def gate(means):
            seen.append(sorted(means))
            return means["discrimination"] < bound

        moved = moves(Scheduled(gate=gate), 2)["discriminator"]
        assert moved == ([0, 1] if bound > 0 else [])
        assert {"discrimination", "kl", "reconstruction", "total_correlation"} == set(
            seen[0]
        )

    def test_the_steps_of_an_optimizer_are_its_own(self):
        model = Scheduled(every=3)
        moves(model, 4)
        counts = {n: int(o.iterations) for n, o in model.optimizers.items()}
        assert counts == {"vae": 4, "discriminator": 2}
        assert model.steps_made == 4

    def test_statistics_of_who_stays_do_not_move(self):
        critic = keras.Sequential(
            [
                keras.Input((LATENT_DIM,)),
                keras.layers.BatchNormalization(),
                keras.layers.Dense(1),
            ]
        )
        model = Scheduled(critic, start=1)
        model.compile({name: keras.optimizers.SGD(0.1) for name in model.players()})
        before = values_of(critic.variables)
        model.train_on_batch(images(4))
        assert is_equal(values_of(critic.variables), before)
        model.train_on_batch(images(4))
        assert not np.array_equal(critic.layers[0].moving_mean, before[2])

    def test_a_resumed_training_keeps_the_count(self, tmp_path):
        model = FactorVAE(
            **dense_networks(), discriminator=dense_critic(LATENT_DIM, (4,))
        )
        model.compile(dict.fromkeys(model.players(), "sgd"))
        model.fit(images(8), batch_size=4, verbose=0)
        model.save(tmp_path / "model.keras")
        assert keras.saving.load_model(tmp_path / "model.keras").steps_made == 2


def test_batch_normalisation_moves_once_a_step():
    networks = dense_networks()
    networks["encoder"] = with_batch_normalisation(networks["encoder"])
    model = FactorVAE(**networks, discriminator=dense_critic(LATENT_DIM, (4,)))
    model.compile({name: keras.optimizers.SGD(0.0) for name in model.players()})
    x = images(4)
    features = keras.Model(
        networks["encoder"].inputs, networks["encoder"].layers[-1].input
    )(x)
    model.train_on_batch(x)
    moving = networks["encoder"].layers[-1].moving_mean
    np.testing.assert_allclose(moving, 0.5 * ops.mean(features, 0), atol=1e-5)


def test_both_players_train_from_one_pass_of_the_encoder():
    model = FactorVAE(**dense_networks(), discriminator=dense_critic(LATENT_DIM, (4,)))
    passes = []
    features = model.features
    model.features = lambda *args: passes.append(1) or features(*args)
    model.compile(dict.fromkeys(model.players(), "sgd"), run_eagerly=True)
    model.fit(images(4), batch_size=4, verbose=0)
    assert len(passes) == 1


class RunningMean(keras.layers.Layer):
    """Keeps the mean of all codes that it has seen, a step at a time."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.total = self.add_weight(shape=(), trainable=False, initializer="zeros")

    def call(self, z, training=False):
        rows = ops.ones((ops.shape(z)[0],))
        total, count = over_replicas([ops.sum(z), ops.sum(rows)])
        if training:
            move_after_step(self.total, self.total + total / count)
        return z


class Counting(Autoencoder):
    def __init__(self, **kwargs):
        super().__init__(**dense_networks(), **kwargs)
        self.statistics = RunningMean()

    def objective(self, batch, training):
        z = self.statistics(self.encoded(batch.x, training), training=training)
        self.statistics(z, training=training)  # Twice a step, and yet moved once.
        return {"reconstruction": self.reconstruction(batch.x, z, training)}


class TestMovedByData:
    def fitted(self, strategy=None, rows=24, x=None, **compilation):
        keras.utils.set_random_seed(0)
        with strategy.scope() if strategy else contextlib.nullcontext():
            model = Counting()
            model.compile(keras.optimizers.SGD(0.0), **compilation)
        x = images(rows) if x is None else x
        model.fit(x, batch_size=8, shuffle=False, verbose=0)
        return model, float(model.statistics.total.numpy())

    def test_once_a_step_in_training_alone(self):
        model, total = self.fitted()
        z = model.encode(images(24))
        means = [z[start : start + 8].sum() / 8 for start in (0, 8, 16)]
        assert total == pytest.approx(sum(means), rel=1e-4)
        model.evaluate(images(8), verbose=0)
        model.encode(images(8))
        assert float(model.statistics.total.numpy()) == total

    def test_two_replicas_move_it_as_one(self, two_replicas):
        _, expected = self.fitted()
        _, found = self.fitted(two_replicas)
        assert found == pytest.approx(expected, rel=1e-5)

    def test_not_by_a_step_that_fails(self):
        x = images(16)
        x[8] = np.nan
        model, total = self.fitted(rows=8)
        data = tf.data.Dataset.from_tensor_slices(x).batch(8).skip(1)
        with pytest.raises(ValueError, match="at step"):
            model.fit(data, verbose=0)
        assert float(model.statistics.total.numpy()) == total


class TestLogs:
    @pytest.mark.parametrize("metrics", [["loss"], ["kl"], [lambda: None]])
    def test_names_that_collide_are_refused(self, metrics):
        def kl(y_true, y_pred):
            return ops.zeros(())

        chosen = {"loss": keras.metrics.Mean(name="loss"), "kl": kl}
        if not isinstance(metrics[0], str):
            chosen, metrics = {"f": keras.metrics.Mean(name="reconstruction")}, ["f"]
        model = VAE(**dense_networks())
        with pytest.raises(ValueError, match=r"`metrics` must have other names"):
            model.compile(metrics=[chosen[name] for name in metrics])

    @pytest.mark.parametrize("run_eagerly", [True, False])
    def test_metrics_compare_the_pass_that_made_the_loss(self, run_eagerly):
        model = Autoencoder(**dense_networks())
        model.compile(
            keras.optimizers.SGD(1.0), metrics=["mse"], run_eagerly=run_eagerly
        )
        logs = model.fit(images(8), batch_size=8, verbose=0).history
        constant = 0.5 * np.log(2 * np.pi)
        expected = 2 * (logs["reconstruction"][0] / 12 - constant)
        assert logs["mse"][0] == pytest.approx(expected, rel=1e-4)
