"""The family of models whose code is a function of the observation."""

import keras

from keras_latent.models.latent_model import LatentModel
from keras_latent.typing import Tensor


class DeterministicModel(LatentModel):
    """Base of the models with one code for each observation.

    Attributes:
        code: The `Dense` layer from features to codes.
    """

    def create_code(self, feature_size: int) -> None:
        """Create the layer `code`."""
        self.code = keras.layers.Dense(self.latent_dim, dtype="float32", name="code")
        self.code.build((None, feature_size))

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The code of features, whether a sample is asked for or not."""
        return self.code(features)
