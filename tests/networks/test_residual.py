"""Residual networks and patch critics: sizes, dtypes, gradients, errors."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.networks import (
    check_patch_critic,
    joint_critic,
    patch_critic,
    residual_decoder,
    residual_encoder,
)
from tests.tiers import rarely

SMALL = {"width": 4}


@pytest.mark.parametrize("side", [32, 64, *rarely(128, 256)])
@pytest.mark.parametrize("downsampling", [4, 8])
def test_maps_of_images_of_each_size(side, downsampling):
    encoder = residual_encoder((side, side, 3), downsampling, **SMALL)
    size = side // downsampling
    assert encoder.output_shape == (None, size, size, 16)
    decoder = residual_decoder((side, side, 3), (size, size, 4), **SMALL)
    assert decoder.output_shape == (None, side, side, 3)


@pytest.mark.parametrize("side", [32, 256])
def test_vectors_of_images_of_each_size(side):
    encoder = residual_encoder((side, side, 1), **SMALL)
    assert encoder.output_shape == (None, 8, 8, 16)
    decoder = residual_decoder((side, side, 1), 7, **SMALL)
    assert (decoder.input_shape, decoder.output_shape) == (
        (None, 7),
        (None, side, side, 1),
    )


@pytest.mark.parametrize("code_size", [5, (12, 8, 2)])
def test_sides_that_are_odd(code_size):
    decoder = residual_decoder((45, 30, 4), code_size, **SMALL)
    code = np.zeros((2, *np.atleast_1d(code_size)), "float32")
    assert decoder(code).shape == (2, 45, 30, 4)
    assert residual_encoder((45, 30, 4), 4, **SMALL).output_shape[1:3] == (12, 8)


@pytest.mark.parametrize("dtype", ["mixed_float16", *rarely(None, "mixed_bfloat16")])
@pytest.mark.parametrize("attention", [True, *rarely(False)])
def test_config_dtypes_and_gradients(attention, dtype):
    arguments = {**SMALL, "attention": attention, "dtype": dtype}
    networks = [
        (residual_encoder((16, 16, 3), 4, **arguments), (16, 16, 3)),
        (residual_decoder((16, 16, 3), (4, 4, 2), **arguments), (4, 4, 2)),
        (patch_critic((16, 16, 3), (4, 6), dtype=dtype), (16, 16, 3)),
    ]
    for network, shape in networks:
        x = np.random.default_rng(0).random((2, *shape)).astype("float32")
        with tf.GradientTape() as tape:
            y = network(x)
            loss = tf.reduce_sum(tf.cast(y, "float32") ** 2)
        gradients = tape.gradient(loss, [v.value for v in network.trainable_variables])
        assert all(np.isfinite(gradient).all() for gradient in gradients)
        config = json.loads(json.dumps(network.get_config()))
        again = keras.Model.from_config(config)
        again.set_weights(network.get_weights())
        np.testing.assert_array_equal(again(x), y)
    assert networks[1][0].compute_output_spec(networks[1][0].input).dtype == "float32"


def test_attention_lets_positions_see_each_other():
    layers = residual_encoder((16, 16, 1), 4, width=4, attention=True).layers
    (attention,) = (n for n in layers if isinstance(n, keras.layers.MultiHeadAttention))
    sequence = np.random.default_rng(0).normal(size=(1, 16, 16)).astype("float32")
    other = sequence.copy()
    other[0, 0] += 3.0
    changed = np.array(attention(other, other)) - np.array(
        attention(sequence, sequence)
    )
    assert (np.abs(changed).max(axis=-1) > 0.0).all()


def test_widths_and_blocks():
    narrow, wide = (residual_encoder((32, 32, 3), 8, width=width) for width in (4, 8))
    assert [n.output_shape[-1] for n in (narrow, wide)] == [16, 32]
    deep = residual_encoder((32, 32, 3), 8, width=4, blocks=2)
    convolutions = [
        sum(isinstance(layer, keras.layers.Conv2D) for layer in n.layers)
        for n in (narrow, deep)
    ]
    # Two convolutions a block at each of four sizes.
    assert convolutions[1] - convolutions[0] == 8


@pytest.mark.parametrize("code_shape", [(5,), (2, 2, 3)])
def test_images_and_codes_are_judged_together(code_shape):
    critic = joint_critic((8, 8, 1), code_shape, widths=(4,), dense_width=6)
    random = np.random.default_rng(0)
    x = random.random((3, 8, 8, 1)).astype("float32")
    z = random.normal(size=(3, *code_shape)).astype("float32")
    logits = critic([x, z])
    assert logits.shape == (3, 1)
    for changed in (critic([x[::-1], z]), critic([x, z[::-1]])):
        assert (np.array(changed != logits)[[0, 2]]).all()
        np.testing.assert_allclose(changed[1], logits[1], rtol=1e-6)


def test_patches_are_judged_one_by_one():
    critic = patch_critic((64, 64, 1), widths=(4,))
    x = np.random.default_rng(0).random((1, 64, 64, 1)).astype("float32")
    other = x.copy()
    other[:, :8, :8] += 1.0
    changed = np.abs(np.array(critic(x)) - np.array(critic(other)))[0, :, :, 0] > 0
    assert changed[:4, :4].any()
    assert not changed[8:, 8:].any()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: residual_encoder((32, 32, 3), 3), r"`downsampling` must be one.*=3"),
        (lambda: residual_encoder((32, 32)), r"`image_shape` must be"),
        (lambda: residual_encoder((32, 32, 3), width=0), r"`width` must be.*=0"),
        (lambda: residual_encoder((32, 32, 3), blocks=0), r"`blocks` must be.*=0"),
        (
            lambda: residual_decoder((32, 32, 3), (5, 5, 4)),
            r"`code_shape` must have the height and width.*\(5, 5, 4\)",
        ),
        (lambda: residual_decoder((32, 32, 3), 0), r"`code_size` must be.*=0"),
        (lambda: patch_critic((4, 4, 1)), r"`image_shape` must be"),
        (lambda: patch_critic((8, 8, 1), ()), r"`widths` must be"),
        (lambda: joint_critic((8, 8, 1), (3,), ()), r"`widths` must be"),
        (
            lambda: joint_critic((8, 8, 1), (3,), dense_width=0),
            r"`dense_width` must be.*=0",
        ),
        (lambda: joint_critic((8, 8, 1), (3,), dropout=1.0), r"`dropout` must.*=1.0"),
        (
            lambda: residual_encoder((8, 8, 1), attention="a"),
            r"`attention` must be True or False.*='a'",
        ),
        (
            lambda: residual_decoder((8, 8, 1), 3, halved_first=1),
            r"`halved_first` must be True or False.*=1",
        ),
        (
            lambda: check_patch_critic("discriminator", "gan", (8, 8, 1)),
            r"`discriminator` must be a Keras model.*'gan'",
        ),
        (
            lambda: check_patch_critic("critic", patch_critic((8, 8, 1)), (8, 8, 3)),
            r"`critic` must take values of shape \(None, 8, 8, 3\)",
        ),
    ],
)
def test_bad_arguments(build, message):
    with pytest.raises(ValueError, match=message):
        build()
