"""The variational autoencoder that a discriminator keeps from entangling its code."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.models.code_critic import CodeCritic
from keras_latent.models.variational import permutation
from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.players import Player
from keras_latent.training.replicas import coupled
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class FactorVAE(CodeCritic, VariationalModel):
    """Variational autoencoder of independent code elements, by a discriminator T.

    Two players, `vae` and `discriminator`, from one pass of the encoder; T gives one
    logit, the logarithm of q(z) / Πⱼ q(zⱼ) where it is optimal:

        vae:            −log p(x|z) + KL(q(z|x) ‖ p(z)) + γ·T(z)
        discriminator:  ½·mean sp(−T(z)) + ½·mean sp(T(ẑ)),   sp(t) = log(1 + eᵗ)

    ẑ are the codes of the second half of the batch, each element permuted on its own
    among the rows. Neither player moves the networks of the other. A batch of one row
    has no ẑ, and 0 for the term `discrimination`. On several replicas rows are permuted
    within each, or with `global_batch` among all.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        discriminator: Any Keras model from a code, flattened to (batch, latent_dim), to
            a logit of shape (batch, 1). Defaults to `None`: six dense layers of 1000.
        total_correlation_weight: Weight γ of the term `total_correlation`. Defaults to
            10.0.
        global_batch: Whether the rows of all replicas are permuted together. Defaults
            to `False`.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If the weight is negative, or the discriminator doesn't fit.

    When: To disentangle factors without labels, where a second network is no obstacle;
    on `shapes` compare it with BetaTCVAE, which needs none.

    Source: Kim and Mnih 2018, equations 2 and 3 and algorithm 1.

    >>> model = FactorVAE.for_images((28, 28, 1), latent_dim=6)
    >>> list(model.players())
    ['vae', 'discriminator']
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "divergence of the posterior from the prior, in nats",
        "total_correlation": "the discriminator's estimate of the total correlation",
        "discrimination": "how badly the discriminator tells codes from permuted ones",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        discriminator: keras.Model | None = None,
        total_correlation_weight: float = 10.0,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_discriminator(discriminator, (1000, 1000, 1000, 1000, 1000, 1000))
        self.global_batch = checked_switch("global_batch", global_batch)
        self.permutation_seed = keras.random.SeedGenerator(self.seed)
        self.add_term("reconstruction")
        self.add_term("kl")
        self.add_term("total_correlation", weight=total_correlation_weight)
        self.add_term("discrimination")

    def players(self) -> dict[str, Player]:
        """`vae` moves everything but the discriminator."""
        bound = ("reconstruction", "kl", "total_correlation")
        return {
            "vae": Player(self.network_layers(), bound),
            "discriminator": Player([self.discriminator], ("discrimination",)),
        }

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z), KL(q(z|x) ‖ p(z)), T(z), and how T is told what is what."""
        latent = self.infer(batch.x, training)
        z = ops.reshape(latent.z, (-1, self.latent_dim))
        logit = self.logit(z, training)

        def discrimination(rows: tuple[Tensor, Tensor]) -> Tensor:
            logit, z = rows
            others = z[(ops.shape(z)[0] + 1) // 2 :]
            permuted = permutation.permuted_columns(others, self.permutation_seed)
            return permutation.discrimination(logit, self.logit(permuted, training))

        # A player's gradient ends at its own networks, so that z needn't be stopped.
        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "kl": self.kl(latent),
            "total_correlation": logit,
            "discrimination": coupled(discrimination, (logit, z), self.global_batch),
        }
