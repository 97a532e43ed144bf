"""Shapes between encoder, code, condition and decoder, and whether they fit."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_latent.keras_internals import built_shapes, operation_before
from keras_latent.likelihoods import Likelihood, Mixed
from keras_latent.networks.checks import check_model
from keras_latent.typing import Observation, Tensor

_KEEPS_VALUES = (
    keras.layers.Cropping2D,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Reshape,
    keras.layers.UpSampling2D,
)
"""Layers after an activation that leave its values as they are."""

_RANGES: dict[str | None, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
}

_PROBES = 16
"""Codes whose decoder outputs are looked at, half of them far from 0."""


class DecoderSpec(NamedTuple):
    """What a decoder takes and gives.

    Args:
        inputs: The shapes of its inputs, rows aside.
        observation: A `KerasTensor` of what it gives, or a dict of them.
    """

    inputs: tuple[tuple[int, ...], ...]
    observation: Any


def check_encoder(encoder: keras.Model, spec: Any, argument: str = "encoder") -> None:
    """Refuse an encoder that doesn't take what it is to encode.

    Args:
        encoder: The model from observations to features.
        spec: What it is to take, a `KerasTensor` or a dict or list of them: what the
            decoder gives.
        argument: The encoder's name, for the message. Defaults to `"encoder"`.

    Raises:
        ValueError: If the shapes differ.
    """
    if not encoder.built and isinstance(encoder, keras.Sequential):
        encoder.build(keras.tree.map_structure(lambda column: column.shape, spec))
    # A model that isn't functional doesn't know its inputs before it is called.
    if not getattr(encoder, "inputs", None):
        return
    named = getattr(encoder, "input", None)
    given = _shapes(spec)
    taken = _shapes(named if isinstance(named, dict) else encoder.inputs)
    fits = given.keys() == taken.keys() or len(given) == len(taken) == 1
    pairs = zip(taken.values(), given.values(), strict=False)
    if not fits or not all(_shapes_fit(*pair) for pair in pairs):
        raise ValueError(
            f"`decoder` must give what `{argument}` takes. Received: "
            f"decoder.output_shape={_without_names(given)}, "
            f"{argument}.input_shape={_without_names(taken)}"
        )


def decoder_spec(decoder: Any) -> DecoderSpec:
    """What a decoder takes and gives.

    Args:
        decoder: The model from codes to observations.

    Raises:
        ValueError: If it isn't a built Keras model from tensors of known shapes to a
            tensor or a dict of them.
    """
    check_model("decoder", decoder)
    if not decoder.built:
        raise ValueError(
            "`decoder` must know its input shape: give it a `keras.Input`, or build "
            f"it. Received: decoder={decoder.name!r}, not built"
        )
    shapes = getattr(decoder, "input_shape", None) or built_shapes(decoder)
    shapes = shapes if isinstance(shapes, list) and shapes else [shapes]
    if not all(
        isinstance(shape, tuple) and len(shape) in (2, 4) and all(shape[1:])
        for shape in shapes
    ):
        raise ValueError(
            "`decoder` must take one vector, of shape (batch, latent_dim), or one map, "
            "of shape (batch, height, width, channels), or a list that begins with the "
            "code; a subclassed model says so when it is built, or in a property "
            f"`input_shape`. Received: decoder.input_shape="
            f"{shapes[0] if len(shapes) == 1 else shapes}"
        )
    inputs = [keras.KerasTensor((None, *shape[1:]), "float32") for shape in shapes]
    observation = keras.tree.map_structure(
        lambda tensor: keras.KerasTensor(tensor.shape, dtype="float32"),
        decoder.compute_output_spec(inputs if len(inputs) > 1 else inputs[0]),
    )
    if not isinstance(observation, dict | keras.KerasTensor):
        raise ValueError(
            "`decoder` must give one tensor, or a dict of them. "
            f"Received: an output of type {type(observation).__name__}"
        )
    return DecoderSpec(tuple(tuple(shape[1:]) for shape in shapes), observation)


def as_taken(network: keras.Model, x: Any) -> Any:
    """An observation as a network takes it: in a dict, where its one input has a name.

    Args:
        network: The network, such as a backbone that takes a dict of `images` alone.
        x: A tensor, an array or a `KerasTensor`; a structure of them stays as it is.
    """
    taken = getattr(network, "input", None)
    if isinstance(taken, dict) and len(taken) == 1 and not isinstance(x, dict | list):
        return dict.fromkeys(taken, x)
    return x


def feature_shape(argument: str, encoder: keras.Model, spec: Any) -> tuple[int, ...]:
    """Shape of the features that a network gives for one observation.

    Args:
        argument: The network's name, for the message.
        encoder: The network.
        spec: What it takes, a `KerasTensor` or a structure of them.

    Raises:
        ValueError: If it has several outputs, or outputs of unknown size.
    """
    given = encoder.compute_output_spec(as_taken(encoder, spec))
    features = keras.tree.flatten(given)
    shapes = [tuple(feature.shape) for feature in features]
    if len(shapes) != 1 or len(shapes[0]) < 2 or None in shapes[0][1:]:
        choose = "" if len(shapes) == 1 else "; keras.Model can choose one of several"
        raise ValueError(
            f"`{argument}` must give one vector or map of known size for each "
            f"observation{choose}. "
            f"Received: an output of shape {shapes[0] if len(shapes) == 1 else shapes}"
        )
    return shapes[0][1:]


def feature_size(argument: str, encoder: keras.Model, spec: Any) -> int:
    """Number of the features that a network gives for one observation."""
    return math.prod(feature_shape(argument, encoder, spec))


def check_map(features: tuple[int, ...], code: tuple[int, ...]) -> None:
    """Refuse features of which no code that is a map can be made.

    Args:
        features: Shape of what the encoder gives, rows aside.
        code: Shape of the code that the decoder takes, (h, w, c).

    Raises:
        ValueError: If the encoder gives a vector, or a map of another size.
    """
    if len(features) != len(code) or features[:-1] != code[:-1]:
        is_map = len(features) == 3
        given = f"a map of {features[0]} x {features[1]}" if is_map else "a vector"
        raise ValueError(
            "`encoder` must give a map of the height and width of the code that "
            f"`decoder` takes, {code[0]} x {code[1]}. "
            f"Received: an encoder that gives {given}, of shape {features}"
        )


def as_inputs(spec: Any, name: str = "observation") -> Observation:
    """Inputs of a functional model for an observation of these shapes."""
    if isinstance(spec, dict):
        return {
            key: keras.Input(own.shape[1:], name=key, dtype=own.dtype)
            for key, own in spec.items()
        }
    return keras.Input(spec.shape[1:], name=name, dtype=spec.dtype)


def output_activations(decoder: keras.Model) -> Any:
    """The name of the activation that makes each of the decoder's outputs.

    Returns:
        For one output a name, such as `"sigmoid"` or `"linear"`, or `None` where
        something unknown makes the values; for a dict of outputs, a dict of these.
    """
    outputs = getattr(decoder, "outputs", None) or []
    if len(outputs) == 1:
        return _activation_before(outputs[0])
    output = getattr(decoder, "output", None)
    if isinstance(output, dict):
        return {name: _activation_before(tensor) for name, tensor in output.items()}
    return None


def _activation_before(tensor: keras.KerasTensor) -> str | None:
    operation, made_of = operation_before(tensor)
    while isinstance(operation, _KEEPS_VALUES):
        operation, made_of = operation_before(made_of[0])
    while isinstance(operation, keras.layers.Wrapper):
        operation = operation.layer
    if isinstance(operation, keras.Model):
        inner = output_activations(operation)
        return inner if isinstance(inner, str) else None
    if not isinstance(operation, keras.layers.Layer):
        # An operation of `keras.ops` by its class's name.
        name = type(operation).__name__.lower()
        return name if name in _RANGES else None
    return getattr(getattr(operation, "activation", None), "__name__", None)


def check_activation(
    decoder: keras.Model, spec: DecoderSpec, likelihood: Likelihood
) -> None:
    """Refuse a decoder whose outputs aren't what the likelihood takes.

    The last activation tells where Keras shows it; elsewhere some outputs are looked
    at, for codes near 0 and far from it.

    Raises:
        ValueError: If the decoder gives logits where probabilities are expected, or the
            other way round.
    """
    if isinstance(likelihood, Mixed):
        return
    from_logits = getattr(likelihood, "from_logits", None)
    if from_logits is None:
        return
    activation = output_activations(decoder)
    squashes: bool | None = activation in ("sigmoid", "softmax")
    ending = repr(activation)
    if not squashes and activation not in ("linear", "relu", "tanh"):
        low, high = _extremes(decoder, spec)
        ending = f"values from {low:.4g} to {high:.4g}"
        # What is 0 everywhere, before any training, may be either.
        squashes = low >= 0.0 and high <= 1.0 if high > 0.0 or low < 0.0 else None
    if squashes is not None and squashes == from_logits:
        expected = "logits, without an activation" if from_logits else "probabilities"
        raise ValueError(
            f"`decoder` must give {expected}, as {type(likelihood).__name__}"
            f"(from_logits={from_logits}) takes them. "
            f"Received: a decoder that ends in {ending}"
        )


def _extremes(decoder: keras.Model, spec: DecoderSpec) -> tuple[float, float]:
    random = np.random.default_rng(0)
    scales = np.repeat([1.0, 30.0], _PROBES // 2)
    probes = [
        (
            random.normal(size=(_PROBES, *shape))
            * scales.reshape(-1, *[1] * len(shape))
        ).astype("float32")
        for shape in spec.inputs
    ]
    output = decoder(probes if len(probes) > 1 else probes[0], training=False)
    values = ops.convert_to_numpy(output)
    return float(values.min()), float(values.max())


def output_range(decoder: keras.Model) -> Any:
    """The range to which the decoder's last activation holds it, `None` if unknown.

    Returns:
        The lowest and the highest value; of a decoder that gives a dict, a dict of
        them.
    """
    activations = output_activations(decoder)
    if isinstance(activations, dict):
        return {name: _RANGES.get(own) for name, own in activations.items()}
    return _RANGES.get(activations)


def as_tensor(x: Any) -> Tensor:
    """An array as a tensor; a symbolic tensor of Keras as it is."""
    return x if isinstance(x, keras.KerasTensor) else ops.convert_to_tensor(x)


def repeated(x: Observation, draws: int) -> Observation:
    """Each row as often as there are draws for it, one after the other."""
    return keras.tree.map_structure(lambda rows: ops.repeat(rows, draws, axis=0), x)


def draws_in(z: Tensor, code_shape: tuple[int, ...]) -> int | None:
    """Number K of draws in codes of shape (batch, K, *code_shape); `None` without."""
    return None if len(z.shape) == len(code_shape) + 1 else z.shape[1]


def _shapes(structure: Any) -> dict[Any, tuple]:
    """The shapes of a dict's tensors by their names, sorted; of others by numbers."""
    if not isinstance(structure, dict):
        structure = dict(enumerate(keras.tree.flatten(structure)))
    return {name: tuple(structure[name].shape) for name in sorted(structure)}


def _without_names(shapes: dict[Any, tuple]) -> Any:
    return shapes[0] if list(shapes) == [0] else shapes


def _shapes_fit(taken: tuple, given: tuple) -> bool:
    return len(taken) == len(given) and all(
        a is None or b is None or a == b for a, b in zip(taken, given, strict=True)
    )
