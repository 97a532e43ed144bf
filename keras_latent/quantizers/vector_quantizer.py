"""The vector quantizer: a table of codes that follows what is quantized."""

import math
from typing import Any

import keras
from keras import ops

from keras_latent.quantizers import codebook
from keras_latent.quantizers.base import (
    Quantized,
    Quantizer,
    present,
    sum_over_positions,
)
from keras_latent.quantizers.pass_through import GRADIENTS
from keras_latent.training.moved_by_data import move_after_step, over_replicas
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_optional_seed,
    checked_positive_integer,
    checked_switch,
)

_DEFAULT_RESTART = 0.02


@keras.saving.register_keras_serializable(package="keras_latent")
class VectorQuantizer(Quantizer):
    """Each position e becomes the nearest code of a table, c = argmin ‖e − cₖ‖².

    Terms, summed over the positions p, one number an example:

        commitment = Σₚ ‖eₚ − sg(cₚ)‖²,   codebook = Σₚ ‖sg(eₚ) − cₚ‖²

    The second is there without `decay`, where the table learns by gradient. With it,
    codes are running means of what they stood for, of counts N and sums m:

        N ← λN + (1−λ)n,   m ← λm + (1−λ)Σe,   c = m / N̂,
        N̂ = (N + ϵ) / (ΣN + Kϵ) · ΣN

    They change once a step, in training alone, and are those of all replicas' rows,
    whatever the sample weights. A
    code whose N falls below `restart` times the mean of all becomes a random position
    of the batch.

    Args:
        num_codes: Number K of codes. Defaults to 512.
        decay: The decay λ of the running means, in [0, 1], or `None` for a table that
            is learned by gradient. Defaults to 0.99.
        restart: The part of the mean count below which a code starts anew, 0 for never;
            only with `decay`. Defaults to `None`: 0.02 with `decay`, 0 without.
        kmeans_init: Whether the table starts as the centroids of the first batch; only
            with `decay`. Defaults to `False`.
        gradient: `"straight_through"`: e is given the gradient of its code;
            `"rotation"`: rotated and stretched, as the code is from e. Defaults to
            `"straight_through"`.
        commitment_weight: Weight of the term `commitment` in a model. Defaults to 0.25.
        epsilon: The ϵ that keeps counts from 0. Defaults to 1e-5.
        seed: Seed of the restarts. Defaults to `None`: drawn by Python's `random`,
            which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `trainable` of a Keras layer.

    Call arguments:
        e: What an encoder gives, of shape (batch, ..., channels).
        training: Whether the table follows. Defaults to `False`.

    Returns:
        A `Quantized`.

    Raises:
        ValueError: If an argument isn't as described.

    Source: van den Oord, Vinyals and Kavukcuoglu 2017, equations 1 to 3 and appendix
    A.1; Fifty et al. 2024 for the rotation.

    >>> quantizer = VectorQuantizer(num_codes=8)
    >>> quantizer(ops.zeros((2, 4, 4, 3))).tokens.shape
    TensorShape([2, 4, 4])
    """

    def __init__(
        self,
        num_codes: int = 512,
        decay: float | None = 0.99,
        restart: float | None = None,
        kmeans_init: bool = False,
        gradient: str = "straight_through",
        commitment_weight: float = 0.25,
        epsilon: float = 1e-5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        num_codes = checked_positive_integer("num_codes", num_codes)
        check_choice("gradient", gradient, GRADIENTS)
        check_in_range("commitment_weight", commitment_weight)
        check_in_range("epsilon", epsilon)
        if decay is not None:
            check_in_range("decay", decay, 0.0, 1.0)
        if restart is not None:
            check_in_range("restart", restart, 0.0, 1.0)
        if decay is None and (restart or kmeans_init):
            raise ValueError(
                "`decay` must be a number for `restart` and `kmeans_init`, which need "
                f"running means. Received: {decay=}, {restart=}, {kmeans_init=}"
            )
        super().__init__(**kwargs)
        self._num_codes = int(num_codes)
        self.decay = decay
        self.restart = restart
        self.kmeans_init = checked_switch("kmeans_init", kmeans_init)
        self.gradient = gradient
        self.commitment_weight = commitment_weight
        self.epsilon = epsilon
        self.seed = checked_optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    @property
    def num_codes(self) -> int:
        """Number of codes."""
        return self._num_codes

    @property
    def term_weights(self) -> dict[str, float]:
        """`commitment`, and `codebook` where the table is learned by gradient."""
        weights = {"commitment": self.commitment_weight}
        return weights if self.decay is not None else {**weights, "codebook": 1.0}

    @property
    def trainable(self) -> bool:
        """Whether the table moves."""
        return super().trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        keras.layers.Layer.trainable.fset(self, value)
        if hasattr(self, "codebook") and self.decay is not None:
            # Running means are moved by data, never by a gradient.
            self.codebook.trainable = False

    def make_codes(self, channels: int) -> None:
        """Make the table, and counts and sums that agree with it."""
        self.codebook = codebook.new_codebook(self.num_codes, channels)
        if self.decay is None:
            return
        self.codebook.trainable = False
        self.mean_counts = self._state("mean_counts", (self.num_codes,), "ones")
        self.mean_sums = self._state("mean_sums", (self.num_codes, channels), "zeros")
        self.mean_sums.assign(self.codebook.embeddings)
        self.is_started = self._state("is_started", (), "zeros")

    def _state(self, name: str, shape: tuple[int, ...], initializer: str) -> Any:
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False
        )

    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Look the nearest codes up, and let the table follow."""
        table = codebook.all_codes(self.codebook, e)
        follows = training and self.trainable and self.decay is not None
        if follows:
            rows = ops.stop_gradient(ops.reshape(e, (-1, e.shape[-1])))
            positions = math.prod(e.shape[1:-1])
            counts, sums = self._means()
            if self.kmeans_init:
                table, counts, sums = self._started(rows, positions, table)
        tokens = codebook.nearest(e, table)
        codes = ops.take(table, tokens, axis=0)
        if follows:
            self._follow(rows, tokens, positions, table, counts, sums)
        squared = ops.square(e - ops.stop_gradient(codes))
        terms = {"commitment": sum_over_positions(squared)}
        if self.decay is None:
            squared = ops.square(ops.stop_gradient(e) - codes)
            terms["codebook"] = sum_over_positions(squared)
        return Quantized(GRADIENTS[self.gradient](e, codes), tokens, terms)

    def tokens_of(self, e: Tensor) -> Tensor:
        """The tokens of the nearest codes."""
        e = self.built_for(e)
        return codebook.nearest(e, codebook.all_codes(self.codebook, e))

    def look_up(self, tokens: Tensor) -> Tensor:
        """The codes of tokens."""
        return self.codebook(tokens)

    def nearest_tokens(self, z: Tensor) -> Tensor:
        """The tokens of the nearest codes."""
        return self.tokens_of(self.as_codes(z))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_codes": self.num_codes,
            "decay": self.decay,
            "restart": self.restart,
            "kmeans_init": self.kmeans_init,
            "gradient": self.gradient,
            "commitment_weight": self.commitment_weight,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }

    def _means(self) -> tuple[Tensor, Tensor]:
        counts, sums = self.mean_counts, self.mean_sums
        return ops.convert_to_tensor(counts), ops.convert_to_tensor(sums)

    def _started(
        self, rows: Tensor, positions: int, table: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Table, counts and sums as they are, or of the centroids in the first step."""
        first = codebook.random_rows(
            rows, self.num_codes, positions, self.seed_generator
        )
        # All that replicas do together stands outside of the branch.
        everyone = codebook.gathered_rows(rows, positions)

        def start() -> tuple[Tensor, Tensor, Tensor]:
            centroids, counts = codebook.k_means(everyone, first)
            return centroids, counts, counts[:, None] * centroids

        def stay() -> tuple[Tensor, Tensor, Tensor]:
            return (table, *self._means())

        move_after_step(self.is_started, 1.0)
        return ops.cond(ops.convert_to_tensor(self.is_started) > 0.5, stay, start)

    def _follow(
        self,
        rows: Tensor,
        tokens: Tensor,
        positions: int,
        table: Tensor,
        counts: Tensor,
        sums: Tensor,
    ) -> None:
        weight = present(tokens, positions)
        tokens = ops.reshape(tokens, (-1,))
        n, total = over_replicas(
            (
                ops.segment_sum(weight, tokens, self.num_codes),
                ops.segment_sum(weight[:, None] * rows, tokens, self.num_codes),
            )
        )
        decay: Any = self.decay
        counts = decay * counts + (1.0 - decay) * n
        sums = decay * sums + (1.0 - decay) * total
        everything = ops.sum(counts)
        smoothed = (counts + self.epsilon) / (
            everything + self.num_codes * self.epsilon
        )
        means = sums / ops.maximum(smoothed * everything, 1e-30)[:, None]
        # What stood for nothing as long as to be forgotten stays where it is.
        table = ops.where((counts > self.epsilon)[:, None], means, table)
        restart = self._restart_part()
        if restart:
            lowest = restart * everything / self.num_codes
            fresh = codebook.random_rows(
                rows, self.num_codes, positions, self.seed_generator
            )
            is_dead = counts < lowest
            table = ops.where(is_dead[:, None], fresh, table)
            counts = ops.where(is_dead, lowest, counts)
            sums = ops.where(is_dead[:, None], lowest * fresh, sums)
        move_after_step(self.mean_counts, counts)
        move_after_step(self.mean_sums, sums)
        move_after_step(self.codebook.embeddings, table)

    def _restart_part(self) -> float:
        if self.restart is not None:
            return self.restart
        return 0.0 if self.decay is None else _DEFAULT_RESTART
