"""The variational autoencoder whose code is to cost a given number of nats."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.replicas import coupled
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import checked_switch


@keras.saving.register_keras_serializable(package="keras_latent")
class CapacityVAE(VariationalModel):
    """Variational autoencoder whose divergence is held at a capacity C.

    Objective, in nats an example, with z ~ q(z|x):

        loss = −log p(x|z) + γ·|mean over the batch of KL(q(z|x) ‖ p(z)) − C|

    C is to rise while the model trains, from 0 to some 25 nats: `WeightSchedule` moves
    `capacity`. With `per_example` each row's divergence is held at C instead of their
    mean, which costs at least as much. On several replicas the mean is each replica's
    own, or with `global_batch` that of all rows. A batch of one row is its own mean.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        capacity: The nats C, a number that may be scheduled. Defaults to 0.0.
        gamma: Weight γ of the term `excess`. Defaults to 1000.0.
        per_example: Whether each row is held at C. Defaults to `False`.
        global_batch: Whether the mean is over the rows of all replicas. Defaults to
            `False`.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If `capacity` or `gamma` is negative.

    When: To disentangle by letting in information little by little, with a number of
    nats that you choose rather than a weight.

    Source: Burgess et al. 2018, equation 8.

    >>> model = CapacityVAE.for_images((28, 28, 1), latent_dim=8, capacity=5.0)
    >>> model.capacity = 10.0
    """

    rises: ClassVar[dict[str, tuple[float, float]]] = {"capacity": (0.0, 25.0)}
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "excess": "distance of the divergence from the capacity, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        capacity: float = 0.0,
        gamma: float = 1000.0,
        per_example: bool = False,
        global_batch: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_number("capacity", capacity)
        self.per_example = checked_switch("per_example", per_example)
        self.global_batch = checked_switch("global_batch", global_batch)
        self.add_term("reconstruction")
        self.add_term("excess", weight=gamma, name="gamma")
        self.add_monitor("kl")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z) and |KL(q(z|x) ‖ p(z)) − C|."""
        latent = self.infer(batch.x, training)
        kl = self.kl(latent)

        def excess(kl: Tensor) -> Tensor:
            cost = kl if self.per_example else ops.mean(kl)
            return ops.abs(cost - self.capacity)

        return {
            "reconstruction": self.reconstruction(batch.x, latent.z, training),
            "excess": coupled(excess, kl, self.global_batch),
            "kl": kl,
        }
