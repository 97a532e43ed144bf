"""The model that any objective trains: one pass, named terms, and their players."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops
from keras.optimizers import Optimizer

from keras_latent import keras_internals
from keras_latent.training import data as incoming
from keras_latent.training import replicas
from keras_latent.training.averages import finalize_each_by_its_own
from keras_latent.training.guard import Column, Findings, FiniteGuard
from keras_latent.training.means import batch_means, check_values
from keras_latent.training.moved_by_data import Move, collected_moves
from keras_latent.training.players import (
    Player,
    check_players,
    computes_in_float16,
    is_regularized,
    optimizer_by_player,
    with_scaled_loss,
)
from keras_latent.training.terms import TermsModel
from keras_latent.training.updates import (
    Update,
    apply_updates,
    finiteness,
    on_whole_batch,
)
from keras_latent.typing import Batch, Share, Tensor


class ObjectiveModel(TermsModel):
    """A Keras model that is trained by the terms which its `objective` names.

    Subclasses declare the terms in their constructor (`add_term`) and compute them in
    `objective`. Each player minimises

        Σ weightₜ · mean over the batch of termₜ + regularisers of its layers,

    over its own terms and with respect to its own variables, all of them from one pass.
    The logs of `fit` and `evaluate` hold the first player's as `loss`, the others' as
    `<player>_loss`, and each term by its name. The mean over the batch of values with
    sample weights w is Σ wᵢ·valueᵢ / batch size. The losses and gradients of all are
    looked at before anybody moves.

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
        self._seen = _Seen()

    # What a variant defines.

    def objective(self, batch: Batch, training: bool) -> dict[str, Any]:
        """Compute the terms of all players, and what is monitored beside them.

        Args:
            batch: The observation, labels (`None` if absent) and sample weights.
            training: Whether the layers behave as in training.

        Returns:
            From each declared name to its value, unweighted: one number an example, of
            shape (batch,), or a scalar. What is monitored on some rows alone is a
            `Share`; a term that couples the rows of all replicas is `Coupled`.
        """
        raise NotImplementedError

    def objectives(self) -> tuple[Callable[[Batch, bool], dict[str, Any]], ...]:
        """The objectives of a step: one, but for players that can't share a pass.

        All are computed before anybody moves; together they give the declared names.
        """
        return (self.objective,)

    def players(self) -> dict[str, Player]:
        """The players of the training by name; the first one's loss is `loss`.

        By default there is one, which minimises all terms over all variables. Of
        several, each has an optimizer of its own.
        """
        return {"model": Player([self], tuple(self._weight_by_term))}

    # One step.

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """Move every player once, each by the gradient of its own terms, or none."""
        batch, count = incoming.unpacked(self, data)
        share = replicas.replica_share(count)
        players, optimizers = self.players(), self.optimizers
        statistics = {
            name: keras_internals.statistics(player.layers)
            for name, player in players.items()
        }
        before = {
            name: [tf.identity(variable.value) for variable in variables]
            for name, variables in statistics.items()
        }
        several = len(players) > 1
        with (
            collected_moves() as moves,
            tf.GradientTape(persistent=several) as tape,
        ):
            means = self._term_means(batch, True, share)
            losses = self._player_losses(players, means)
            # Optimizers are given the sum of the gradients of all replicas, so that
            # each owes its part of the whole batch's loss, not a loss of its own.
            scaled = {
                name: optimizers[name].scale_loss(losses[name] * share.fraction)
                for name in players
            }
        variables = {name: player.variables for name, player in players.items()}
        gradients = on_whole_batch(
            {name: tape.gradient(scaled[name], variables[name]) for name in players}
        )
        looked_at = [
            number
            for name in players
            for number in finiteness(gradients[name], optimizers[name])
        ]
        self._guard.gradients = [
            f"{variable.path!r} by {', '.join(f'`{t}`' for t in players[name].terms)}"
            for name in players
            if finiteness([tf.zeros(())], optimizers[name])
            for variable, gradient in zip(variables[name], gradients[name], strict=True)
            if gradient is not None
        ]
        step = tf.convert_to_tensor(self._steps_made)
        is_allowed = self._guard.allows(
            Findings(
                self.watched_columns(batch),
                tf.stack(list(losses.values())),
                tf.stack(looked_at) if looked_at else tf.zeros((0,)),
            ),
            step + 1,
        )
        compared = self._compared(batch) if self._compares else None
        moved_by_data = {id(move.variable) for move in moves}
        updates = []
        for name, player in players.items():
            own = {id(variable) for variable in self._owned(player)}
            updates.append(
                Update(
                    optimizers[name],
                    variables[name],
                    gradients[name],
                    [
                        *(move for move in moves if id(move.variable) in own),
                        *_averaged(
                            [v for v in statistics[name] if id(v) not in moved_by_data],
                            share,
                        ),
                    ],
                    statistics[name],
                    before[name],
                    tf.logical_and(is_allowed, _is_due(player, step, means, share)),
                )
            )
        apply_updates(updates)
        self._steps_made.assign_add(tf.cast(is_allowed, tf.int64))
        return self._log(means, losses, count, compared)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """Compute the objectives of a batch."""
        batch, count = incoming.unpacked(self, data)
        share = replicas.replica_share(count)
        means = self._term_means(batch, False, share)
        losses = self._player_losses(self.players(), means)
        self._evaluation_guard.allows(
            Findings(
                self.watched_columns(batch),
                tf.stack(list(losses.values())),
                tf.zeros((0,)),
            ),
            tf.ones((), tf.int64),
        )
        compared = self._compared(batch) if self._compares else None
        return self._log(means, losses, count, compared)

    def _term_means(
        self, batch: Batch, training: bool, share: replicas.Share
    ) -> dict[str, Any]:
        keras_internals.forget_losses(self)
        self._seen.reconstruction = None
        values: dict[str, Any] = {}
        with replicas.sharing(share):
            for objective in self.objectives():
                values |= objective(batch, training)
            check_values(values, self._weight_by_term, self._trackers.keys(), batch)
            return batch_means(values, batch, share)

    def _player_losses(
        self, players: dict[str, Player], means: dict[str, Any]
    ) -> dict[str, Tensor]:
        losses = {}
        for name, player in players.items():
            terms = [self._weight_by_term[term] * means[term] for term in player.terms]
            losses[name] = sum(terms) + _regularization(player.layers)
        if "regularization" in self._trackers:
            layers = [layer for player in players.values() for layer in player.layers]
            means["regularization"] = _regularization(layers)
        return losses

    def _owned(self, player: Player) -> list[keras.Variable]:
        return [v for layer in player.layers for v in layer.non_trainable_variables]

    def _compared(self, batch: Batch) -> tuple:
        """What compiled metrics compare: of the pass that made the loss, if it did."""
        reconstruction = self._seen.reconstruction
        if reconstruction is None:
            reconstruction = self(batch.x, training=False)
        return batch.x, self.target(batch.x), reconstruction, batch.sample_weight

    def _log(
        self,
        means: dict[str, Any],
        losses: dict[str, Tensor],
        count: Tensor,
        compared: tuple | None,
    ) -> dict[str, Tensor]:
        first, *others = losses
        shown = {**means, "loss": losses[first]}
        shown |= {f"{name}_loss": losses[name] for name in others}
        for metric in self.metrics:
            if metric.name in shown:
                value, weight = shown[metric.name], count
                if isinstance(value, Share):
                    # A replica without a row holds one of zeros.
                    is_there = ops.cast(count > 0, "float32")
                    value, weight = value.value, is_there * value.weight
                metric.update_state(value, sample_weight=weight)
        if compared is not None:
            self.compute_metrics(*incoming.first_rows(compared, count))
        logs = self.get_metrics_result()
        if replicas.spans_workers(self.distribute_strategy):
            logs = keras_internals.logs_of_worker(logs)
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
        check_players(players, self._weight_by_term)
        first, *others = players
        if optimizer is None:
            optimizer = {name: self.make_optimizer() for name in players}
        optimizers = optimizer_by_player(optimizer, list(players))
        if auto_scale_loss and computes_in_float16(self):
            optimizers = {name: with_scaled_loss(o) for name, o in optimizers.items()}
        # In the scope wherever it is called, or the tracked loss is each worker's own.
        with self.distribute_strategy.scope():
            for name in others:
                self.add_monitor(f"{name}_loss")
            if any(is_regularized(e) for p in players.values() for e in p.layers):
                self.add_monitor("regularization")
            self._check_metric_names(metrics, weighted_metrics)
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
            self._guard = FiniteGuard()
            self._evaluation_guard = FiniteGuard(watches_data_alone=True)
            self._steps_made.assign(0)
        finalize_each_by_its_own(list(optimizers.values()))
        self._compares = bool(metrics or weighted_metrics)
        self._metrics_are_built = not self._compares
        self._other_optimizers = {name: optimizers[name] for name in others}

    def _check_metric_names(self, *metrics: Any) -> None:
        taken = {"loss", *self._trackers}
        given = {
            getattr(metric, "name", getattr(metric, "__name__", metric))
            for metric in keras.tree.flatten(list(metrics))
            if metric is not None
        }
        if taken & given:
            raise ValueError(
                "`metrics` must have other names than what the model logs itself: "
                f"{sorted(taken)}. Received: {sorted(taken & given)}"
            )

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
        dataset or anything else that `keras.Model.fit` takes. Arrays are checked before
        the training, everything else batch by batch in its steps. With `class_weight`,
        a label of −1 is missing and weighs 1.

        Raises:
            ValueError: If the data isn't what the model was built for, or the input, a
                term of the loss or a gradient stops being finite or in range; weights
                stay as they were before that step.
        """
        if x is None:
            raise ValueError("`x` must be data to train on. Received: x=None")
        signature = inspect.signature(keras.Model.fit)
        arguments = signature.bind(self, x, y, *args, **kwargs).arguments
        arguments = incoming.checked_arguments(self, arguments)
        if self.compiled:
            arguments["callbacks"] = self._guarded(arguments.get("callbacks"))
        with self._resuming():
            return super().fit(**arguments)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Train on one batch, as `keras.Model.train_on_batch`.

        Raises:
            ValueError: If something isn't finite or in range; the weights stay as they
                were.
        """
        logs = super().train_on_batch(*args, **kwargs)
        self._guard.look()
        return logs

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, as `keras.Model.evaluate`, after a look at the data."""
        signature = inspect.signature(keras.Model.evaluate)
        arguments = signature.bind(self, x, y, *args, **kwargs).arguments
        if self.compiled:
            self._evaluation_guard.forget()
        logs = super().evaluate(**incoming.checked_arguments(self, arguments))
        self._evaluation_guard.begin({})
        self._evaluation_guard.look()
        return logs

    def example_of_metrics(self) -> tuple[Any, Any]:
        """An observation of one row, and what is to be reconstructed of it."""
        x = self.example_observation()
        return x, self.target(x)

    def on_steps_begun(self, logs: dict[str, Any]) -> None:
        """Let the guard look at the steps before these."""
        self._guard.begin(logs)

    def example_observation(self) -> Any:
        """An observation of one row of zeros, as arrays."""
        raise NotImplementedError

    def observation(self, x: Any, y: Any) -> Any:
        """What the model encodes, of the `x` and the `y` that `fit` is given: `x`."""
        return x

    def target(self, x: Any) -> Any:
        """What is to be reconstructed of an observation: the observation."""
        return x

    def watched_columns(self, batch: Batch) -> list[Column]:
        """What of a batch must lie in a range, for the steps of a training."""
        raise NotImplementedError

    def check_shapes(self, x: Any) -> None:
        """Refuse observations of another shape, with a `ValueError`.

        Args:
            x: Observations: arrays, tensors, or specs of them, whose sizes may be
                unknown.
        """
        raise NotImplementedError

    def check_observation(self, x: Any) -> None:
        """Refuse observations that the model wasn't built for, with a `ValueError`."""
        raise NotImplementedError

    def check_labels(self, y: Any, count: int | None) -> None:
        """Refuse labels that the objective can't read, with a `ValueError`.

        Args:
            y: What came as labels, or `None`; their spec where they come in batches.
            count: Number of examples, `None` where they come in batches.
        """

    def _guarded(self, callbacks: Any) -> Any:
        # Before the others, which could save what isn't finite.
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if self._guard not in callbacks.callbacks:
                callbacks.callbacks.insert(0, self._guard)
            return callbacks
        return [self._guard, *keras.tree.flatten(callbacks or [])]


