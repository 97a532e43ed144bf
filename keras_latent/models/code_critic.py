"""What models share whose codes a discriminator judges."""

from typing import Any

import keras
from keras import ops

from keras_latent import networks
from keras_latent.models.latent_model import LatentModel
from keras_latent.typing import Tensor


class CodeCritic(LatentModel):
    """Base of the models with a discriminator of codes.

    Attributes:
        discriminator: From a code, flattened to (batch, latent_dim), to a logit.
    """

    discriminator: Any

    def add_discriminator(
        self, discriminator: keras.Model | None, widths: tuple[int, ...]
    ) -> None:
        """Check and keep the discriminator, or make one.

        Args:
            discriminator: A Keras model, or `None` for dense layers.
            widths: The number of units of each of these.

        Raises:
            ValueError: If it doesn't fit.
        """
        if discriminator is None:
            discriminator = networks.dense_critic(self.latent_dim, widths)
        networks.check_critic("discriminator", discriminator, (self.latent_dim,))
        self.discriminator = discriminator

    def logit(self, z: Tensor, training: bool) -> Tensor:
        """What the discriminator says of codes, of shape (batch,)."""
        flat = ops.reshape(z, (-1, self.latent_dim))
        return self.discriminator(flat, training=training)[:, 0]
