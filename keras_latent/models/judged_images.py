"""What models share whose images are judged by features and by an adversary."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent import networks
from keras_latent.models.feature_distance import FeatureDistance
from keras_latent.models.residual_networks import ResidualNetworks
from keras_latent.training.players import Player
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range, checked_positive_integer


class JudgedImages(ResidualNetworks):
    """Terms of reconstructed images beside their likelihood, and who minimises them.

    With x̂ the mean of the image, n its numbers and D a critic of patches, whose logits
    are averaged over the image:

        feature        = distance of x and x̂ in the features of a frozen network
        adversarial    = −n·D(x̂), 0 before the step `discriminator_start`
        discrimination = ½·max(0, 1 − D(x)) + ½·max(0, 1 + D(x̂))

    `model` minimises all but the last, which is `discriminator`'s, and moves from the
    first step on.
    """

    judge_meanings: ClassVar[dict[str, str]] = {
        "feature": "distance in the features of the frozen network, times the numbers",
        "adversarial": "minus the discriminator's mean logit, times the numbers",
        "discrimination": "how badly the discriminator tells what was reconstructed",
    }

    def add_judges(
        self: Any,
        feature_extractor: Any,
        feature_layers: Sequence[str] | None,
        feature_weight: float,
        discriminator: Any,
        adversarial_weight: float,
        discriminator_start: int,
    ) -> None:
        """Check and keep the judges, and declare their terms; arguments as documented.

        Raises:
            ValueError: If an argument isn't as described.
        """
        self.check_single_observation()
        check_in_range("feature_weight", feature_weight)
        check_in_range("adversarial_weight", adversarial_weight)
        if discriminator_start != 0:
            discriminator_start = checked_positive_integer(
                "discriminator_start", discriminator_start
            )
        if feature_layers is not None and feature_extractor is None:
            raise ValueError(
                "`feature_layers` must be None without a `feature_extractor`, whose "
                f"layers they are. Received: feature_layers={feature_layers!r}"
            )
        image = self.decoder_spec.observation
        image_shape = tuple(image.shape[1:])
        self.feature_extractor = feature_extractor
        self.feature_layers = feature_layers
        if feature_extractor is not None:
            distance = FeatureDistance(feature_extractor, feature_layers, image)
            self._feature_distance = distance
            self.add_term("feature", weight=feature_weight)
        self.feature_weight = feature_weight
        if discriminator is None:
            self.check_default_fits("discriminator")
            discriminator = networks.patch_critic(image_shape)
        networks.check_patch_critic("discriminator", discriminator, image_shape)
        self.discriminator = discriminator
        self.discriminator_start = discriminator_start
        self.add_term("adversarial", weight=adversarial_weight)
        self.add_term("discrimination")

    def players(self: Any) -> dict[str, Player]:
        """`model` moves everything but the discriminator."""
        moved = self.network_layers()
        moved += [layer for layer in [getattr(self, "quantizer", None)] if layer]
        terms = tuple(t for t in self._weight_by_term if t != "discrimination")
        return {
            "model": Player(moved, terms),
            "discriminator": Player([self.discriminator], ("discrimination",)),
        }

    def spared_layers(self: Any) -> list[keras.layers.Layer]:
        """The network whose features are compared, frozen or not."""
        return [] if self.feature_extractor is None else [self.feature_extractor]

    def judged(self: Any, x: Tensor, z: Tensor, training: bool) -> dict[str, Tensor]:
        """−log p(x|z) and the terms of the judges, of codes z of images x."""
        output = self.decoder_output(z, training=training)
        mean = self.likelihood.mean(output)
        terms = {"reconstruction": -self.likelihood.log_prob(x, output)}
        if self.feature_extractor is not None:
            terms["feature"] = self._feature_distance(x, mean)
        # A player's gradient ends at its own networks: one pass serves both.
        real, told = (
            ops.reshape(
                self.discriminator(image, training=training), (ops.shape(x)[0], -1)
            )
            for image in (x, mean)
        )
        has_started = ops.cast(self._steps_made >= self.discriminator_start, "float32")
        size = math.prod(self.decoder_spec.observation.shape[1:])
        terms["adversarial"] = -size * has_started * ops.mean(told, axis=-1)
        hinges = ops.mean(ops.relu(1.0 - real), -1) + ops.mean(ops.relu(1.0 + told), -1)
        return {**terms, "discrimination": 0.5 * hinges}
