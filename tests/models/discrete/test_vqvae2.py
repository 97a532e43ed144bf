"""VQVAE2: two maps against NumPy, tokens and back, and what must fit."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_latent import quantizers
from keras_latent.models import VQVAE2
from keras_latent.typing import Batch
from tests.models.cases import (
    dense_networks,
    images,
    spatial_networks,
    top_networks,
)
from tests.quantizers import reference

X = images(7)


def build(**arguments):
    given = {
        "bottom_quantizer": quantizers.VectorQuantizer(5, seed=7),
        "top_quantizer": quantizers.VectorQuantizer(5, seed=8),
        **top_networks(),
        **arguments,
    }
    return VQVAE2(**spatial_networks(output_activation=None), **given)


def table_of(quantizer):
    return np.array(quantizer.codebook.embeddings)


def test_both_maps_against_numpy():
    model = build()
    both = model.quantizer
    terms = model.objective(Batch(X), False)
    e = np.array(model.code(model.encoder(X)))
    top_e = np.array(both.top_projection(model.top_encoder(e)))
    top_tokens = reference.nearest(top_e, table_of(model.top_quantizer))
    top = table_of(model.top_quantizer)[top_tokens]
    told = np.concatenate([e, np.array(model.top_decoder(top))], axis=-1)
    bottom_e = np.array(both.bottom_projection(told))
    tokens = reference.nearest(bottom_e, table_of(model.bottom_quantizer))
    bottom = table_of(model.bottom_quantizer)[tokens]
    # Each position of the top stands for four, at the edge of an odd side for two.
    repeated = np.stack([[top[:, i // 2, j // 2] for j in range(3)] for i in range(4)])
    code = np.concatenate([bottom, np.moveaxis(repeated, 2, 0)], axis=-1)
    np.testing.assert_allclose(model.encode(X), code, atol=1e-6)
    found = model.tokens(X)
    np.testing.assert_array_equal(found["bottom"], tokens)
    np.testing.assert_array_equal(found["top"], top_tokens)
    error = 0.5 * ((X - np.array(model.decoder(code))) ** 2).sum((1, 2, 3))
    expected = error + 6 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)
    commitment = ((bottom_e - bottom) ** 2).sum((1, 2, 3))
    commitment += ((top_e - top) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(terms["commitment"], commitment, rtol=1e-4)
    counts = [np.bincount(t.ravel(), minlength=5) for t in (tokens, top_tokens)]
    np.testing.assert_array_equal(terms["usage"].counts, counts)


def test_tokens_give_the_reconstruction():
    model = build()
    tokens = model.tokens(X)
    assert model.token_shape == {"bottom": (4, 3), "top": (2, 2)}
    decoded = model.decode_tokens(tokens)
    np.testing.assert_allclose(decoded, model.reconstruct(X), atol=1e-6)
    np.testing.assert_allclose(
        decoded, model.decode_tokens(tokens, batch_size=2), atol=1e-6
    )


def test_the_exported_encoder_knows_both_tables():
    model = build()
    np.testing.assert_allclose(model.to_encoder()(X), model.encode(X), atol=1e-6)


def test_codes_are_quantized_already():
    model = build()
    z = model.encode(X)
    np.testing.assert_allclose(model.quantize(z), z, atol=1e-6)


def test_the_bottom_is_told_of_the_top():
    model = build()
    tokens = model.tokens(X)
    e = model.code(model.encoder(X))
    codes = [
        np.array(model.quantizer._told(e, model.top_quantizer.codes_of(top), False))
        for top in (tokens["top"], (tokens["top"] + 1) % 5)
    ]
    assert np.abs(codes[0] - codes[1]).max() > 1e-3


def test_every_network_learns_and_both_tables_move():
    model = build()
    model.compile(keras.optimizers.SGD(0.1))
    parts = {
        name: getattr(model, name)
        for name in ("encoder", "code", "decoder", "top_encoder", "top_decoder")
    }
    parts |= {"bottom": model.bottom_quantizer, "top": model.top_quantizer}
    before = {name: part.get_weights()[0] for name, part in parts.items()}
    model.fit(X, batch_size=4, verbose=0)
    for name, part in parts.items():
        assert not np.array_equal(part.get_weights()[0], before[name]), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"top_quantizer": quantizers.VectorQuantizer(6)},
            r"`top_quantizer` must have as many codes.*5\. Received: 6",
        ),
        (
            {"top_quantizer": quantizers.FiniteScalarQuantizer((5,))},
            r"terms of the same weights.*commitment",
        ),
        (
            {"top_quantizer": quantizers.ResidualQuantizer(2, 5)},
            r"must have one token a position",
        ),
        (
            {"top_encoder": dense_networks()["encoder"]},
            r"`top_encoder` must be a Keras model from a map to a map",
        ),
        (
            {
                "top_encoder": keras.Sequential(
                    [keras.Input((4, 3, 3)), layers.Conv2D(2, 1)]
                )
            },
            r"`top_encoder` must halve.*an encoder to \(4, 3\)",
        ),
        (
            {
                "top_decoder": keras.Sequential(
                    [keras.Input((2, 2, 1)), layers.Conv2D(2, 1)]
                )
            },
            r"`top_decoder` must give a map of \(4, 3\).*to \(2, 2\)",
        ),
        (
            {
                "top_decoder": keras.Sequential(
                    [
                        keras.Input((2, 2, 2)),
                        layers.UpSampling2D(2),
                        layers.Conv2D(2, (1, 2)),
                    ]
                )
            },
            r"`decoder` must take the codes of both.*decoder of 2 channels",
        ),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["top"], r"`t` must be a dict of bottom, top"),
        (lambda t: {"top": t["top"]}, r"`t` must be a dict.*t=\['top'\]"),
        (
            lambda t: {**t, "top": t["bottom"]},
            r"`t\['top'\]` must have the shape \(count, 2, 2\)",
        ),
        (
            lambda t: {**t, "bottom": t["bottom"] + 5},
            r"`t\['bottom'\]` must hold tokens from 0 to 4",
        ),
    ],
)
def test_tokens_that_are_none(change, message):
    model = build()
    with pytest.raises(ValueError, match=message):
        model.decode_tokens(change(model.tokens(X)))


def test_default_networks():
    model = VQVAE2.for_images((16, 16, 1), code_shape=(4, 4, 6))
    assert model.token_shape == {"bottom": (4, 4), "top": (2, 2)}
    assert model.reconstruct(np.zeros((1, 16, 16, 1), "float32")).shape == (
        1,
        16,
        16,
        1,
    )
