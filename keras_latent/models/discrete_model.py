"""The family of models whose code is a map of tokens."""

from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_latent import quantizers
from keras_latent.keras_internals import as_written
from keras_latent.models import specs
from keras_latent.models.latent_model import LatentModel
from keras_latent.models.streaming import streamed
from keras_latent.quantizers.usage import Perplexity, Usage
from keras_latent.typing import Counts, Observation, Tensor
from keras_latent.validation import check_some_rows


class DiscreteModel(LatentModel):
    """Base of the models that quantize what the encoder gives at each position.

    The code is the quantized map: what `encode` gives and `decode` takes.

    Args:
        encoder: As for `LatentModel`.
        decoder: As for `LatentModel`; its code is a map.
        likelihood: As for `LatentModel`.
        quantizer: A name or an object of `keras_latent.quantizers`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the decoder takes no map, or codes of another size than the
            quantizer makes.
    """

    codes_are_maps = True
    quantizer_meanings: ClassVar[dict[str, str]] = {
        "commitment": "squared distance of what is quantized from its codes",
        "codebook": "squared distance of the codes from what they stand for",
        "entropy": "how undecided the positions are between codes, in nats",
        "uniformity": "how far the use of codes is from uniform, in nats",
        "kl": "divergence of the codes' probabilities from uniform, in nats",
    }

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        likelihood: Any,
        quantizer: Any,
        **kwargs: Any,
    ) -> None:
        # The layer of the code is made for it.
        self.quantizer = quantizers.get(quantizer)
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.remember_given("quantizer", quantizer, self.quantizer)
        if len(self.code_shape) != 3:
            raise ValueError(
                "`decoder` must take a map, of shape (batch, height, width, channels), "
                f"for {type(self).__name__}, whose codes are maps of tokens. "
                f"Received: a decoder of vectors, of shape {self.code_shape}"
            )
        self.quantizer.build_for(self.code_shape[-1])
        as_written(self, "quantize")

    @classmethod
    def check_code_size(cls, code_size: int | tuple[int, ...]) -> None:
        """Refuse default networks of vectors."""
        if isinstance(code_size, int):
            raise ValueError(
                "`code_shape` must be the (height, width, channels) of a map for "
                f"{cls.__name__}, whose codes are maps of tokens. "
                f"Received: latent_dim={code_size}"
            )

    @property
    def token_shape(self) -> Any:
        """The shape of the tokens of one observation: (h, w), or (h, w, levels).

        A dict of them where there are several maps.
        """
        return self.quantizer.token_shape(self.code_shape[:-1])

    def tokens(self, x: Any, batch_size: int | None = None) -> Any:
        """The tokens of observations, batch by batch.

        Args:
            x: Observations of shape (count, ...), or a dataset of batches, as for
                `encode`.
            batch_size: Rows that are worked on at once. Defaults to `None`: 256.

        Returns:
            Integers of shape (count, h, w), with a last axis for residual levels: an
            array, or a tensor of a tensor. A dict of several maps.
        """

        def tokens(x: Any) -> Any:
            return self.quantizer.tokens_of(self.code(self.features(x)))

        return self._streamed(tokens, x, None, batch_size)

    def to_tokens(self) -> keras.Model:
        """Build a functional model from observations to tokens that shares the weights.

        Returns:
            A `keras.Model` that gives what `tokens` gives, for `predict` and as a part
            of other networks. Nothing is to be learned through it: tokens have no
            gradient.
        """
        x = specs.as_inputs(self.encoder_spec())
        tokens = self.quantizer.tokens_of(self.code(self.features(x)))
        return keras.Model(x, tokens, name=f"{self.name}_tokens")

    def decode_tokens(self, t: Any, batch_size: int | None = None) -> Observation:
        """Decode tokens, batch by batch.

        Args:
            t: Integers of shape (count, *token_shape).
            batch_size: Rows that are worked on at once. Defaults to `None`: 256.

        Returns:
            The means of the observations, as of `decode`.

        Raises:
            ValueError: If tokens are no integers, out of range or of another shape.
        """

        def decode(t: Any) -> Observation:
            t = keras.tree.map_structure(lambda tokens: ops.cast(tokens, "int32"), t)
            return self.decoded(self.quantizer.look_up(t))

        def check(t: Any) -> None:
            self.check_tokens(t)
            check_some_rows("t", np.shape(keras.tree.flatten(t)[0]))

        return streamed(decode, t, batch_size, check=check)

    def quantize(  # type: ignore[override]
        self, z: Any, batch_size: int | None = None, **kwargs: Any
    ) -> Any:
        """The codes that are nearest to any points of the space of codes.

        With the name of a mode instead, such as `"int8"`, it quantizes the weights, as
        `keras.Model.quantize`.

        Args:
            z: Points of shape (count, *code_shape).
            batch_size: Rows that are worked on at once. Defaults to `None`: 256.
            **kwargs: What `keras.Model.quantize` takes beside a mode.

        Returns:
            Codes of the same shape.

        Raises:
            ValueError: If points have another shape, or aren't finite.
        """
        if isinstance(z, str):
            return super().quantize(z, **kwargs)

        def quantize(given: dict[str, Tensor]) -> Tensor:
            z = ops.cast(given["z"], "float32")
            return self.quantizer.look_up(self.quantizer.nearest_tokens(z))

        return streamed(quantize, {"z": z}, batch_size, check=self._check_codes)

    # For the variants.

    def code_channels(self) -> dict[str, int]:
        """The layer `code`, which gives what the quantizer takes."""
        return {"code": self.quantizer.input_channels(self.code_shape[-1])}

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The quantized code of features, whether a sample is asked for or not."""
        return self.quantizer.look_up(self.quantizer.tokens_of(self.code(features)))

    def add_quantizer(self) -> None:
        """Declare the quantizer's terms and numbers, and how its codes are used."""
        for term, weight in self.quantizer.term_weights.items():
            self.add_term(term, weight=weight)
        for name in self.quantizer.positive_numbers:
            self.add_number(name, getattr(self.quantizer, name), low=1e-3)
        shape = self.quantizer.tables, self.quantizer.num_codes
        self.add_monitor("usage", Usage(*shape, name="usage"))
        self.add_monitor("perplexity", Perplexity(*shape, name="perplexity"))

    def quantized(self, x: Any, training: bool) -> tuple[Tensor, dict[str, Any]]:
        """Encode and quantize.

        Args:
            x: Observations of shape (batch, ...).
            training: Whether layers behave as in training.

        Returns:
            The codes, through which the gradient passes, and what the quantizer adds to
            the objective.
        """
        e = self.code(self.features(x, training))
        codes, tokens, terms = self.quantizer(e, training=training)
        counts = Counts(self.quantizer.counts(tokens))
        return codes, {**terms, "usage": counts, "perplexity": counts}

    def check_tokens(self, t: Any, name: str = "t") -> None:
        """Refuse tokens that can't be decoded.

        Args:
            t: Integers of shape (count, *token_shape).
            name: What the message calls them. Defaults to `"t"`.

        Raises:
            ValueError: If they are no integers, out of range or of another shape.
        """
        expected = self.token_shape
        if not isinstance(expected, dict):
            self._check_map(name, t, expected)
            return
        if not isinstance(t, dict) or t.keys() != expected.keys():
            given = sorted(t) if isinstance(t, dict) else type(t).__name__
            raise ValueError(
                f"`{name}` must be a dict of {', '.join(expected)}. "
                f"Received: {name}={given}"
            )
        for own, shape in expected.items():
            self._check_map(f"{name}[{own!r}]", t[own], shape)

    def _check_map(self, name: str, t: Any, expected: tuple[int, ...]) -> None:
        t = np.asarray(t)
        if t.shape[1:] != expected:
            listed = ", ".join(map(str, expected))
            raise ValueError(
                f"`{name}` must have the shape (count, {listed}). "
                f"Received: {name} of shape {t.shape}"
            )
        self.quantizer.check_tokens(name, t)