class _Seen(threading.local):
    """What a replica's pass has made that is of use beyond the terms."""

    reconstruction: Any = None


def _regularization(layers: list[keras.layers.Layer]) -> Tensor:
    # Of what is trained alone: a frozen network's own would be a constant.
    losses = {id(loss): loss for layer in layers for loss in layer.losses}
    return sum(ops.cast(loss, "float32") for loss in losses.values())


def _averaged(statistics: list[keras.Variable], share: replicas.Share) -> list[Move]:
    """Moves of statistics, of which each replica has its own, to the mean of them."""
    floats = [v for v in statistics if keras.backend.is_float_dtype(v.dtype)]
    if not replicas.is_distributed() or not floats:
        return []
    context = tf.distribute.get_replica_context()
    parts = [tf.identity(v.value) * ops.cast(share.fraction, v.dtype) for v in floats]
    values = context.all_reduce("SUM", parts)
    return [Move(v, value) for v, value in zip(floats, values, strict=True)]


def _is_due(
    player: Player, step: Tensor, means: dict[str, Any], share: replicas.Share
) -> Tensor:
    """Whether a player moves in this step, a scalar."""
    is_due = tf.constant(True)
    if player.every > 1:
        is_due = tf.equal(step % player.every, 0)
    if player.start:
        is_due = tf.logical_and(is_due, step >= player.start)
    if player.gate is not None:
        terms = {n: v for n, v in means.items() if not isinstance(v, Share)}
        if replicas.is_distributed():
            context = tf.distribute.get_replica_context()
            parts = {name: value * share.fraction for name, value in terms.items()}
            terms = context.all_reduce("SUM", parts)
        is_due = tf.logical_and(is_due, tf.cast(player.gate(terms), tf.bool))
    return is_due
