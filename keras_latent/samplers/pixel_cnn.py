"""Masked convolutions that draw the tokens of a picture one after the other."""

import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_latent.networks.causal_convolutions import CausalConvolutions
from keras_latent.samplers.token_sampler import TokenSampler


class PixelCNN(TokenSampler):
    """A prior over tokens: each is told those before it by masked convolutions.

        log p(t) = Σᵢ log p(tᵢ | t₁ … tᵢ₋₁)

    Maps are read row by row, the levels of a position one after the other; of two maps,
    the top comes first, and tells the bottom. With labels, the network knows them, and
    with guidance w the logits of draws are l_∅ + w(l_y − l_∅). A draw takes a whole
    pass for each position: for large maps, `TokenTransformer` draws faster.

    Args:
        model: A trained model whose codes are tokens.
        units: Channels of the convolutions. Defaults to 64.
        blocks: Number of convolutions of each stack after the first. Defaults to 5.
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

    Source: van den Oord et al. 2016, "Conditional image generation with PixelCNN
    decoders", section 2; van den Oord, Vinyals and Kavukcuoglu 2017, section 3.4, for
    tokens; Ho and Salimans 2022 for guidance.

    >>> from keras_latent.models import VQVAE
    >>> model = VQVAE.for_images((8, 8, 1), code_shape=(2, 2, 3))
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> sampler = PixelCNN(model, units=8, blocks=1, epochs=1, verbose=0)
    >>> sampler.fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(
        self,
        model: Any,
        units: int = 64,
        blocks: int = 5,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        guidance: float = 1.0,
        label_dropout: float = 0.1,
        seed: int = 0,
        checkpoint: str | os.PathLike | None = None,
        verbose: int = 1,
    ) -> None:
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

    def network(self, classes: int) -> keras.Model:
        """A new stack of masked convolutions."""
        return CausalConvolutions(
            self.order.maps,
            self.num_codes,
            classes,
            self.units,
            self.blocks,
            dtype="float32",
        )

    def logits_in_turn(
        self, network: Any, labels: np.ndarray
    ) -> Callable[[np.ndarray, int], np.ndarray]:
        """A whole pass for each position."""

        def logits_at(tokens: np.ndarray, position: int) -> np.ndarray:
            logits = network.predict_on_batch([tokens, labels])
            return logits[:, position].astype("float64")

        return logits_at
