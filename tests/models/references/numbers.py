"""Objectives by NumPy in float64, with gradients by complex steps.

A reference computes the terms of a batch from the numbers of a model's variables. Each
of these is moved by h·i in turn, with h = 1e-30: the imaginary part of a loss is then h
times its derivative, without the cancellation of differences. What is stopped drops its
imaginary part.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from keras_latent.typing import Batch
from tests.models.cases import dense_networks
from tests.models.references.formulas import sigmoid

_STEP = 1e-30


ACTIVATIONS = {
    "linear": (lambda a: a, lambda y: 1.0 + 0.0 * y),
    "sigmoid": (sigmoid, lambda y: y * (1.0 - y)),
    "silu": (lambda a: a * sigmoid(a), None),
    "tanh": (np.tanh, lambda y: 1.0 - y**2),
}
"""From a layer's sums to its output, and from the output to the slope there."""


class Numbers:
    """The numbers of a model's variables, and the noise that the model has drawn.

    Args:
        values: From the id of each variable to its numbers.
        draws: The noise, in the order of the draws.
    """

    def __init__(self, values: dict[int, np.ndarray], draws: list[np.ndarray]) -> None:
        self._values = values
        self._draws = draws
        self._left = iter(draws)

    def __call__(self, variable: Any) -> np.ndarray:
        """The numbers of a variable."""
        return self._values[id(variable)]

    def draw(self) -> np.ndarray:
        """The next noise."""
        return next(self._left)

    def moved(self, variable: Any, place: tuple[int, ...]) -> "Numbers":
        """The same with one number moved, and the noise from the start on."""
        values = dict(self._values)
        values[id(variable)] = values[id(variable)].astype("complex128")
        values[id(variable)][place] += 1j * _STEP
        return Numbers(values, self._draws)

    def held(self) -> "Numbers":
        """The same, none of them moved: networks that no gradient reaches."""
        values = {own: value.real for own, value in self._values.items()}
        return Numbers(values, self._draws)

    def layer(self, layer: Any, x: np.ndarray) -> np.ndarray:
        """What a layer gives."""
        if isinstance(layer, layers.Dense):
            y = x @ self(layer.kernel)
        elif isinstance(layer, layers.Conv2D):
            y = convolution(x, self(layer.kernel), layer.strides, layer.padding)
        elif isinstance(layer, layers.Flatten):
            return x.reshape(len(x), -1)
        elif isinstance(layer, layers.Reshape):
            return x.reshape(len(x), *layer.target_shape)
        elif isinstance(layer, layers.UpSampling2D):
            return x.repeat(layer.size[0], 1).repeat(layer.size[1], 2)
        else:
            assert isinstance(layer, layers.InputLayer | layers.Concatenate), layer
            return x
        if layer.use_bias:
            y = y + self(layer.bias)
        return ACTIVATIONS[layer.activation.__name__][0](y)

    def network(self, network: Any, *inputs: np.ndarray) -> np.ndarray:
        """What a chain of layers gives, which begins with its inputs side by side."""
        (x, *others) = inputs
        if others:
            x = np.concatenate([a.reshape(len(a), -1) for a in inputs], axis=1)
        for layer in network.layers:
            x = self.layer(layer, x)
        return x

    def features(self, model: Any, *inputs: np.ndarray) -> np.ndarray:
        """What the encoder gives, flat for a code that is a vector."""
        features = self.network(model.encoder, *inputs)
        return (
            features.reshape(len(features), -1)
            if len(model.code_shape) == 1
            else features
        )

    def pulled(self, chain: list[Any], x: np.ndarray, outputs: Callable) -> np.ndarray:
        """Vᵀ∂f/∂x of dense layers f: of as many rows as x.

        Args:
            chain: Layers, dense ones and such that change the shape alone.
            x: Where, of shape (rows, ...).
            outputs: From f(x), flat, to v of the same shape.
        """
        chain = [layer for layer in chain if isinstance(layer, layers.Dense)]
        passed = [x.reshape(len(x), -1)]
        for layer in chain:
            passed.append(self.layer(layer, passed[-1]))
        pull = outputs(passed[-1])
        for layer, y in zip(chain[::-1], passed[:0:-1], strict=True):
            slope = ACTIVATIONS[layer.activation.__name__][1](y)
            pull = (pull * slope) @ self(layer.kernel).T
        return pull


