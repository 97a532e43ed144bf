import keras
import numpy as np
import pytest

from keras_latent import models
from keras_latent.callbacks import Linear, WeightSchedule


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


@pytest.mark.parametrize("by", ["epoch", "step"])
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
