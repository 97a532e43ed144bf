"""The convolution whose weights a second input multiplies."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.inversion.hyper_layer import HyperLayer
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_choice,
    check_positive_integer,
    checked_positive_integer,
)

_PADDINGS = ("valid", "same")


@keras.saving.register_keras_serializable(package="keras_latent")
class HyperConv2D(HyperLayer):
    """Convolution whose weights are multiplied by what a second input controls.

    For feature maps x and a condition n, a vector:

        y_pj = activation(Σ_ai x_(s·p+a)i·W_aij·C_aij(n) + b_j)

    at the place p, with a over the places of the kernel and s the stride. A control
    network makes C from n, as that of `HyperDense`: at the start C is 1 up to small
    variations.

    With `rank=None`, C has an entry for each weight: a kernel for each example is made,
    and each takes part in the memory. With `rank=r`, C is the same at all places of the
    kernel and has rank r over the features, C_aij = Σ_k u_ki(n)·v_kj(n); y is computed
    as Σ_k v_k ⊙ ((x ⊙ u_k) * W), at the cost and memory of r convolutions.

    Args:
        filters: Number of output features.
        kernel_size: Side of the kernel in pixels, or its (height, width).
        rank: Rank of C, or `None` for the full C. Defaults to `None`.
        strides: Step of the kernel in pixels, in both directions. Defaults to 1.
        padding: `"valid"`, or `"same"` for zeros around. Defaults to `"valid"`.
        activation: Activation of the output, as Keras takes it. Defaults to `None`.
        use_bias: Whether to add b. Defaults to `True`.
        control: Widths of the hidden layers of the control network; with `()`, C is
            linear in n. Defaults to `(32,)`.
        kernel_initializer: Initializer of W, as Keras takes it. Defaults to
            `"glorot_uniform"`.
        bias_initializer: Initializer of b, as Keras takes it. Defaults to `"zeros"`.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: `[x, n]`, of shapes (batch, height, width, in) and (batch, condition).

    Returns:
        Tensor of shape (batch, new height, new width, filters), of the sizes that
        `keras.layers.Conv2D` gives.

    Raises:
        ValueError: If `filters`, `rank`, `strides`, a width or a side of the kernel is
            not a positive integer, `padding` is unknown, the kernel larger than the
            images, or the inputs are not two of these shapes.

    Source: Potapov 2019, "Inverting discriminative representations with HyperNets",
    has the dense layer; the factorised C has, for r = 1, the form of Wen, Tran and Ba
    2020, "BatchEnsemble", section 3.

    >>> layer = HyperConv2D(16, 3, rank=4, padding="same")
    >>> layer([ops.ones((2, 14, 14, 8)), ops.ones((2, 5))]).shape
    TensorShape([2, 14, 14, 16])
    """

    features_axes = ("batch", "height", "width", "in")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        rank: int | None = None,
        strides: int = 1,
        padding: str = "valid",
        activation: Any = None,
        use_bias: bool = True,
        control: Sequence[int] = (32,),
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        filters = checked_positive_integer("filters", filters)
        sides = _kernel_sides(kernel_size)
        strides = checked_positive_integer("strides", strides)
        check_choice("padding", padding, _PADDINGS)
        super().__init__(
            filters,
            rank,
            activation,
            use_bias,
            control,
            kernel_initializer,
            bias_initializer,
            **kwargs,
        )
        self.filters = self.outputs
        self.kernel_size = sides
        self.strides = int(strides)
        self.padding = padding

    def kernel_shape(self, features: int) -> tuple[int, ...]:
        """Shape of W: (height, width, in, out)."""
        return *self.kernel_size, features, self.filters

    def output_shape_for(self, features_shape: tuple) -> tuple:
        """Shape of the output: (batch, new height, new width, filters)."""
        batch, *sizes, _ = features_shape
        if self.padding == "valid":
            pairs = list(zip(sizes, self.kernel_size, strict=True))
            if any(size is not None and size < side for size, side in pairs):
                raise ValueError(
                    "`kernel_size` must be at most the size of the images, which is "
                    f"{tuple(sizes)}. Received: kernel_size={self.kernel_size}"
                )
            sizes = [size and size - side + 1 for size, side in pairs]
        # Rounded up.
        return (
            batch,
            *(size and -(-size // self.strides) for size in sizes),
            self.filters,
        )

    def apply_kernel(self, x: Tensor) -> Tensor:
        """Convolve x, of shape (batch, height, width, in), with W."""
        return ops.conv(x, self.kernel, self.strides, self.padding, "channels_last")

    def apply_controlled(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Multiply the patches of each example by a matrix of its own, W ⊙ C."""
        # Measured: the sum of `HyperDense` is h + 1 convolutions, 5 to 20 times as slow
        # as this; a convolution in groups, one an example, 30 times under XLA, by which
        # alone Keras computes it.
        height, width, inputs, outputs = self.kernel.shape
        area = height * width
        matrices = self.kernel * self._full_matrix(hidden)
        matrices = ops.reshape(matrices, (-1, area, inputs, outputs))
        matrices = ops.reshape(
            ops.transpose(matrices, (0, 2, 1, 3)), (-1, inputs * area, outputs)
        )
        # Gathers by a convolution of each feature alone, as that pads and is quick.
        gather = ops.reshape(ops.eye(area, dtype=x.dtype), (height, width, 1, area))
        gather = ops.tile(gather, (1, 1, inputs, 1))
        patches = ops.depthwise_conv(
            x, gather, self.strides, self.padding, "channels_last"
        )
        batch, rows, columns, _ = ops.shape(patches)
        patches = ops.reshape(patches, (batch, rows * columns, inputs * area))
        y = ops.matmul(patches, matrices)
        return ops.reshape(y, (batch, rows, columns, outputs))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": self.strides,
            "padding": self.padding,
        }


def _kernel_sides(kernel_size: Any) -> tuple[int, int]:
    """Read the argument `kernel_size`."""
    sides = kernel_size if isinstance(kernel_size, list | tuple) else [kernel_size] * 2
    if len(sides) != 2:
        raise ValueError(
            "`kernel_size` must be a positive integer or a pair (height, width) of "
            f"them. Received: kernel_size={kernel_size!r}"
        )
    for side in sides:
        check_positive_integer("kernel_size", side)
    return int(sides[0]), int(sides[1])
