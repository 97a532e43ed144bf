"""Two players on the base: an autoencoder whose codes a discriminator judges."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from keras_latent.models import DeterministicModel, Player
from tests.models.cases import LATENT_DIM, dense_networks, images


@keras.saving.register_keras_serializable(package="tests")
class AdversarialAutoencoder(DeterministicModel):
    """Codes that a discriminator can't tell from draws of the prior.

    Source: Makhzani et al. 2015.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        fooling_weight: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.discriminator = keras.Sequential(
            [keras.Input((LATENT_DIM,)), keras.layers.Dense(1, dtype="float32")]
        )
        self.add_term("reconstruction")
        self.add_term("fooling", weight=fooling_weight)
        self.add_term("judging")

    def players(self):
        return {
            "autoencoder": Player(
                [self.encoder, self.code, self.decoder], ("reconstruction", "fooling")
            ),
            "discriminator": Player([self.discriminator], ("judging",)),
        }

    def objective(self, batch, training):
        z = self.encoded(batch.x, training)
        # A fixed stand-in for the prior, so that replicas and runs are comparable.
        real = ops.flip(ops.stop_gradient(z), axis=-1) + 1.0
        judgement = self.discriminator(z)[:, 0]
        return {
            "reconstruction": self.reconstruction(batch.x, z, training),
            "fooling": ops.softplus(-judgement),
            "judging": ops.softplus(judgement - self.discriminator(real)[:, 0]),
        }


def build(**arguments):
    return AdversarialAutoencoder(**dense_networks(), **arguments)


def optimizers(make=lambda: keras.optimizers.Adam(0.01)):
    return {"autoencoder": make(), "discriminator": make()}


def values_of(variables):
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_all_equal(first, second, **tolerances):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, **tolerances)


def move_once(learning_rates, fooling_weight=0.5, epochs=1):
    keras.utils.set_random_seed(2)
    model = build(fooling_weight=fooling_weight)
    model.compile(
        {name: keras.optimizers.SGD(rate) for name, rate in learning_rates.items()},
        run_eagerly=True,
    )
    before = [values_of(player.variables) for player in model.players().values()]
    model.fit(images(8), batch_size=8, epochs=epochs, verbose=0)
    after = [values_of(player.variables) for player in model.players().values()]
    return before, after


class TestMoves:
    def test_each_player_moves_its_own_variables(self):
        before, after = move_once({"autoencoder": 0.1, "discriminator": 0.0})
        assert_all_equal(after[1], before[1], rtol=0)
        assert all(
            not np.array_equal(a, b) for a, b in zip(after[0], before[0], strict=True)
        )
        before, after = move_once({"autoencoder": 0.0, "discriminator": 0.1})
        assert_all_equal(after[0], before[0], rtol=0)
        assert not np.array_equal(after[1][0], before[1][0])

    def test_a_player_does_not_feel_the_other_objective(self):
        rates = {"autoencoder": 0.0, "discriminator": 0.1}
        _, after = move_once(rates, fooling_weight=0.0)
        _, same = move_once(rates, fooling_weight=100.0)
        assert_all_equal(after[1], same[1], rtol=0)

    def test_the_loss_is_the_first_players(self):
        model = build()
        model.compile(optimizers(), run_eagerly=True)
        logs = model.fit(
            images(8), batch_size=4, validation_data=images(4), verbose=0
        ).history
        for prefix in ("", "val_"):
            expected = (
                logs[f"{prefix}reconstruction"][0] + 0.5 * logs[f"{prefix}fooling"][0]
            )
            other = logs[f"{prefix}discriminator_loss"][0]
            assert other == pytest.approx(logs[f"{prefix}judging"][0], rel=1e-6)
            assert logs[f"{prefix}loss"][0] == pytest.approx(expected, rel=1e-5)

    def test_regularisers_belong_to_the_player_of_their_layer(self):
        networks = dense_networks()
        networks["encoder"].layers[-1].kernel.regularizer = keras.regularizers.L2(0.1)
        model = AdversarialAutoencoder(**networks)
        model.compile(optimizers(), run_eagerly=True)
        logs = model.fit(images(8), batch_size=8, verbose=0).history
        expected = (
            logs["reconstruction"][0]
            + 0.5 * logs["fooling"][0]
            + logs["regularization"][0]
        )
        assert logs["loss"][0] == pytest.approx(expected, rel=1e-5)
        judging = logs["judging"][0]
        assert logs["discriminator_loss"][0] == pytest.approx(judging, rel=1e-6)


class TestPrecision:
    @pytest.mark.all
    def test_both_losses_are_scaled_in_float16(self, dtype_policy):
        dtype_policy("mixed_float16")
        model = build()
        model.compile(optimizers(), run_eagerly=True)
        for optimizer in model.optimizers.values():
            assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        logs = model.fit(images(8), batch_size=4, epochs=12, verbose=0).history
        assert logs["reconstruction"][-1] < logs["reconstruction"][0]
        assert np.isfinite(logs["loss"]).all()


