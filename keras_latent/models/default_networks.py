"""Models with default networks, for images of a given shape."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeAlias

import keras

from keras_latent import likelihoods, networks
from keras_latent.models.constructor_config import ConstructorConfigModel
from keras_latent.validation import checked_positive_integer

Builders: TypeAlias = Mapping[str, Callable[..., keras.Model]]

_DECIDED = ("size", "extra_size", "downsampling", "output_activation", "dtype", "name")
"""Arguments of builders that follow from the model's own."""


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

        Networks that are given, such as `encoder=...`, are used as they are; a dict in
        place of one holds arguments of the default one, such as
        `encoder={"widths": (64, 128, 256)}`.

        Args:
            image_shape: (height, width, channels): at least 8 × 8, 1 or 3 channels.
            latent_dim: Number of dimensions of a code that is a vector.
            code_shape: (h, w, c) of a code that is a map: the image halved some times;
                or (d,), as `latent_dim=d`. One of the two must be given.
            **kwargs: Further arguments of the variant.

        Returns:
            A model of images in [0, 1].

        Raises:
            ValueError: If no network can be built for such a code, a default network
                has no argument of a name that is given, or the constructor of a class
                of one's own takes no `likelihood`.
        """
        cls.check_argument_names(kwargs, others=("latent_dim", "code_shape"))
        if (latent_dim is None) == (code_shape is None):
            raise ValueError(
                "Either `latent_dim` or `code_shape` must be given. "
                f"Received: {latent_dim=}, {code_shape=}"
            )
        if code_shape is not None and len(code_shape) == 1:
            latent_dim, code_shape = code_shape[0], None
        defaults = cls.constructor_defaults()
        if "likelihood" not in defaults:
            raise ValueError(
                "`likelihood` must be an argument of the constructor, its own or "
                "passed on by `**kwargs`, since the default decoder ends as it asks. "
                f"Received: {cls.__name__}.__init__ without it"
            )
        chosen = kwargs.get("likelihood", defaults["likelihood"])
        likelihood = likelihoods.get(chosen)
        if isinstance(chosen, str) and hasattr(likelihood, "from_logits"):
            likelihood = type(likelihood)(from_logits=True)
        activation = likelihood.image_activation
        if cls.bounds_images and not getattr(likelihood, "from_logits", False):
            activation = activation or "sigmoid"
        if latent_dim is not None:
            latent_dim = checked_positive_integer("latent_dim", latent_dim)
            latent_dim = int(latent_dim)
        size: Any = code_shape if latent_dim is None else latent_dim
        cls.check_code_size(size)
        made: dict[str, Any] = {"likelihood": likelihood}
        builders = cls.default_builders(code_is_map=not isinstance(size, int))
        _check_network_arguments(builders, kwargs)
        given = {n for n in kwargs if not isinstance(kwargs[n], dict)}
        if not {"encoder", "decoder"} <= given:
            made |= cls.default_networks(image_shape, size, activation, **kwargs)
        if "decoder" in given:
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
    def default_builders(cls, code_is_map: bool) -> Builders:
        """What builds the default networks, by the names that these have.

        Those alone whose arguments can be chosen: `network_arguments` names them.

        Args:
            code_is_map: Whether the code is a map, and no vector.
        """
        if code_is_map:
            return {}
        return {
            "encoder": networks.convolutional_encoder,
            "decoder": networks.convolutional_decoder,
        }

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
            **kwargs: The other arguments that `for_images` was given; a dict in place
                of a network holds arguments of its builder.
        """
        if isinstance(code_size, int):
            widths = networks.default_widths(image_shape)
            of_encoder = {"widths": widths[1:], **chosen_of(kwargs, "encoder")}
            of_decoder = {"widths": widths[::-1], **chosen_of(kwargs, "decoder")}
            return {
                "encoder": networks.convolutional_encoder(image_shape, **of_encoder),
                "decoder": networks.convolutional_decoder(
                    image_shape,
                    code_size,
                    output_activation=output_activation,
                    **of_decoder,
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


def chosen_of(arguments: Mapping[str, Any], network: str) -> dict[str, Any]:
    """The arguments of a default network that were chosen, among those of a model."""
    chosen = arguments.get(network)
    return dict(chosen) if isinstance(chosen, dict) else {}


def network_arguments(builder: Callable[..., keras.Model]) -> dict[str, Any]:
    """The arguments of a default network that can be chosen, with their defaults.

    >>> network_arguments(networks.convolutional_encoder)
    {'widths': (32, 64, 128)}
    """
    return {
        parameter.name: parameter.default
        for parameter in inspect.signature(builder).parameters.values()
        if parameter.default is not parameter.empty and parameter.name not in _DECIDED
    }


def _check_network_arguments(builders: Builders, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that a default network doesn't have."""
    for network in {"encoder", "decoder", *builders}:
        known = network_arguments(builders[network]) if network in builders else {}
        for name, value in chosen_of(arguments, network).items():
            if name not in known:
                listed = ", ".join(map(repr, known)) or "none"
                raise ValueError(
                    f"`{network}` must be a model, or a dict of arguments of the "
                    f"default one, {listed}. Received: {network} with {name}={value!r}"
                )


def _check_size(model: Any, size: int | tuple[int, ...]) -> None:
    """Refuse a size of the code that isn't that of the decoder that was given."""
    found = model.latent_dim if isinstance(size, int) else model.code_shape
    if found != (size if isinstance(size, int) else tuple(size)):
        raise ValueError(
            "The code must be as `decoder` takes it, of shape "
            f"{model.code_shape}. Received: {size} for `latent_dim` or `code_shape`"
        )
