"""What the layers have in common whose weights a second input multiplies."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.typing import Tensor
from keras_latent.validation import check_positive_integer, checked_positive_integer

_VARIATION = 0.1


class HyperLayer(keras.layers.Layer):
    """Base of the layers whose kernel is multiplied, for each example, by C(n).

    A control network makes C from the condition n: hidden layers with ReLU, then a
    linear map. At the start C is 1 up to small variations, so that the layer begins as
    the plain one with the same kernel.

    Args:
        outputs: Number of output features.
        rank: Rank of C over input and output features, or `None` for a C with an entry
            for each one of the kernel.
        activation: Activation of the output, as Keras takes it.
        use_bias: Whether to add a bias, which doesn't depend on n.
        control: Widths of the hidden layers of the control network.
        kernel_initializer: Initializer of the kernel, as Keras takes it.
        bias_initializer: Initializer of the bias, as Keras takes it.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If `rank` or a width is not a positive integer.
    """

    features_axes: tuple[str, ...]
    """The names of the axes of the first input."""

    def __init__(
        self,
        outputs: int,
        rank: int | None,
        activation: Any,
        use_bias: bool,
        control: Sequence[int],
        kernel_initializer: Any,
        bias_initializer: Any,
        **kwargs: Any,
    ) -> None:
        if rank is not None:
            rank = checked_positive_integer("rank", rank)
        if not isinstance(control, list | tuple):
            raise ValueError(
                "`control` must be a sequence of widths of hidden layers, or empty. "
                f"Received: control={control!r}"
            )
        for index, width in enumerate(control):
            check_positive_integer(f"control[{index}]", width)
        super().__init__(**kwargs)
        self.outputs = int(outputs)
        self.rank = None if rank is None else int(rank)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.control = tuple(int(width) for width in control)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def kernel_shape(self, features: int) -> tuple[int, ...]:
        """Shape of the kernel for so many input features: (..., in, out)."""
        raise NotImplementedError

    def output_shape_for(self, features_shape: tuple) -> tuple:
        """Shape of the output for the shape of the first input, (batch, ..., in)."""
        raise NotImplementedError

    def apply_kernel(self, x: Tensor) -> Tensor:
        """Apply the kernel as it is, as the plain layer does.

        Args:
            x: Tensor of shape (batch, ..., in).

        Returns:
            Tensor of shape (batch, ..., out).
        """
        raise NotImplementedError

    def apply_controlled(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Apply the kernel times the full C.

        Args:
            x: Tensor of shape (batch, ..., in).
            hidden: The last hidden layer of the control network, (batch, width).

        Returns:
            Tensor of shape (batch, ..., out).
        """
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        """Make the kernel, the bias and the control network."""
        features_shape, condition_shape = self._checked_shapes(input_shape)
        self.output_shape_for(features_shape)
        inputs, width = features_shape[-1], condition_shape[-1]
        self.input_spec = [
            keras.layers.InputSpec(ndim=len(features_shape), axes={-1: inputs}),
            keras.layers.InputSpec(ndim=2, axes={-1: width}),
        ]
        shape = self.kernel_shape(inputs)
        self.kernel = self.add_weight(
            shape=shape, initializer=self.kernel_initializer, name="kernel"
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.outputs,), initializer=self.bias_initializer, name="bias"
            )
        self.hidden_controls = []
        for index, next_width in enumerate(self.control):
            name = f"hidden_control_{index}"
            kernel = self.add_weight(
                shape=(width, next_width),
                initializer="he_normal",
                name=f"{name}_kernel",
            )
            bias = self.add_weight(
                shape=(next_width,), initializer="zeros", name=f"{name}_bias"
            )
            self.hidden_controls.append((kernel, bias))
            width = next_width
        if self.rank is None:
            self.full_control = self._control("full_control", width, shape, 1.0)
        else:
            # The sum over the ranks is 1.
            start = 1 / math.sqrt(self.rank)
            self.input_control = self._control(
                "input_control", width, (self.rank, inputs), start
            )
            self.output_control = self._control(
                "output_control", width, (self.rank, self.outputs), start
            )

    def call(self, inputs: Any) -> Tensor:
        """Apply the kernel times C(n), add the bias, activate.

        Args:
            inputs: `[x, n]`, the features and the condition.
        """
        self._checked_shapes(_shapes_of(inputs))
        x, condition = inputs
        hidden = self._hidden(condition)
        if self.rank is None:
            y = self.apply_controlled(x, hidden)
        else:
            y = self._apply_factorised(x, *self._factors(hidden))
        if self.bias is not None:
            y = y + self.bias
        return self.activation(y)

    def control_matrix(self, condition: Any) -> Tensor:
        """Give C(n), which the layer itself never makes at once.

        Args:
            condition: Array of shape (batch, condition).

        Returns:
            Tensor of shape (batch, *kernel.shape): what the kernel is multiplied by.
        """
        hidden = self._hidden(ops.convert_to_tensor(condition, self.variable_dtype))
        if self.rank is None:
            return self._full_matrix(hidden)
        u, v = self._factors(hidden)
        matrix = ops.einsum("bki,bko->bio", u, v)
        for _ in self.kernel.shape[:-2]:
            matrix = ops.expand_dims(matrix, 1)
        return ops.broadcast_to(matrix, (ops.shape(matrix)[0], *self.kernel.shape))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Shape of the output for the shapes of both inputs."""
        features_shape, _ = self._checked_shapes(input_shape)
        return self.output_shape_for(features_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rank": self.rank,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "control": list(self.control),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }

    def _control(
        self, name: str, width: int, shape: tuple[int, ...], start: float
    ) -> tuple[Any, Any]:
        """A linear map from the hidden layer to values that begin near `start`."""
        kernel = self.add_weight(
            shape=(width, *shape),
            initializer=keras.initializers.RandomNormal(
                stddev=start * _VARIATION / math.sqrt(width)
            ),
            name=f"{name}_kernel",
        )
        bias = self.add_weight(
            shape=shape,
            initializer=keras.initializers.Constant(start),
            name=f"{name}_bias",
        )
        return kernel, bias

    def _hidden(self, condition: Tensor) -> Tensor:
        for weights in self.hidden_controls:
            condition = ops.relu(_affine(condition, weights))
        return condition

    def _full_matrix(self, hidden: Tensor) -> Tensor:
        return _affine(hidden, self.full_control)

    def _factors(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Give u (batch, rank, in) and v (batch, rank, out), C_ij = Σ_k u_ki·v_kj."""
        return _affine(hidden, self.input_control), _affine(hidden, self.output_control)

    def _apply_factorised(self, x: Tensor, u: Tensor, v: Tensor) -> Tensor:
        """Σ_k v_k ⊙ ((x ⊙ u_k) W), all ranks in one larger batch."""
        for _ in x.shape[1:-1]:
            u, v = ops.expand_dims(u, 2), ops.expand_dims(v, 2)
        x = ops.expand_dims(x, 1) * u
        y = self.apply_kernel(ops.reshape(x, (-1, *ops.shape(x)[2:])))
        y = ops.reshape(y, (-1, self.rank, *ops.shape(y)[1:]))
        return ops.sum(y * v, axis=1)

    def _checked_shapes(self, input_shape: Any) -> tuple[tuple, tuple]:
        """Give the shapes of the two inputs, if they fit the layer and each other."""
        axes = (self.features_axes, ("batch", "condition"))
        shapes = _shapes_in(input_shape)
        fits = len(shapes) == 2 and all(
            len(shape) == len(names) and shape[-1] is not None
            for shape, names in zip(shapes, axes, strict=True)
        )
        batches = {shape[0] for shape in shapes if shape} - {None}
        if not fits or len(batches) > 1:
            expected = " and ".join(f"({', '.join(names)})" for names in axes)
            raise ValueError(
                "`inputs` must be [features, condition] of shapes "
                f"{expected}. Received: inputs of shapes {shapes}"
            )
        return shapes[0], shapes[1]


def _affine(x: Tensor, weights: tuple[Any, Any]) -> Tensor:
    kernel, bias = weights
    return ops.tensordot(x, kernel, axes=1) + bias


def _shapes_of(inputs: Any) -> Any:
    if isinstance(inputs, list | tuple):
        return [tuple(x.shape) for x in inputs]
    return tuple(inputs.shape)


def _shapes_in(input_shape: Any) -> list[tuple]:
    """The shapes, of one input or of several."""
    several = all(isinstance(shape, list | tuple) for shape in input_shape)
    return [tuple(shape) for shape in (input_shape if several else [input_shape])]
