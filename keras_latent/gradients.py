"""Derivatives that an objective needs beyond one pass backwards."""

from collections.abc import Callable

import keras
import tensorflow as tf

from keras_latent.typing import Observation, Tensor


def shared_pass(
    function: Callable[[Observation], Tensor], x: Observation
) -> tuple[Tensor, Tensor]:
    """Compute `function(x)` once, as if it had been computed for `x` and for `sg(x)`.

    The two results are one tensor in value. Gradients of both reach the variables of
    `function`; only those of the first reach `x`. This saves a pass forwards, and the
    gradients of the weights are formed once instead of twice. A stochastic layer draws
    one mask where two passes would draw two.

    Args:
        function: From an observation to a tensor or a tuple of tensors.
        x: A tensor or a dict of tensors.

    Returns:
        `(live, stopped)`, each of the structure of `function(x)`.

    >>> x = tf.constant([1.0, 2.0])
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     live, stopped = shared_pass(lambda value: value**2, x)
    ...     loss = tf.reduce_sum(live + 100.0 * stopped)
    >>> tape.gradient(loss, x).numpy().tolist()
    [2.0, 4.0]
    """
    inputs = tf.nest.flatten(x)
    structure: list[Tensor] = []

    @tf.custom_gradient
    def run(*inputs: Tensor) -> tuple[tuple[Tensor, ...], Callable]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(inputs)
            result = function(tf.nest.pack_sequence_as(x, list(inputs)))
        structure.append(result)
        outputs = tf.nest.flatten(result)

        def gradient(*upstream: Tensor, variables: list | None = None) -> tuple:
            live, stopped = upstream[: len(outputs)], upstream[len(outputs) :]
            both = [a + b for a, b in zip(live, stopped, strict=True)]
            to_inputs = tape.gradient(outputs, list(inputs), list(live))
            to_variables = tape.gradient(outputs, variables or [], both)
            return to_inputs, to_variables

        return (*outputs, *map(tf.identity, outputs)), gradient

    results = run(*inputs)
    half = len(results) // 2
    live = tf.nest.pack_sequence_as(structure[0], results[:half])
    stopped = tf.nest.pack_sequence_as(structure[0], results[half:])
    return live, stopped


def with_scaled_gradient(x: Tensor, scale: Callable[[], Tensor]) -> Tensor:
    """A tensor as it is, whose gradient is multiplied on its way back.

    Args:
        x: A tensor.
        scale: Gives the factor, once the gradient comes; the pass forwards has been
            made by then.

    >>> x = tf.constant(3.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = with_scaled_gradient(x, lambda: 0.5) ** 2
    >>> float(tape.gradient(y, x))
    3.0
    """

    @tf.custom_gradient
    def unchanged(x: Tensor) -> tuple[Tensor, Callable]:
        return tf.identity(x), lambda upstream: upstream * scale()

    return unchanged(x)


def with_gradient(
    function: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute a scalar function, and its gradient, which has gradients itself.

    Args:
        function: From a tensor to a scalar.
        x: The point.

    Returns:
        f(x), and ∂f/∂x of the shape of `x`.

    >>> value, gradient = with_gradient(lambda x: tf.reduce_sum(x**2), tf.ones(2))
    >>> gradient.numpy().tolist()
    [2.0, 2.0]
    """
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return value, tape.gradient(value, x)


def with_squared_gradient_norm(
    function: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute a number of each row, and the squared norm of its gradient by the row.

    The rows of a batch must not influence each other.

    Args:
        function: From (batch, ...) to (batch,).
        x: The point, of shape (batch, ...).

    Returns:
        f(x), and ‖∂f/∂x‖² of shape (batch,), float32.

    >>> _, norm = with_squared_gradient_norm(
    ...     lambda x: tf.reduce_sum(x**2, axis=-1), tf.constant([[1.0, 2.0]])
    ... )
    >>> norm.numpy().tolist()
    [20.0]
    """
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = function(x)
    return values, _squared_norm(tape.gradient(values, x))


def with_squared_jacobian_norm(
    function: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute a function, and for each example the squared norm of its Jacobian.

    The norm is Frobenius's, and exact.

    The rows of a batch must not influence each other: an encoder whose batch
    normalisation uses the batch's own statistics has no Jacobian of its own.

    Args:
        function: From (batch, ...) to (batch, latent_dim).
        x: The point, of shape (batch, ...).

    Returns:
        f(x), and ‖∂f/∂x‖²_F of shape (batch,), float32.

    >>> matrix = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    >>> x = tf.zeros((5, 2))
    >>> _, norm = with_squared_jacobian_norm(lambda x: x @ matrix, x)
    >>> norm.numpy().tolist()
    [30.0, 30.0, 30.0, 30.0, 30.0]
    """
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        code = function(x)
    return code, _squared_norm(tape.batch_jacobian(code, x))


def with_estimated_squared_jacobian_norm(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    probes: int,
    draw: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Compute a function, and estimate the squared norm of its Jacobian without bias.

    With v ~ N(0, I) over the code's dimensions, E‖vᵀ∂f/∂x‖² = ‖∂f/∂x‖²_F (Hutchinson
    1990). A probe costs one pass backwards, however large the code is.

    Args:
        function: From (batch, ...) to (batch, latent_dim).
        x: The point, of shape (batch, ...).
        probes: Number of probes that are averaged.
        draw: Gives a standard normal tensor of the shape of its argument.

    Returns:
        f(x), and the estimate of shape (batch,), float32.
    """
    x = tf.convert_to_tensor(x)
    estimate = 0.0
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        code = function(x)
        projections = [tf.reduce_sum(code * draw(code)) for _ in range(probes)]
    for projection in projections:
        estimate += _squared_norm(tape.gradient(projection, x))
    return code, estimate / probes


def _squared_norm(derivative: Tensor) -> Tensor:
    """Squares summed over each row, of shape (batch,), float32."""
    derivative = tf.cast(derivative, tf.float32)
    return tf.reduce_sum(tf.square(derivative), axis=range(1, len(derivative.shape)))


def stop_gradient(x: Observation) -> Observation:
    """Cut the graph at a tensor, or at each tensor of a dict.

    >>> float(stop_gradient({"x": tf.constant(2.0)})["x"])
    2.0
    """
    return keras.tree.map_structure(keras.ops.stop_gradient, x)
