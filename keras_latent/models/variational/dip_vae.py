"""The variational autoencoder whose codes are to be uncorrelated."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import distributions
from keras_latent.losses import covariance_deviations
from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.replicas import coupled
from keras_latent.typing import Batch
from keras_latent.validation import check_choice, checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class DIPVAE(VariationalModel):
    """Variational autoencoder whose codes have the prior's covariance (DIP-VAE).

    Objective, in nats an example, with z ~ q(z|x) = N(μ, σ²):

        loss = −log p(x|z) + KL(q(z|x) ‖ p(z)) + λₒ·Σ_{i≠j} Cᵢⱼ² + λᵤ·Σᵢ (Cᵢᵢ − 1)²

    For kind "i", C is the covariance of μ over the batch; for kind "ii" that of z, to
    which the mean of σ² over the batch is added on the diagonal. The means of a batch
    of one row have a covariance of 0. On several replicas C is each replica's own, or
    with `global_batch` that of all rows.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        kind: `"i"` or `"ii"`. Defaults to `"i"`.
        off_diagonal_weight: Weight λₒ of the term `off_diagonal`. Defaults to 10.0.
        diagonal_weight: Weight λᵤ of the term `diagonal`. Defaults to `None`: for kind
            "i" ten times the other weight, for kind "ii" the same.
        global_batch: Whether the covariance is of the rows of all replicas. Defaults to
            `False`.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a weight is negative, the kind is unknown, or it is "ii" and the
            posterior isn't normal.

    When: To disentangle by covariances alone, cheaply; kind "ii" where noise of the
    posterior shall count.

    Source: Kumar, Sattigeri and Balakrishnan 2018, equations 6 and 7.

    >>> model = DIPVAE.for_images((28, 28, 1), latent_dim=8, off_diagonal_weight=5.0)
    >>> float(model.diagonal_weight)
    50.0
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "divergence of the posterior from the prior, in nats",
        "off_diagonal": "squared covariances of the code's elements",
        "diagonal": "squared distances of the code's variances from 1",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        kind: str = "i",
        off_diagonal_weight: float = 10.0,
        diagonal_weight: float | None = None,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        check_choice("kind", kind, ("i", "ii"))
        super().__init__(encoder, decoder, likelihood, **kwargs)
        if kind == "ii":
            distributions.check_normal("posterior", self.posterior)
        self.kind = kind
        self.global_batch = checked_switch("global_batch", global_batch)
        self.add_term("reconstruction")
        self.add_term("kl")
        self.add_term("off_diagonal", weight=off_diagonal_weight)
        if diagonal_weight is None:
            diagonal_weight = (10.0 if kind == "i" else 1.0) * off_diagonal_weight
        self.add_term("diagonal", weight=diagonal_weight)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z), KL(q(z|x) ‖ p(z)), Σ_{i≠j} Cᵢⱼ² and Σᵢ (Cᵢᵢ − 1)²."""
        latent = self.infer(batch.x, training)
        mean = ops.reshape(self.posterior.mean(latent.q), (-1, self.latent_dim))
        codes = [mean, mean]
        if self.kind == "ii":
            codes[1] = ops.reshape(latent.q.log_var, (-1, self.latent_dim))
        off_diagonal, diagonal = coupled(
            lambda codes: covariance_deviations(codes[0], codes[1], self.kind),
            codes,
            self.global_batch,
        )
        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "kl": self.kl(latent),
            "off_diagonal": off_diagonal,
            "diagonal": diagonal,
        }
