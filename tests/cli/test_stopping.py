"""A signal stops a training, whatever it falls into."""

import contextlib
import signal
import threading

import keras
import numpy as np
import pytest

from keras_latent.cli.stopping import SIGNALS, Interruption


@pytest.fixture(autouse=True, params=SIGNALS)
def number(request):
    """A signal that is heard, as by the process of the command.

    Background jobs of a shell hear no ctrl-C, unless they are told to.
    """
    before = signal.signal(request.param, signal.default_int_handler)
    yield request.param
    signal.signal(request.param, before)


def fit(*callbacks, epochs=3):
    """The epochs that a training of two steps each began."""
    begun = []
    counts = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: begun.append(epoch)
    )
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.ones((4, 1))
    try:
        model.fit(
            *(x, x),
            batch_size=2,
            epochs=epochs,
            callbacks=[*callbacks, counts],
            verbose=0,
        )
    except KeyboardInterrupt:
        return begun, True
    return begun, False


def swallowing(number, epoch):
    """As where Keras opens a file to save a model."""

    def swallow(at, logs):
        with contextlib.suppress(BaseException):
            if at == epoch:
                signal.raise_signal(number)

    return keras.callbacks.LambdaCallback(on_epoch_end=swallow)


class TestInterruption:
    def test_what_was_swallowed_stops_before_the_next_step(self, number):
        assert fit(swallowing(number, 0)) == ([0, 1, 2], False)
        with Interruption() as interruption:
            assert fit(swallowing(number, 0), interruption) == ([0, 1], True)

    def test_what_was_swallowed_at_last_stops_what_follows(self, number):
        with pytest.raises(KeyboardInterrupt), Interruption() as interruption:
            assert fit(swallowing(number, 2), interruption) == ([0, 1, 2], False)

    def test_what_is_raised_is_raised(self, number):
        with pytest.raises(KeyboardInterrupt), Interruption():
            signal.raise_signal(number)

    def test_nobody_listens_afterwards(self, number):
        with Interruption() as interruption:
            assert signal.getsignal(number) == interruption._hear
        assert signal.getsignal(number) is signal.default_int_handler

    def test_the_handlers_of_others_stay(self, number):
        signal.signal(number, signal.SIG_IGN)
        with Interruption():
            assert signal.getsignal(number) is signal.SIG_IGN

    def test_other_threads_train_too(self):
        found = []

        def train():
            with Interruption() as interruption:
                found.append(fit(interruption))

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        assert found == [([0, 1, 2], False)]
