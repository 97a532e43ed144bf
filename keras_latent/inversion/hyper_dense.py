"""The dense layer whose weights a second input multiplies."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.inversion.hyper_layer import HyperLayer
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class HyperDense(HyperLayer):
    """Dense layer whose weights are multiplied by what a second input controls.

    For features x and a condition n, both vectors:

        y_j = activation(Σ_i x_i·W_ij·C_ij(n) + b_j)

    A control network makes C from n: hidden layers with ReLU, then a linear map. At the
    start C is 1 up to small variations, so that y has the scale of a `Dense` layer with
    the same kernel.

    With `rank=None`, C has an entry for each weight, and the last map has
    in·out·(h + 1) parameters for a last hidden layer of width h. With `rank=r`, C has
    rank r, C_ij = Σ_k u_ki(n)·v_kj(n), and y is computed as Σ_k v_k ⊙ ((x ⊙ u_k) W),
    at the cost and memory of r dense layers. No C of the size (batch, in, out) is made
    either way: the full form sums over the h + 1 weight matrices that C is linear in.

    To control several layers by one network, call it once and give them its output as
    their condition, with `control=()`.

    Args:
        units: Number of output features.
        rank: Rank of C, or `None` for the full C. Defaults to `None`.
        activation: Activation of the output, as Keras takes it. Defaults to `None`.
        use_bias: Whether to add b. Defaults to `True`.
        control: Widths of the hidden layers of the control network; with `()`, C is
            linear in n. Defaults to `(32,)`.
        kernel_initializer: Initializer of W, as Keras takes it. Defaults to
            `"glorot_uniform"`.
        bias_initializer: Initializer of b, as Keras takes it. Defaults to `"zeros"`.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: `[x, n]`, of shapes (batch, in) and (batch, condition).

    Returns:
        Tensor of shape (batch, units).

    Raises:
        ValueError: If `units`, `rank` or a width is not a positive integer, or the
            inputs are not two of these shapes.

    Source: Potapov 2019, "Inverting discriminative representations with HyperNets",
    for the full C; the factorised one has, for r = 1, the form of Wen, Tran and Ba
    2020, "BatchEnsemble", equation 5.

    >>> layer = HyperDense(64, rank=4)
    >>> layer([ops.ones((2, 128)), ops.ones((2, 5))]).shape
    TensorShape([2, 64])
    """

    features_axes = ("batch", "in")

    def __init__(
        self,
        units: int,
        rank: int | None = None,
        activation: Any = None,
        use_bias: bool = True,
        control: Sequence[int] = (32,),
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        units = checked_positive_integer("units", units)
        super().__init__(
            units,
            rank,
            activation,
            use_bias,
            control,
            kernel_initializer,
            bias_initializer,
            **kwargs,
        )
        self.units = self.outputs

    def kernel_shape(self, features: int) -> tuple[int, ...]:
        """Shape of W: (in, out)."""
        return features, self.units

    def output_shape_for(self, features_shape: tuple) -> tuple:
        """Shape of the output: (batch, units)."""
        return features_shape[0], self.units

    def apply_kernel(self, x: Tensor) -> Tensor:
        """Multiply x, of shape (batch, in), by W."""
        return ops.matmul(x, self.kernel)

    def apply_controlled(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Σ_m h_m·(x (W ⊙ K_m)), where C = Σ_m h_m·K_m and the last h_m is 1."""
        kernel, bias = self.full_control
        # A matrix for each example costs as many operations, but goes through memory
        # a batch at a time: measured, a training step took 1.4 to 2.7 times as long
        # and up to 6 times the memory, the more the larger the batch.
        matrices = self.kernel * ops.concatenate([kernel, bias[None]])
        factors = ops.concatenate([hidden, ops.ones_like(hidden[:, :1])], axis=1)
        x = factors[:, :, None] * x[:, None]
        # All (m, i) as one axis: a single product of matrices.
        rows = matrices.shape[0] * matrices.shape[1]
        return ops.matmul(
            ops.reshape(x, (-1, rows)), ops.reshape(matrices, (rows, self.units))
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "units": self.units}
