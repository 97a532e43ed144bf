"""The adversarial model of images and codes together."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import networks
from keras_latent.models import specs
from keras_latent.models.prior_drawing import PriorDrawing
from keras_latent.models.residual_networks import ResidualNetworks
from keras_latent.training.players import Player
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class BiGAN(ResidualNetworks, PriorDrawing):
    """Encoder and decoder whose pairs a discriminator T can't tell from each other.

    Two players, `model` and `discriminator`, from one pass, with z̃ ~ p(z), the mean
    G(z̃) of the image decoded of it, and sp(t) = log(1 + eᵗ), in nats an example:

        model:          sp(T(x, E(x))) + sp(−T(G(z̃), z̃))
        discriminator:  sp(−T(x, E(x))) + sp(T(G(z̃), z̃))

    Nobody minimises an error of reconstruction: where T is fooled by all pairs, E and G
    invert each other. The logs hold minus log p(x|z) as `reconstruction`. With noise in
    the encoder it is ALI.

    Args:
        encoder: Any Keras model from an image to a feature vector or map.
        decoder: Any Keras model from a code to the mean of the image.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`; it says
            what the decoder gives. Defaults to `"gaussian"`.
        prior: p(z), a name or an object of `keras_latent.distributions`, which stays as
            it is. Defaults to `"normal"`: N(0, I).
        discriminator: Any Keras model T from [image, code] to a logit of shape
            (batch, 1). Defaults to `None`: `networks.joint_critic`.
        seed: Seed of the prior's draws in training. Defaults to `None`: drawn by
            Python's `random`, which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the discriminator doesn't fit.

    When: For codes that hold what images are of rather than their pixels.
    Reconstructions are of the kind, and seldom of the image itself.

    Source: Donahue, Krähenbühl and Darrell 2017, equations 3 and 4; Dumoulin et al.
    2017, algorithm 1.

    >>> model = BiGAN.for_images((28, 28, 1), latent_dim=8)
    >>> tuple(model.sample(3, seed=0).shape)
    (3, 28, 28, 1)
    """

    default_optimizer = ("adam", 2e-4)
    optimizer_options: ClassVar[dict[str, float]] = {"beta_1": 0.5}
    bounds_images = True
    term_meanings: ClassVar[dict[str, str]] = {
        "adversarial": "how well the discriminator tells the two kinds of pairs",
        "discrimination": "how badly the discriminator tells the two kinds of pairs",
        "reconstruction": "minus log p(x|z), in nats, which nobody minimises",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        prior: Any = "normal",
        discriminator: keras.Model | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, prior, seed, **kwargs)
        self.check_single_observation()
        image_shape = tuple(self.decoder_spec.observation.shape[1:])
        if discriminator is None:
            self.check_default_fits("discriminator")
            discriminator = networks.joint_critic(image_shape, self.code_shape)
        networks.check_joint_critic(
            "discriminator", discriminator, image_shape, self.code_shape
        )
        self.discriminator = discriminator
        self.add_term("adversarial")
        self.add_term("discrimination")
        self.add_monitor("reconstruction")

    def players(self) -> dict[str, Player]:
        """`model` moves everything but the discriminator and the prior."""
        return {
            "model": Player(self.moved_layers(), ("adversarial",)),
            "discriminator": Player([self.discriminator], ("discrimination",)),
        }

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """How T tells (x, E(x)) from (G(z̃), z̃), to either side, and −log p(x|z)."""
        z = self.encoded(batch.x, training)
        prior_draws = self.prior.sample_like(z, self.prior_seed)
        generated = self.decoded(prior_draws, None, training)
        # A player's gradient ends at its own networks, so that nothing is stopped.
        pair = [specs.as_tensor(batch.x), z]
        encoded = self.discriminator(pair, training=training)[:, 0]
        decoded = self.discriminator([generated, prior_draws], training=training)[:, 0]
        return {
            "adversarial": ops.softplus(encoded) + ops.softplus(-decoded),
            "discrimination": ops.softplus(-encoded) + ops.softplus(decoded),
            "reconstruction": self.reconstruction(batch.x, z, training),
        }
