import keras
import numpy as np
import pytest

from keras_latent import models, quantizers
from keras_latent.callbacks import Exponential, Linear, WeightSchedule
from tests.tiers import rarely


class CountingVAE(models.VAE):
    """Counts how often its objective is traced."""

    traces = 0

    def objective(self, batch, training):
        self.traces += training
        return super().objective(batch, training)


def steps_seen(model, images, by, **options):
    """The numbers with which a schedule is called in the course of `fit`."""
    steps = []

    def record(step):
        steps.append(step)
        return 1.0

    model.fit(
        images,
        callbacks=[WeightSchedule("beta", record, by=by)],
        verbose=0,
        **options,
    )
    return steps


@pytest.mark.parametrize("by", ["step", *rarely("epoch")])
def test_the_loss_changes_within_one_fit_without_a_retrace(networks, images, by):
    model = CountingVAE(*networks)
    model.compile(keras.optimizers.SGD(0.01))
    schedule = Linear(0.0, 30.0, duration=3)

    history = model.fit(
        images,
        epochs=5,
        batch_size=6,
        callbacks=[WeightSchedule("beta", schedule, by=by)],
        verbose=0,
    ).history

    expected = np.array(history["reconstruction"]) + [0, 10, 20, 30, 30] * np.array(
        history["kl"]
    )
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-5)
    assert min(history["kl"]) > 0.01
    assert model.traces == 1
    assert float(model.beta) == 30.0


NUMBERS = [
    ("capacity", lambda n: models.CapacityVAE(*n), Linear(0.0, 25.0, 2), 25.0),
    ("temperature", None, Exponential(1.0, 0.0625, 2), 0.0625),
    ("mixing", lambda n: models.CIWAE(*n), Linear(1.0, 0.5, 2), 0.5),
    ("free_bits", lambda n: models.VAE(*n), Linear(0.5, 0.0, 2), 0.0),
]


def gumbel(images):
    """A model of tokens, whose quantizer keeps the temperature."""
    return models.VQVAE.for_images(
        images.shape[1:],
        code_shape=(2, 2, 3),
        quantizer=quantizers.GumbelQuantizer(4, seed=0),
    )


@pytest.mark.parametrize(("name", "build", "schedule", "end"), NUMBERS)
def test_numbers_that_are_no_weights_move_and_are_saved(
    networks, name, build, schedule, end
):
    images = np.random.default_rng(0).random((6, 4, 5, 1)).astype("float32")
    if build is None:
        images = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
        model = gumbel(images)
    else:
        model = build(networks)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(float(getattr(model, name)))
    )
    moved = WeightSchedule(name, schedule)

    model.fit(images, epochs=4, callbacks=[moved, watch], verbose=0)

    np.testing.assert_allclose(seen, [schedule(epoch) for epoch in range(4)])
    assert float(getattr(model, name)) == end
    holder = model if build else model.quantizer
    assert holder.get_config()[name] == end


def test_the_capacity_that_is_scheduled_is_the_objectives(networks, images):
    model = models.CapacityVAE(*networks, gamma=1.0)
    model.compile(keras.optimizers.SGD(0.0))
    schedule = WeightSchedule("capacity", Linear(0.0, 30.0, 3))

    logs = model.fit(
        images, epochs=4, batch_size=6, callbacks=[schedule], verbose=0
    ).history

    expected = np.abs(np.array(logs["kl"]) - [0.0, 10.0, 20.0, 30.0])
    np.testing.assert_allclose(logs["excess"], expected, rtol=1e-5)


def test_by_epoch_counts_as_fit_does(vae, images):
    seen = steps_seen(vae, images, "epoch", batch_size=2, initial_epoch=3, epochs=5)

    assert seen == [3, 4]


def test_by_step_goes_on_where_the_optimizer_stopped(vae, images, tmp_path):
    assert steps_seen(vae, images, "step", batch_size=2, epochs=2) == [*range(6)]

    vae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")

    assert steps_seen(loaded, images, "step", batch_size=2) == [6, 7, 8]


def test_by_step_sets_the_weight_once_an_execution(vae, images):
    vae.compile(keras.optimizers.SGD(0.0), steps_per_execution=2)

    seen = steps_seen(vae, images, "step", batch_size=1, epochs=2)

    assert seen == [0, 2, 4, 6, 8, 10]


@pytest.mark.all
def test_by_step_under_a_distribution_strategy(networks, images, two_replicas):
    with two_replicas.scope():
        model = models.VAE(*map(keras.models.clone_model, networks))
        model.compile(keras.optimizers.SGD(0.0))

    assert steps_seen(model, images, "step", batch_size=2, epochs=2) == [*range(6)]


def test_an_unknown_weight_is_refused_before_the_training(vae, images):
    callback = WeightSchedule("gamma", Linear(0.0, 1.0, 3))

    with pytest.raises(
        ValueError, match=r"`weight` must be .*'beta'.* Received: weight='gamma'"
    ):
        vae.fit(images, callbacks=[callback], verbose=0)
    assert int(vae.optimizer.iterations) == 0


def test_a_model_without_weights_is_refused():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback = WeightSchedule("beta", Linear(0.0, 1.0, 3))

    with pytest.raises(ValueError, match=r"the model's weights \[\]\. .*'beta'"):
        model.fit(np.ones((1, 1)), np.ones((1, 1)), callbacks=[callback], verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"schedule": 0.5}, r"`schedule` must be .* Received: schedule=0\.5"),
        ({"by": "batch"}, r"`by` must be one of 'epoch', 'step'.* by='batch'"),
        ({"weight": ["beta"]}, r"`weight` must be the name of one.*\['beta'\]"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    defaults = {"weight": "beta", "schedule": Linear(0.0, 1.0, 3)}

    with pytest.raises(ValueError, match=message):
        WeightSchedule(**defaults | arguments)


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_a_schedule_can_not_give_what_is_no_weight(networks, images, value):
    vae = models.VAE(*networks)
    vae.compile(keras.optimizers.SGD(0.01))
    schedule = WeightSchedule("beta", lambda step: value)
    with pytest.raises(ValueError, match="`beta` must be a number"):
        vae.fit(images, callbacks=[schedule], verbose=0)
