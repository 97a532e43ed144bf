"""Residual networks as a variant's default ones."""

from typing import Any

from keras_latent import networks
from keras_latent.models.default_networks import Builders, chosen_of


class ResidualNetworks:
    """What gives `for_images` residual networks, to vectors and to maps.

    They normalise groups of channels. Under an adversary that matters: without it, a
    decoder that ends in a sigmoid may fall to black within some hundred steps, where it
    has no gradient left.
    """

    @classmethod
    def default_builders(cls: Any, code_is_map: bool) -> Builders:
        """Residual networks."""
        return {
            "encoder": networks.residual_encoder,
            "decoder": networks.residual_decoder,
        }

    @classmethod
    def default_networks(
        cls: Any,
        image_shape: tuple[int, int, int],
        code_size: int | tuple[int, ...],
        output_activation: str | None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Residual networks for `for_images`."""
        downsampling = None
        if not isinstance(code_size, int):
            downsampling = 2 ** networks.check_is_halved(image_shape, code_size)
        return {
            "encoder": networks.residual_encoder(
                image_shape, downsampling, **chosen_of(kwargs, "encoder")
            ),
            "decoder": networks.residual_decoder(
                image_shape,
                code_size,
                output_activation=output_activation,
                **chosen_of(kwargs, "decoder"),
            ),
        }
