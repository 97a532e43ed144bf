"""A decoder as a list of simple steps, which a page runs without Keras."""

from typing import Any

import keras
import numpy as np

from keras_latent.explorer.decoder_operations import OPERATIONS
from keras_latent.explorer.decoder_steps import LAYERS, UnknownLayerError
from keras_latent.images import image_entries
from keras_latent.models import LatentModel


class DecoderGraph:
    """The steps from a code to a picture, and their weights.

    Args:
        model: A latent model, whose decoder is functional or sequential.

    Attributes:
        steps: Dicts as JSON holds them: `op`, what it does; `inputs`, each the number
            of a tensor or `{"value": a number}`; `output`, the number of the tensor it
            makes; `weights`, for each by its name the offset in `values` and the shape;
            and what else `op` needs. Tensors 0 and 1 are the code and the vector of the
            condition.
        output: The number of the tensor that is the picture.
        values: float32 of shape (size,): all weights, one after the other.
        runtime: `None`: the page's own code runs it.

    Raises:
        UnknownLayerError: If a layer isn't known to the page, or the decoder is no
            graph of layers; the message names it.
    """

    runtime: str | None = None

    def __init__(self, model: LatentModel) -> None:
        self.steps: list[dict[str, Any]] = []
        self._values: list[np.ndarray] = []
        self._size = 0
        self._tensors = 2
        decoder = _from_code_to_picture(model)
        inputs = list(range(len(decoder.inputs)))
        (self.output,) = self._add_model(decoder, inputs)

    @property
    def values(self) -> np.ndarray:
        """All weights, one after the other."""
        return np.concatenate([np.zeros(0, "float32"), *self._values])

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What a page holds of it besides the graph."""
        return {"weights": self.values}

    def to_config(self) -> dict[str, Any]:
        """The graph as JSON holds it, without the weights."""
        return {"steps": self.steps, "output": self.output}

    def _add_model(self, model: keras.Model, inputs: list[int]) -> list[int]:
        """Add the steps of a model; gives the numbers of the tensors that it makes."""
        config = model.get_config()
        if isinstance(model, keras.Sequential):
            return self._add_chain(model, inputs)
        if "input_layers" not in config:
            raise UnknownLayerError(
                f"{model.name!r} of class {type(model).__name__}, which is neither "
                "functional nor sequential"
            )
        made: dict[str, list[int]] = {}
        for (name, *_), tensor in zip(
            _places(config["input_layers"]), inputs, strict=True
        ):
            made[name] = [tensor]
        waiting = [layer for layer in config["layers"] if layer["name"] not in made]
        for layer in waiting:
            if len(layer["inbound_nodes"]) != 1:
                raise UnknownLayerError(
                    f"{layer['name']!r} of class {layer['class_name']}, which is used "
                    "twice"
                )
        while waiting:
            # A config lists layers as they were made, which may not be how they follow.
            ready = [
                layer
                for layer in waiting
                if {name for name, *_ in _histories(layer["inbound_nodes"])}
                <= made.keys()
            ]
            if not ready:
                raise UnknownLayerError(f"{model.name!r}, whose layers have no order")
            for layer in ready:
                made[layer["name"]] = self._add_node(model, layer, made)
            waiting = [layer for layer in waiting if layer["name"] not in made]
        return [
            made[name][index] for name, _, index in _places(config["output_layers"])
        ]

    def _add_chain(self, model: keras.Sequential, inputs: list[int]) -> list[int]:
        tensors = inputs
        for layer in model.layers:
            tensors = self._add_layer(layer, list(tensors))
        return tensors

    def _add_node(
        self, model: keras.Model, layer: dict[str, Any], made: dict[str, list[int]]
    ) -> list[int]:
        """Add one layer or operation of a functional model."""
        name, kind = layer["name"], layer["class_name"]
        (node,) = layer["inbound_nodes"]
        if _histories(node["kwargs"]):
            raise UnknownLayerError(f"{name!r} of class {kind}, given tensors by name")
        layers = {each.name: each for each in model.layers}
        if name in layers:
            given = [made[place][index] for place, _, index in _histories(node["args"])]
            return self._add_layer(layers[name], given)
        if kind == "Split":
            return self._add_parts(node, layer["config"], made)
        if kind not in OPERATIONS:
            raise UnknownLayerError(f"the operation {name!r} of class {kind}")
        inputs = [_operand(argument, made) for argument in node["args"]]
        options = {**layer["config"], **node["kwargs"]}
        return [self._add(inputs, **OPERATIONS[kind](options))]

    def _add_parts(
        self, node: dict[str, Any], options: dict[str, Any], made: dict[str, list[int]]
    ) -> list[int]:
        """Cut a tensor along its last axis, as a decoder of features cuts the code."""
        whole, *_ = node["args"]
        *_, size = whole["config"]["shape"]
        places = options.get("indices_or_sections")
        is_last = options.get("axis") in (-1, len(whole["config"]["shape"]) - 1)
        if not isinstance(places, list | tuple) or not is_last:
            raise UnknownLayerError("the operation Split into equal parts")
        ends = [*places, size]
        return [
            self._add([_operand(whole, made)], "part", start=start, end=end)
            for start, end in zip([0, *places], ends, strict=True)
        ]

    def _add_layer(self, layer: Any, inputs: list[Any]) -> list[int]:
        if isinstance(layer, keras.layers.InputLayer):
            return inputs
        if isinstance(layer, keras.Model):
            return self._add_model(layer, inputs)
        kind = type(layer).__name__
        is_known = type(layer).__module__.startswith(("keras.", "keras_latent."))
        if kind not in LAYERS or not is_known:
            raise UnknownLayerError(f"the layer {layer.name!r} of class {kind}")
        tensors = inputs
        for step in LAYERS[kind](layer):
            tensors = [self._add(tensors, **step)]
        return tensors

    def _add(
        self,
        inputs: list[Any],
        op: str,
        weights: dict[str, Any] | None = None,
        **options: Any,
    ) -> int:
        places = {}
        for name, value in (weights or {}).items():
            array = np.asarray(value, "float32")
            places[name] = {"offset": self._size, "shape": list(array.shape)}
            self._values.append(array.reshape(-1))
            self._size += array.size
        output, self._tensors = self._tensors, self._tensors + 1
        self.steps.append(
            {
                "op": op,
                "inputs": inputs,
                "output": output,
                "weights": places,
                **options,
            }
        )
        return output


def _from_code_to_picture(model: LatentModel) -> keras.Model:
    """The decoder with the mean of the likelihood behind, to the picture alone."""
    z = keras.Input(model.code_shape, name="code")
    inputs: list[Any] = [z]
    condition = None
    if model.condition is not None:
        condition = keras.Input(model.condition.vector.shape[1:], name="condition")
        inputs.append(condition)
    try:
        decoded: Any = model.decoded(z, condition)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise UnknownLayerError(
            f"{model.name!r}, whose decoder doesn't take symbolic tensors"
        ) from error
    if isinstance(decoded, dict):
        example = model.target(model.example_observation())
        decoded = decoded[next(iter(image_entries(example)))]
    return keras.Model(inputs, decoded)


def _places(places: Any) -> list[list[Any]]:
    """One place or several, each `[layer, node, tensor]`, as a list of them."""
    if isinstance(places, dict):
        # In the order in which Keras counts the tensors of a dict.
        return [place for name in sorted(places) for place in _places(places[name])]
    is_one = len(places) == 3 and isinstance(places[0], str)
    return [places] if is_one else list(places)


def _histories(given: Any) -> list[list[Any]]:
    """Where the tensors come from, among what a layer is given."""
    found: list[list[Any]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            found.append(value["config"]["keras_history"])
        elif isinstance(value, dict):
            for each in value.values():
                look(each)
        elif isinstance(value, list | tuple):
            for each in value:
                look(each)

    look(given)
    return found


def _operand(argument: Any, made: dict[str, list[int]]) -> Any:
    if isinstance(argument, dict) and argument.get("class_name") == "__keras_tensor__":
        name, _, index = argument["config"]["keras_history"]
        return made[name][index]
    if isinstance(argument, bool | int | float):
        return {"value": float(argument)}
    raise UnknownLayerError(f"an operation on {type(argument).__name__}")
