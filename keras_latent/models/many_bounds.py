"""What models share whose bounds of log p(x) are of several draws each."""

from typing import Any

from keras import ops

from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer


class ManyBounds(VariationalModel):
    """Base of the models with M importance-weighted bounds of K draws each.

    Attributes:
        num_bounds: Number M of bounds.
        num_samples: Number K of draws in each.
    """

    num_bounds: int
    num_samples: int

    def add_draws(self, num_bounds: int, num_samples: int) -> None:
        """Check and keep the numbers of draws, and declare what is logged of them.

        Raises:
            ValueError: If one isn't a positive integer.
        """
        num_bounds = checked_positive_integer("num_bounds", num_bounds)
        num_samples = checked_positive_integer("num_samples", num_samples)
        self.num_bounds = num_bounds
        self.num_samples = num_samples
        self.add_monitor("reconstruction")
        self.add_monitor("kl")

    def weighed(self, x: Any, training: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """Weigh M·K draws z ~ q(z|x), from one pass.

        Args:
            x: Observations of one batch.
            training: Whether layers behave as in training.

        Returns:
            log w = log p(x|z) + log p(z) − log q(z|x), of shape (batch, M, K); and for
            the logs `reconstruction`, −log p(x|z), and `kl`, log q(z|x) − log p(z),
            means over the draws of shape (batch,).
        """
        latent = self.infer(x, training, self.num_bounds * self.num_samples)
        reconstruction = self.reconstruction(x, latent.z, training)
        kl = self.log_ratio(latent)
        logged = {
            "reconstruction": ops.mean(reconstruction, axis=1),
            "kl": ops.mean(kl, axis=1),
        }
        shape = (-1, self.num_bounds, self.num_samples)
        return ops.reshape(-reconstruction - kl, shape), logged
