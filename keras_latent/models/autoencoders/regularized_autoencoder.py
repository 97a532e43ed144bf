"""The autoencoder with small codes and a smooth decoder (RAE)."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.models.autoencoders.penalised_decoder import PenalisedDecoder
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class RegularizedAutoencoder(PenalisedDecoder):
    """Regularised autoencoder: what a VAE does by noise, by two penalties (RAE).

    Objective, in nats an example, with z = E(x) and a decoder D of weights θ:

        loss = −log p(x | D(z)) + code_weight·½‖z‖² + penalty_weight·penalty

        "l2"         ‖θ‖²
        "gradient"   ‖∂D/∂z‖²_F, estimated without bias by random projections
        "spectral"   Σ σ(W)², the largest singular values of the decoder's kernels

    A density that is fitted to its codes (`kl.samplers`) makes it generate. A decoder
    whose batch normalisation uses the batch's own statistics has no Jacobian of its
    own.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        code_weight: Weight of the term `code`. Defaults to 0.0049: the authors' on
            MNIST with 16 dimensions.
        penalty: `"l2"`, `"gradient"`, `"spectral"` or `None`. Defaults to `"l2"`.
        penalty_weight: Weight of the term `penalty`. Defaults to `None`: 3.9e-5 for
            "l2", the authors'; 5e-3 for "gradient", as a posterior's variance of 0.01
            would cost, and for "spectral".
        probes: Number of projections of the estimate. Defaults to 1.
        seed: Seed of the projections. Defaults to `None`: drawn by Python's `random`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If a weight is negative, the penalty is unknown, it is "gradient"
            and the observation a dict, or there is a weight without a penalty.

    When: To generate without noise in training: smooth codes, then a sampler of
    `kl.samplers`.

    Source: Ghosh et al. 2020, equations 6 to 9; Yoshida and Miyato 2017, equation 4,
    for the spectral penalty, which keeps the decoder as it is where the paper's
    normalisation would change its layers.

    >>> model = RegularizedAutoencoder.for_images((28, 28, 1), 16, penalty="gradient")
    >>> print(f"{float(model.penalty_weight):.4f}")
    0.0050
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "code": "half the code's squared length",
        "penalty": "roughness of the decoder",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        code_weight: float = 0.0049,
        penalty: str | None = "l2",
        penalty_weight: float | None = None,
        probes: int = 1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_penalty(penalty, probes, seed)
        self.add_term("reconstruction")
        self.add_term("code", weight=code_weight)
        none = "`penalty_weight` must be 0 where `penalty` is None"
        self.add_term("penalty", 0.0, fixed=None if penalty else none)
        self.penalty_weight = (
            self.usual_weights[penalty] if penalty_weight is None else penalty_weight
        )

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x | D(z)), ½‖z‖² and the decoder's penalty."""
        z = self.encoded(batch.x, training)
        output, penalty = self.decoded_with_penalty(z, training)
        squares = ops.square(ops.reshape(z, (-1, self.latent_dim)))
        return {
            "reconstruction": -self.log_prob_of(batch.x, output),
            "code": 0.5 * ops.sum(squares, axis=-1),
            "penalty": penalty,
        }
