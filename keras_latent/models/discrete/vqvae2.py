"""The VQVAE with two maps of tokens."""

from typing import Any, ClassVar

import keras
from keras import layers

from keras_latent import quantizers
from keras_latent.models.discrete_model import DiscreteModel
from keras_latent.networks.convolutional import doubled
from keras_latent.quantizers.two_maps import TwoMaps
from keras_latent.typing import Batch

_WIDTH = 64


@keras.saving.register_keras_serializable(package="keras_latent")
class VQVAE2(DiscreteModel):
    """VQVAE of two levels: a small map for what is global, a larger one for detail.

    With e a 1×1 convolution of E(x), the networks E_t and D_t of the top, and quantized
    maps t and b, side by side with each position of t repeated:

        t = E_t(e),   b = [e; D_t(t)],   c = [b; up(t)],
        loss = −log p(x | D(c)) + the quantizers' terms, added up

    A 1×1 convolution stands before each quantizer. Tokens are a dict of `bottom`,
    (batch, h, w), and `top`, (batch, h/2, w/2).

    Args:
        encoder: Any Keras model from an observation to a map of the code's height and
            width.
        decoder: Any Keras model from a code of shape (batch, h, w, c), the channels of
            both maps, to the mean of the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        bottom_quantizer: A name or an object of `keras_latent.quantizers`. Defaults to
            `"vector_quantizer"`.
        top_quantizer: The same, another object, with as many codes. Defaults to
            `"vector_quantizer"`.
        top_encoder: Any Keras model E_t from a map (batch, h, w, ·) to (batch, h/2,
            w/2, ·), rounded up. Defaults to `None`: two convolutions.
        top_decoder: Any Keras model D_t from the top's codes, (batch, h/2, w/2, ·), to
            (batch, h, w, ·). Defaults to `None`: a convolution of half of the code's
            channels, and a doubling.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If networks and quantizers don't fit each other.

    When: For tokens of larger images, whose layout and detail shall be told apart.

    Source: Razavi, van den Oord and Vinyals 2019, algorithm 1.

    >>> model = VQVAE2.for_images((32, 32, 3), code_shape=(8, 8, 32))
    >>> {n: t.shape for n, t in model.tokens(keras.ops.zeros((2, 32, 32, 3))).items()}
    {'bottom': TensorShape([2, 8, 8]), 'top': TensorShape([2, 4, 4])}
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        **DiscreteModel.quantizer_meanings,
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        bottom_quantizer: Any = "vector_quantizer",
        top_quantizer: Any = "vector_quantizer",
        top_encoder: keras.Model | None = None,
        top_decoder: keras.Model | None = None,
        **kwargs: Any,
    ) -> None:
        bottom, top = quantizers.get(bottom_quantizer), quantizers.get(top_quantizer)
        shape = getattr(decoder, "input_shape", None)
        if isinstance(shape, tuple) and len(shape) == 4:
            top_encoder = top_encoder or _top_encoder(shape)
            top_decoder = top_decoder or _top_decoder(shape)
        both = TwoMaps(bottom, top, top_encoder, top_decoder)
        super().__init__(encoder, decoder, likelihood, both, **kwargs)
        self.bottom_quantizer, self.top_quantizer = bottom, top
        self.remember_given("bottom_quantizer", bottom_quantizer, bottom)
        self.remember_given("top_quantizer", top_quantizer, top)
        self.top_encoder, self.top_decoder = top_encoder, top_decoder
        self.add_term("reconstruction")
        self.add_quantizer()

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x | D(c)), and what the quantizers add."""
        c, terms = self.quantized(batch.x, training)
        return {"reconstruction": self.reconstruction(batch.x, c, training), **terms}


def _top_encoder(code_shape: tuple[int, ...]) -> keras.Model:
    code = keras.Input((*code_shape[1:3], _WIDTH), name="map")
    x = layers.Conv2D(_WIDTH, 4, strides=2, padding="same", activation="relu")(code)
    x = layers.Conv2D(_WIDTH, 3, padding="same", activation="relu")(x)
    return keras.Model(code, x, name="top_encoder")


def _top_decoder(code_shape: tuple[int, ...]) -> keras.Model:
    _, height, width, channels = code_shape
    half = -(-height // 2), -(-width // 2), max(1, channels // 2)
    code = keras.Input(half, name="top_code")
    x = layers.Conv2D(_WIDTH, 3, padding="same", activation="relu")(code)
    return keras.Model(code, doubled(x, (height, width), None), name="top_decoder")
