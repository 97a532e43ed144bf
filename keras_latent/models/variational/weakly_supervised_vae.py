"""The variational autoencoder of pairs that share most of what makes them."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import distributions
from keras_latent.distributions import NormalParameters
from keras_latent.models.paired_model import PairedModel
from keras_latent.models.variational.shared_posterior import averaged, shared_elements
from keras_latent.models.variational_model import Latent
from keras_latent.typing import Batch
from keras_latent.validation import check_choice


@keras.saving.register_keras_serializable(package="keras_latent")
class WeaklySupervisedVAE(PairedModel):
    """Variational autoencoder of pairs that differ in few factors.

    Ada-GVAE and Ada-ML-VAE, by `averaging`.

    Objective, in nats an example, with the two posteriors q₁ = q(z|x), q₂ = q(z|y) of a
    pair, δⱼ = KL(q₁ⱼ ‖ q₂ⱼ), and zᵢ ~ q̄ᵢ:

        loss = ½ Σᵢ −log p(xᵢ|zᵢ) + β·½ Σᵢ KL(q̄ᵢ ‖ p(z))

    Elements with δⱼ < ½(min δ + max δ) are taken for shared: there q̄₁ and q̄₂ are both
    the average of q₁ and q₂, elsewhere they are those themselves. Where all δⱼ are
    equal, none is shared.

        "gvae"    mean of the means, mean of the variances
        "mlvae"   product of the two: precisions are averaged, and weigh the means

    `fit(x, y)` takes the first observations as x and the second as y. All else takes
    single ones.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        averaging: `"gvae"` or `"mlvae"`. Defaults to `"gvae"`.
        beta: Weight β of the term `kl`. Defaults to 1.0.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If the averaging is unknown, the posterior isn't normal, or the
            observation is a dict.

    When: Of pairs that are known to share most factors, such as neighbouring frames:
    disentangles with less luck than without pairs.

    Source: Locatello et al. 2020, equations 5 and 6; Bouchacourt, Tomioka and Nowozin
    2018 for the product.

    >>> model = WeaklySupervisedVAE.for_images((28, 28, 1), latent_dim=8)
    >>> model.averaging
    'gvae'
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), mean of the pair, in nats",
        "kl": "divergence of the averaged posteriors from the prior, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        averaging: str = "gvae",
        beta: float = 1.0,
        **kwargs: Any,
    ) -> None:
        check_choice("averaging", averaging, ("gvae", "mlvae"))
        super().__init__(encoder, decoder, likelihood, **kwargs)
        distributions.check_normal("posterior", self.posterior)
        self.check_single_observation()
        self.averaging = averaging
        self.add_term("reconstruction")
        self.add_term("kl", weight=beta, name="beta")
        self.add_monitor("shared")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """½ Σᵢ −log p(xᵢ|zᵢ) and ½ Σᵢ KL(q̄ᵢ ‖ p(z))."""
        self.check_labels(batch.y, None)
        pair = batch.x, ops.cast(batch.y, batch.x.dtype)
        posteriors = [self.posterior_parameters(x, training) for x in pair]
        shared = shared_elements(*posteriors)
        average = averaged(posteriors[0], posteriors[1], self.averaging)
        latents = []
        for own in posteriors:
            pairs = zip(average, own, strict=True)
            q = NormalParameters(*(ops.where(shared, a, b) for a, b in pairs))
            latents.append(Latent(self.draw(q), q))
        # Together, as the likelihood's scale may be that of the whole step.
        x, z = ops.concatenate(pair), ops.concatenate([own.z for own in latents])
        of_both = self.reconstruction(x, z, training)
        terms = {
            "reconstruction": 0.5 * sum(ops.split(of_both, 2)),
            "kl": 0.5 * sum(self.kl(latent) for latent in latents),
        }
        is_shared = ops.reshape(ops.cast(shared, "float32"), (-1, self.latent_dim))
        return {**terms, "shared": ops.sum(is_shared, axis=-1)}
