"""The variational autoencoder that weighs the parts of its divergence."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import distributions, validation
from keras_latent.losses import aggregate_log_densities
from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.guard import Column, rows_at_most
from keras_latent.training.replicas import coupled
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class BetaTCVAE(VariationalModel):
    """Variational autoencoder with a weight on the code's total correlation (β-TC-VAE).

    Objective, in nats an example, with z ~ q(z|x) and q(z) the average of q(z|x) over
    the training set, estimated from a batch (`losses.aggregate_log_densities`):

        loss = −log p(x|z) + α·[log q(z|x) − log q(z)]        mutual information
                           + β·[log q(z) − log Πₗ q(zₗ)]      total correlation
                           + γ·[log Πₗ q(zₗ) − log p(z)]      dimension-wise divergence

    The parts add up to log q(z|x) − log p(z), so that with three weights of 1 this is
    the negative evidence lower bound. Each couples the rows: on several replicas those
    of each, or with `global_batch` all. A batch of one row has a mutual information and
    a total correlation that are constants, 0 if stratified.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        dataset_size: Number of rows of the training set, at least those of a batch. It
            must be given. Defaults to `None`.
        mutual_information_weight: Weight α. Defaults to 1.0.
        total_correlation_weight: Weight β. Defaults to 6.0.
        dimension_kl_weight: Weight γ. Defaults to 1.0.
        estimator: `"weighted"` or `"stratified"`. Defaults to `"weighted"`.
        global_batch: Whether the rows of all replicas are taken together. Defaults to
            `False`.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a weight is negative, `dataset_size` isn't given, the estimator
            is unknown, or the posterior isn't normal.

    When: The first choice to disentangle factors without labels: no second network, and
    one weight with a meaning.

    Source: Chen et al. 2018, equation 4.

    >>> model = BetaTCVAE.for_images((28, 28, 1), latent_dim=8, dataset_size=60000)
    >>> float(model.total_correlation_weight)
    6.0
    """

    bounds_evidence = True
    needs_dataset_size = "dataset_size"
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "mutual_information": "what a code tells of its image's index, in nats",
        "total_correlation": "dependence of the code's elements, in nats",
        "dimension_kl": "divergence of each element from the prior, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        dataset_size: int | None = None,
        mutual_information_weight: float = 1.0,
        total_correlation_weight: float = 6.0,
        dimension_kl_weight: float = 1.0,
        estimator: str = "weighted",
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        validation.check_choice("estimator", estimator, ("weighted", "stratified"))
        super().__init__(encoder, decoder, likelihood, **kwargs)
        distributions.check_normal("posterior", self.posterior)
        self.dataset_size = validation.checked_positive_integer(
            "dataset_size", dataset_size
        )
        self.estimator = estimator
        self.global_batch = validation.checked_switch("global_batch", global_batch)
        self.add_term("reconstruction")
        self.add_term("mutual_information", weight=mutual_information_weight)
        self.add_term("total_correlation", weight=total_correlation_weight)
        self.add_term("dimension_kl", weight=dimension_kl_weight)

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z) and the three parts of log q(z|x) − log p(z)."""
        latent = self.infer(batch.x, training)
        codes = [ops.reshape(a, (-1, self.latent_dim)) for a in (latent.z, *latent.q)]

        def densities(codes: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, ...]:
            return aggregate_log_densities(*codes, self.dataset_size, self.estimator)

        posterior, aggregate, marginals = coupled(densities, codes, self.global_batch)
        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "mutual_information": posterior - aggregate,
            "total_correlation": aggregate - marginals,
            "dimension_kl": marginals - self.prior.log_prob(latent.z),
        }

    def watched_columns(self, batch: Batch) -> list[Column]:
        """The observation, and the number of its rows."""
        most = rows_at_most("dataset_size", self.dataset_size, batch.x)
        return [*super().watched_columns(batch), most]
