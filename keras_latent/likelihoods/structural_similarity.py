"""How much of an image's structure is kept, in the place of a likelihood (MS-SSIM)."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range, is_integer

_WINDOW = 11
_DEVIATION = 1.5
_C1, _C2 = 0.01**2, 0.03**2
_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LEAST = 1e-6
"""What a contrast is at least, since a root's derivative at 0 isn't finite."""


@keras.saving.register_keras_serializable(package="keras_latent")
class StructuralSimilarity(TensorLikelihood):
    """Multi-scale structural similarity of images in [0, 1]; no density.

        "log p(x|z)" = −w·(1 − MS-SSIM(x, x̂)),   MS-SSIM = s_L^{w_L} · Π_{l<L} cₗ^{wₗ}

    with the similarity s_L at the coarsest scale and the contrast-structure cₗ at each
    finer one, in windows of 11 × 11 pixels that are weighted by a Gaussian of 1.5,
    averaged over the windows of an image. Five scales of images from 176 pixels on,
    each half of the one before; of smaller images as many as have a window, whose
    weights add up to 1. With it, the loss of a `VAE` is no bound, and `log_likelihood`
    is refused.

    Args:
        weight: The nats w that an image loses without any similarity. Defaults to
            `None`: a tenth of its numbers.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If the weight is negative; by a model, if its images are smaller
            than a window.

    Source: Wang, Simoncelli and Bovik 2003, "Multiscale structural similarity for image
    quality assessment", equation 7.

    >>> image = np.random.default_rng(0).random((1, 16, 16, 1))
    >>> likelihood = StructuralSimilarity()
    >>> print(f"{abs(float(likelihood.log_prob(image, image)[0])):.4f}")
    0.0000
    """

    expected_range = (0.0, 1.0)
    image_activation = "sigmoid"

    def __init__(self, weight: float | None = None, **kwargs: Any) -> None:
        if weight is not None:
            check_in_range("weight", weight)
        super().__init__(**kwargs)
        self.weight = weight

    def check_event(self, event: tuple[int, ...]) -> None:
        """Refuse what isn't an image, or smaller than a window."""
        is_image = isinstance(event, list | tuple) and len(event) == 3
        if not is_image or not all(map(is_integer, event)) or min(event[:2]) < _WINDOW:
            raise ValueError(
                "`likelihood` 'structural_similarity' needs images of at least "
                f"{_WINDOW} x {_WINDOW} pixels, a window of it. "
                f"Received: observations of shape {event!r}"
            )

    def check_normalised(self, x: Tensor) -> None:
        """Refuse all values: a similarity is no density."""
        raise ValueError(
            "`likelihood` 'structural_similarity' is no density, so that there is no "
            "log-likelihood: train with 'bernoulli' or 'gaussian', or compare images "
            "by `kl.metrics.structural_similarity`. Received: "
            f"x of type {type(x).__name__}"
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "weight": self.weight}

    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        scales = _scales(x)
        size = math.prod(x.shape[1:])
        weight = size / 10 if self.weight is None else self.weight
        weights = np.array(_WEIGHTS[:scales]) / sum(_WEIGHTS[:scales])
        similarity: Any = 1.0
        for scale, power in enumerate(weights):
            if scale:
                x, parameters = (ops.average_pool(a, 2, 2) for a in (x, parameters))
            whole, contrast = _compared(x, parameters)
            factor = whole if scale == scales - 1 else contrast
            similarity *= _positive(factor) ** float(power)
        return -weight * (1.0 - ops.mean(similarity, axis=-1, keepdims=True))

    def _mean(self, parameters: Tensor) -> Tensor:
        return parameters

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        return parameters


def _positive(factor: Tensor) -> Tensor:
    """A factor, and what is near 0 but still rises where it would be negative.

    Contrasts are negative where an image is another's negative: without a slope there,
    nothing would be learned.
    """
    below = _LEAST * ops.exp(ops.minimum(factor, _LEAST) - _LEAST)
    return ops.where(factor > _LEAST, ops.maximum(factor, _LEAST), below)


def _scales(images: Tensor) -> int:
    """How many scales of an image hold a window, five at most."""
    shape = tuple(images.shape)
    is_known = len(shape) == 4 and None not in shape[1:]
    side = min(shape[1:3]) if is_known else 0
    if side < _WINDOW:
        raise ValueError(
            "`x` must hold images of at least 11 x 11 pixels, a window of the "
            "likelihood 'structural_similarity', and of a known size. "
            f"Received: x of shape {shape}"
        )
    return min(len(_WEIGHTS), 1 + int(math.log2(side / _WINDOW)))


def _compared(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Similarity, and its part of contrasts, of each channel: (batch, channels)."""
    # Variances and covariances are differences of squares, which lose fewer digits
    # where both images are moved to around 0.
    middle = ops.stop_gradient(ops.mean(x, axis=(1, 2), keepdims=True))
    a, b = x - middle, y - middle
    stacked = ops.concatenate([a, b, a * a + b * b, a * b], axis=-1)
    mean_a, mean_b, squares, products = ops.split(_blurred(stacked), 4, axis=-1)
    covariance = products - mean_a * mean_b
    variances = squares - (mean_a * mean_a + mean_b * mean_b)
    contrast = (2.0 * covariance + _C2) / (variances + _C2)
    mean_x, mean_y = mean_a + middle, mean_b + middle
    square_means = mean_x * mean_x + mean_y * mean_y
    luminance = (2.0 * mean_x * mean_y + _C1) / (square_means + _C1)
    return (
        ops.mean(luminance * contrast, axis=(1, 2)),
        ops.mean(contrast, axis=(1, 2)),
    )


def _blurred(images: Tensor) -> Tensor:
    """Means in windows weighted by a Gaussian, by one axis after the other."""
    offsets = np.arange(_WINDOW) - (_WINDOW - 1) / 2
    window = np.exp(-0.5 * (offsets / _DEVIATION) ** 2)
    window = (window / window.sum()).astype("float32")
    channels = images.shape[-1]
    for shape in ((_WINDOW, 1), (1, _WINDOW)):
        kernel = np.tile(window.reshape(*shape, 1, 1), (1, 1, channels, 1))
        images = ops.depthwise_conv(images, kernel, padding="valid")
    return images
