"""What all builders of pretrained models share: one validator, one way to build."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras

from keras_latent import networks
from keras_latent.applications import weight_files
from keras_latent.models import LatentModel
from keras_latent.networks.checks import checked_image_shape
from keras_latent.renamed_errors import arguments_called
from keras_latent.validation import check_choice, checked_positive_integer

POOLINGS = ("avg", "max", "code")
"""What a backbone can give instead of its feature map."""


def _plain_encoder(
    image_shape: Sequence[int], trained_shape: Sequence[int]
) -> keras.Model:
    return networks.convolutional_encoder(image_shape, encoder_widths(trained_shape))


class Architecture(NamedTuple):
    """One architecture of the library.

    Args:
        builder: The name of its function, such as `"ConvVAE"`.
        folder: How its folders in `saved_models` begin, such as `"conv_vae"`.
        make: From the encoder, the shape of the image and the size of the code to the
            model. Further keywords are the model's name and the builder's options.
        latent_dim: From the shape of the image to the size of the code where none is
            asked for.
        datasets: The names of the weights that it has. Defaults to those of digits and
            emoji.
        code: What the code is, for the docstring. Defaults to `"the code"`.
        code_sizes: What `latent_dim` gives, for the docstring. Defaults to what
            `code_size` does.
        encoder: From the shape of the image, and of those that it was trained on, to
            the encoder. Defaults to the one that the architectures of vectors share.
        of_tokens: Whether the code is a map of tokens, which a backbone can give.
    """

    builder: str
    folder: str
    make: Callable[..., LatentModel]
    latent_dim: Callable[[Sequence[int]], int]
    datasets: tuple[str, ...] = ("mnist", "emoji")
    code: str = "the code"
    code_sizes: str = "32 for images of up to 32 pixels a side, otherwise 96"
    encoder: Callable[[Sequence[int], Sequence[int]], keras.Model] = _plain_encoder
    of_tokens: bool = False

    @property
    def poolings(self) -> tuple[str, ...]:
        """What a backbone can give instead of its feature map."""
        return (*POOLINGS, "tokens") if self.of_tokens else POOLINGS


def code_size(image_shape: Sequence[int]) -> int:
    """Dimensions of the code where none are asked for."""
    return 32 if _is_small(image_shape) else 96


def decoder_of(
    image_shape: Sequence[int], latent_dim: int, output_activation: str | None
) -> keras.Model:
    """The decoder that the architectures share."""
    return networks.convolutional_decoder(
        image_shape,
        latent_dim,
        widths=decoder_widths(image_shape),
        output_activation=output_activation,
    )


def decoder_widths(image_shape: Sequence[int]) -> tuple[int, ...]:
    """Channels of the decoder's maps, smallest map first."""
    small, large = (128, 96, 48, 24), (128, 128, 64, 32, 16)
    return small if _is_small(image_shape) else large


def encoder_widths(image_shape: Sequence[int]) -> tuple[int, ...]:
    """Filters of the encoder's convolutions."""
    return (32, 64, 128) if _is_small(image_shape) else (32, 64, 96, 128)


def _is_small(image_shape: Sequence[int]) -> bool:
    return max(image_shape[:2]) <= 32


