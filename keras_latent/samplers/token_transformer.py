"""A transformer that draws the tokens of a picture one after the other."""

import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.networks.causal_transformer import CausalTransformer
from keras_latent.samplers.token_sampler import TokenSampler
from keras_latent.validation import check_in_range, checked_positive_integer


class TokenTransformer(TokenSampler):
    """A prior over tokens: each is told all before it by attention.

        log p(t) = Σᵢ log p(tᵢ | t₁ … tᵢ₋₁)

    Maps are read row by row, the levels of a position one after the other; of two maps,
    the top comes first. With labels, the network knows them, and with guidance w the
    logits of draws are l_∅ + w(l_y − l_∅). A draw takes one position's work for each
    position.

    Args:
        model: A trained model whose codes are tokens.
        units: Size of what stands for a position. Defaults to 128.
        blocks: Number of blocks. Defaults to 4.
        heads: Number of heads of attention, which divides `units`. Defaults to 4.
        dropout: The share of numbers that are hidden in training. Defaults to 0.1.
        epochs: Passes over the tokens. Defaults to 50.
        batch_size: Pictures a step. Defaults to 64.
        learning_rate: Adam's at first; it falls to 0 as a cosine. Defaults to 0.001.
        guidance: The weight w; 1 is none. Defaults to 1.0.
        label_dropout: The share of labels that are hidden. Defaults to 0.1.
        seed: Seed of the training. Defaults to 0.
        checkpoint: A file for what a fit has reached, from which one that was killed
            goes on to the same weights, but for the rounding in which two runs of
            TensorFlow differ, too; removed at the end. Defaults to `None`: none.
        verbose: 1 shows the progress, 0 nothing. Defaults to 1.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.

    Source: Esser, Rombach and Ommer 2021, "Taming transformers for high-resolution
    image synthesis", section 3.2; Lee et al. 2022 for levels; Ho and Salimans 2022 for
    guidance.

    >>> from keras_latent.models import VQVAE
    >>> model = VQVAE.for_images((8, 8, 1), code_shape=(2, 2, 3))
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> sampler = TokenTransformer(model, units=8, blocks=1, epochs=1, verbose=0)
    >>> sampler.fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(
        self,
        model: Any,
        units: int = 128,
        blocks: int = 4,
        heads: int = 4,
        dropout: float = 0.1,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        guidance: float = 1.0,
        label_dropout: float = 0.1,
        seed: int = 0,
        checkpoint: str | os.PathLike | None = None,
        verbose: int = 1,
    ) -> None:
        heads = checked_positive_integer("heads", heads)
        check_in_range("dropout", dropout, 0, 1)
        super().__init__(
            model,
            units=units,
            blocks=blocks,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            guidance=guidance,
            label_dropout=label_dropout,
            seed=seed,
            checkpoint=checkpoint,
            verbose=verbose,
        )
        if units % heads:
            raise ValueError(
                "`heads` must divide `units`. "
                f"Received: heads={heads} with units={units}"
            )
        self.heads = heads
        self.dropout = dropout

    def network(self, classes: int) -> keras.Model:
        """A new transformer."""
        return CausalTransformer(
            self.order.maps,
            self.num_codes,
            classes,
            self.units,
            self.blocks,
            self.heads,
            self.dropout,
            seed=self.seed,
            dtype="float32",
        )

    def logits_in_turn(
        self, network: Any, labels: np.ndarray
    ) -> Callable[[np.ndarray, int], np.ndarray]:
        """Position by position, with the keys and values of those before kept."""
        cache = None

        def logits_at(tokens: np.ndarray, position: int) -> np.ndarray:
            nonlocal cache
            before = tokens[:, position - 1]
            logits, cache = network.next_logits(position, before, labels, cache)
            return ops.convert_to_numpy(logits).astype("float64")

        return logits_at

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        own = {"heads": self.heads, "dropout": self.dropout}
        return {**super().get_config(), **own}
