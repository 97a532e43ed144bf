"""The autoencoder whose decoder is kept smooth by a penalty."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.gradients import with_estimated_squared_jacobian_norm
from keras_latent.layers import SpectralNorms, StandardNormal
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_choice,
    checked_optional_seed,
    checked_positive_integer,
)


class PenalisedDecoder(DeterministicModel):
    """Base of the models that measure how rough their decoder is.

    Attributes:
        usual_weights: From each penalty to the weight that it has by default.
        penalty: Its name, or `None`.
        probes: Number of projections of the estimate of a Jacobian's norm.
        seed: Seed of the projections.
    """

    usual_weights: ClassVar[dict[str | None, float]] = {
        "l2": 3.9e-5,
        "gradient": 5e-3,
        "spectral": 5e-3,
        None: 0.0,
    }
    penalty: str | None
    probes: int
    seed: int | None

    def add_penalty(self, penalty: str | None, probes: int, seed: int | None) -> None:
        """Check and keep what the penalty is, and make what it needs.

        Raises:
            ValueError: If the penalty is unknown, it is "gradient" and the observation
                a dict, or `probes` isn't a positive integer.
        """
        check_choice("penalty", penalty, self.usual_weights)
        probes = checked_positive_integer("probes", probes)
        if penalty == "gradient":
            self.check_single_observation()
        self.penalty = penalty
        self.probes = probes
        self.seed = checked_optional_seed(seed)
        self.noise = StandardNormal(seed)
        if penalty == "spectral":
            self.spectral_norms = SpectralNorms()
            kernels = self._kernels()
            self.spectral_norms.build([kernel.shape for kernel in kernels])
            self.spectral_norms.settle(kernels)

    def decoded_with_penalty(self, z: Tensor, training: bool) -> tuple[Any, Tensor]:
        """What the decoder makes of codes, and how rough it is.

        Args:
            z: Codes of shape (batch, *code_shape).
            training: Whether layers behave as in training.

        Returns:
            The decoder's output; and the penalty, a scalar, or of shape (batch,).
        """
        outputs: list[Any] = []

        def decode(z: Tensor) -> Any:
            outputs.append(self.decoder_output(z, training=training))
            return self.likelihood.mean(outputs[0])

        if self.penalty == "gradient":
            _, norm = with_estimated_squared_jacobian_norm(
                decode, z, self.probes, self.noise
            )
            return outputs[0], norm
        decode(z)
        return outputs[0], self._weight_penalty()

    def _weight_penalty(self) -> Tensor:
        if self.penalty == "spectral":
            return ops.sum(ops.square(self.spectral_norms(self._kernels())))
        if self.penalty == "l2":
            weights = [ops.cast(v, "float32") for v in self.decoder.trainable_variables]
            return sum(ops.sum(ops.square(weight)) for weight in weights)
        return ops.zeros((), "float32")

    def _kernels(self) -> list[keras.Variable]:
        return [v for v in self.decoder.weights if len(v.shape) > 1]
