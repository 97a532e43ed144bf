"""The part of a docstring that all builders of pretrained models share."""

import inspect
import textwrap
from collections.abc import Callable
from typing import TypeVar

from keras_latent.applications.builder import Architecture

Builder = TypeVar("Builder", bound=Callable)

_IMAGES = {
    "mnist": "28 × 28 × 1",  # noqa: RUF001
    "emoji": "64 × 64 × 3",  # noqa: RUF001
    "pictures": "64 × 64 × 3, emoji and icons",  # noqa: RUF001
}
_WIDTH = 88
_INDENT = " " * 4

_RETURNS = """\
    Returns:
        The latent model, or a `keras.Model` with `include_top=False`. Both take images
        in [0, 1]: see `preprocess_input`.

    Raises:
        ValueError: If an argument is not among its choices, or the weights are not the
            ones that were made.
        FileNotFoundError: If a file of weights is missing."""


def documented(architecture: Architecture) -> Callable[[Builder], Builder]:
    """Fill what all builders have in common into the docstring of one.

    A line `{arguments}` becomes the arguments that each of them takes, to which lines
    on its own ones may be added, and a line `{returns}` what it returns and raises.

    Args:
        architecture: What it builds.

    >>> from keras_latent.applications import ConvVAE
    >>> "latent_dim: Number of dimensions" in ConvVAE.__doc__
    True
    """

    def fill(function: Builder) -> Builder:
        if function.__doc__ is not None:  # With `python -OO` there is none.
            parameters = inspect.signature(function).parameters
            filled = {
                f"{_INDENT}{{arguments}}": _arguments(
                    architecture, parameters["name"].default
                ),
                f"{_INDENT}{{returns}}": _RETURNS,
            }
            # Python 3.13 takes the indentation away.
            lines = inspect.cleandoc(function.__doc__).splitlines()
            text = "\n".join(f"{_INDENT}{line}".rstrip() for line in lines).lstrip()
            for place, shared in filled.items():
                text = text.replace(place, shared)
            function.__doc__ = f"{text}\n{_INDENT}"
        return function

    return fill


def _arguments(architecture: Architecture, name: str) -> str:
    described = {
        "include_top": "`True` gives the latent model, `False` the backbone: a "
        "functional Keras model from images to features. Defaults to `True`.",
        "weights": f"{_names_of_weights(architecture)}, `None` for an untrained model, "
        "or the path of a file that `save_weights` wrote. Defaults to "
        f'`"{architecture.datasets[0]}"`.',
        "input_tensor": "A Keras tensor to take as the image. Defaults to `None`: a "
        "new input.",
        "input_shape": "(height, width, channels), height and width at least 8, 1 to 4 "
        "channels. A backbone of convolutions takes trained weights at any size. "
        "Defaults to `None`: that of the weights, (28, 28, 1) without.",
        "pooling": 'What a backbone gives: `None` the feature map, `"avg"` or `"max"` '
        f'its mean or maximum over the image, `"code"` {architecture.code}'
        + (', `"tokens"` the tokens' if architecture.of_tokens else "")
        + ". Defaults to `None`.",
        "name": f'The model\'s name. Defaults to `"{name}"`.',
        "latent_dim": "Number of dimensions of the code. Defaults to `None`: that of "
        f"the weights; without, {architecture.code_sizes}.",
    }
    entries = [
        textwrap.fill(
            f"{argument}: {text}",
            _WIDTH,
            initial_indent=2 * _INDENT,
            subsequent_indent=3 * _INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for argument, text in described.items()
    ]
    return "\n".join([f"{_INDENT}Args:", *entries])


def _names_of_weights(architecture: Architecture) -> str:
    return ", ".join(f'`"{name}"` ({_IMAGES[name]})' for name in architecture.datasets)