@pytest.mark.all
class TestSaving:
    def test_both_optimizers_are_restored_and_go_on(self, tmp_path):
        x = images(8)

        def train(model, epochs, initial_epoch=0):
            return model.fit(
                x,
                batch_size=4,
                shuffle=False,
                epochs=epochs,
                initial_epoch=initial_epoch,
                verbose=0,
            ).history["loss"]

        model = build()
        # Different states, so that a mix-up of the two shows.
        model.compile(
            {
                "autoencoder": keras.optimizers.Adam(0.01),
                "discriminator": keras.optimizers.SGD(0.1, momentum=0.9),
            }
        )
        train(model, epochs=2)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert type(loaded) is AdversarialAutoencoder
        for name, optimizer in model.optimizers.items():
            other = loaded.optimizers[name]
            assert type(other) is type(optimizer)
            assert int(other.iterations) == 4
            assert_all_equal(
                values_of(other.variables), values_of(optimizer.variables), rtol=0
            )
        expected = train(model, epochs=4, initial_epoch=2)
        assert train(loaded, epochs=4, initial_epoch=2) == pytest.approx(
            expected, rel=1e-5
        )
        assert_all_equal(
            values_of(loaded.variables), values_of(model.variables), atol=1e-5
        )


@pytest.mark.all
class TestReplicas:
    def test_two_replicas_train_as_one(self, two_replicas):
        def train(weights=None):
            keras.utils.set_random_seed(3)
            model = build()
            if weights is not None:
                model.set_weights(weights)
            weights = model.get_weights()
            model.compile(optimizers(lambda: keras.optimizers.SGD(0.05)))
            logs = model.fit(images(23), batch_size=8, shuffle=False, verbose=0).history
            return weights, values_of(model.trainable_variables), logs["loss"][0]

        weights, expected, expected_loss = train()
        with two_replicas.scope():
            _, moved, loss = train(weights)
        assert_all_equal(moved, expected, atol=1e-5)
        assert loss == pytest.approx(expected_loss, rel=1e-5)


class TestOptimizers:
    def test_one_optimizer_for_two_players(self):
        with pytest.raises(ValueError, match=r"a name, or a dict .*<.*Adam object"):
            build().compile(keras.optimizers.Adam())

    @pytest.mark.parametrize(
        "given", ["adam", {"class_name": "adam", "config": {"learning_rate": 0.5}}]
    )
    def test_a_name_or_a_config_stands_for_one_of_each_player(self, given):
        model = build()
        model.compile(given)
        made = list(model.optimizers.values())
        assert [type(each) for each in made] == [keras.optimizers.Adam] * 2
        assert made[0] is not made[1]
        rate = 0.5 if isinstance(given, dict) else 0.001
        assert [float(each.learning_rate) for each in made] == pytest.approx([rate] * 2)
        model.fit(images(8), verbose=0)

    def test_a_player_without_an_optimizer(self):
        with pytest.raises(ValueError, match=r"autoencoder.*discriminator.*Received"):
            build().compile({"autoencoder": "adam"})

    def test_an_unknown_player(self):
        with pytest.raises(ValueError, match=r"Received: optimizer of .*critic"):
            build().compile({**optimizers(), "critic": "adam"})

    def test_one_object_for_both(self):
        shared = keras.optimizers.Adam()
        with pytest.raises(ValueError, match=r"an object of its own for each player"):
            build().compile({"autoencoder": shared, "discriminator": shared})

    def test_names_are_enough(self):
        model = build()
        model.compile({"autoencoder": "adam", "discriminator": "sgd"})
        kinds = [type(o).__name__ for o in model.optimizers.values()]
        assert kinds == ["Adam", "SGD"]


class Forgetful(AdversarialAutoencoder):
    """Nobody moves the projection to the code."""

    def players(self):
        players = super().players()
        moved = [self.encoder, self.decoder]
        return players | {"autoencoder": players["autoencoder"]._replace(layers=moved)}


class Sparing(Forgetful):
    def spared_layers(self):
        return [self.code]


def test_what_is_trainable_is_somebodys():
    """It would never be trained, without a word."""
    model = Forgetful(**dense_networks())
    message = r"`players` must move every variable.*none moves '.*code/kernel'"
    with pytest.raises(ValueError, match=message):
        model.compile(optimizers())
    model.code.trainable = False
    model.compile(optimizers())


def test_what_is_spared_stays():
    model = Sparing(**dense_networks())
    before = values_of(model.code.trainable_variables)
    model.compile(optimizers(), run_eagerly=True)
    model.fit(images(4), verbose=0)
    assert_all_equal(values_of(model.code.trainable_variables), before)
