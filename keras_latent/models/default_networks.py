"""Models with default networks, for images of a given shape."""

import inspect
from typing import Any, ClassVar, Self

import keras

from keras_latent import likelihoods, networks
from keras_latent.models.constructor_config import ConstructorConfigModel


class ForImages(ConstructorConfigModel):
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
        chosen = kwargs.get("likelihood", parameters["likelihood"].default)
        likelihood = likelihoods.get(chosen)
        if isinstance(chosen, str) and hasattr(likelihood, "from_logits"):
            likelihood = type(likelihood)(from_logits=True)
        activation = likelihood.image_activation
        if cls.bounds_images and not getattr(likelihood, "from_logits", False):
            activation = activation or "sigmoid"
        size: Any = latent_dim or code_shape
        cls.check_code_size(size)
        made: dict[str, Any] = {"likelihood": likelihood}
        if not {"encoder", "decoder"} <= kwargs.keys():
            made |= cls.default_networks(image_shape, size, activation, **kwargs)
        if "decoder" in kwargs:
            # What it ends in, the caller knows.
            made["likelihood"] = chosen
        model = cls(**{**kwargs, **made, **given_networks(kwargs)})
        _check_size(model, size)
        return model

    @classmethod
    def check_code_size(cls, code_size: int | tuple[int, ...]) -> None:
        """Refuse a code that the variant can't have, with a `ValueError`.

        Args:
            code_size: Number of dimensions of the code, or its shape (h, w, c).
        """

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


def given_networks(arguments: dict[str, Any]) -> dict[str, keras.Model]:
    """The networks among arguments."""
    return {n: v for n, v in arguments.items() if isinstance(v, keras.Model)}


def _check_size(model: Any, size: int | tuple[int, ...]) -> None:
    """Refuse a size of the code that isn't that of the decoder that was given."""
    found = model.latent_dim if isinstance(size, int) else model.code_shape
    if found != (size if isinstance(size, int) else tuple(size)):
        raise ValueError(
            "The code must be as `decoder` takes it, of shape "
            f"{model.code_shape}. Received: {size} for `latent_dim` or `code_shape`"
        )
