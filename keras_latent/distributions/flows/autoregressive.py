"""Networks whose outputs depend on the elements before them alone."""

import abc
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.distributions.flows.transformation import Transformation
from keras_latent.typing import Tensor
from keras_latent.validation import (
    checked_positive_integer,
    checked_positive_integers,
)


class MaskedNetwork(keras.layers.Layer):
    """A dense network whose i-th outputs see the inputs before the i-th alone.

    Inputs and hidden units have degrees, and a weight is 0 where it would lead from a
    degree to a lower one, or to an output from its own.

    Args:
        channels: Number d of inputs.
        outputs: Number of outputs for each of them.
        units: Sizes of the hidden layers.
        context: Number of further inputs that every output may see, or 0.
        reverse: Whether outputs see the inputs after theirs, not those before.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Germain et al. 2015, Masked Autoencoder for Distribution Estimation,
    equations 8 to 13, with degrees in turn.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        units: Sequence[int],
        context: int,
        reverse: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.outputs = outputs
        degrees = np.arange(1, channels + 1)
        degrees = before = degrees[::-1] if reverse else degrees
        # Units of degree 0 see the context alone; without one they would be constant.
        least = 0 if context or channels == 1 else 1
        choices = np.arange(least, max(channels, least + 1))
        masks = []
        for size in units:
            after = _degrees(choices, size)
            masks.append(after[None, :] >= before[:, None])
            before = after
        last = degrees[None, :] > before[:, None]
        masks.append(np.tile(last, (1, outputs)))
        self.masks = [mask.astype("float32") for mask in masks]
        self.kernels, self.biases = [], []
        for index, mask in enumerate(self.masks):
            is_last = index == len(units)
            self.kernels.append(
                self._weight(
                    f"kernel_{index}",
                    mask.shape,
                    # Near 0 at the end, so that a flow hardly moves codes at first.
                    keras.initializers.RandomNormal(stddev=0.01)
                    if is_last
                    else keras.initializers.GlorotUniform(),
                )
            )
            self.biases.append(self._weight(f"bias_{index}", mask.shape[1:], "zeros"))
        self.context_kernel = None
        if context:
            shape = context, self.masks[0].shape[1]
            self.context_kernel = self._weight(
                "context_kernel", shape, "glorot_uniform"
            )
        self.built = True

    def outputs_of(self, x: Tensor, context: Tensor | None) -> list[Tensor]:
        """The outputs for each input, as tensors of the shape of x.

        Args:
            x: Inputs of shape (batch, ..., channels).
            context: Further inputs, of shape (batch, ..., context), or `None`.
        """
        hidden = x
        layers = list(zip(self.kernels, self.biases, self.masks, strict=True))
        for index, (kernel, bias, mask) in enumerate(layers):
            hidden = ops.matmul(hidden, kernel * mask) + bias
            if index == 0 and self.context_kernel is not None:
                hidden = hidden + ops.matmul(context, self.context_kernel)
            if index < len(layers) - 1:
                hidden = ops.elu(hidden)
        return ops.split(hidden, self.outputs, axis=-1)

    def _weight(self, name: str, shape: Any, initializer: Any) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype="float32",
            autocast=False,
        )


def _degrees(choices: np.ndarray, size: int) -> np.ndarray:
    """Degrees of so many units: in turn, or spread where there are fewer units."""
    if size >= len(choices):
        return np.resize(choices, size)
    # In turn, the highest would be left out, and with them what depends on them.
    return choices[np.linspace(0, len(choices) - 1, size).round().astype(int)]


class Autoregressive(Transformation, abc.ABC):
    """Base of the steps whose numbers a masked network computes.

    Args:
        units: Sizes of the hidden layers, at least one. Defaults to `(128, 128)`.
        context: Number of features of the observation that the masked network sees in
            a posterior, or 0. Defaults to 32.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If a size isn't a positive integer.
    """

    is_autoregressive = True

    def __init__(
        self, units: Sequence[int] = (128, 128), context: int = 32, **kwargs: Any
    ) -> None:
        if isinstance(units, str | bytes) or not np.size(units) or not np.ndim(units):
            raise ValueError(
                "`units` must hold the size of at least one hidden layer. "
                f"Received: units={units!r}"
            )
        units = checked_positive_integers("units", units, "one for each layer")
        if context != 0:
            context = checked_positive_integer("context", context)
        super().__init__(**kwargs)
        self.units = units
        self.context = context

    def parameter_count(self, channels: int) -> int:
        """The features of the observation."""
        return self.context

    def build_step(self, channels: int, amortised: bool, reverse: bool) -> None:
        """Make the masked network."""
        context = self.context if amortised else 0
        self.network = MaskedNetwork(channels, 2, self.units, context, reverse)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"units": list(self.units), "context": self.context}
        return {**super().get_config(), **own}


def solved_in_turn(update: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """The x with x = update(x), of which an element needs those before it alone.

    A round settles one element more, so that as many rounds as there are give all of
    them exactly, and their derivatives.

    Args:
        update: From x to x, of the same shape.
        start: Any x, of shape (batch, ..., channels).
    """
    (solution,) = tf.while_loop(
        lambda _: True,
        lambda x: (update(x),),
        (start,),
        maximum_iterations=start.shape[-1],
    )
    return solution
