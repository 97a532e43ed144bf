"""The contractive autoencoder."""

from typing import Any, ClassVar

import keras

from keras_latent.gradients import (
    with_estimated_squared_jacobian_norm,
    with_squared_jacobian_norm,
)
from keras_latent.layers import StandardNormal
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import checked_optional_seed, checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class ContractiveAutoencoder(DeterministicModel):
    """Autoencoder whose code changes little where the observation changes little.

    Objective, in nats an example:

        loss = −log p(x | D(E(x))) + contraction_weight·‖∂E/∂x‖²_F

    The Jacobian is exact for any encoder whose rows don't influence each other (batch
    normalisation makes them do so). It costs `latent_dim` passes backwards in one;
    `probes` passes estimate it without bias where that is too much.

    Args:
        encoder: Any Keras model from an image to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        contraction_weight: Weight of the term `contraction`. Defaults to 0.1.
        probes: Number of random projections of Hutchinson's estimate of the Jacobian's
            norm. Defaults to `None`: the exact norm.
        seed: Seed of the projections. Defaults to `None`: drawn by Python's `random`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the weight is negative, `probes` is not a positive integer, or
            the observation is a dict.

    When: For codes that small changes of an image don't move, where `latent_dim` passes
    backwards a step can be afforded.

    Source: Rifai et al. 2011, equation 6; Hutchinson 1990 for the estimate.

    >>> model = ContractiveAutoencoder.for_images((8, 8, 1), latent_dim=4, probes=2)
    >>> model.probes
    2
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "contraction": "squared norm of the encoder's Jacobian",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        contraction_weight: float = 0.1,
        probes: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if probes is not None:
            probes = checked_positive_integer("probes", probes)
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.check_single_observation()
        self.probes = probes
        self.seed = checked_optional_seed(seed)
        self.noise = StandardNormal(seed)
        self.add_term("reconstruction")
        self.add_term("contraction", weight=contraction_weight)

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x | D(E(x))) and ‖∂E/∂x‖²_F."""
        x = batch.x
        z, contraction = self._encoded_with_norm(x, training)
        return {
            "reconstruction": self.reconstruction(x, z, training),
            "contraction": contraction,
        }

    def squared_jacobian_norm(self, x: Tensor, training: bool = False) -> Tensor:
        """‖∂E/∂x‖²_F at each observation, exact or estimated, of shape (batch,)."""
        _, norm = self._encoded_with_norm(x, training)
        return norm

    def _encoded_with_norm(self, x: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        def encode(x: Tensor) -> Tensor:
            return self.encoded(x, training)

        if self.probes is None:
            return with_squared_jacobian_norm(encode, x)
        return with_estimated_squared_jacobian_norm(encode, x, self.probes, self.noise)
