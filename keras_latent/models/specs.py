"""Whether an encoder and a decoder fit together, and the shapes between them."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.likelihoods import Likelihood
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


def check_model(argument: str, network: Any) -> None:
    """Refuse what isn't a Keras model.

    Args:
        argument: The argument's name, for the message.
        network: What the caller gave.

    Raises:
        ValueError: If it isn't one.
    """
    if not isinstance(network, keras.Model):
        raise ValueError(
            f"`{argument}` must be a Keras model. Received: {argument}={network!r} "
            f"of type {type(network).__name__}"
        )


def check_encoder(encoder: keras.Model, spec: Any, argument: str = "encoder") -> None:
    """Refuse an encoder that doesn't take what it is to encode.

    Args:
        encoder: The model from observations to features.
        spec: What it is to take, a `KerasTensor` or a dict of them: what the decoder
            gives.
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


def check_decoder(decoder: Any) -> None:
    """Refuse a decoder to which no code can be given.

    Args:
        decoder: The model from codes to observations.

    Raises:
        ValueError: If it isn't a built Keras model from vectors to tensors.
    """
    check_model("decoder", decoder)
    if not decoder.built:
        raise ValueError(
            "`decoder` must know its input shape: give it a `keras.Input`, or build "
            f"it. Received: decoder={decoder.name!r}, not built"
        )
    if not all(
        isinstance(shape, tuple) and len(shape) == 2 and shape[1]
        for shape in _code_shapes(decoder)
    ):
        raise ValueError(
            "`decoder` must take one vector, of shape (batch, latent_dim), or a list "
            "of vectors; a subclassed model says so in a property `input_shape`. "
            f"Received: decoder.input_shape={getattr(decoder, 'input_shape', None)}"
        )
    spec = observation_spec(decoder)
    if not isinstance(spec, dict | keras.KerasTensor):
        raise ValueError(
            "`decoder` must give one tensor, or a dict of them. "
            f"Received: an output of type {type(spec).__name__}"
        )


def _code_shapes(decoder: keras.Model) -> list[Any]:
    shapes = getattr(decoder, "input_shape", None)
    return shapes if isinstance(shapes, list) and shapes else [shapes]


def code_sizes(decoder: keras.Model) -> list[int]:
    """Lengths of the vectors that the decoder takes, which together are the code."""
    return [shape[1] for shape in _code_shapes(decoder)]


def split_code(z: Tensor, decoder: keras.Model) -> Tensor | list[Tensor]:
    """The code as the decoder takes it: whole, or in its parts."""
    sizes = code_sizes(decoder)
    if len(sizes) == 1:
        return z
    return ops.split(z, np.cumsum(sizes)[:-1].tolist(), axis=-1)


def observation_spec(decoder: keras.Model) -> Any:
    """The observation as the decoder gives it: a `KerasTensor`, or a dict of them."""
    parts = [keras.KerasTensor((None, size), "float32") for size in code_sizes(decoder)]
    return keras.tree.map_structure(
        lambda tensor: keras.KerasTensor(tensor.shape, dtype="float32"),
        decoder.compute_output_spec(parts if len(parts) > 1 else parts[0]),
    )


def feature_size(argument: str, encoder: keras.Model, spec: Any) -> int:
    """Number of the features that a network gives for one observation.

    Args:
        argument: The network's name, for the message.
        encoder: The network.
        spec: What it takes, a `KerasTensor` or a dict of them.

    Raises:
        ValueError: If it has several outputs, or outputs of unknown size.
    """
    features = keras.tree.flatten(encoder.compute_output_spec(spec))
    shapes = [tuple(feature.shape) for feature in features]
    if len(shapes) != 1 or len(shapes[0]) < 2 or None in shapes[0][1:]:
        choose = "" if len(shapes) == 1 else "; keras.Model can choose one of several"
        raise ValueError(
            f"`{argument}` must give one vector or map of known size for each "
            f"observation{choose}. "
            f"Received: an output of shape {shapes[0] if len(shapes) == 1 else shapes}"
        )
    return math.prod(shapes[0][1:])


def as_inputs(spec: Any) -> Observation:
    """Inputs of a functional model for an observation of these shapes."""
    if isinstance(spec, dict):
        return {name: keras.Input(s.shape[1:], name=name) for name, s in spec.items()}
    return keras.Input(spec.shape[1:], name="observation")


def output_activation(decoder: keras.Model) -> str | None:
    """The name of the activation that makes the decoder's one output.

    Returns:
        The name, such as `"sigmoid"` or `"linear"`; `None` where another layer changes
        the values after it, or several outputs or an unknown model hide it.
    """
    layers = getattr(decoder, "layers", [])
    is_chain = isinstance(decoder, keras.Sequential) or (
        len(getattr(decoder, "outputs", None) or []) == 1
    )
    for layer in reversed(layers if is_chain else []):
        if isinstance(layer, keras.Model):
            return output_activation(layer)
        activation = getattr(layer, "activation", None)
        if activation is not None:
            return getattr(activation, "__name__", None)
        if not isinstance(layer, _KEEPS_VALUES):
            return None
    return None


def check_activation(decoder: keras.Model, likelihood: Likelihood) -> None:
    """Refuse a decoder whose activation can't give what the likelihood takes.

    Raises:
        ValueError: If the decoder gives logits where probabilities are expected, or the
            other way round.
    """
    from_logits = getattr(likelihood, "from_logits", None)
    activation = output_activation(decoder)
    squashes = activation in ("sigmoid", "softmax")
    if from_logits is None or not (
        squashes or activation in ("linear", "relu", "tanh")
    ):
        return
    if squashes == from_logits:
        expected = "logits, without an activation" if from_logits else "probabilities"
        raise ValueError(
            f"`decoder` must give {expected}, as {type(likelihood).__name__}"
            f"(from_logits={from_logits}) takes them. "
            f"Received: a decoder that ends in {activation!r}"
        )


def output_range(decoder: keras.Model) -> Any:
    """The range to which the decoder's last activation holds it, `None` if unknown.

    Returns:
        The lowest and the highest value; of a decoder that gives a dict, a dict of
        them.
    """
    outputs = getattr(decoder, "output", None)
    if isinstance(outputs, dict):
        return {
            name: _RANGES.get(_activation_before(tensor))
            for name, tensor in outputs.items()
        }
    return _RANGES.get(output_activation(decoder))


def _activation_before(tensor: keras.KerasTensor) -> str | None:
    """The name of the activation that makes a functional model's output."""
    operation = tensor._keras_history.operation
    while isinstance(operation, _KEEPS_VALUES):
        operation = operation.input._keras_history.operation
    return getattr(getattr(operation, "activation", None), "__name__", None)


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
