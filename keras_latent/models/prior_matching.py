"""What models share whose codes, all together, are to look like draws of the prior."""

from typing import Any

from keras_latent.losses import mmd
from keras_latent.models.latent_model import LatentModel
from keras_latent.training.replicas import coupled
from keras_latent.typing import Tensor


class PriorMatching(LatentModel):
    """Base of the models that compare their codes with draws from the prior.

    Attributes:
        kernel: That of `keras_latent.losses.mmd`.
        global_batch: Whether the rows of all replicas are compared together.
        prior_seed: The generator of the prior's draws.
    """

    kernel: str
    global_batch: bool
    prior_seed: Any

    def discrepancy(self, z: Tensor) -> Any:
        """MMD² of codes and as many draws from the prior, for the objective.

        Args:
            z: Codes of shape (batch, *code_shape).
        """
        # A vector of length 1 has elements of that variance.
        is_sphere = self.prior.space == "sphere"
        scale = 1.0 / self.code_shape[-1] if is_sphere else 1.0
        drawn = self.prior.sample_like(z, self.prior_seed)
        return coupled(
            lambda rows: mmd(rows[0], rows[1], self.kernel, scale),
            (z, drawn),
            self.global_batch,
        )
