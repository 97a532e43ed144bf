"""What the page decodes, against what Keras does."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_latent as kl
from keras_latent.explorer.decoder_graph import DecoderGraph
from keras_latent.explorer.decoder_steps import UnknownLayerError
from keras_latent.explorer.packing import packed
from tests.explorer.scripts import needs_node, ran

PROGRAM = """
import { Decoder, unpack } from "./explorer.mjs";

const worst = {};
for (const path of process.argv.slice(2)) {
  const file = fs.readFileSync(path);
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
  const { header, arrays } = unpack(bytes);
  const decoder = new Decoder(header.decoder, arrays.weights.data, header.code_shape);
  const part = ({ shape, data }, i) => {
    const size = data.length / shape[0];
    return data.subarray(i * size, (i + 1) * size);
  };
  let error = 0;
  for (let i = 0; i < arrays.codes.shape[0]; i++) {
    const told = arrays.told && part(arrays.told, i);
    const { shape, data } = decoder.decode(part(arrays.codes, i), told);
    const wanted = part(arrays.pictures, i);
    if (String(shape) !== String(arrays.pictures.shape.slice(1))) error = Infinity;
    for (let j = 0; j < wanted.length; j++) {
      const difference = Math.abs(data[j] - wanted[j]);
      if (!(difference <= error)) error = difference;
    }
  }
  worst[header.name] = error;
}
console.log(JSON.stringify(worst));
"""

ROWS = 3
TOLD = np.array([0, 2, 1])


def decoder_of(*stack):
    return keras.Sequential([keras.Input((5,)), *stack])


def around(decoder):
    """An autoencoder with this decoder, and an encoder that is never called."""
    encoder = keras.Sequential(
        [keras.Input(decoder.output_shape[1:]), layers.Flatten()]
    )
    return kl.models.Autoencoder(encoder, decoder)


def convolutions():
    return around(
        decoder_of(
            layers.Dense(4 * 3 * 6, activation="gelu"),
            layers.Reshape((4, 3, -1)),
            layers.Conv2DTranspose(7, 3, strides=2, padding="same", activation="selu"),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(4, 4, strides=3, padding="valid"),
            layers.UpSampling2D((2, 3), interpolation="bilinear"),
            layers.Cropping2D(((1, 2), (0, 1))),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, dilation_rate=2, padding="same", groups=2),
            layers.Conv2D(3, 3, strides=2, padding="same", activation="mish"),
            layers.Conv2D(3, 2, padding="valid", activation="tanh"),
            layers.ReLU(max_value=0.8, negative_slope=0.1),
            layers.Rescaling(0.5, 0.1),
        )
    )


def normalisations():
    code = keras.Input((5,))
    x = layers.Reshape((4, 4, 4))(layers.Dense(64, activation="silu")(code))
    y = layers.GroupNormalization(2)(layers.UpSampling2D(2)(x))
    z = layers.LayerNormalization()(layers.Conv2DTranspose(4, 2, strides=2)(x))
    y = layers.Dropout(0.5)(layers.ELU(0.7)(y))
    x = layers.Concatenate()([layers.Add()([y, z]), layers.Multiply()([y, z])])
    x = layers.Average()([x, layers.Activation("softplus")(x)])
    x = layers.Softmax()(layers.Conv2D(3, 1)(layers.Activation("hard_sigmoid")(x)))
    return around(keras.Model(code, x))


def images(likelihood, **networks):
    return kl.models.VAE.for_images((8, 9, 1), 3, likelihood=likelihood, **networks)


def inverter(rank):
    """A decoder of features, whose weights the other part of the code controls."""
    extractor = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(6)]
    )
    return kl.models.FeatureInverter(
        decoder=kl.networks.inversion_decoder((8, 8, 1), 6, 2, rank=rank, hidden=7),
        feature_extractor=extractor,
        extra_encoder=kl.networks.extra_encoder((8, 8, 1), 2),
    )


def mixed():
    """A decoder of a category and an image, of which the page shows the image."""
    columns = {"category": (3,), "image": (8, 8, 1)}
    activations = {"category": "softmax", "image": "sigmoid"}
    return kl.models.VAE(
        kl.networks.mixed_encoder(columns, 4),
        kl.networks.mixed_decoder(columns, 3, activations, 4),
        {"category": "categorical", "image": "bernoulli"},
    )


CASES = {
    "convolutions": convolutions,
    "normalisations": normalisations,
    "logits": lambda: images("bernoulli"),
    "gaussian": lambda: images("gaussian"),
    "continuous bernoulli": lambda: images("continuous_bernoulli"),
    "discretized logistic": lambda: images("discretized_logistic"),
    "probabilities": lambda: images(
        "continuous_bernoulli", decoder=kl.networks.dense_decoder((8, 9, 1), 3)
    ),
    "one of two columns": mixed,
    "dense": lambda: images(
        "bernoulli", decoder=kl.networks.dense_decoder((8, 9, 1), 3)
    ),
    "residual": lambda: images(
        "gaussian",
        decoder=kl.networks.residual_decoder((8, 9, 1), 3, width=4, attention=True),
    ),
    "map": lambda: kl.models.Autoencoder.for_images((9, 8, 3), code_shape=(5, 4, 2)),
    "tokens": lambda: kl.models.VQVAE.for_images((8, 8, 3), code_shape=(4, 4, 3)),
    "features": lambda: inverter(None),
    "features by factors": lambda: inverter(4),
    "told": lambda: kl.models.ConditionalVAE.for_images((8, 8, 1), 3, num_classes=3),
    "told map": lambda: kl.models.ConditionalVAE.for_images(
        (8, 8, 1), code_shape=(4, 4, 2), num_classes=3
    ),
}


def picture_in(decoded):
    return np.asarray(decoded["image"] if isinstance(decoded, dict) else decoded)


@pytest.fixture(scope="module")
def worst_errors(tmp_path_factory):
    """The largest difference of a pixel, by the name of the case."""
    folder = tmp_path_factory.mktemp("decoders")
    generator = np.random.default_rng(0)
    paths = []
    for index, (name, build) in enumerate(CASES.items()):
        model = build()
        for weight in model.decoder.weights:
            noise = generator.normal(size=weight.shape) * 0.2
            # The variance of a normalisation among them, which isn't negative.
            weight.assign(np.abs(noise) + 0.1 if "variance" in weight.path else noise)
        graph = DecoderGraph(model)
        codes = generator.normal(size=(ROWS, *model.code_shape)).astype("float32")
        told = TOLD if model.condition is not None else None
        arrays = {
            "weights": graph.values,
            "codes": codes.reshape(ROWS, -1),
            "pictures": picture_in(model.decode(codes, told)),
        }
        if told is not None:
            arrays["told"] = np.eye(3, dtype="float32")[told]
        header = {
            "name": name,
            "decoder": graph.to_config(),
            "code_shape": model.code_shape,
        }
        paths.append(folder / f"{index}.bin")
        paths[-1].write_bytes(packed(header, arrays))
        assert arrays["pictures"].std() > 1e-3
    return ran(PROGRAM, folder, *paths)


@needs_node
@pytest.mark.parametrize("name", CASES)
def test_a_page_decodes_what_keras_does(name, worst_errors):
    assert worst_errors[name] < 1e-4


class TestRefusals:
    def refusal(self, decoder):
        with pytest.raises(UnknownLayerError) as error:
            DecoderGraph(around(decoder))
        return str(error.value)

    def test_a_layer_that_a_page_does_not_know(self):
        layer = layers.Conv1D(2, 1, name="sliding")
        decoder = decoder_of(layers.Reshape((5, 1)), layer, layers.Reshape((1, 5, 2)))
        assert self.refusal(decoder) == "the layer 'sliding' of class Conv1D"

    def test_an_activation_that_a_page_does_not_know(self):
        layer = layers.Dense(8, activation="log_sigmoid", name="odd")
        said = self.refusal(decoder_of(layer, layers.Reshape((2, 4, 1))))
        assert "the activation 'log_sigmoid' of the layer 'odd'" in said

    def test_arguments_that_a_page_does_not_know(self):
        layer = layers.Softmax(axis=1, name="across")
        said = self.refusal(decoder_of(layers.Reshape((1, 5, 1)), layer))
        assert "the layer 'across' of class Softmax with axis=1" in said

    def test_an_operation_that_a_page_does_not_know(self):
        code = keras.Input((5,))
        x = layers.Reshape((1, 5, 1))(keras.ops.sort(code))
        assert "the operation 'sort' of class Sort" in self.refusal(
            keras.Model(code, x)
        )

    def test_a_layer_that_is_used_twice(self):
        code = keras.Input((5,))
        dense = layers.Dense(5, name="again")
        x = layers.Reshape((1, 5, 1))(dense(dense(code)))
        assert "'again' of class Dense, which is used twice" in self.refusal(
            keras.Model(code, x)
        )

    def test_a_class_of_ones_own(self):
        @keras.saving.register_keras_serializable(package="tests")
        class Dense(layers.Dense):
            """Not Keras's, whatever its name."""

        said = self.refusal(decoder_of(Dense(8), layers.Reshape((2, 4, 1))))
        assert "of class Dense" in said
