import keras
import numpy as np
import pytest

from keras_latent import models
from keras_latent.callbacks import LatentEquilibrium

DROP = [0.9, 0.3, 0.1]
RISE = [0.2, 0.3, 0.4]


def trained_epochs(callback, lengths):
    """How many epochs a model trains whose latent lengths are these."""
    callback.set_model(keras.Model())
    callback.model.stop_training = False
    callback.on_train_begin()
    for epoch, length in enumerate(lengths):
        callback.on_epoch_end(epoch, {"loss": 1.0, "latent_length": length})
        if callback.model.stop_training:
            return epoch + 1
    return len(lengths)


def test_ends_fit(networks, images):
    model = models.EncDec(*networks)
    model.compile(keras.optimizers.SGD(0.0))
    lengths = iter([0.1, *[0.5] * 8])
    set_length = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(latent_length=next(lengths))
    )
    callback = LatentEquilibrium(patience=2)

    history = model.fit(images, epochs=9, callbacks=[set_length, callback], verbose=0)

    assert history.epoch == [0, 1, 2, 3]
    assert callback.stopped_epoch == 3


def test_watches_what_encdec_logs(networks, images):
    model = models.EncDec(*networks)
    model.compile(keras.optimizers.SGD(0.0))

    history = model.fit(images, epochs=2, callbacks=[LatentEquilibrium()], verbose=0)

    assert history.epoch == [0, 1]


def test_stops_patience_epochs_after_the_last_rise():
    callback = LatentEquilibrium(min_delta=0.05, patience=3)

    epochs = trained_epochs(callback, [*DROP, *RISE, *[0.41] * 10])

    assert epochs == 3 + 3 + 3
    assert callback.stopped_epoch == 8


def test_a_slow_rise_counts_once_it_adds_up():
    callback = LatentEquilibrium(min_delta=0.05, patience=3)
    slow = np.linspace(0.42, 0.60, 10).tolist()

    assert trained_epochs(callback, [*DROP, *RISE, *slow]) == 16
    assert callback.stopped_epoch is None


def test_a_rise_slower_than_that_is_rest():
    callback = LatentEquilibrium(min_delta=0.05, patience=3)
    slower = np.linspace(0.405, 0.45, 10).tolist()

    assert trained_epochs(callback, [*DROP, *RISE, *slower]) == 9


@pytest.mark.parametrize("bottom", [[0.1] * 10, [0.11, 0.1, 0.12, 0.1] * 3])
def test_does_not_stop_at_the_minimum(bottom):
    callback = LatentEquilibrium(min_delta=0.05, patience=3)

    assert trained_epochs(callback, DROP + bottom) == 3 + len(bottom)


def test_does_not_stop_on_the_way_down():
    callback = LatentEquilibrium(min_delta=0.01, patience=2)

    assert trained_epochs(callback, np.linspace(1.0, 0.0, 12).tolist()) == 12


def test_a_new_minimum_starts_the_watch_again():
    callback = LatentEquilibrium(min_delta=0.05, patience=3)

    lengths = [0.5, 0.6, 0.6, 0.6, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3]
    assert trained_epochs(callback, lengths) == 11


def test_each_training_is_watched_afresh():
    callback = LatentEquilibrium(min_delta=0.05, patience=3)
    lengths = [*DROP, *RISE, *[0.41] * 10]

    assert trained_epochs(callback, lengths) == 9
    assert trained_epochs(callback, DROP) == 3
    assert callback.stopped_epoch is None
    assert trained_epochs(callback, lengths) == 9


def test_says_that_it_stopped(capsys):
    lengths = [*DROP, *RISE, *[0.41] * 10]

    trained_epochs(LatentEquilibrium(min_delta=0.05, patience=3, verbose=1), lengths)

    line = "Epoch 9: latent_length is at its equilibrium, 0.41\n"
    assert capsys.readouterr().out == line


def test_a_missing_log_is_named_with_those_there_are():
    with pytest.raises(
        ValueError, match=r"`monitor` must be one of .*'loss'.* Received: monitor='z'"
    ):
        trained_epochs(LatentEquilibrium(monitor="z"), DROP)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("min_delta", -0.1), ("patience", 0), ("patience", 1.5), ("verbose", 3)],
)
def test_errors_name_the_argument(argument, value):
    with pytest.raises(ValueError, match=rf"`{argument}` .* {argument}={value!r}"):
        LatentEquilibrium(**{argument: value})
