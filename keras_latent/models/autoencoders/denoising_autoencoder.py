"""The denoising autoencoder."""

from typing import Any, ClassVar

import keras

from keras_latent.layers import MaskingCorruption
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class DenoisingAutoencoder(DeterministicModel):
    """Autoencoder that recovers the observation from a corrupted one.

    Objective, in nats an example, with x̃ = corruption(x):

        loss = −log p(x | D(E(x̃)))

    As other noise layers, the corruption acts in training alone: `evaluate`, `encode`
    and `reconstruct` see the observation as it is.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        corruption: Any Keras layer from an observation to one of the same shape.
            Defaults to `None`: `layers.MaskingCorruption(0.25)`.
        **kwargs: `name` and `dtype` of the model.

    When: For features that survive noise, missing pixels or other corruptions that you
    can imitate.

    Source: Vincent et al. 2008, equation 5.

    >>> noise = keras.layers.GaussianNoise(0.2)
    >>> model = DenoisingAutoencoder.for_images((8, 8, 1), 4, corruption=noise)
    >>> model.corruption.stddev
    0.2
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), z of the corrupted observation",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        corruption: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        if corruption is None:
            self.check_single_observation()
        self.corruption = MaskingCorruption() if corruption is None else corruption
        self.add_term("reconstruction")

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x | D(E(x̃)))."""
        x = batch.x
        corrupted = self.corruption(x, training=training)
        z = self.encoded(corrupted, training)
        return {"reconstruction": self.reconstruction(x, z, training)}
