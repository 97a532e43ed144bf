"""The variational autoencoder whose draws follow the model's own forces."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.gradients import with_gradient
from keras_latent.models.variational.leapfrog import Leapfrog
from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_between, checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class HamiltonianVAE(VariationalModel):
    """Variational autoencoder with Hamiltonian importance sampling (HVAE).

    Objective, in nats an example, with z₀ ~ q(z|x), γ ~ N(0, I), and z_K, ρ_K after K
    leapfrog steps from z₀, ρ₀ = γ/√β₀ on the energy U(z) = −log p(x|z) − log p(z):

        loss = −log p(x|z_K) + kl
        kl   = log q(z₀|x) − log p(z_K) + ½‖ρ_K‖² − ½‖γ‖²

    It is minus a lower bound of log p(x): the steps keep volumes, but for the
    temperature, whose factor is that of ρ₀'s density. Sizes of steps and β₀ are
    learned, by gradients through ∇U. A training step costs K + 1 passes of the decoder
    and their second derivatives. `encode` and `log_likelihood` use q(z|x), without the
    steps.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation, or its
            logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        leapfrog_steps: Number K of steps. Defaults to 3.
        step_size: Where the sizes of steps, in (0, 0.5), begin. Defaults to 0.2.
        inverse_temperature: Where 1/β₀, above 1, begins. Defaults to 1.5.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If a number is out of its range, or codes aren't real numbers.

    When: For tighter bounds by moving draws along the posterior, where K + 1 passes of
    the decoder can be paid.

    Source: Caterini, Doucet and Sejdinovic 2018, equation 13 and algorithm 1.

    >>> model = HamiltonianVAE.for_images((28, 28, 1), latent_dim=8, leapfrog_steps=2)
    >>> model.leapfrog.steps
    2
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "what the draw and its momentum cost, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        leapfrog_steps: int = 3,
        step_size: float = 0.2,
        inverse_temperature: float = 1.5,
        **kwargs: Any,
    ) -> None:
        leapfrog_steps = checked_positive_integer("leapfrog_steps", leapfrog_steps)
        check_between("step_size", step_size, 0.0, 0.5)
        check_between("inverse_temperature", inverse_temperature, 1.0, 1e6)
        super().__init__(encoder, decoder, likelihood, **kwargs)
        if self.posterior.space != "real":
            raise ValueError(
                "`posterior` must be one of real numbers, which have a momentum. "
                f"Received: posterior={self.posterior.name!r} on "
                f"{self.posterior.space!r}"
            )
        self.leapfrog_steps = leapfrog_steps
        self.step_size = step_size
        self.inverse_temperature = inverse_temperature
        self.leapfrog = Leapfrog(
            self.code_shape, leapfrog_steps, step_size, inverse_temperature
        )
        self.add_term("reconstruction")
        self.add_term("kl")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z_K) and log q(z₀|x) − log p(z_K) + ½‖ρ_K‖² − ½‖γ‖²."""
        latent = self.infer(batch.x, training)
        noise = self.noise(latent.z)
        parts: dict[str, Tensor] = {}

        def energy(z: Tensor) -> Tensor:
            parts["reconstruction"] = self.reconstruction(batch.x, z, training)
            parts["prior"] = self.prior.log_prob(z)
            return ops.sum(parts["reconstruction"] - parts["prior"])

        _, momentum = self.leapfrog.trajectory(
            latent.z, noise, lambda z: with_gradient(energy, z)[1]
        )
        kinetic = 0.5 * (ops.square(momentum) - ops.square(noise))
        gained = ops.sum(ops.reshape(kinetic, (-1, self.latent_dim)), axis=-1)
        kl = self.log_posterior(latent) - parts["prior"] + gained
        return {"reconstruction": parts["reconstruction"], "kl": kl}