def convolution(x, kernel, strides, padding):
    """A convolution of images, by the sum over the kernel's places."""
    sizes = []
    for axis in (0, 1):
        size, length, stride = x.shape[1 + axis], kernel.shape[axis], strides[axis]
        if padding == "same":
            lost = max((-(-size // stride) - 1) * stride + length - size, 0)
            pads = [(0, 0)] * 4
            pads[1 + axis] = (lost // 2, lost - lost // 2)
            x = np.pad(x, pads)
        sizes.append((x.shape[1 + axis] - length) // stride * stride + 1)
    (height, width), (down, right) = sizes, strides
    return sum(
        x[:, i : i + height : down, j : j + width : right] @ kernel[i, j]
        for i, j in np.ndindex(kernel.shape[:2])
    )


@dataclass(frozen=True)
class Reference:
    """A model, and its objective by NumPy.

    Args:
        name: What it is called in the reports of pytest.
        build: Makes the model.
        terms: From numbers, the model and a batch to the terms.
        batch: Makes a batch of so many rows, by default of five.
        ready: What is done when the model has its weights. Defaults to nothing.
        is_bounded: Whether the library bounds numbers that the reference doesn't, so
            that codes of any size are finite there alone. Defaults to `False`.
    """

    name: str
    build: Callable[[], Any]
    terms: Callable[[Numbers, Any, Batch], dict[str, Any]]
    batch: Callable[..., Batch]
    ready: Callable[[Any], None] = lambda model: None
    is_bounded: bool = False

    def model(self, **defaults: Any) -> Any:
        """The model with weights of some size, biases too.

        Args:
            **defaults: Arguments, where the reference has no others.
        """
        keras.utils.set_random_seed(0)
        model, rng = self.build(**defaults), np.random.default_rng(0)
        for variable in model.trainable_variables:
            variable.assign(0.5 * rng.normal(size=variable.shape))
        self.ready(model)
        return model


def of(variant: Any, networks: Callable = dense_networks, **arguments: Any) -> Callable:
    """What builds a model, from defaults of its other arguments.

    Args:
        variant: The class.
        networks: Makes the networks.
        **arguments: Others; those that can be called make what is given.
    """

    def build(**defaults: Any) -> Any:
        made = {k: v() if callable(v) else v for k, v in arguments.items()}
        return variant(**{**networks(), **defaults, **made})

    build.variant = variant
    return build


@contextlib.contextmanager
def recorded_draws() -> Iterator[list[np.ndarray]]:
    """What Keras draws meanwhile, in float64."""
    drawn: list[np.ndarray] = []

    def recorded(draw: Callable) -> Callable:
        def recording(*args: Any, **kwargs: Any) -> Any:
            value = draw(*args, **kwargs)
            drawn.append(np.array(value, "float64"))
            return value

        return recording

    with contextlib.ExitStack() as stack:
        for name in ("normal", "uniform"):
            draw = recorded(getattr(keras.random, name))
            stack.enter_context(mock.patch.object(keras.random, name, draw))
        yield drawn


class Pass:
    """One pass of a model in training.

    Attributes:
        draws: The noise that was drawn.
        terms: The terms of the objective.
        gradients: Of each player, from each of its variables to the gradient.
    """

    def __init__(self, model: Any, batch: Batch) -> None:
        players = model.players().values()
        with recorded_draws() as self.draws, tf.GradientTape(persistent=True) as tape:
            self.terms = model.objective(batch, True)
            losses = [
                sum(
                    model._weight_by_term[term] * ops.mean(self.terms[term])
                    for term in player.terms
                )
                for player in players
            ]
        unconnected = tf.UnconnectedGradients.ZERO
        self.gradients = []
        for player, loss in zip(players, losses, strict=True):
            values = [v.value for v in player.variables]
            pulls = tape.gradient(loss, values, None, unconnected)
            self.gradients.append(list(zip(player.variables, pulls, strict=True)))


def assert_finite(model: Any, batch: Batch) -> None:
    """Each term and each gradient of one pass in training."""
    found = Pass(model, batch)
    for term in model._weight_by_term:
        assert np.isfinite(found.terms[term]).all(), term
    for variable, pull in itertools.chain(*found.gradients):
        assert np.isfinite(pull).all(), variable.path


def assert_equals_reference(
    reference: Reference,
    model: Any,
    batch: Batch,
    rtol: float = 1e-5,
    by_variable: bool = True,
) -> None:
    """Each term, and each player's gradient, of one pass in training.

    Terms are held to a part of their largest number.

    Args:
        reference: What is expected.
        model: The reference's model.
        batch: Its batch.
        rtol: The part.
        by_variable: Whether gradients are held to a part of the norm of those of each
            variable, or of all of a player's.
    """
    values = {id(v): np.array(v.value, "float64") for v in model.variables}
    weights = {term: float(w) for term, w in model._weight_by_term.items()}
    found = Pass(model, batch)

    def terms(numbers: Numbers) -> dict[str, Any]:
        return reference.terms(numbers, model, batch)

    expected = terms(Numbers(values, found.draws))
    for term in weights:
        value = np.real(expected[term])
        scale = np.abs(value).max() or 1.0
        assert np.isfinite(scale), term
        np.testing.assert_allclose(
            found.terms[term] / scale, value / scale, rtol=0.0, atol=rtol, err_msg=term
        )
    largest = []
    for player, gradients in zip(
        model.players().values(), found.gradients, strict=True
    ):
        slopes = [np.zeros(variable.shape) for variable, _ in gradients]
        for slope, (variable, _) in zip(slopes, gradients, strict=True):
            for place in np.ndindex(*variable.shape):
                moved = terms(Numbers(values, found.draws).moved(variable, place))
                loss = sum(weights[t] * np.mean(moved[t]) for t in player.terms)
                slope[place] = np.imag(loss) / _STEP
        norms = [np.linalg.norm(slope) for slope in slopes]
        largest.append(np.linalg.norm(norms))
        for slope, norm, (variable, pull) in zip(slopes, norms, gradients, strict=True):
            scale = (norm if by_variable else largest[-1]) or 1.0
            assert np.isfinite(scale), variable.path
            np.testing.assert_allclose(
                pull / scale, slope / scale, rtol=0.0, atol=rtol, err_msg=variable.path
            )
    assert max(largest) > 0.0
