"""The largest singular values of kernels, followed while they are trained."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.training.moved_by_data import move_after_step
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class SpectralNorms(keras.layers.Layer):
    """Largest singular value σ(W) of each of some kernels, by the power method.

    A kernel of more than two axes is a matrix of its last axis against the others. The
    layer keeps a vector for each, from which the next pass goes on: while kernels move
    slowly, a few iterations a step follow them.

    Args:
        iterations: Iterations in a pass. Defaults to 2.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        kernels: A list of tensors, the same in each call.

    Returns:
        The values σ, of shape (kernels,), float32. Gradients reach the kernels.

    Source: Miyato et al. 2018, algorithm 1.

    >>> norms = SpectralNorms(iterations=50)
    >>> kernel = ops.convert_to_tensor([[3.0, 0.0], [0.0, 1.0]])
    >>> print(f"{float(norms([kernel])[0]):.4f}")
    3.0000
    """

    def __init__(self, iterations: int = 2, **kwargs: Any) -> None:
        iterations = checked_positive_integer("iterations", iterations)
        super().__init__(**kwargs)
        self.iterations = iterations

    def build(self, kernel_shapes: Sequence[Sequence[int]]) -> None:
        """Make a vector for each kernel."""
        self.vectors = [
            self.add_weight(
                name=f"vector_{index}",
                shape=(shape[-1], 1),
                initializer=keras.initializers.RandomNormal(seed=index),
                dtype="float32",
                autocast=False,
                trainable=False,
            )
            for index, shape in enumerate(kernel_shapes)
        ]
        self.built = True

    def settle(self, kernels: Sequence[Any], iterations: int = 100) -> None:
        """Iterate on kernels as they are, so that the first values are right.

        Args:
            kernels: Those of the calls to come.
            iterations: How often. Defaults to 100.
        """
        for kernel, vector in zip(kernels, self.vectors, strict=True):
            matrix = np.asarray(kernel, "float32").reshape(-1, kernel.shape[-1])
            right = np.asarray(vector)
            for _ in range(iterations):
                right = matrix.T @ (matrix @ right)
                right /= max(float(np.linalg.norm(right)), 1e-12)
            vector.assign(right)

    def call(self, kernels: Sequence[Tensor]) -> Tensor:
        """The largest singular values."""
        norms = []
        for kernel, vector in zip(kernels, self.vectors, strict=True):
            kernel = ops.cast(kernel, "float32")
            matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
            fixed, right = ops.stop_gradient(matrix), ops.convert_to_tensor(vector)
            for _ in range(self.iterations):
                left = _normalised(ops.matmul(fixed, right))
                right = _normalised(ops.matmul(ops.transpose(fixed), left))
            move_after_step(vector, right)
            norms.append(ops.sum(left * ops.matmul(matrix, right)))
        return ops.stack(norms)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "iterations": self.iterations}


def _normalised(vector: Tensor) -> Tensor:
    return vector / ops.maximum(ops.norm(vector), 1e-12)
