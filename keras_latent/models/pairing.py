"""Whether an encoder and a decoder fit together, and the shapes between them."""

from typing import Any

import keras

from keras_latent.likelihoods import Likelihood
from keras_latent.typing import Observation

_KEEPS_VALUES = (
    keras.layers.Cropping2D,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Reshape,
    keras.layers.UpSampling2D,
)
"""Layers after an activation that leave its values as they are."""


def check_pair(encoder: Any, decoder: Any) -> None:
    """Refuse networks between which no code can stand.

    Args:
        encoder: The model from observations to features.
        decoder: The model from codes to observations.

    Raises:
        ValueError: If one isn't a built Keras model, the decoder doesn't take a vector,
            or the encoder doesn't take what the decoder gives.
    """
    for argument, network in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(network, keras.Model):
            raise ValueError(
                f"`{argument}` must be a Keras model. Received: {argument}={network!r} "
                f"of type {type(network).__name__}"
            )
    _check_decoder(decoder)
    spec = observation_spec(decoder)
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
            "`decoder` must give what `encoder` takes. Received: "
            f"decoder.output_shape={_without_names(given)}, "
            f"encoder.input_shape={_without_names(taken)}"
        )


def _check_decoder(decoder: keras.Model) -> None:
    if not decoder.built:
        raise ValueError(
            "`decoder` must know its input shape: give it a `keras.Input`, or build "
            f"it. Received: decoder={decoder.name!r}, not built"
        )
    code_shape = getattr(decoder, "input_shape", None)
    if not (isinstance(code_shape, tuple) and len(code_shape) == 2 and code_shape[1]):
        raise ValueError(
            "`decoder` must take one vector, of shape (batch, latent_dim); a "
            "subclassed model says so in a property `input_shape`. "
            f"Received: decoder.input_shape={code_shape}"
        )
    spec = observation_spec(decoder)
    if not isinstance(spec, dict | keras.KerasTensor):
        raise ValueError(
            "`decoder` must give one tensor, or a dict of them. "
            f"Received: an output of type {type(spec).__name__}"
        )


def observation_spec(decoder: keras.Model) -> Any:
    """The observation as the decoder gives it: a `KerasTensor`, or a dict of them."""
    code = keras.KerasTensor(decoder.input_shape, dtype="float32")
    return keras.tree.map_structure(
        lambda tensor: keras.KerasTensor(tensor.shape, dtype="float32"),
        decoder.compute_output_spec(code),
    )


def feature_size(encoder: keras.Model, decoder: keras.Model) -> int:
    """Number of the features that the encoder gives for one observation.

    Raises:
        ValueError: If the encoder has several outputs, or outputs of unknown size.
    """
    features = keras.tree.flatten(
        encoder.compute_output_spec(observation_spec(decoder))
    )
    shapes = [tuple(feature.shape) for feature in features]
    if len(shapes) != 1 or len(shapes[0]) < 2 or None in shapes[0][1:]:
        raise ValueError(
            "`encoder` must give one vector or map of known size for each observation. "
            f"Received: an output of shape {shapes[0] if len(shapes) == 1 else shapes}"
        )
    size = 1
    for extent in shapes[0][1:]:
        size *= extent
    return size


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


def output_range(decoder: keras.Model) -> tuple[float, float] | None:
    """The range to which the decoder's last activation holds it, `None` if unknown."""
    ranges = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    return ranges.get(output_activation(decoder) or "")


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
