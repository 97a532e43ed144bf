"""The adversarial model whose reconstructions are judged in the space of codes."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.gradients import with_squared_gradient_norm
from keras_latent.models.adversarial.mapped_prior import MappedCodes
from keras_latent.models.code_critic import CodeCritic
from keras_latent.models.residual_networks import ResidualNetworks
from keras_latent.training.players import Player
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class ALAE(ResidualNetworks, CodeCritic, MappedCodes):
    """Adversarial latent autoencoder: what is decoded is compared by its code alone.

    Codes w = F(z), z ~ N(0, I), are of a distribution that is learned. Two players from
    one pass, with x̃ = G(w), the discriminator D∘E, another draw w' whose gradient is
    stopped, and sp(t) = log(1 + eᵗ), in nats an example:

        encoder (E, D):  sp(D(E(x̃))) + sp(−D(E(x))) + γ·½·‖∂D(E(x))/∂x‖² + λ·L
        decoder (F, G):  sp(−D(E(x̃))) + λ·L
        L = mean over the code's elements of (E(G(w')) − w')²

    The logs hold minus log p(x|z) as `reconstruction`, which nobody minimises. The
    authors move the two in turn, this library at once.

    Args:
        encoder: Any Keras model from an image to a feature vector or map.
        decoder: Any Keras model G from a code to the mean of the image.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`; it says
            what the decoder gives. Defaults to `"gaussian"`.
        mapping: Any Keras model F from noise z to a code, both of the code's shape.
            Defaults to `None`: `networks.dense_mapping`.
        discriminator: Any Keras model D from a code, flattened to (batch, latent_dim),
            to a logit of shape (batch, 1). Defaults to `None`: two dense layers of 256.
        gradient_penalty_weight: Weight γ. Defaults to 10.0.
        latent_weight: Weight λ. Defaults to 1.0.
        seed: Seed of the noise in training. Defaults to `None`: drawn by Python's
            `random`, which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If a weight is negative, or a network doesn't fit.

    When: For generation with an encoder that knows the generator's own codes, where an
    error of pixels would blur. As the authors, the default optimizer takes β₁ = 0 and
    β₂ = 0.99; their ten times higher rate is one of scaled weights.

    Source: Pidhorskyi, Adjeroh and Doretto 2020, algorithm 1 and equation 8.

    >>> model = ALAE.for_images((28, 28, 1), latent_dim=8)
    >>> tuple(model.sample(3, seed=0).shape)
    (3, 28, 28, 1)
    """

    default_optimizer = ("adam", 2e-4)
    optimizer_options: ClassVar[dict[str, float]] = {"beta_1": 0.0, "beta_2": 0.99}
    bounds_images = True
    term_meanings: ClassVar[dict[str, str]] = {
        "discrimination": "how badly images are told from decoded ones",
        "gradient_penalty": "half the squared gradient of the logit of real images",
        "adversarial": "how well images are told from decoded ones",
        "latent": "mean squared error of decoded codes, encoded again",
        "reconstruction": "minus log p(x|z), in nats, which nobody minimises",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        mapping: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        gradient_penalty_weight: float = 10.0,
        latent_weight: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_mapping(mapping, seed)
        self.add_discriminator(discriminator, (256, 256))
        self.add_term("discrimination")
        self.add_term("gradient_penalty", weight=gradient_penalty_weight)
        self.add_term("adversarial")
        self.add_term("latent", weight=latent_weight)
        self.add_monitor("reconstruction")

    def players(self) -> dict[str, Player]:
        """`encoder`, with the discriminator; `decoder`, with the mapping."""
        judges = [self.encoder, *self.own_layers().values(), self.discriminator]
        return {
            "encoder": Player(judges, ("discrimination", "gradient_penalty", "latent")),
            "decoder": Player(self.decoding_layers(), ("adversarial", "latent")),
        }

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """What D∘E tells of x and x̃, ½‖∂D(E(x))/∂x‖², and L."""

        def logit(x: Tensor) -> Tensor:
            return self.logit(self.encoded(x, training), training)

        z = self.encoded(batch.x, training)
        real, slope = with_squared_gradient_norm(logit, ops.cast(batch.x, "float32"))
        # A player's gradient ends at its own networks, so that x̃ needn't be stopped.
        told = logit(self.decoded(self.codes_like(z), None, training))
        return {
            "discrimination": ops.softplus(told) + ops.softplus(-real),
            "gradient_penalty": 0.5 * slope,
            "adversarial": ops.softplus(-told),
            "latent": self.recoding_error(z, training),
            "reconstruction": self.reconstruction(batch.x, z, training),
        }
