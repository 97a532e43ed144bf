"""The family of variational models whose encoder judges what the decoder makes."""

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_latent.distributions.base import sum_over_event
from keras_latent.models.residual_networks import ResidualNetworks
from keras_latent.models.variational_model import VariationalModel
from keras_latent.training.players import Player
from keras_latent.typing import Tensor


class Judged(NamedTuple):
    """What the encoder makes of decoded images y, of shape (batch,) each.

    Args:
        distance: ‖y − ŷ‖² with the reconstruction ŷ of y, which is held constant.
        held_kl: KL(q(z|y) ‖ p(z)) in nats, with y held constant.
        kl: The same, with gradients to what has decoded y.
    """

    distance: Tensor
    held_kl: Tensor
    kl: Tensor


class IntrospectiveModel(ResidualNetworks, VariationalModel):
    """Base of the models of two players, `encoder` and `decoder`, and no third network.

    Raises:
        ValueError: If the divergence of posterior and prior has no closed form.

    Attributes:
        prior_seed: The generator of the prior's draws.
        encoder_terms: The terms that the encoder minimises.
        decoder_terms: The terms that the decoder minimises.
    """

    bounds_images = True
    encoder_terms: tuple[str, ...]
    decoder_terms: tuple[str, ...]

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.check_single_observation()
        if not self.knows_divergence():
            # A draw's log-ratio may be below 0: its exponential has no bound.
            raise ValueError(
                "`posterior` and `prior` must be a pair whose divergence is known in "
                f"closed form, for {type(self).__name__}. Received: "
                f"posterior={self.posterior.name!r}, prior={self.prior.name!r}"
            )
        self.prior_seed = keras.random.SeedGenerator(self.seed)

    def players(self) -> dict[str, Player]:
        """`encoder`, with posterior and prior, and `decoder`."""
        codes = [self.encoder, *self.own_layers().values(), self.posterior, self.prior]
        return {
            "encoder": Player(codes, self.encoder_terms),
            "decoder": Player([self.decoder, self.likelihood], self.decoder_terms),
        }

    def decoded_draws(self, z: Tensor, training: bool) -> Tensor:
        """Images of draws from the prior, as many as there are codes z."""
        codes = self.prior.sample_like(z, self.prior_seed)
        return self.decoded(codes, None, training)

    def squared_distance(self, x: Tensor, y: Tensor) -> Tensor:
        """‖x − y‖² of images, of shape (batch,)."""
        difference = ops.cast(x, "float32") - ops.cast(y, "float32")
        return sum_over_event(ops.square(difference))

    def judged(self, decoded: Tensor, training: bool) -> Judged:
        """Encode decoded images, and decode them again."""
        # For the encoder's sake: what made y isn't to be its fault.
        held = ops.stop_gradient(decoded)
        inferred = self.infer(held, training)
        again = self.decoded(inferred.z, None, training)
        kl = self.kl(self.infer(decoded, training))
        return Judged(self.squared_distance(held, again), self.kl(inferred), kl)