def build(
    architecture: Architecture,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Any,
    pooling: str | None,
    name: str,
    latent_dim: int | None,
    **options: Any,
) -> Any:
    """Build a model of an architecture, or its backbone, with weights or without.

    Args:
        architecture: The architecture.
        include_top: Whether to give the whole latent model, or the backbone alone.
        weights: A name that `list_weights` shows, the path of a weight file, or `None`.
        input_tensor: A Keras tensor to take as the image, or `None`.
        input_shape: (height, width, channels), or `None` for that of the weights.
        pooling: One of `POOLINGS` or `None`, for a backbone.
        name: The model's name.
        latent_dim: Number of dimensions of the code, or `None` for the default.
        **options: What `architecture.make` takes besides.

    Returns:
        A `LatentModel`, or a functional `keras.Model`.

    Raises:
        ValueError: If an argument is not among its choices.
        FileNotFoundError: If a weight file is missing.
    """
    if not isinstance(include_top, bool):
        raise ValueError(
            "`include_top` must be True (the whole latent model) or False (the "
            f"backbone). Received: include_top={include_top!r}"
        )
    check_choice("pooling", pooling, (None, *architecture.poolings))
    if include_top and pooling is not None:
        raise ValueError(
            "`pooling` must be None with `include_top=True`; pooled features are those "
            f"of a backbone, `include_top=False`. Received: pooling={pooling!r}"
        )
    if latent_dim is not None:
        latent_dim = checked_positive_integer("latent_dim", latent_dim)
    own = _own_weights(architecture, weights)
    image_shape = _image_shape(input_shape, input_tensor, own)
    # The convolutions of a backbone don't depend on the size of the image.
    is_resized = own is not None and image_shape != own.image_shape
    if own is not None:
        _check_fits(own, image_shape, latent_dim, resizable=not include_top, to=pooling)
    trained_shape = own.image_shape if own is not None else image_shape
    size = latent_dim or architecture.latent_dim(image_shape)
    if own is not None:
        size = own.latent_dim
    is_of_codes = pooling in ("code", "tokens")
    is_apart = is_resized or is_of_codes
    encoder = _encoder(
        architecture, trained_shape, trained_shape, None if is_apart else input_tensor
    )
    model = architecture.make(encoder, trained_shape, size, name=name, **options)
    if weights is not None:
        weight_files.load(model, own.file if own is not None else weights, own)
    if include_top:
        return model
    if is_of_codes:
        image = encoder.input if input_tensor is None else input_tensor
        source = _source_of(image)
        # The layers themselves, not the model as one layer.
        given = model.to_tokens() if pooling == "tokens" else model.to_encoder()
        return keras.Model(source, given.call(image), name=name)
    if is_resized:
        resized = _encoder(architecture, image_shape, trained_shape, input_tensor)
        resized.set_weights(encoder.get_weights())
        encoder = resized
    features = encoder.output
    if pooling == "avg":
        features = keras.layers.GlobalAveragePooling2D(name="avg_pool")(features)
    elif pooling == "max":
        features = keras.layers.GlobalMaxPooling2D(name="max_pool")(features)
    return keras.Model(encoder.input, features, name=name)


def _own_weights(
    architecture: Architecture, weights: Any
) -> weight_files.PretrainedWeights | None:
    """The library's own weights of this name, or `None` for others."""
    known = architecture.datasets
    if isinstance(weights, str) and weights in known:
        return weight_files.find(architecture.folder, weights)
    if weights is None or weight_files.is_path(weights):
        return None
    choices = ", ".join(map(repr, (*known, None)))
    raise ValueError(
        f"`weights` must be one of {choices}, or the path of a file of weights "
        f"of {architecture.builder}. Received: weights={weights!r}"
    )


def _source_of(tensor: Any) -> Any:
    """The input that a tensor is made of, or the list of them, if there are several."""
    sources = keras.utils.get_source_inputs(tensor)
    return sources[0] if len(sources) == 1 else sources


def _image_shape(input_shape: Any, input_tensor: Any, own: Any) -> tuple[int, ...]:
    default = own.image_shape if own is not None else (28, 28, 1)
    if input_tensor is not None:
        if not isinstance(input_tensor, keras.KerasTensor):
            raise ValueError(
                "`input_tensor` must be a Keras tensor, such as `keras.Input` gives. "
                f"Received: input_tensor={input_tensor!r}"
            )
        given = tuple(input_tensor.shape[1:])
        if input_shape is not None:
            with arguments_called(image_shape="input_shape"):
                input_shape = checked_image_shape(input_shape)
        if input_shape is not None and input_shape != given:
            raise ValueError(
                f"`input_shape` must be that of `input_tensor`, {given}. "
                f"Received: input_shape={input_shape!r}"
            )
        default = given
    shape = default if input_shape is None else input_shape
    with arguments_called(image_shape="input_shape"):
        return checked_image_shape(shape)


def _check_fits(
    own: weight_files.PretrainedWeights,
    image_shape: tuple[int, ...],
    latent_dim: int | None,
    resizable: bool,
    to: str | None,
) -> None:
    can_differ = resizable and to not in ("code", "tokens")
    fits = (
        image_shape[2] == own.image_shape[2]
        if can_differ
        else image_shape == own.image_shape
    )
    if not fits:
        wanted = (
            f"have {own.image_shape[2]} channels"
            if can_differ
            else f"{own.image_shape}"
        )
        verb = "" if can_differ else "be "
        raise ValueError(
            f"`input_shape` must {verb}{wanted} with weights={own.name!r}. "
            f"Received: input_shape={image_shape}"
        )
    if latent_dim not in (None, own.latent_dim):
        raise ValueError(
            f"`latent_dim` must be {own.latent_dim} with weights={own.name!r}. "
            f"Received: latent_dim={latent_dim}"
        )


def _encoder(
    architecture: Architecture,
    image_shape: tuple[int, ...],
    trained_shape: tuple[int, ...],
    input_tensor: Any,
) -> keras.Model:
    encoder = architecture.encoder(image_shape, trained_shape)
    if input_tensor is None:
        return encoder
    source = _source_of(input_tensor)
    # The layers themselves, in whatever order the graph has them.
    return keras.Model(source, encoder.call(input_tensor), name=encoder.name)
