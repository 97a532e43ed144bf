"""The family of models whose code is a function of the observation."""

from keras_latent.models.latent_model import LatentModel
from keras_latent.typing import Tensor


class DeterministicModel(LatentModel):
    """Base of the models with one code for each observation.

    Attributes:
        code: The layer from features to codes.
    """

    def code_channels(self) -> dict[str, int]:
        """The layer `code`."""
        return {"code": self.code_shape[-1]}

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The code of features, whether a sample is asked for or not."""
        return self.code(features)
