"""What holds for images and codes of every size, under every dtype."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_latent.networks import (
    convolutional_decoder,
    convolutional_encoder,
    dense_decoder,
    dense_encoder,
    extra_encoder,
    inversion_decoder,
    mixed_decoder,
    mixed_encoder,
)

few = settings(max_examples=8, derandomize=True, deadline=None)

counts = st.integers(1, 6) | st.integers(1, 6).map(np.int64)
sides = st.integers(8, 70)
channels = st.sampled_from([1, 3])
image_shapes = st.tuples(sides, sides, channels)
small_shapes = st.tuples(st.integers(8, 17), st.integers(8, 17), channels)
widths = st.lists(st.integers(1, 4), min_size=1, max_size=7)
latent_dims = st.integers(1, 70)
dtypes = st.sampled_from([None, "mixed_float16", "mixed_bfloat16", "float64"])
PAIRS = {
    "convolutional": (convolutional_encoder, convolutional_decoder),
    "dense": (dense_encoder, dense_decoder),
}


def rows_of(*shape):
    return np.random.default_rng(0).random((2, *shape)).astype("float32")


def outputs(network, x):
    """Each output as float64, which holds every value of the other dtypes."""
    return [
        keras.ops.convert_to_numpy(keras.ops.cast(output, "float64"))
        for output in keras.tree.flatten(network(x))
    ]


def check(network, x):
    """Finite outputs, and the same ones of what the configuration makes."""
    config = json.loads(json.dumps(network.get_config()))
    again = type(network).from_config(config)
    again.set_weights(network.get_weights())
    expected = outputs(network, x)
    for output, same in zip(expected, outputs(again, x), strict=True):
        assert np.isfinite(output).all()
        np.testing.assert_array_equal(output, same)


@pytest.mark.parametrize("pair", PAIRS)
@few
@given(image_shapes, widths, latent_dims, dtypes)
def test_images_of_any_size(pair, shape, widths, latent_dim, dtype):
    make_encoder, make_decoder = PAIRS[pair]
    encoder = make_encoder(shape, widths, dtype=dtype)
    decoder = make_decoder(shape, latent_dim, widths, dtype=dtype)
    check(encoder, rows_of(*shape))
    check(decoder, rows_of(latent_dim))
    decoded = decoder(rows_of(latent_dim))
    assert decoded.shape == (2, *shape)
    assert decoded.dtype == "float32"
    halved = [-(-side // 2 ** len(widths)) for side in shape[:2]]
    of_features = [*halved, widths[-1]] if pair == "convolutional" else widths[-1:]
    assert encoder.output_shape == (None, *of_features)


@pytest.mark.all
@few
@given(small_shapes, counts, counts, widths, dtypes, st.data())
def test_inverters_of_any_size(shape, features, extra, widths, dtype, data):
    arguments = {
        "mode": data.draw(st.sampled_from(["features", "concat", "hyper"])),
        "rank": data.draw(st.none() | counts),
        "control": data.draw(st.lists(counts, max_size=2)),
        "hyper_at": data.draw(st.sampled_from(["features", "map"])),
        "hidden": data.draw(counts),
        "convolutions": data.draw(st.integers(1, 2)),
        "upsampling": data.draw(st.booleans()),
    }
    decoder = inversion_decoder(
        shape, features, extra, widths=widths, dtype=dtype, **arguments
    )
    x = [rows_of(features), rows_of(extra)]
    if arguments["mode"] == "features":
        x = x[0]
    check(decoder, x)
    assert decoder(x).shape == (2, *shape)
    assert decoder(x).dtype == "float32"


@few
@given(image_shapes, counts, widths, dtypes)
def test_extra_numbers_of_any_count(shape, size, widths, dtype):
    encoder = extra_encoder(shape, size, widths, dtype)
    check(encoder, rows_of(*shape))
    assert encoder(rows_of(*shape)).shape == (2, size)
    assert encoder(rows_of(*shape)).dtype == "float32"


names = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=5)


@settings(few, max_examples=5)
@given(
    st.dictionaries(
        names, small_shapes | st.tuples(st.integers(1, 9)), min_size=1, max_size=2
    ),
    counts,
    counts,
    dtypes,
)
def test_columns_of_any_name_and_shape(columns, latent_dim, width, dtype):
    encoder = mixed_encoder(columns, width, dtype)
    activations = dict.fromkeys(columns, "sigmoid")
    decoder = mixed_decoder(columns, latent_dim, activations, width, dtype)
    x = {name: rows_of(*shape) for name, shape in columns.items()}
    check(encoder, x)
    check(decoder, rows_of(latent_dim))
    assert encoder(x).shape == (2, width)
    for name, decoded in decoder(rows_of(latent_dim)).items():
        assert decoded.shape == (2, *columns[name])
        assert decoded.dtype == "float32"


@pytest.mark.parametrize("name", ["", "a/b", 1, None])
def test_names_that_keras_has_no_input_for(name):
    message = r"`columns` must have names that are strings.* Received: columns=\{"
    with pytest.raises(ValueError, match=message):
        mixed_encoder({name: (3,)})
    with pytest.raises(ValueError, match=message):
        mixed_decoder({name: (3,)}, 2, {name: None})


@pytest.mark.parametrize("activations", [None, "a", ["a"], {"b": None}], ids=str)
def test_output_activations_are_a_dict(activations):
    with pytest.raises(ValueError, match="`output_activations` must name the columns"):
        mixed_decoder({"a": (3,)}, 2, activations)


@pytest.mark.parametrize("name", ["feature_size", "hidden"])
def test_sizes_are_refused_by_their_own_names(name):
    arguments = {"image_shape": (8, 8, 1), "feature_size": 3, name: 0}
    message = f"`{name}` must be a positive integer. Received: {name}=0"
    with pytest.raises(ValueError, match=message):
        inversion_decoder(**arguments)
