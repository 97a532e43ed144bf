"""The autoencoder whose codes a discriminator holds to a prior."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.models.code_critic import CodeCritic
from keras_latent.models.prior_drawing import PriorDrawing
from keras_latent.training.players import Player
from keras_latent.typing import Batch, Tensor
from keras_latent.validation import check_in_range


@keras.saving.register_keras_serializable(package="keras_latent")
class AdversarialAutoencoder(CodeCritic, PriorDrawing):
    """Autoencoder from whose codes z = E(x) a discriminator T can't tell the prior's.

    Two players, `model` and `discriminator`, from one pass, with z̃ ~ p(z) and
    sp(t) = log(1 + eᵗ), in nats an example:

        model:          −log p(x|z) + λ·sp(−T(z))
        discriminator:  sp(−T(z̃)) + sp(T(z))

    With the Gaussian likelihood it is the Wasserstein autoencoder WAE-GAN, whose
    authors take λ = 10 on MNIST for squared errors that they scale otherwise. At the
    likelihood's scale of 1, λ = 1 leaves reconstructions worse than those of principal
    components with as many numbers; 0.1 doesn't, and what is drawn still has shapes.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        prior: p(z), a name or an object of `keras_latent.distributions`, which stays as
            it is. Defaults to `"normal"`: N(0, I).
        discriminator: Any Keras model from a code, flattened to (batch, latent_dim), to
            a logit of shape (batch, 1). Defaults to `None`: two dense layers of 1000.
        adversarial_weight: Weight λ of the term `adversarial`. Defaults to 0.1.
        seed: Seed of the prior's draws in training. Defaults to `None`: drawn by
            Python's `random`, which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the weight is negative, or the discriminator doesn't fit.

    When: Where the codes shall have a distribution that can be drawn from and no
    divergence is known: any prior that has samples will do.

    Source: Makhzani et al. 2015, section 2; Tolstikhin et al. 2018, algorithm 1.

    >>> model = AdversarialAutoencoder.for_images((28, 28, 1), latent_dim=8)
    >>> tuple(model.sample(3, seed=0).shape)
    (3, 28, 28, 1)
    """

    default_optimizer = ("adam", 1e-3)
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "adversarial": "how well the discriminator tells codes from the prior's",
        "discrimination": "how badly the discriminator tells codes from the prior's",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        prior: Any = "normal",
        discriminator: keras.Model | None = None,
        adversarial_weight: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_in_range("adversarial_weight", adversarial_weight)
        super().__init__(encoder, decoder, likelihood, prior, seed, **kwargs)
        self.add_discriminator(discriminator, (1000, 1000))
        self.add_term("reconstruction")
        self.add_term("adversarial", weight=adversarial_weight)
        self.add_term("discrimination")

    def players(self) -> dict[str, Player]:
        """`model` moves everything but the discriminator and the prior."""
        terms = ("reconstruction", "adversarial")
        return {
            "model": Player(self.moved_layers(), terms),
            "discriminator": Player([self.discriminator], ("discrimination",)),
        }

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x|z), sp(−T(z)), and sp(−T(z̃)) + sp(T(z))."""
        z = self.encoded(batch.x, training)
        prior_draws = self.prior.sample_like(z, self.prior_seed)
        told, drawn = (self.logit(codes, training) for codes in (z, prior_draws))
        # A player's gradient ends at its own networks, so that z needn't be stopped.
        return {
            "reconstruction": self.reconstruction(batch.x, z, training),
            "adversarial": ops.softplus(-told),
            "discrimination": ops.softplus(-drawn) + ops.softplus(told),
        }
