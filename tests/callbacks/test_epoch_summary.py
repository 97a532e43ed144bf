import keras
import pytest
import tensorflow as tf

from keras_latent.callbacks.epoch_summary import EpochSummary

pytestmark = pytest.mark.usefixtures("eagerly")


class One(EpochSummary):
    """Writes the number 1."""

    def write(self, step):
        tf.summary.scalar("one", 1.0, step=step)


def written_steps(read_events):
    return [event.step for event in read_events().Tensors("one")]


def fit(model, images, *callbacks, epochs=5):
    model.fit(images, epochs=epochs, callbacks=list(callbacks), verbose=0)


@pytest.mark.parametrize(("every", "steps"), [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4])])
def test_writes_at_the_step_of_the_epoch(
    vae, images, tmp_path, read_events, every, steps
):
    fit(vae, images, One(tmp_path, every))

    assert written_steps(read_events) == steps


def test_stands_beside_the_scalars_of_keras(vae, images, tmp_path, read_events):
    fit(vae, images, keras.callbacks.TensorBoard(tmp_path), One(tmp_path), epochs=3)

    scalars = read_events().Tensors("epoch_loss")
    assert [event.step for event in scalars] == written_steps(read_events) == [0, 1, 2]


def test_writes_where_keras_writes_only_some_steps(vae, images, tmp_path, read_events):
    tensorboard = keras.callbacks.TensorBoard(tmp_path, update_freq=1000)

    fit(vae, images, tensorboard, One(tmp_path), epochs=3)

    assert written_steps(read_events) == [0, 1, 2]


def test_each_epoch_is_on_disk_when_it_is_over(vae, images, tmp_path, read_events):
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(written_steps(read_events))
    )

    fit(vae, images, One(tmp_path), look, epochs=2)

    assert seen == [[0], [0, 1]]


def test_a_second_training_is_written_too(vae, images, tmp_path, read_events):
    callback = One(tmp_path)

    fit(vae, images, callback, epochs=1)
    vae.fit(images, initial_epoch=1, epochs=2, callbacks=[callback], verbose=0)

    assert written_steps(read_events) == [0, 1]


def test_only_the_chief_writes(vae, images, tmp_path, monkeypatch):
    strategy = vae.distribute_strategy
    monkeypatch.setattr(
        type(strategy.extended), "should_save_summary", property(lambda self: False)
    )

    fit(vae, images, One(tmp_path), epochs=1)

    assert list(tmp_path.iterdir()) == []


def test_refuses_no_epochs(tmp_path):
    with pytest.raises(ValueError, match=r"`every` .* Received: every=0"):
        One(tmp_path, every=0)
