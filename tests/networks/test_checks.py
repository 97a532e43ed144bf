import re

import keras
import numpy as np
import pytest

from keras_latent.networks import (
    convolutional_encoder,
    dense_decoder,
    dense_mapping,
    joint_critic,
    map_decoder,
    mixed_encoder,
    residual_decoder,
)
from keras_latent.networks.checks import checked_image_shape, checked_widths


@pytest.mark.parametrize(
    "image_shape", [(8, 8, 1), [28, 28, 3], np.array([8, 200, 3]), (np.int64(8), 8, 1)]
)
def test_an_image_shape_is_accepted_and_python_s_own(image_shape):
    shape = checked_image_shape(image_shape)
    assert shape == tuple(image_shape)
    assert all(type(side) is int for side in shape)


def test_networks_of_numpy_s_integers_are_written_and_read(tmp_path):
    sides = np.array([8, 8, 1])
    for network in (
        convolutional_encoder(sides, widths=np.array([4, 4])),
        dense_decoder(tuple(sides), np.int64(3), widths=np.array([4])),
        residual_decoder(sides, code_size=np.array([4, 4, 2]), width=np.int64(4)),
        map_decoder(sides, np.array([4, 4, 2])),
        mixed_encoder({"image": sides, "kind": np.array([3])}),
        joint_critic(sides, np.array([3]), widths=np.array([4])),
        dense_mapping(np.array([3]), widths=[np.int32(4)]),
    ):
        network.save(tmp_path / "network.keras")
        again = keras.saving.load_model(tmp_path / "network.keras")
        assert again.count_params() == network.count_params()


@pytest.mark.parametrize(
    "image_shape",
    [
        (28, 28),
        (7, 28, 1),
        (28, 7, 1),
        (28, 28, 5),
        (28, 28, 1, 1),
        (28.0, 28, 1),
        (None, None, 3),
        "mnist",
        28,
    ],
)
def test_another_shape_is_refused(image_shape):
    message = (
        r"`image_shape` must be \(height, width, channels\).*at least 8 and 1 to 4 "
        rf"channels\. Received: image_shape={re.escape(repr(image_shape))}"
    )
    with pytest.raises(ValueError, match=message):
        checked_image_shape(image_shape)


@pytest.mark.parametrize("widths", [(), (32, 0), (32, -1), (32.0,), (True,), 32, "32"])
def test_widths_are_positive_integers(widths):
    message = (
        "`widths` must be a sequence of at least one positive integer. "
        rf"Received: widths={re.escape(repr(widths))}"
    )
    with pytest.raises(ValueError, match=message):
        checked_widths(widths)
