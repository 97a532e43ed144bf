"""Training by named terms: one step for every objective, with one player or several."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import ops
from keras.optimizers import Optimizer

from keras_latent.training import data as data_in
from keras_latent.training import replicas
from keras_latent.training.players import (
    Player,
    computes_in_float16,
    is_regularized,
    optimizer_by_player,
    with_scaled_loss,
)
from keras_latent.training.terms import TermsModel
from keras_latent.training.updates import FiniteLossGuard, apply_gradients
from keras_latent.typing import Batch, Share, Tensor


class ObjectiveModel(TermsModel):
    """A Keras model that is trained by the terms which its `objective` names.

    Subclasses declare the terms in their constructor (`add_term`) and compute them in
    `objective`. Then

        loss = Σ weightₜ · mean over the batch of termₜ + regularisers,

    and the logs of `fit` and `evaluate` hold the loss and each term by its name. The
    mean over the batch of values with sample weights w is Σ wᵢ·valueᵢ / batch size. The
    step divides what has to be divided among replicas, scales losses where the
    precision asks for it, and moves several players in turn.

    Attributes:
        default_optimizer: Name and learning rate of the optimizer that `compile` takes
            when none is given.
        uses_labels: Whether the objective reads labels, which `fit` then demands.
    """

    default_optimizer: tuple[str, float] = ("adam", 1e-3)
    uses_labels = False
    train_function: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._other_optimizers: dict[str, Optimizer] = {}

    # What a variant defines.

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """Compute the terms of the objective, and what is monitored beside them.

        Args:
            batch: The observation, labels (`None` if absent) and sample weights.
            training: Whether the layers behave as in training.

        Returns:
            From each declared name to its value, unweighted: one number an example, of
            shape (batch,), or a scalar. What is monitored on some rows alone is a
            `Share`; a term that couples the rows of all replicas is `Coupled`.
        """
        raise NotImplementedError

    def players(self) -> dict[str, Player]:
        """The players of the training by name, in the order in which they move.

        By default there is one, which minimises `objective` over all variables. Of
        several, each has an optimizer and an objective of its own.
        """
        return {"model": Player(self.objective, [self])}

    # One step.

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """Move every player once, each by the gradient of its own objective."""
        batch, count = data_in.unpacked(data, self.observation)
        share = replicas.replica_share(count)
        means: dict[str, Tensor] = {}
        for name, player in self.players().items():
            optimizer = self.optimizers[name]
            variables = player.variables
            with tf.GradientTape() as tape:
                terms = self._batch_means(player.objective(batch, True), batch, share)
                regularization = self._regularization()
                loss = self._weighted_sum(terms) + regularization
                # Optimizers add up the gradients of all replicas, so that each replica
                # owes its part of the whole batch's loss, not a loss of its own.
                scaled = optimizer.scale_loss(loss * share.fraction)
            gradients = tape.gradient(scaled, variables)
            is_allowed = self._guard.allows(loss, optimizer.iterations + 1)
            apply_gradients(optimizer, gradients, variables, is_allowed)
            means |= terms
        return self._log(means, regularization, batch, count)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """Compute the objectives of a batch."""
        batch, count = data_in.unpacked(data, self.observation)
        share = replicas.replica_share(count)
        means: dict[str, Tensor] = {}
        for player in self.players().values():
            means |= self._batch_means(player.objective(batch, False), batch, share)
        return self._log(means, self._regularization(), batch, count)

    def _batch_means(
        self, values: dict[str, Any], batch: Batch, share: replicas.Share
    ) -> dict[str, Tensor]:
        count = ops.cast(data_in.rows(batch.x), "float32")
        means = {}
        for name, value in values.items():
            if isinstance(value, Share):
                means[name] = value
                continue
            if isinstance(value, replicas.Coupled):
                value = value.on_whole_batch(share)
            value = ops.cast(value, "float32")
            if len(value.shape) > 0:
                if batch.sample_weight is not None:
                    weight = ops.cast(batch.sample_weight, "float32")
                    value = value * ops.reshape(weight, (-1,))
                value = ops.sum(value) / count
            means[name] = value
        return means

    def _weighted_sum(self, means: dict[str, Tensor]) -> Tensor:
        return sum(
            weight * means[term]
            for term, weight in self._weight_by_term.items()
            if term in means
        )

    def _regularization(self) -> Tensor:
        # Of what is trained alone: a frozen network's own would be a constant.
        players = self.players().values()
        layers = {id(layer): layer for player in players for layer in player.layers}
        losses = [loss for layer in layers.values() for loss in layer.losses]
        return sum(ops.cast(loss, "float32") for loss in losses)

    def _log(
        self,
        means: dict[str, Tensor],
        regularization: Tensor,
        batch: Batch,
        count: Tensor,
    ) -> dict[str, Tensor]:
        if "regularization" in self._trackers:
            means["regularization"] = regularization
        for metric in self.metrics:
            if metric.name == "loss":
                loss = self._weighted_sum(means) + regularization
                metric.update_state(loss, sample_weight=count)
            elif metric.name in means:
                value, weight = means[metric.name], count
                if isinstance(value, Share):
                    # A replica without a row holds one of zeros.
                    is_there = ops.cast(count > 0, "float32")
                    value, weight = value.value, is_there * value.weight
                metric.update_state(value, sample_weight=weight)
        if self._has_compiled_metrics:
            reconstruction = self(batch.x, training=False)
            columns = batch.x, self.target(batch.x), reconstruction, batch.sample_weight
            self.compute_metrics(*data_in.first_rows(columns, count))
        logs = self.get_metrics_result()
        if replicas.spans_workers(self.distribute_strategy):
            # Keras averages the logs of workers over an axis, which scalars lack.
            logs = keras.tree.map_structure(lambda log: ops.expand_dims(log, 0), logs)
        return logs

    # Compilation.

    def compile(
        self,
        optimizer: Any = None,
        loss: None = None,
        *,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Prepare the training.

        Args:
            optimizer: An optimizer or its name; for several players, a dict with one
                for each. Defaults to `None`: the variant's `default_optimizer`.
            loss: Must stay `None`: the objective is the model's own.
            metrics: Metrics between the observation and its reconstruction. Defaults to
                `None`.
            weighted_metrics: The same, weighted by `sample_weight`. Defaults to `None`.
            run_eagerly: As in `keras.Model.compile`. Defaults to `False`.
            steps_per_execution: As in `keras.Model.compile`; 1 on several replicas.
                Defaults to 1.
            jit_compile: As in `keras.Model.compile`; not `True` on several replicas.
                Defaults to `"auto"`.
            auto_scale_loss: Whether losses are scaled where layers compute in float16.
                Defaults to `True`.

        Raises:
            ValueError: If `loss` is given, the optimizers don't match the players, a
                metric has the name of a term, or several replicas can't train that way.
        """
        if loss is not None:
            raise ValueError(
                "`loss` can't be chosen: the objective is the model's own. "
                f"Received: loss={loss!r}"
            )
        replicas.check_compilation(
            self.distribute_strategy, steps_per_execution, jit_compile
        )
        players = self.players()
        if any(is_regularized(layer) for p in players.values() for layer in p.layers):
            self.add_monitor("regularization")
        taken = self._trackers.keys() & {
            getattr(metric, "name", metric)
            for metric in keras.tree.flatten([metrics, weighted_metrics])
            if isinstance(metric, str | keras.metrics.Metric)
        }
        if taken:
            raise ValueError(
                "`metrics` must have other names than what the model logs itself: "
                f"{sorted(self._trackers)}. Received: {sorted(taken)}"
            )
        if optimizer is None:
            optimizer = {name: self.make_optimizer() for name in players}
        optimizers = optimizer_by_player(optimizer, list(players))
        if auto_scale_loss and computes_in_float16(self):
            optimizers = {name: with_scaled_loss(o) for name, o in optimizers.items()}
        first = next(iter(players))
        # In the scope wherever it is called, or the tracked loss is each worker's own.
        with self.distribute_strategy.scope():
            super().compile(
                optimizer=optimizers[first],
                metrics=metrics,
                weighted_metrics=weighted_metrics,
                run_eagerly=run_eagerly,
                steps_per_execution=steps_per_execution,
                jit_compile=jit_compile,
                auto_scale_loss=False,
            )
            # Now, because a step can't make variables, nor a loaded file fill them.
            for name, player in players.items():
                optimizers[name].build(player.variables)
            self._guard = FiniteLossGuard()
        self._has_compiled_metrics = bool(metrics or weighted_metrics)
        self._other_optimizers = {
            name: own for name, own in optimizers.items() if name != first
        }

    @classmethod
    def make_optimizer(cls) -> Optimizer:
        """Make the optimizer with which this variant trains well."""
        name, learning_rate = cls.default_optimizer
        return keras.optimizers.get(
            {"class_name": name, "config": {"learning_rate": learning_rate}}
        )

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimizer of each player; the first one's is `optimizer`."""
        first = next(iter(self.players()))
        return {first: self.optimizer, **self._other_optimizers}

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile`, with the optimizers of all players."""
        config = super().get_compile_config()
        if config is not None and self._other_optimizers:
            config["optimizer"] = {
                name: keras.saving.serialize_keras_object(optimizer)
                for name, optimizer in self.optimizers.items()
            }
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with the arguments that `get_compile_config` gave."""
        arguments = keras.saving.deserialize_keras_object(config)
        known = inspect.signature(self.compile).parameters
        self.compile(**{k: v for k, v in arguments.items() if k in known})

    # Data.

    def fit(
        self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Train, as `keras.Model.fit`, after a look at the data.

        Takes `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`, as arrays, a `tf.data`
        dataset or anything else that `keras.Model.fit` takes. Arrays are checked whole,
        of a dataset or a generator the first batch.

        Raises:
            ValueError: If the data isn't what the model was built for, or a term of the
                loss stops being finite; weights stay as they were before that step.
        """
        if x is None:
            raise ValueError("`x` must be data to train on. Received: x=None")
        signature = inspect.signature(keras.Model.fit)
        arguments = signature.bind(self, x, y, *args, **kwargs).arguments
        arguments = data_in.checked_arguments(self, arguments)
        if isinstance(arguments["x"], tf.data.Dataset | Iterator):
            # These have an order of their own: Keras would warn that it can't shuffle.
            arguments.setdefault("shuffle", False)
        arguments["callbacks"] = self._guarded(arguments.get("callbacks"))
        return super().fit(**arguments)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Train on one batch, as `keras.Model.train_on_batch`.

        Raises:
            ValueError: If a term of the loss isn't finite; the weights stay as they
                were.
        """
        logs = super().train_on_batch(*args, **kwargs)
        self._guard.look()
        return logs

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, as `keras.Model.evaluate`, after a look at the data."""
        signature = inspect.signature(keras.Model.evaluate)
        arguments = signature.bind(self, x, y, *args, **kwargs)
        return super().evaluate(**data_in.checked_arguments(self, arguments.arguments))

    def example_observation(self) -> Any:
        """An observation of one row of zeros, as arrays."""
        raise NotImplementedError

    def observation(self, x: Any, y: Any) -> Any:
        """What the model encodes, of the `x` and the `y` that `fit` is given: `x`."""
        return x

    def target(self, x: Any) -> Any:
        """What is to be reconstructed of an observation: the observation."""
        return x

    def check_observation(self, x: Any) -> None:
        """Refuse observations that the model wasn't built for, with a `ValueError`."""
        raise NotImplementedError

    def check_labels(self, y: Any, count: int) -> None:
        """Refuse labels that the objective can't read, with a `ValueError`.

        Args:
            y: What came as labels, or `None`.
            count: Number of examples.
        """

    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        # Under a strategy, Keras builds models on the mean of the replicas' first
        # batches, which uneven ones don't have. Here all but metrics is built already.
        if self._has_compiled_metrics:
            x = self.example_observation()
            super()._maybe_symbolic_build(data_batch=(x, self.target(x)))

    def _guarded(self, callbacks: Any) -> Any:
        # Before the others, which could save what isn't finite.
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if self._guard not in callbacks.callbacks:
                callbacks.callbacks.insert(0, self._guard)
            return callbacks
        return [self._guard, *keras.tree.flatten(callbacks or [])]

    def make_train_function(self, force: bool = False) -> Callable:
        """Make the function of `fit`, whose steps are guarded."""
        if self.train_function is None or force:
            super().make_train_function(force=True)
            steps: Callable = self.train_function

            def guarded_steps(iterator: Any) -> dict[str, Any]:
                logs = steps(iterator)
                self._guard.begin(logs)
                return logs

            self.train_function = guarded_steps
        return self.train_function
