"""The vector-quantized variational autoencoder."""

from typing import Any, ClassVar

import keras

from keras_latent.models.discrete_model import DiscreteModel
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class VQVAE(DiscreteModel):
    """Autoencoder whose code is a map of tokens, c = the code nearest to e = E(x).

    Objective, in nats an example, with the sums over the map's positions:

        loss = −log p(x | D(c)) + β·Σ ‖e − sg(c)‖² [+ Σ ‖sg(e) − c‖²]

    The gradient of D(c) reaches e through c. The last term is there where the codes
    learn by gradient. It is the quantizer that says which terms there are, and with
    what weights: finite scalars need none. A uniform prior over K codes would add log K
    nats a position. The logs hold `usage`, the part of the codes that an epoch has
    used, and the `perplexity` of their frequencies.

    Args:
        encoder: Any Keras model from an observation to a map of the code's height and
            width.
        decoder: Any Keras model from a code of shape (batch, h, w, c) to the mean of
            the observation.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        quantizer: A name or an object of `keras_latent.quantizers`. Defaults to
            `"vector_quantizer"`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the decoder takes no map, or codes of another size than the
            quantizer makes.

    When: For images as maps of tokens, which another network can learn to write;
    sharper than a VAE at the same size.

    Source: van den Oord, Vinyals and Kavukcuoglu 2017, equation 3.

    >>> model = VQVAE.for_images((32, 32, 3), code_shape=(8, 8, 16))
    >>> model.tokens(keras.ops.zeros((2, 32, 32, 3))).shape
    TensorShape([2, 8, 8])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        **DiscreteModel.quantizer_meanings,
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        quantizer: Any = "vector_quantizer",
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, quantizer, **kwargs)
        self.add_term("reconstruction")
        self.add_quantizer()

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """−log p(x | D(c)), and what the quantizer adds."""
        c, terms = self.quantized(batch.x, training)
        return {"reconstruction": self.reconstruction(batch.x, c, training), **terms}
