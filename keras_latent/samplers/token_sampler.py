"""Samplers of tokens: one after the other, each given those before it."""

import abc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.special import log_softmax

from keras_latent.samplers.base import check_enough, draw_generator
from keras_latent.samplers.labels import as_labels, check_seen
from keras_latent.samplers.steered_sampler import SteeredSampler
from keras_latent.samplers.token_order import TokenOrder
from keras_latent.typing import Observation, Tensor
from keras_latent.validation import checked_positive_integer

MOST_CODES = 2**16
"""How many codes a table may have: each has a logit at each position."""

_ROWS = 256
_LOGITS = 2**24


class TokenSampler(SteeredSampler):
    """Base of the priors over tokens: log p(t) = Σᵢ log p(tᵢ | t₁ … tᵢ₋₁).

    Maps are read row by row, the levels of a position one after the other; of several
    maps, the smallest comes first. The objective is −log p(t) in nats a picture. With
    labels, the network knows them, and with guidance w logits of draws are
    l_∅ + w(l_y − l_∅).

    Args:
        model: A trained model whose codes are tokens.
        blocks: Number of blocks of the network.
        **steered: Arguments of `SteeredSampler`, whose guidance is the weight w.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.
    """

    def __init__(self, model: Any, blocks: int, **steered: Any) -> None:
        self.blocks = checked_positive_integer("blocks", blocks)
        super().__init__(model, **steered)
        self.order = TokenOrder(model.token_shape)
        self.num_codes: int = model.quantizer.num_codes

    # What a sampler of tokens defines.

    @abc.abstractmethod
    def logits_in_turn(
        self, network: Any, labels: np.ndarray
    ) -> Callable[[np.ndarray, int], np.ndarray]:
        """What gives the logits of one token after the other.

        Args:
            network: One of `network`.
            labels: Numbers of labels, of shape (count,).

        Returns:
            A function of the tokens, (count, length), of which those before a position
            are drawn, and of that position; positions are asked for one after the
            other. It gives logits of shape (count, num_codes).
        """

    # What users call.

    def sample_tokens(self, n: int, seed: int | None = None, labels: Any = None) -> Any:
        """Draw tokens.

        Args:
            n: Number of pictures.
            seed: Seed of the draw. Defaults to `None`: another draw each time.
            labels: One for all, or integers of shape (n,). Defaults to `None`.

        Returns:
            Integers of shape (n, *token_shape), or a dict of several maps, as
            `decode_tokens` of the model takes them.

        Raises:
            ValueError: If nothing was fitted, or a label was never seen.
        """
        known = self.labels_to_draw(n, labels)
        generator = draw_generator(seed)
        network = self.fitted_network()
        parts = []
        for start in range(0, n, self._rows()):
            rows = min(self._rows(), n - start)
            own = None if known is None else known[start : start + rows]
            parts.append(self._drawn(network, rows, own, generator))
        return self.order.to_tokens(np.concatenate(parts))

    def sample_codes(
        self, n: int, seed: int | None = None, labels: Any = None
    ) -> np.ndarray:
        """Draw codes: what drawn tokens stand for.

        Args:
            n: As for `sample_tokens`.
            seed: As for `sample_tokens`.
            labels: As for `sample_tokens`.

        Returns:
            float32 of shape (n, *code_shape), as `decode` of the model takes them.

        Raises:
            ValueError: As for `sample_tokens`.
        """
        tokens = keras.tree.map_structure(
            lambda t: ops.convert_to_tensor(t, "int32"),
            self.sample_tokens(n, seed, labels),
        )
        codes = self.model.quantizer.look_up(tokens)
        return ops.convert_to_numpy(codes)

    def log_prob(self, tokens: Any, labels: Any = None) -> np.ndarray:
        """The log-probability of tokens, without guidance.

        Args:
            tokens: As `tokens` of the model gives them.
            labels: One for all, or integers of shape (count,): the probability is that
                given them. Defaults to `None`.

        Returns:
            Nats of shape (count,), float64.

        Raises:
            ValueError: If nothing was fitted, tokens are out of range or of another
                shape, or a label was never seen.
        """
        self.fitted_state()
        self.model.check_tokens(tokens, "tokens")
        sequences = self.order.to_sequences(tokens)
        known = None
        if labels is not None:
            count = len(sequences)
            each = np.full(count, labels) if not np.ndim(labels) else labels
            known = as_labels(each, count)
            check_seen(known, self.classes)
        network, numbers = self.fitted_network(), self.numbers_of(known, len(sequences))
        parts = [np.zeros(0)]
        for start in range(0, len(sequences), self._rows()):
            rows = slice(start, start + self._rows())
            own = sequences[rows]
            logits = network.predict_on_batch([own, numbers[rows]]).astype("float64")
            each = np.take_along_axis(log_softmax(logits, axis=-1), own[..., None], -1)
            parts.append(each[..., 0].sum(axis=1))
        return np.concatenate(parts)

    # What the base asks.

    @classmethod
    def check_model(cls, model: Any) -> None:
        """Refuse models whose codes are no tokens, or of too many."""
        name = type(model).__name__
        if not hasattr(model, "decode_tokens"):
            raise ValueError(
                "`model` must have codes that are tokens, such as those of a `VQVAE`: "
                "for codes that are numbers use `GaussianMixture` or `FlowMatching`. "
                f"Received: model={name}"
            )
        if model.quantizer.num_codes > MOST_CODES:
            raise ValueError(
                f"`model` must have at most {MOST_CODES} codes, of which each has a "
                "probability at each position. "
                f"Received: model={name} of {model.quantizer.num_codes} codes"
            )

    def encoded(self, images: Any, labels: Any, batch_size: int | None) -> np.ndarray:
        """Tokens as sequences, int32 of shape (count, length)."""
        return self.order.to_sequences(self.model.tokens(images, batch_size=batch_size))

    def fit_encoded(
        self, encoded: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Train the network.

        Raises:
            ValueError: If the loss isn't finite, or the checkpoint is of another fit.
        """
        check_enough(encoded, 2, "between which a network can learn")
        return self.trained(encoded, labels, "logits", _minus_log_prob, _step)

    def decoded_draws(
        self, n: int, seed: int | None, labels: Any, batch_size: int | None
    ) -> Observation:
        """Draw tokens and decode them."""
        tokens = self.sample_tokens(n, seed, labels)
        return self.model.decode_tokens(tokens, batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        return {"blocks": self.blocks, **super().get_config()}

    def _drawn(
        self,
        network: keras.Model,
        count: int,
        labels: np.ndarray | None,
        generator: np.random.Generator,
    ) -> np.ndarray:
        """Tokens of shape (count, length), one position after the other."""
        tokens = np.zeros((count, self.order.length), "int32")
        given = self.logits_in_turn(network, self.numbers_of(labels, count))
        guided = labels is not None and self.guidance != 1
        if guided:
            plain = self.logits_in_turn(network, self.numbers_of(None, count))
        for position in range(self.order.length):
            logits = given(tokens, position)
            if guided:
                without = plain(tokens, position)
                logits = without + self.guidance * (logits - without)
            # The greatest of the logits with Gumbel's noise is a draw.
            noise = generator.gumbel(size=logits.shape)
            tokens[:, position] = np.argmax(logits + noise, axis=-1)
        return tokens

    def _rows(self) -> int:
        """How many pictures are worked on at once: their logits are in memory."""
        return max(1, min(_ROWS, _LOGITS // (self.order.length * self.num_codes)))


def _minus_log_prob(tokens: Tensor, logits: Tensor) -> Tensor:
    """Nats a picture, of shape (batch,)."""
    each = ops.sparse_categorical_crossentropy(tokens, logits, from_logits=True)
    return ops.sum(each, axis=-1)


def _step(
    network: keras.Model,
    tokens: np.ndarray,
    labels: np.ndarray,
    _: np.random.Generator,
) -> float:
    return network.train_on_batch([tokens, labels], tokens)
