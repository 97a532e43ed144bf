"""Whether an encoder and a decoder fit together, and the shapes between them."""

from typing import Any

import keras

from keras_latent.typing import Observation


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
    if not decoder.built:
        raise ValueError(
            "`decoder` must know its input shape: give it a `keras.Input`, or build "
            f"it. Received: decoder={decoder.name!r}, not built"
        )
    code_shape = getattr(decoder, "input_shape", None)
    if not (isinstance(code_shape, tuple) and len(code_shape) == 2 and code_shape[1]):
        raise ValueError(
            "`decoder` must take one vector, of shape (batch, latent_dim). "
            f"Received: decoder.input_shape={code_shape}"
        )
    given = [tensor.shape for tensor in keras.tree.flatten(observation_spec(decoder))]
    # A model that isn't functional doesn't know its inputs before it is called.
    taken = [tensor.shape for tensor in getattr(encoder, "inputs", None) or []]
    if taken and not (len(taken) == len(given) and all(map(_shapes_fit, taken, given))):
        raise ValueError(
            "`decoder` must give what `encoder` takes. Received: "
            f"decoder.output_shape={given}, encoder.input_shape={taken}"
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


def output_range(decoder: keras.Model) -> tuple[float, float] | None:
    """The range to which the decoder's last activation holds it, `None` if unknown."""
    ranges = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    for layer in reversed(getattr(decoder, "layers", [])):
        activation = getattr(layer, "activation", None)
        if activation is not None:
            return ranges.get(getattr(activation, "__name__", ""))
    return None


def _shapes_fit(taken: tuple, given: tuple) -> bool:
    return len(taken) == len(given) and all(
        a is None or b is None or a == b for a, b in zip(taken, given, strict=True)
    )
