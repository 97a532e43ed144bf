"""The VQVAE whose images features and an adversary judge."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from keras_latent.models.discrete_model import DiscreteModel
from keras_latent.models.judged_images import JudgedImages
from keras_latent.typing import Batch


@keras.saving.register_keras_serializable(package="keras_latent")
class VQGAN(JudgedImages, DiscreteModel):
    """VQVAE with sharp images: features of a frozen network and patches are compared.

    Objective, in nats an example, with c the codes, x̂ = D(c) and n numbers an image:

        model:          −log p(x|c) + quantizer's terms + w·feature(x, x̂) − λ·n·T(x̂)
        discriminator:  ½·max(0, 1 − T(x)) + ½·max(0, 1 + T(x̂))

    T(x) is the mean of the logits of patches. The factor n makes λ the weight beside
    the mean error of a pixel; the paper sets it anew in each step, here it is a number
    that may be scheduled. The discriminator moves from the first step on, so that it
    can judge when the model begins to listen.

    Args:
        encoder: Any Keras model from an image to a map of the code's height and width.
        decoder: Any Keras model from a code of shape (batch, h, w, c) to the mean of
            the image.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        quantizer: A name or an object of `keras_latent.quantizers`. Defaults to
            `"vector_quantizer"`.
        feature_extractor: Any Keras model from the image, which is frozen, for the term
            `feature`. Defaults to `None`: no such term.
        feature_layers: Names of its layers to compare. Defaults to `None`: its outputs.
        feature_weight: Weight w of the term `feature`. Defaults to 1.0.
        discriminator: Any Keras model T from an image to a logit, or one for each
            patch. Defaults to `None`: `networks.patch_critic`.
        adversarial_weight: Weight λ of the term `adversarial`. Defaults to 0.1.
        discriminator_start: The step from which on the model minimises `adversarial`.
            Defaults to 1000.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If networks don't fit each other or the image, or a number isn't as
            described.

    When: For tokens of images that must look sharp, at 4 or more pixels a token and
    side.

    Source: Esser, Rombach and Ommer 2021, equations 5 to 7.

    >>> model = VQGAN.for_images((32, 32, 3), code_shape=(8, 8, 16))
    >>> list(model.players())
    ['model', 'discriminator']
    """

    default_optimizer = ("adam", 2e-4)
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        **DiscreteModel.quantizer_meanings,
        **JudgedImages.judge_meanings,
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        quantizer: Any = "vector_quantizer",
        feature_extractor: keras.Model | None = None,
        feature_layers: Sequence[str] | None = None,
        feature_weight: float = 1.0,
        discriminator: keras.Model | None = None,
        adversarial_weight: float = 0.1,
        discriminator_start: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, quantizer, **kwargs)
        self.add_term("reconstruction")
        self.add_quantizer()
        self.add_judges(
            feature_extractor,
            feature_layers,
            feature_weight,
            discriminator,
            adversarial_weight,
            discriminator_start,
        )

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """What the quantizer and the judges of x̂ = D(c) say."""
        c, terms = self.quantized(batch.x, training)
        return {**terms, **self.judged(batch.x, c, training)}
