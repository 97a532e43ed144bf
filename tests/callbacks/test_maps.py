"""Callbacks of a model whose code is a map."""

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_latent import models
from keras_latent.callbacks import CodeHistograms, EmbeddingProjector


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((5, 8, 8, 1), "float32")


def test_each_element_of_a_map_is_a_dimension(images, tmp_path):
    model = models.VAE.for_images((8, 8, 1), code_shape=(4, 4, 2))
    model.compile("sgd")
    callbacks = [
        CodeHistograms(images, tmp_path),
        EmbeddingProjector(images, tmp_path),
    ]
    model.fit(images, epochs=1, callbacks=callbacks, verbose=0)
    codes = np.asarray(model.encode(images))
    assert codes.shape == (5, 4, 4, 2)
    written = np.loadtxt(tmp_path / "train" / "projector" / "tensors.tsv")
    np.testing.assert_allclose(written, codes.reshape(5, 32), rtol=1e-6)
    events = EventAccumulator(str(tmp_path / "train")).Reload()
    for tag, values in (("values", codes), ("variances", codes.var(axis=0))):
        (event,) = events.Tensors(f"code/{tag}")
        left, right, counts = tf.make_ndarray(event.tensor_proto).T
        assert counts.sum() == values.size
        np.testing.assert_allclose(
            [left[0], right[-1]], [values.min(), values.max()], rtol=1e-4
        )
