"""The sparse autoencoder."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class SparseAutoencoder(DeterministicModel):
    """Autoencoder with small or sparse weights W and a sparse code z = E(x).

    Objective, in nats an example:

        loss = −log p(x | D(z)) + l1·Σ|W| + l2·ΣW² + activity·Σⱼ|zⱼ|

    W are the kernels of the encoder, the code and the decoder, biases excepted.

    Args:
        encoder: Any Keras model from an observation to a feature vector or map.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the mean of
            the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        l1: Weight of the term `l1`. Defaults to 0.0.
        l2: Weight of the term `l2`. Defaults to 0.0.
        activity: Weight of the term `activity`. Defaults to 0.1.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If a weight is negative.

    When: For codes of which few elements are far from zero, and networks of small or
    few weights.

    Source: Ng 2011, CS294A lecture notes, section 3, with l1 in place of the
    divergence.

    >>> model = SparseAutoencoder.for_images((8, 8, 1), latent_dim=4, activity=1.0)
    >>> sorted(model.term_weights)
    ['activity', 'l1', 'l2', 'reconstruction_weight']
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "l1": "sum of the kernels' absolute values",
        "l2": "sum of the kernels' squares",
        "activity": "sum of the code's absolute values",
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        l1: float = 0.0,
        l2: float = 0.0,
        activity: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_term("reconstruction")
        self.add_term("l1", weight=l1, name="l1")
        self.add_term("l2", weight=l2, name="l2")
        self.add_term("activity", weight=activity, name="activity")

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x | D(z)), Σ|W|, ΣW² and Σⱼ|zⱼ|."""
        x = batch.x
        z = self.encoded(x, training)
        # Layers may keep their weights in types that don't add up.
        kernels = [
            ops.cast(kernel, "float32")
            for kernel in self.trainable_variables
            if len(kernel.shape) > 1
        ]
        return {
            "reconstruction": self.reconstruction(x, z, training),
            "l1": sum(ops.sum(ops.abs(kernel)) for kernel in kernels),
            "l2": sum(ops.sum(ops.square(kernel)) for kernel in kernels),
            "activity": ops.sum(ops.abs(z), axis=-1),
        }
