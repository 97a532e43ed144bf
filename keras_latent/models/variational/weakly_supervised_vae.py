"""The variational autoencoder of pairs that share most of what makes them."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import distributions
from keras_latent.distributions import NormalParameters
from keras_latent.likelihoods.mixed import errors_named
from keras_latent.losses import normal_kl
from keras_latent.models import observations
from keras_latent.models.variational_model import Latent, VariationalModel
from keras_latent.training.guard import Column
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_choice


@keras.saving.register_keras_serializable(package="keras_latent")
class WeaklySupervisedVAE(VariationalModel):
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

    Source: Locatello et al. 2020, equations 5 and 6; Bouchacourt et al. 2018 for the
    product.

    >>> model = WeaklySupervisedVAE.for_images((28, 28, 1), latent_dim=8)
    >>> model.averaging
    'gvae'
    """

    uses_labels = True
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
        shared = self._shared(*posteriors)
        average = self._average(*posteriors)
        terms: dict[str, Any] = {"reconstruction": 0.0, "kl": 0.0}
        for x, own in zip(pair, posteriors, strict=True):
            q = NormalParameters(
                *(ops.where(shared, a, b) for a, b in zip(average, own, strict=True))
            )
            z = self.draw(q)
            terms["reconstruction"] += 0.5 * self.reconstruction(x, z, training)
            terms["kl"] += 0.5 * self.kl(Latent(z, q))
        is_shared = ops.reshape(ops.cast(shared, "float32"), (-1, self.latent_dim))
        return {**terms, "shared": ops.sum(is_shared, axis=-1)}

    def _shared(self, first: NormalParameters, second: NormalParameters) -> Tensor:
        """Which elements are taken for those that a pair has in common."""
        distances = ops.stop_gradient(normal_kl(*first, *second))
        axes = tuple(range(1, len(distances.shape)))
        least = ops.min(distances, axis=axes, keepdims=True)
        greatest = ops.max(distances, axis=axes, keepdims=True)
        return distances < least + 0.5 * (greatest - least)

    def _average(
        self, first: NormalParameters, second: NormalParameters
    ) -> NormalParameters:
        if self.averaging == "gvae":
            log_var = ops.logaddexp(first.log_var, second.log_var) - math.log(2.0)
            return NormalParameters(0.5 * (first.mean + second.mean), log_var)
        log_precision = ops.logaddexp(-first.log_var, -second.log_var)
        weights = (
            ops.exp(-q.log_var - log_precision) * q.mean for q in (first, second)
        )
        return NormalParameters(sum(weights), math.log(2.0) - log_precision)

    def check_labels(self, y: Any, count: int | None) -> None:
        """Refuse what isn't the other observation of each pair.

        Args:
            y: Observations of shape (count, ...).
            count: Number of pairs.

        Raises:
            ValueError: If there are none, or they are of another shape or range.
        """
        expected = tuple(self.encoder_spec().shape[1:])
        shape = None if y is None else tuple(y.shape)
        if shape is None or shape[1:] != expected or (count or shape[0]) != shape[0]:
            rows = "count" if count is None else count
            received = "y=None" if shape is None else f"y of shape {shape}"
            raise ValueError(
                "`y` must hold the other observation of each pair, of shape "
                f"({rows}, {', '.join(map(str, expected))}). Received: {received}"
            )
        if count is not None:
            with errors_named("y"):
                self.likelihood.check_observation(y)
                observations.check_range(y, self._output_range)

    def watched_columns(self, batch: Batch) -> list[Column]:
        """Both observations of the pairs."""
        others = super().watched_columns(batch._replace(x=batch.y))
        return [
            *super().watched_columns(batch),
            *(column._replace(name="y") for column in others),
        ]
