"""The variational autoencoder."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.models.variational_model import Latent, VariationalModel
from keras_latent.training.replicas import Coupled, is_distributed
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_in_range, checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class VAE(VariationalModel):
    """Variational autoencoder.

    Objective, in nats an example, with z ~ q(z|x):

        loss = −log p(x|z) + β·KL(q(z|x) ‖ p(z))

    With β = 1 this is exactly the negative evidence lower bound. The divergence is in
    closed form where one is known, else log q(z|x) − log p(z) at the draw. With free
    bits λ the term `kl` is Σⱼ max(λ, mean over the batch of KLⱼ): elements of the code
    that cost less than λ nats aren't pressed further. On several replicas that mean is
    each replica's own, or with `global_batch` that of all rows, as on one replica.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code, of shape (batch, latent_dim) or (batch, h,
            w, c), to the mean of the observation, or its logits with
            `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        posterior: q(z|x), a name or an object of `keras_latent.distributions`. Defaults
            to `"normal"`.
        prior: p(z), likewise. Defaults to `"normal"`: N(0, I).
        beta: Weight β of the term `kl`. Defaults to 1.0.
        free_bits: The nats λ that each element of the code may use freely, a number
            that may be scheduled. Defaults to 0.0.
        global_batch: Whether free bits average over the rows of all replicas. Defaults
            to `False`.
        **kwargs: `seed` of the posterior's draws, `name` and `dtype` of the model.

    Raises:
        ValueError: If `beta` or `free_bits` is negative, posterior and prior live on
            different spaces, or there are free bits where the divergence is none of
            single elements.

    When: The first choice wherever images are to be generated, likelihoods compared or
    codes drawn around a prior; most others change one part of it.

    Source: Kingma and Welling 2013, equation 10; Higgins et al. 2017 for β; Kingma et
    al. 2016, equation 15, for the free bits.

    >>> model = VAE.for_images((28, 28, 1), latent_dim=16, beta=4.0)
    >>> model.sample(3, seed=0).shape
    TensorShape([3, 28, 28, 1])
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "divergence of the posterior from the prior, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        posterior: Any = "normal",
        prior: Any = "normal",
        beta: float = 1.0,
        free_bits: float = 0.0,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        check_in_range("free_bits", free_bits)
        super().__init__(encoder, decoder, likelihood, posterior, prior, **kwargs)
        splits = self.splits_divergence()
        if free_bits and not splits:
            raise ValueError(
                "`free_bits` must be 0 where the divergence is not the sum of those of "
                f"the code's elements. Received: free_bits={free_bits} with posterior "
                f"{self.posterior.name!r} and prior {self.prior.name!r}"
            )
        self.add_number("free_bits", free_bits, high=math.inf if splits else 0.0)
        self.global_batch = checked_switch("global_batch", global_batch)
        self.add_term("reconstruction")
        self.add_term("kl", weight=beta, name="beta")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z) and KL(q(z|x) ‖ p(z))."""
        latent = self.infer(batch.x, training)
        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "kl": self._cost(latent),
        }

    def _cost(self, latent: Latent) -> Any:
        by_element = self.posterior.kl_by_element(latent.q, self.prior)
        if by_element is None:
            return self.kl(latent)
        by_element = ops.reshape(by_element, (-1, self.latent_dim))
        is_coupled = self.global_batch and is_distributed()
        return (
            Coupled(self._freed, by_element) if is_coupled else self._freed(by_element)
        )

    def _freed(self, kl: Tensor) -> Tensor:
        free = ops.convert_to_tensor(self.free_bits)
        costs_enough = ops.logical_or(free == 0.0, ops.mean(kl, axis=0) > free)
        return ops.sum(ops.where(costs_enough, kl, free), axis=-1)
