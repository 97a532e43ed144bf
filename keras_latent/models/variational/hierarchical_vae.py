"""The variational autoencoder with several stochastic layers."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from keras_latent.distributions.top_down import (
    TopDownPosterior,
    TopDownPrior,
    level_sizes,
)
from keras_latent.models import specs
from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Batch
from keras_latent.validation import checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class HierarchicalVAE(VariationalModel):
    """Variational autoencoder of a code of levels, each drawn given those above.

    Objective, in nats an example, with z = [z₁; …; z_L] drawn top-down from q:

        loss = −log p(x|z) + β·Σₗ KL(q(zₗ|z₁…zₗ₋₁, x) ‖ p(zₗ|z₁…zₗ₋₁))

        p(zₗ|…)    = N(μₗ, σₗ²),                p(z₁) = N(0, I)
        q(zₗ|…, x) = N(μₗ + Δμₗ, (σₗ·Δσₗ)²)

    Divergences are in closed form, given the draw of the levels above. Small networks
    of one hidden layer give μₗ and σₗ from the levels above; Δμₗ and Δσₗ are linear in
    those and in what the encoder says. The decoder takes all levels side by side. With
    one level this is a VAE. The logs also hold the divergence of each level, `kl_1` the
    top's.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code, the levels side by side, to the mean of
            the observation, or its logits with `Bernoulli(from_logits=True)`.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"bernoulli"`.
        code_sizes: Number of elements of each level, top-down; their sum is the length
            of the code that the decoder takes. Defaults to `None`: two levels, the top
            a third of the code.
        width: Units of the prior's hidden layers, and numbers of what the encoder says
            to the levels. Defaults to 128.
        beta: Weight β of the term `kl`. Defaults to 1.0.
        seed: Seed of the posterior's draws. Defaults to `None`: drawn by Python's
            `random`.
        name: The model's name. Defaults to `None`.
        dtype: The model's dtype policy. Defaults to `None`.

    Raises:
        ValueError: If the sizes don't add up to the decoder's code, or that is a map.

    When: Where one Gaussian is too simple a prior: global choices above, details below.

    Source: Sønderby et al. 2016, equations 1 to 3; Vahdat and Kautz 2020, section 3,
    for the posterior relative to the prior.

    >>> model = HierarchicalVAE.for_images((28, 28, 1), 12, code_sizes=(2, 4, 6))
    >>> model.sample(3, seed=0).shape
    TensorShape([3, 28, 28, 1])
    """

    bounds_evidence = True
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "divergence of all levels from their priors, in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        code_sizes: Sequence[int] | None = None,
        width: int = 128,
        beta: float = 1.0,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        width = checked_positive_integer("width", width)
        sizes = level_sizes(code_sizes, specs.decoder_spec(decoder).inputs[0])
        prior = TopDownPrior(sizes, width)
        super().__init__(
            encoder,
            decoder,
            likelihood,
            posterior=TopDownPosterior(prior, width),
            prior=prior,
            seed=seed,
            name=name,
            dtype=dtype,
        )
        self.code_sizes = sizes
        self.width = width
        self.add_term("reconstruction")
        self.add_term("kl", weight=beta, name="beta")
        for level in range(len(sizes)):
            self.add_monitor(f"kl_{level + 1}")

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x|z) and Σₗ KL(q(zₗ|…, x) ‖ p(zₗ|…))."""
        z, q = self.infer(batch.x, training)
        divergences = self.posterior.kl_by_level(q, z)
        return {
            "reconstruction": self.reconstruction(batch.x, z, training),
            "kl": sum(divergences),
            **{f"kl_{level + 1}": kl for level, kl in enumerate(divergences)},
        }
