"""The undercomplete autoencoder."""

from typing import Any, ClassVar

import keras

from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class Autoencoder(DeterministicModel):
    """Autoencoder that compresses: the code has fewer dimensions than the observation.

    Objective, in nats an example:

        loss = reconstruction = −log p(x | D(E(x)))

    With the Gaussian likelihood of scale 1 this is half the squared error and a
    constant. The default decoder is linear: under a squared error, one that ends in a
    sigmoid may be driven to black by dark images and stay there.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        **kwargs: `name` and `dtype` of the model.

    When: To compress images, to look for anomalies, and as the plain model that others
    are measured against. It has no prior: to generate, fit a sampler of `kl.samplers`
    to its codes.

    Source: Hinton and Salakhutdinov 2006.

    >>> model = Autoencoder.for_images((28, 28, 1), latent_dim=16)
    >>> model.encode(keras.ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 16])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_term("reconstruction")

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x | D(E(x)))."""
        x = batch.x
        z = self.encoded(x, training)
        return {"reconstruction": self.reconstruction(x, z, training)}
