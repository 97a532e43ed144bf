"""The players of a training, and how `compile` prepares it."""

import inspect
from typing import Any, ClassVar

import keras
from keras.optimizers import Optimizer

from keras_latent import keras_internals
from keras_latent.training import strategies
from keras_latent.training.averages import finalize_each_by_its_own
from keras_latent.training.guard import FiniteGuard
from keras_latent.training.players import (
    Player,
    build_for,
    check_nothing_is_left,
    check_players,
    computes_in_float16,
    is_regularized,
    optimizer_by_player,
    with_scaled_loss,
)
from keras_latent.training.terms import TermsModel
from keras_latent.validation import (
    check_choice,
    checked_positive_integer,
    checked_switch,
)


class CompiledModel(TermsModel):
    """A Keras model with an optimizer for each of its players.

    Attributes:
        default_optimizer: Name and learning rate of the optimizer that `compile` takes
            when none is given.
        optimizer_options: What else that optimizer is given, by argument.
    """

    default_optimizer: tuple[str, float] = ("adam", 1e-3)
    optimizer_options: ClassVar[dict[str, float]] = {}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._other_optimizers: dict[str, Optimizer] = {}

    def players(self) -> dict[str, Player]:
        """The players of the training by name; the first one's loss is `loss`.

        By default there is one, which minimises all terms over all variables. Of
        several, each has an optimizer of its own.
        """
        return {"model": Player([self], tuple(self._weight_by_term))}

    def spared_layers(self) -> list[keras.layers.Layer]:
        """Layers that no player moves, though they may be trainable; none by default.

        They give features or judge, and belong to whoever made them.
        """
        return []

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
            optimizer: An optimizer or its name; for several players, a name of which
                each gets one, or a dict of optimizers or names by player. Defaults to
                `None`: the variant's `default_optimizer`.
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
        steps_per_execution = checked_positive_integer(
            "steps_per_execution", steps_per_execution
        )
        run_eagerly = checked_switch("run_eagerly", run_eagerly)
        auto_scale_loss = checked_switch("auto_scale_loss", auto_scale_loss)
        check_choice("jit_compile", jit_compile, ["auto", True, False, None])
        strategies.check_scope(self._steps_made)
        strategies.check_compilation(
            self.distribute_strategy, steps_per_execution, jit_compile
        )
        players = self.players()
        check_players(players, self._weight_by_term, self)
        check_nothing_is_left(players, self.spared_layers(), self)
        first, *others = players
        # In the scope wherever it is called: an optimizer belongs to the strategy in
        # whose scope it is made, and without one the tracked loss is each worker's own.
        with self.distribute_strategy.scope():
            if optimizer is None:
                optimizer = {name: self.make_optimizer() for name in players}
            optimizers = optimizer_by_player(optimizer, list(players))
            if auto_scale_loss and computes_in_float16(self):
                optimizers = {k: with_scaled_loss(o) for k, o in optimizers.items()}
            for name in others:
                self._log_own(f"{name}_loss")
            if any(is_regularized(e) for p in players.values() for e in p.layers):
                self._log_own("regularization")
            self._check_metric_names(metrics, weighted_metrics)
            keras_internals.forget_metrics(self)
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
                build_for(optimizers[name], name, player)
            self._guard = FiniteGuard()
            self._evaluation_guard = FiniteGuard(watches_data_alone=True)
            self._steps_made.assign(0)
        finalize_each_by_its_own(list(optimizers.values()))
        self._compares = bool(metrics or weighted_metrics)
        self._metrics_are_built = not self._compares
        self._other_optimizers = {name: optimizers[name] for name in others}

    def _log_own(self, name: str) -> None:
        self._trackers[name] = keras.metrics.Mean(name=name)

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
        config = {"learning_rate": learning_rate, **cls.optimizer_options}
        return keras.optimizers.get({"class_name": name, "config": config})

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
