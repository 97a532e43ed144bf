import keras
import pytest
import tensorflow as tf

from keras_latent.callbacks import LearningCurves


def written(log_dir):
    """The numbers by tag, as TensorBoard's own reader has them, for both writers."""
    return {
        (path.parent.name, value.tag): tf.make_ndarray(value.tensor)
        for path in log_dir.rglob("events.*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag.startswith("epoch_")
    }


def test_writes_what_the_callback_of_keras_writes(vae, images, tmp_path):
    histories = []
    for name, callback in (
        ("ours", LearningCurves(tmp_path / "ours")),
        ("theirs", keras.callbacks.TensorBoard(tmp_path / "theirs")),
    ):
        history = vae.fit(
            images,
            validation_data=(images,),
            epochs=2,
            callbacks=[callback],
            verbose=0,
        )
        histories.append((name, history.history))
    ours, theirs = (written(tmp_path / name) for name, _ in histories)
    assert ours.keys() == theirs.keys()
    (_, history), _ = histories
    assert ours["train", "epoch_loss"] == pytest.approx(history["loss"][-1])
    assert ours["validation", "epoch_kl"] == pytest.approx(history["val_kl"][-1])


def test_the_logs_of_a_step_go_nowhere(vae, images, tmp_path, monkeypatch):
    tags = []
    scalar = tf.summary.scalar

    def noted(name, *arguments, **options):
        tags.append(name)
        return scalar(name, *arguments, **options)

    monkeypatch.setattr(tf.summary, "scalar", noted)
    vae.fit(images, batch_size=2, callbacks=[LearningCurves(tmp_path)], verbose=0)
    assert "epoch_loss" in tags
    assert not [tag for tag in tags if not tag.startswith("epoch_")]
