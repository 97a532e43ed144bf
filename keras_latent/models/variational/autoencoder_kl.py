"""The autoencoder of maps in whose codes diffusion models work."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from keras_latent.models.judged_images import JudgedImages
from keras_latent.models.variational_model import VariationalModel
from keras_latent.typing import Batch, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class AutoencoderKL(JudgedImages, VariationalModel):
    """Variational autoencoder of sharp images, whose prior barely presses.

    Objective, in nats an example, with z ~ q(z|x), x̂ = D(z) and n numbers an image:

        model:          −log p(x|z) + β·KL(q(z|x) ‖ p(z)) + w·feature(x, x̂) − λ·n·T(x̂)
        discriminator:  ½·max(0, 1 − T(x)) + ½·max(0, 1 + T(x̂))

    T(x) is the mean of the logits of patches. The factor n makes λ the weight beside
    the mean error of a pixel; the paper sets it anew in each step, here it is a number
    that may be scheduled. The discriminator moves from the first step on.

    Args:
        encoder: Any Keras model from an image to a feature vector or map.
        decoder: Any Keras model from a code, most often a map of shape (batch, h, w,
            c), to the mean of the image.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. Defaults
            to `"gaussian"`.
        beta: Weight β of the term `kl`. Defaults to 1e-6.
        feature_extractor: Any Keras model from the image, which is frozen, for the term
            `feature`. Defaults to `None`: no such term.
        feature_layers: Names of its layers to compare. Defaults to `None`: its outputs.
        feature_weight: Weight w of the term `feature`. Defaults to 1.0.
        discriminator: Any Keras model T from an image to a logit, or one for each
            patch. Defaults to `None`: `networks.patch_critic`.
        adversarial_weight: Weight λ of the term `adversarial`. Defaults to 0.1.
        discriminator_start: The step from which on the model minimises `adversarial`.
            Defaults to 1000.
        **kwargs: `posterior`, `prior`, `seed` of the draws, `name` and `dtype`.

    Raises:
        ValueError: If networks don't fit each other or the image, or a number isn't as
            described.

    When: For maps that a generator in latent space works on, such as
    `kl.samplers.FlowMatching`: sharp images from few channels.

    Source: Rombach et al. 2022, "High-resolution image synthesis with latent diffusion
    models", equation 25.

    >>> model = AutoencoderKL.for_images((32, 32, 3), code_shape=(8, 8, 4))
    >>> model.encode(keras.ops.zeros((2, 32, 32, 3))).shape
    TensorShape([2, 8, 8, 4])
    """

    default_optimizer = ("adam", 2e-4)
    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
        "kl": "divergence of the posterior from the prior, in nats",
        **JudgedImages.judge_meanings,
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        beta: float = 1e-6,
        feature_extractor: keras.Model | None = None,
        feature_layers: Sequence[str] | None = None,
        feature_weight: float = 1.0,
        discriminator: keras.Model | None = None,
        adversarial_weight: float = 0.1,
        discriminator_start: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.add_term("reconstruction")
        self.add_term("kl", weight=beta, name="beta")
        self.add_judges(
            feature_extractor,
            feature_layers,
            feature_weight,
            discriminator,
            adversarial_weight,
            discriminator_start,
        )

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """KL(q(z|x) ‖ p(z)), and what the judges of x̂ = D(z) say."""
        latent = self.infer(batch.x, training)
        return {"kl": self.kl(latent), **self.judged(batch.x, latent.z, training)}
