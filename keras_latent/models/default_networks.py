"""Models with default networks, for images of a given shape."""

import inspect
from typing import Any, ClassVar, Self

import keras

from keras_latent import likelihoods, networks


class ForImages:
    """What builds a variant with the default convolutional networks."""

    bounds_images: ClassVar[bool] = False

    @classmethod
    def for_images(
        cls,
        image_shape: tuple[int, int, int],
        latent_dim: int | None = None,
        code_shape: tuple[int, ...] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Build this variant with the default convolutional networks.

        Networks that are given, such as `encoder=...`, are used as they are.

        Args:
            image_shape: (height, width, channels): at least 8 × 8, 1 or 3 channels.
            latent_dim: Number of dimensions of a code that is a vector.
            code_shape: (h, w, c) of a code that is a map: the image halved some times;
                or (d,), as `latent_dim=d`. One of the two must be given.
            **kwargs: Further arguments of the variant.

        Returns:
            A model of images in [0, 1].

        Raises:
            ValueError: If no network can be built for such a code.
        """
        if (latent_dim is None) == (code_shape is None):
            raise ValueError(
                "Either `latent_dim` or `code_shape` must be given. "
                f"Received: {latent_dim=}, {code_shape=}"
            )
        if code_shape is not None and len(code_shape) == 1:
            latent_dim, code_shape = code_shape[0], None
        parameters = inspect.signature(cls.__init__).parameters
        chosen = kwargs.pop("likelihood", parameters["likelihood"].default)
        likelihood = likelihoods.get(chosen)
        if "decoder" in kwargs:
            return cls(
                **cls._missing_networks(
                    image_shape, latent_dim, code_shape, None, kwargs
                ),
                likelihood=chosen,
            )
        if isinstance(chosen, str) and hasattr(likelihood, "from_logits"):
            likelihood = type(likelihood)(from_logits=True)
        activation = likelihood.image_activation
        if cls.bounds_images and not getattr(likelihood, "from_logits", False):
            activation = activation or "sigmoid"
        arguments = cls._missing_networks(
            image_shape, latent_dim, code_shape, activation, kwargs
        )
        return cls(**arguments, likelihood=likelihood)

    @classmethod
    def _missing_networks(
        cls,
        image_shape: tuple[int, int, int],
        latent_dim: int | None,
        code_shape: tuple[int, ...] | None,
        activation: str | None,
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        size = latent_dim or code_shape
        made = cls.default_networks(image_shape, size, activation, **kwargs)
        return {**made, **kwargs}

    @classmethod
    def default_networks(
        cls,
        image_shape: tuple[int, int, int],
        code_size: int | tuple[int, ...],
        output_activation: str | None,
        **kwargs: Any,
    ) -> dict[str, keras.Model]:
        """The networks of `for_images`, by the names of the constructor's arguments.

        Args:
            image_shape: (height, width, channels).
            code_size: Number of dimensions of the code, or its shape (h, w, c).
            output_activation: The decoder's last activation, as the likelihood asks.
            **kwargs: The other arguments that `for_images` was given.
        """
        if isinstance(code_size, int):
            widths = networks.default_widths(image_shape)
            return {
                "encoder": networks.convolutional_encoder(image_shape, widths[1:]),
                "decoder": networks.convolutional_decoder(
                    image_shape,
                    code_size,
                    widths[::-1],
                    output_activation=output_activation,
                ),
            }
        return {
            "encoder": networks.map_encoder(image_shape, code_size),
            "decoder": networks.map_decoder(
                image_shape, code_size, output_activation=output_activation
            ),
        }
