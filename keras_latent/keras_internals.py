"""All that touches private parts of Keras and TensorFlow.

Each has a test, `tests/test_keras_internals.py`, which fails where a version of them no
longer has it. Nothing else in the library may use a name of theirs that begins with an
underscore.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers import LossScaleOptimizer, Optimizer
from keras.src.saving.serialization_lib import SafeModeScope

from keras_latent.typing import Tensor

_SEED_STATE = "seed_generator_state"


def always_safely() -> contextlib.AbstractContextManager:
    """Load in safe mode, even after `keras.config.enable_unsafe_deserialization`."""
    return SafeModeScope(True)


def random_states(model: keras.Model) -> list[keras.Variable]:
    """The state of each random generator in a model, which Keras leaves out of files.

    It knows them by name alone.
    """
    return [v for v in model.variables if v.name == _SEED_STATE]


def forget_losses(layer: keras.layers.Layer) -> None:
    """Forget what regularisers of activities added in earlier passes.

    Keras forgets them when a layer is called again, so that those of a layer that isn't
    would be of another graph.
    """
    layer._clear_losses()


def forget_metrics(model: keras.Model) -> None:
    """Forget the metrics of an earlier `compile`, which Keras goes on to log."""
    model._compile_metrics = None


def sublayers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """A layer and all that are within it, itself first."""
    return list(layer._flatten_layers())


def keep_exact(layer: keras.layers.Layer, reason: str) -> None:
    """Let `keras.Model.quantize` leave a layer as it is, with a warning.

    Args:
        layer: The layer.
        reason: What the warning says.
    """

    def refuse(*arguments: Any, **options: Any) -> None:
        raise NotImplementedError(reason)

    layer.quantize = refuse


def statistics(layers: Sequence[keras.layers.Layer]) -> list[keras.Variable]:
    """Variables that layers move in their own passes, such as running variances.

    Args:
        layers: The layers; those within them count, too. What is frozen moves none.

    Returns:
        Each variable once. Random states are none of them: they may move at any time.
    """
    found: dict[int, keras.Variable] = {}
    for outer in layers:
        for layer in sublayers(outer):
            is_metric = isinstance(layer, keras.metrics.Metric)
            if is_metric or not layer.trainable:
                continue
            for variable in layer._non_trainable_variables:
                if variable.name != _SEED_STATE:
                    found[id(variable)] = variable
    return list(found.values())


def as_written(layer: keras.layers.Layer, method: str) -> None:
    """Let a layer's method be that of its class, where Keras has put another around it.

    Keras wraps what is called `quantize` in a function that takes the arguments of its
    own method of that name, and returns nothing.

    Args:
        layer: The layer.
        method: The method's name.
    """
    vars(layer).pop(method, None)


def operation_before(tensor: keras.KerasTensor) -> tuple[Any, list[keras.KerasTensor]]:
    """What makes a symbolic tensor of a functional model.

    Returns:
        The layer or operation, and the tensors that it makes it of.
    """
    operation, node, _ = tensor._keras_history
    return operation, list(operation._inbound_nodes[node].input_tensors)


def built_shapes(model: keras.Model) -> Any:
    """The shapes of inputs that a subclassed model was built with, `None` if unknown.

    Returns:
        One shape, or a list of them in the order of the arguments of `build`.
    """
    shapes = getattr(model, "_build_shapes_dict", None)
    if not shapes:
        return None
    values = list(shapes.values())
    return values[0] if len(values) == 1 else values


def updates_made(optimizer: Optimizer) -> Any:
    """The count of an optimizer's calls, also where it accumulates gradients."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner._iterations


def moved_variables(optimizer: Optimizer) -> list[keras.Variable]:
    """The variables that an optimizer was built for, frozen ones among them."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return list(inner._trainable_variables)


def strategy_of(optimizer: Optimizer) -> tf.distribute.Strategy:
    """The strategy in whose scope an optimizer was made."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner._distribution_strategy


def apply_on_all_replicas(
    strategy: tf.distribute.Strategy,
    optimizer: Optimizer,
    gradients: Sequence[Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    """Move the variables of all replicas by the gradient of the whole batch.

    An optimizer that each replica calls adds their gradients up after it clipped them,
    and can neither accumulate nor average. Called once for all of them, it does what it
    does on one: what it assigns reaches every replica's copy.

    Args:
        strategy: The strategy, outside of whose replicas this is called.
        optimizer: What moves the variables.
        gradients: The gradients of the whole batch.
        variables: The variables.
    """
    with _merged_already(strategy):
        # The public method refuses to be called once for all.
        is_scaled = isinstance(optimizer, LossScaleOptimizer)
        apply = optimizer._common_apply if is_scaled else optimizer.apply
        apply(list(gradients), list(variables))


@contextlib.contextmanager
def _merged_already(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Let code that merges replicas run where they have been merged."""
    extended = strategy.extended
    extended._use_merge_call = lambda: False
    try:
        yield
    finally:
        del extended._use_merge_call


def logs_of_worker(logs: dict[str, Any]) -> dict[str, Any]:
    """Logs with the axis over which Keras averages those of workers.

    It takes the mean over the first axis of scalars, which have none (Keras 20585).
    """
    return keras.tree.map_structure(lambda log: keras.ops.expand_dims(log, 0), logs)


class BuiltModel(keras.Model):
    """A Keras model that is built by its constructor, but for compiled metrics."""

    _metrics_are_built = True
    train_function: Any

    def example_of_metrics(self) -> tuple[Any, Any]:
        """One row of what `call` takes, and of what metrics compare it with."""
        raise NotImplementedError

    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        # Under a strategy, Keras builds models on the mean of the replicas' first
        # batches, which uneven ones don't have.
        if not self._metrics_are_built:
            super()._maybe_symbolic_build(data_batch=self.example_of_metrics())
            self._metrics_are_built = True

    def make_train_function(self, force: bool = False) -> Callable:
        """Make the function of `fit`, and tell of each call of it that has begun."""
        if self.train_function is None or force:
            super().make_train_function(force=True)
            steps: Callable = self.train_function

            def watched_steps(iterator: Any) -> dict[str, Any]:
                logs = steps(iterator)
                self.on_steps_begun(logs)
                return logs

            self.train_function = watched_steps
        return self.train_function

    def on_steps_begun(self, logs: dict[str, Any]) -> None:
        """Called after each call of the compiled steps, whose results may come later.

        Args:
            logs: The logs that it will give.
        """


def is_validation_of_fit(arguments: dict[str, Any]) -> bool:
    """Whether `fit` calls `evaluate` with data that it was given itself."""
    return bool(arguments.get("_use_cached_eval_dataset"))
