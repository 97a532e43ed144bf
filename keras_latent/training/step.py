"""One step: one pass for all players, who move together or not at all."""

import threading
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_latent import keras_internals
from keras_latent.training import batches, replicas, strategies
from keras_latent.training.guard import Column, Findings, weight_columns
from keras_latent.training.means import as_terms, batch_means, check_values
from keras_latent.training.moved_by_data import Move, collected_moves
from keras_latent.training.players import Player, check_gradients, is_open
from keras_latent.training.state_tree import StateTreeModel
from keras_latent.training.updates import (
    Update,
    apply_updates,
    finiteness,
    on_whole_batch,
)
from keras_latent.typing import Batch, Counts, Share, Tensor


class SteppingModel(StateTreeModel):
    """A Keras model whose step computes all terms at once and then moves all players.

    Each player minimises

        Σ weightₜ · mean over the batch of termₜ + regularisers of its layers,

    over its own terms and with respect to its own variables. The losses and gradients
    of all are looked at before anybody moves.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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
            `Share`, what is counted over an epoch `Counts`; a term that couples the
            rows of all replicas is `Coupled`.
        """
        raise NotImplementedError

    def objectives(self) -> tuple[Callable[[Batch, bool], dict[str, Any]], ...]:
        """The objectives of a step: one, but for players that can't share a pass.

        All are computed before anybody moves; together they give the declared names.
        """
        return (self.objective,)

    def example_observation(self) -> Any:
        """An observation of one row of zeros, as arrays."""
        raise NotImplementedError

    def observation(self, x: Any, y: Any) -> Any:
        """What the model encodes, of the `x` and the `y` that `fit` is given: `x`."""
        return x

    def target(self, x: Any) -> Any:
        """What is to be reconstructed of an observation: the observation."""
        return x

    def check_one_condition(self, x: Any, y: Any) -> None:
        """Refuse a `y` that is left aside for what `x` holds, with a `ValueError`."""
        raise NotImplementedError

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

    def check_rows(self, rows: int) -> None:
        """Refuse a batch of so many rows, with a `ValueError`.

        Args:
            rows: Number of rows of the batches that are shown in a training.
        """

    # One step.

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """Move every player once, each by the gradient of its own terms, or none."""
        batch, count = batches.unpacked(self, data)
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
        for name, player in players.items():
            check_gradients(
                name, player, optimizers[name], variables[name], gradients[name]
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
                [*self.watched_columns(batch), *weight_columns(batch)],
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
        batch, count = batches.unpacked(self, data)
        share = replicas.replica_share(count)
        means = self._term_means(batch, False, share)
        losses = self._player_losses(self.players(), means)
        self._evaluation_guard.allows(
            Findings(
                [*self.watched_columns(batch), *weight_columns(batch)],
                tf.stack(list(losses.values())),
                tf.zeros((0,)),
            ),
            tf.ones((), tf.int64),
        )
        compared = self._compared(batch) if self._compares else None
        return self._log(means, losses, count, compared)

    def predict_step(self, data: Any) -> Any:
        """Reconstruct a batch, also where a replica is left without a row of it."""
        if not replicas.is_distributed():
            return super().predict_step(data)
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        count = batches.rows(x)
        given = (batches.with_a_row(x, count),)
        return batches.first_rows(super().predict_step(given), count)

    def _term_means(
        self, batch: Batch, training: bool, share: replicas.Share
    ) -> dict[str, Any]:
        keras_internals.forget_losses(self)
        self._seen.reconstruction = None
        values: dict[str, Any] = {}
        with replicas.sharing(share):
            for objective in self.objectives():
                values |= as_terms(objective(batch, training))
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
                if isinstance(value, Counts):
                    metric.update_state(value.counts)
                    continue
                if isinstance(value, Share):
                    # A replica without a row holds one of zeros.
                    is_there = ops.cast(count > 0, "float32")
                    value, weight = value.value, is_there * value.weight
                metric.update_state(value, sample_weight=weight)
        if compared is not None:
            self.compute_metrics(*batches.first_rows(compared, count))
        logs = self.get_metrics_result()
        if strategies.spans_workers(self.distribute_strategy):
            logs = keras_internals.logs_of_worker(logs)
        return logs


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
    parts = [tf.identity(v.value) * ops.cast(share.fraction, v.dtype) for v in floats]
    values = replicas.summed(parts)
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
        terms = {n: v for n, v in means.items() if not isinstance(v, Share | Counts)}
        if replicas.is_distributed():
            context = tf.distribute.get_replica_context()
            parts = {name: value * share.fraction for name, value in terms.items()}
            terms = context.all_reduce("SUM", parts)
        is_due = tf.logical_and(is_due, is_open(player.gate, terms))
    return is_due
