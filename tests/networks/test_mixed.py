import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.networks import mixed_decoder, mixed_encoder

COLUMNS = {"image": (9, 8, 1), "category": (4,), "number": (2,)}
OUTPUT_ACTIVATIONS = {"image": "sigmoid", "category": "softmax", "number": None}
LATENT_DIM = 5


def rows(batch=3):
    generator = np.random.default_rng(0)
    return {
        column: generator.random((batch, *shape), dtype="float32")
        for column, shape in COLUMNS.items()
    }


def codes(batch=3):
    return np.random.default_rng(1).normal(size=(batch, LATENT_DIM)).astype("float32")


def encoder_and_decoder(dtype=None):
    return (
        mixed_encoder(COLUMNS, width=16, dtype=dtype),
        mixed_decoder(COLUMNS, LATENT_DIM, OUTPUT_ACTIVATIONS, width=16, dtype=dtype),
    )


def all_layers(model):
    return [layer for layer in model._flatten_layers() if layer is not model]


def test_columns_become_a_vector_and_a_code_becomes_columns():
    encoder, decoder = encoder_and_decoder()
    assert encoder(rows()).shape == (3, 16)
    decoded = decoder(codes())
    assert {name: column.shape[1:] for name, column in decoded.items()} == COLUMNS


def test_each_column_ends_in_its_activation():
    _, decoder = encoder_and_decoder()
    decoded = {name: np.asarray(x) for name, x in decoder(10 * codes()).items()}
    assert decoded["image"].min() >= 0
    assert decoded["image"].max() <= 1
    np.testing.assert_allclose(decoded["category"].sum(axis=-1), 1, rtol=1e-5)
    assert decoded["number"].min() < 0


def test_the_encoder_sees_every_column():
    encoder, _ = encoder_and_decoder()
    before = np.asarray(encoder(rows()))
    for column in COLUMNS:
        changed = rows()
        changed[column] = 1 - changed[column]
        assert not np.allclose(encoder(changed), before), column


def test_one_column_is_enough():
    encoder = mixed_encoder({"number": (2,)}, width=7)
    decoder = mixed_decoder({"number": (2,)}, LATENT_DIM, {"number": None})
    assert encoder.output_shape == (None, 7)
    assert decoder(codes())["number"].shape == (3, 2)


def test_columns_are_float32_under_mixed_precision():
    encoder, decoder = encoder_and_decoder(dtype="mixed_float16")
    assert encoder.output.dtype == "float16"
    assert {x.dtype for x in decoder.output.values()} == {"float32"}


def test_saved_networks_need_nothing_but_keras(tmp_path):
    encoder, decoder = encoder_and_decoder()
    for network, x in ((encoder, rows()), (decoder, codes())):
        assert all(
            type(layer).__module__.startswith("keras.") for layer in all_layers(network)
        )
        path = tmp_path / "network.keras"
        network.save(path)
        expected, loaded = network(x), keras.models.load_model(path)(x)
        tf.nest.map_structure(np.testing.assert_array_equal, loaded, expected)


def test_the_gradient_reaches_every_weight():
    encoder, decoder = encoder_and_decoder()
    code = keras.layers.Dense(LATENT_DIM)(encoder.output)
    model = keras.Model(encoder.input, decoder(code))
    x = rows()
    with tf.GradientTape() as tape:
        decoded = model(x)
        error = sum(tf.reduce_sum((decoded[name] - x[name]) ** 2) for name in COLUMNS)
    for weight, gradient in zip(
        model.trainable_variables,
        tape.gradient(error, model.trainable_variables),
        strict=True,
    ):
        assert np.any(np.asarray(gradient)), weight.path


@pytest.mark.parametrize(
    "columns",
    [{}, None, [(28, 28, 1)], {"image": (28, 28)}, {"number": 2}, {"image": (7, 8, 1)}],
)
def test_bad_columns_are_refused(columns):
    message = rf"`columns` must .*Received: columns={re.escape(repr(columns))}"
    with pytest.raises(ValueError, match=message):
        mixed_encoder(columns)
    with pytest.raises(ValueError, match=message):
        mixed_decoder(columns, LATENT_DIM, {})


def test_output_activations_name_the_columns():
    message = (
        "`output_activations` must name the columns image, category, number. "
        "Received: output_activations={'image': 'sigmoid'}"
    )
    with pytest.raises(ValueError, match=message):
        mixed_decoder(COLUMNS, LATENT_DIM, {"image": "sigmoid"})


@pytest.mark.parametrize(("argument", "value"), [("latent_dim", 0), ("width", 1.5)])
def test_sizes_are_positive_integers(argument, value):
    arguments = {"latent_dim": LATENT_DIM, "width": 16, argument: value}
    message = f"`{argument}` must be a positive integer. Received: {argument}={value}"
    with pytest.raises(ValueError, match=message):
        mixed_decoder(COLUMNS, output_activations=OUTPUT_ACTIVATIONS, **arguments)


def test_the_width_of_the_encoder_is_a_positive_integer():
    message = "`width` must be a positive integer. Received: width=0"
    with pytest.raises(ValueError, match=message):
        mixed_encoder(COLUMNS, width=0)
