"""Masked convolutions: what each position sees, and what it computes of it."""

import keras
import numpy as np
import pytest

from keras_latent.layers import MaskedConv2D

HEIGHT, WIDTH = 5, 6

SEEN = {
    "before": lambda dy, dx: dy < 0 or (dy == 0 and dx < 0),
    "until": lambda dy, dx: dy < 0 or (dy == 0 and dx <= 0),
    "above": lambda dy, dx: dy < 0,
    "rows": lambda dy, dx: dy <= 0,
}


@pytest.mark.parametrize("mask", SEEN)
def test_each_position_sees_what_the_mask_says(mask):
    layer = MaskedConv2D(2, 3, mask)
    x = np.random.default_rng(0).normal(size=(1, HEIGHT, WIDTH, 3)).astype("float32")
    output = np.asarray(layer(x))
    layer.bias.assign([0.5, -1.0])
    kernel = np.asarray(layer.kernel)
    expected = np.zeros_like(output)
    expected += np.array([0.5, -1.0])
    for row in range(HEIGHT):
        for column in range(WIDTH):
            for dy in (-1, 0):
                for dx in (-1, 0, 1):
                    y, other = row + dy, column + dx
                    inside = 0 <= y < HEIGHT and 0 <= other < WIDTH
                    if inside and SEEN[mask](dy, dx):
                        weight = kernel[dy + 1, dx + 1]
                        expected[0, row, column] += x[0, y, other] @ weight
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


def test_configuration():
    layer = MaskedConv2D(2, 5, "until", name="some")
    again = MaskedConv2D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert layer(np.zeros((2, 1, 3, 4), "float32")).shape == (2, 1, 3, 2)
    symbolic = keras.KerasTensor((None, 4, 4, 1))
    assert layer.compute_output_shape(symbolic.shape) == (None, 4, 4, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3, "until"), "`filters` must be a positive integer"),
        ((1, 4, "until"), r"`kernel_size` must be odd.*Received: kernel_size=4"),
        ((1, 3, "A"), "`mask` must be one of 'before'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskedConv2D(*arguments)
