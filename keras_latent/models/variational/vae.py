"""The variational autoencoder."""

from typing import Any

import keras
from keras import ops

from keras_latent.losses import standard_normal_kl
from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.replicas import Coupled, is_distributed
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_in_range


@keras.saving.register_keras_serializable(package="keras_latent")
class VAE(VariationalModel):
    """Variational autoencoder.

    Objective, in nats an example, with z ~ q(z|x):

        loss = −log p(x|z) + β·KL(q(z|x) ‖ N(0, I))

    With β = 1 this is exactly the negative evidence lower bound. With free bits λ the
    term `kl` is Σⱼ max(λ, mean over the batch of KLⱼ): dimensions that cost less than λ
    nats aren't pressed further. On several replicas that mean is each replica's own, or
    with `global_batch` that of all rows, as on one replica.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation, or its logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        beta: Weight β of the term `kl`. Defaults to 1.0.
        free_bits: The nats λ that each dimension may use freely. Defaults to 0.0.
        global_batch: Whether free bits average over the rows of all replicas. Defaults
            to `False`.
        **kwargs: `seed` of the noise, `name` and `dtype` of the model.

    Raises:
        ValueError: If `beta` or `free_bits` is negative.

    Source: Kingma and Welling 2013, equation 10; Higgins et al. 2017 for β; Kingma et
    al. 2016, equation 15, for the free bits.

    >>> model = VAE.for_images((28, 28, 1), latent_dim=16, beta=4.0)
    >>> model.sample(3, seed=0).shape
    TensorShape([3, 28, 28, 1])
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        beta: float = 1.0,
        free_bits: float = 0.0,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        check_in_range("free_bits", free_bits)
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.free_bits = free_bits
        self.global_batch = global_batch
        self.add_term("reconstruction")
        self.add_term("kl", weight=beta, name="beta")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z) and KL(q(z|x) ‖ N(0, I))."""
        x = batch.x
        posterior = self.posterior(x, training)
        z = self.draw(posterior)
        kl = standard_normal_kl(*posterior)
        is_coupled = self.free_bits and self.global_batch and is_distributed()
        return {
            "reconstruction": self.reconstruction(x, z, training),
            "kl": Coupled(self._cost, kl) if is_coupled else self._cost(kl),
        }

    def _cost(self, kl: Tensor) -> Tensor:
        if self.free_bits:
            costs_enough = ops.mean(kl, axis=0) > self.free_bits
            kl = ops.where(costs_enough, kl, self.free_bits)
        return ops.sum(kl, axis=-1)
