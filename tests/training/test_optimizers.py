"""What Keras's optimizers offer: as for a stock model with the same gradients."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.models import Autoencoder, FactorVAE
from keras_latent.networks import dense_critic
from tests.models.cases import LATENT_DIM, dense_networks, images
from tests.tiers import in_two_tiers, rarely
from tests.versions import KERAS

STEPS, ROWS = 5, 4

OPTIMIZERS = {
    "accumulation": lambda: keras.optimizers.Adam(0.02, gradient_accumulation_steps=2),
    "averages": lambda: keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.5),
    "averages put in": lambda: keras.optimizers.SGD(
        0.02, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2
    ),
    "accumulated averages": lambda: keras.optimizers.Adam(
        0.02, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5
    ),
    "clipnorm": lambda: keras.optimizers.SGD(0.1, clipnorm=0.1),
    "clipvalue": lambda: keras.optimizers.SGD(0.1, clipvalue=0.01),
    "global_clipnorm": lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.1),
    "weight decay": lambda: keras.optimizers.AdamW(0.02, weight_decay=0.3),
    "loss_scale_factor": lambda: keras.optimizers.SGD(0.02, loss_scale_factor=64.0),
    "LossScaleOptimizer": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.02), dynamic_growth_steps=2
    ),
    "schedule": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(0.1, STEPS)
    ),
    "Muon": lambda: keras.optimizers.Muon(0.02),
    "Lion": lambda: keras.optimizers.Lion(0.01),
    "Adafactor": lambda: keras.optimizers.Adafactor(0.02),
}
# Keras's own model can't be trained by it before, with TensorFlow.
if KERAS < (3, 13):
    del OPTIMIZERS["Muon"]

# What the others do differs less from what Keras does for all of them.
each_optimizer = pytest.mark.parametrize(
    "make",
    in_two_tiers(OPTIMIZERS.values(), [OPTIMIZERS["accumulated averages"]]),
    ids=OPTIMIZERS,
)


def built(strategy=None):
    keras.utils.set_random_seed(0)
    with strategy.scope() if strategy else contextlib.nullcontext():
        return Autoencoder(**dense_networks())


def trained(make, strategy=None):
    """Weights after `fit`."""
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = built()
        model.compile(make())
    model.fit(images(STEPS * ROWS), batch_size=ROWS, shuffle=False, verbose=0)
    return values_of(model.trainable_variables)


def values_of(variables):
    return [keras.ops.convert_to_numpy(v) for v in variables]


def stock(make):
    """Weights that Keras itself makes of the same losses."""
    model, optimizer = built(), make()
    variables = model.trainable_variables
    optimizer.build(variables)
    x = images(STEPS * ROWS)
    for start in range(0, len(x), ROWS):
        batch = x[start : start + ROWS]
        with tf.GradientTape() as tape:
            z = model.encoded(batch, True)
            loss = tf.reduce_mean(model.reconstruction(batch, z, True))
            scaled = optimizer.scale_loss(loss)
        optimizer.apply(tape.gradient(scaled, variables), variables)
    optimizer.finalize_variable_values(variables)
    return values_of(variables)


def assert_all_close(some, others, **tolerances):
    for a, b in zip(some, others, strict=True):
        np.testing.assert_allclose(a, b, **tolerances)


@each_optimizer
def test_one_replica_trains_as_stock_keras(make):
    found = trained(make)
    assert_all_close(found, stock(make), atol=2e-5)
    before = values_of(built().trainable_variables)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(found, before, strict=True))


@pytest.mark.all
@each_optimizer
def test_two_replicas_train_as_one(make, two_replicas):
    assert_all_close(trained(make, two_replicas), stock(make), atol=2e-5)


def test_small_clipping_norms_are_not_added_up(two_replicas):
    """Of two replicas, each would clip its own half, and the sum be up to twice."""

    def move(strategy):
        before = values_of(built().trainable_variables)
        with strategy.scope() if strategy else contextlib.nullcontext():
            model = built()
            model.compile(keras.optimizers.SGD(1.0, global_clipnorm=0.1))
        model.fit(images(8), batch_size=8, verbose=0)
        after = values_of(model.trainable_variables)
        squares = [np.sum((a - b) ** 2) for a, b in zip(after, before, strict=True)]
        return np.sqrt(sum(squares))

    assert move(None) == pytest.approx(0.1, rel=1e-4)
    assert move(two_replicas) == pytest.approx(0.1, rel=1e-4)


@pytest.mark.parametrize("frozen", ["encoder", *rarely("discriminator")])
@pytest.mark.parametrize(
    "name",
    [
        *rarely("averages", "accumulated averages", "averages put in"),
        "weight decay",
    ],
)
def test_nothing_frozen_moves(name, frozen):
    model = FactorVAE(
        **dense_networks(), discriminator=dense_critic(LATENT_DIM, (4, 4)), seed=1
    )
    make = OPTIMIZERS[name]
    model.compile({"vae": make(), "discriminator": make()}, run_eagerly=True)
    model.fit(images(8), batch_size=4, verbose=0)
    network = getattr(model, frozen)
    network.trainable = False
    still = values_of(network.variables)
    moving = values_of(model.decoder.variables)
    model.fit(images(16, seed=2), batch_size=4, verbose=0)
    assert_all_close(values_of(network.variables), still, rtol=0)
    assert np.abs(values_of(model.decoder.variables)[0] - moving[0]).max() > 1e-5


def test_each_player_gets_the_averages_of_its_own_weights():
    """Keras pairs those of the whole model with the first player's averages."""
    make = OPTIMIZERS["averages"]
    model = FactorVAE(
        **dense_networks(), discriminator=dense_critic(LATENT_DIM, (4, 4)), seed=1
    )
    model.compile({"vae": make(), "discriminator": make()}, run_eagerly=True)
    seen = {}

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            for name, optimizer in model.optimizers.items():
                averages = optimizer._model_variables_moving_average
                seen[name] = values_of(averages)

    model.fit(images(8), batch_size=4, verbose=0, callbacks=[Look()])
    for name, player in model.players().items():
        assert_all_close(values_of(player.variables), seen[name], rtol=1e-6)
