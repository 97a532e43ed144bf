"""The parts of a model that are exported, and what they are checked on."""

from typing import Any

import keras
import numpy as np

from keras_latent.keras_internals import sublayers
from keras_latent.models import LatentModel, specs
from keras_latent.models.streaming import is_dataset
from keras_latent.renamed_errors import arguments_called
from keras_latent.training.data import holds_condition
from keras_latent.typing import Observation

PARTS = ("model", "encoder", "decoder")

_OUTPUTS = {"model": "reconstruction", "encoder": "code", "decoder": "observation"}
_RANDOM_ROWS = 16
_MOST_ROWS = 256


def network_of(model: LatentModel, part: str) -> keras.Model:
    """A part as a functional model of Keras, which shares the model's weights.

    Args:
        model: The model.
        part: One of `PARTS`.
    """
    if part == "encoder":
        return model.to_encoder()
    if part == "decoder":
        return model.to_decoder()
    x = specs.as_inputs(model.encoder_spec())
    return keras.Model(x, model.call(x), name=model.name)


def in_float32(network: keras.Model) -> keras.Model:
    """The same network, computing in float32 whatever its layers compute in.

    Args:
        network: A functional model.

    Returns:
        The network itself if it does, or else a copy with copies of the weights.
    """
    if not any(_is_half(layer) for layer in layers_in(network)):
        return network

    def wider(layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer):
            return layer  # An operation, which has no dtype of its own.
        config = layer.get_config()
        if _is_half(layer):
            config["dtype"] = "float32"
        return type(layer).from_config(config)

    copy = keras.models.clone_model(network, clone_function=wider, recursive=True)
    copy.set_weights(network.get_weights())
    return copy


def layers_in(layer: Any) -> list[keras.layers.Layer]:
    """A layer, and all that it is made of."""
    inner = list(getattr(layer, "layers", []))
    if isinstance(layer, keras.layers.Wrapper):
        inner.append(layer.layer)
    return [layer, *(each for own in inner for each in layers_in(own))]


def _is_half(layer: keras.layers.Layer) -> bool:
    return layer.compute_dtype in ("bfloat16", "float16")


def named_outputs(network: keras.Model, part: str) -> keras.Model:
    """The same network, with outputs of names that a user can know.

    Args:
        network: What `network_of` gave.
        part: One of `PARTS`.

    Returns:
        A functional model that gives a dict.
    """
    output, name = network.output, _OUTPUTS[part]
    if not isinstance(output, dict):
        output = {name: output}
    elif isinstance(network.input, dict):
        # ONNX can't give what it takes by the same name.
        output = {f"{name}_{column}": own for column, own in output.items()}
    return keras.Model(network.input, output, name=network.name)


def checked_on(model: LatentModel, images: Any) -> Any:
    """What the parts are compared on: some observations.

    Args:
        model: The model.
        images: What `encode` takes, of which the first 256 rows count; of a conditional
            model, a dict of `x` and `y`. `None` for random ones.

    Raises:
        ValueError: If the model doesn't take them.
    """
    if images is None:
        return _random_observation(model)
    if is_dataset(images):
        images = _first_rows(model, images)
    if model.condition is not None and not holds_condition(model, images):
        raise ValueError(
            "`images` must be a dict of a conditional model: the observations as 'x' "
            "and their condition as 'y'. "
            f"Received: images of type {type(images).__name__}"
        )
    x = keras.tree.map_structure(lambda rows: np.asarray(rows)[:_MOST_ROWS], images)
    with arguments_called(x="images"):
        model.check_observation(x)
    return _typed(x, model.encoder_spec())


def _first_rows(model: LatentModel, batches: Any) -> Any:
    """Observations of the first batches of a dataset."""
    taken, count = [], 0
    for batch in batches:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        if model.condition is not None and not isinstance(x, dict):
            x = {"x": x, "y": y}
        taken.append(keras.tree.map_structure(np.asarray, x))
        count += len(keras.tree.flatten(taken[-1])[0])
        if count >= _MOST_ROWS:
            break
    if not taken:
        raise ValueError("`images` must hold some. Received: an empty dataset")
    return keras.tree.map_structure(lambda *rows: np.concatenate(rows), *taken)


def check_is_exact(model: LatentModel) -> None:
    """Refuse a model that was quantized: its weights have eight bits already.

    Raises:
        ValueError: If a layer of it was.
    """
    for layer in sublayers(model):
        if getattr(layer, "quantization_mode", None):
            raise ValueError(
                "`int8` must be False for a model that was quantized already. "
                f"Received: int8=True, with a layer {layer.name!r} of "
                f"{layer.quantization_mode!r}"
            )


def _typed(rows: Any, spec: Any) -> Any:
    """Rows of the types that a network declares: other runtimes take none but those."""
    if isinstance(rows, dict):
        return {name: _typed(own, spec[name]) for name, own in rows.items()}
    return rows.astype(spec.dtype)


def given_to(model: LatentModel, part: str, x: Any) -> Any:
    """What a part takes, for observations.

    Args:
        model: The model.
        part: One of `PARTS`.
        x: The observations.

    Returns:
        The observations themselves; for a decoder, their codes.
    """
    if part != "decoder":
        return x
    codes = np.asarray(model.encode(x))
    return codes if model.condition is None else {"x": codes, "y": x["y"]}


def reconstruction(
    model: LatentModel, part: str, x: Any, output: Observation
) -> Observation:
    """The reconstruction of observations, with what a part has given for them.

    Args:
        model: The model.
        part: One of `PARTS`.
        x: The observations.
        output: What the part gave.
    """
    if part != "encoder":
        return output
    if model.condition is None:
        return model.decode(output)
    return model.decode(output, x["y"])


def _random_observation(model: LatentModel) -> Any:
    random = np.random.default_rng(0)

    def drawn(spec: keras.KerasTensor) -> np.ndarray:
        shape = (_RANDOM_ROWS, *spec.shape[1:])
        if "int" in spec.dtype:
            return random.integers(0, classes, shape).astype(spec.dtype)
        # Every likelihood takes values in [0, 1].
        return random.random(shape).astype(spec.dtype)

    classes = getattr(model.condition, "num_classes", None) or 1
    return keras.tree.map_structure(drawn, model.encoder_spec())
