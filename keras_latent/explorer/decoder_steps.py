"""What each layer of Keras is made of, in the steps that a page knows."""

from collections.abc import Callable
from typing import Any

import numpy as np

Step = dict[str, Any]


class UnknownLayerError(ValueError):
    """A layer or an operation that a page can't run."""


ACTIVATIONS = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "silu", "gelu", "mish"),
    *("sigmoid", "hard_sigmoid", "tanh", "softplus", "softsign", "exponential"),
    "softmax",
)
"""Those of Keras that a page knows, by their names; each with its default numbers."""


def _activation(layer: Any, name: Any) -> list[Step]:
    if callable(name):
        name = getattr(name, "__name__", type(name).__name__)
    name = {"swish": "silu", "exp": "exponential"}.get(name, name)
    if name not in ACTIVATIONS:
        raise UnknownLayerError(f"the activation {name!r} of the layer {layer.name!r}")
    return [] if name == "linear" else [{"op": name}]


def _weights(layer: Any) -> dict[str, Any]:
    """The kernel of a layer and, if it has one, its bias."""
    weights = {"kernel": layer.kernel}
    if layer.use_bias:
        weights["bias"] = layer.bias
    return weights


def _refuse(layer: Any, **wanted: Any) -> None:
    """Refuse a layer whose arguments aren't these."""
    for name, value in wanted.items():
        given = getattr(layer, name)
        if given != value:
            raise UnknownLayerError(
                f"the layer {layer.name!r} of class {type(layer).__name__} with "
                f"{name}={given!r}"
            )


def _dense(layer: Any) -> list[Step]:
    step = {"op": "dense", "weights": _weights(layer)}
    return [step, *_activation(layer, layer.activation)]


def _convolution(layer: Any) -> list[Step]:
    _refuse(layer, data_format="channels_last")
    if layer.padding not in ("same", "valid"):
        _refuse(layer, padding="same")
    step = {
        "op": "convolution",
        "weights": _weights(layer),
        "strides": list(layer.strides),
        "dilation": list(layer.dilation_rate),
        "groups": layer.groups,
        "padding": layer.padding,
    }
    return [step, *_activation(layer, layer.activation)]


def _transposed_convolution(layer: Any) -> list[Step]:
    _refuse(
        layer,
        data_format="channels_last",
        output_padding=None,
        dilation_rate=(1, 1),
    )
    step = {
        "op": "transposed_convolution",
        "weights": _weights(layer),
        "strides": list(layer.strides),
        "padding": layer.padding,
    }
    return [step, *_activation(layer, layer.activation)]


def _upsampling(layer: Any) -> list[Step]:
    _refuse(layer, data_format="channels_last")
    if layer.interpolation not in ("nearest", "bilinear"):
        _refuse(layer, interpolation="nearest")
    return [
        {
            "op": "upsampling",
            "size": list(layer.size),
            "interpolation": layer.interpolation,
        }
    ]


def _reshape(layer: Any) -> list[Step]:
    return [{"op": "reshape", "shape": list(layer.target_shape)}]


def _flatten(layer: Any) -> list[Step]:
    return [{"op": "reshape", "shape": [-1]}]


def _cropping(layer: Any) -> list[Step]:
    _refuse(layer, data_format="channels_last")
    (top, bottom), (left, right) = layer.cropping
    return [{"op": "crop", "top": top, "bottom": bottom, "left": left, "right": right}]


def _zero_padding(layer: Any) -> list[Step]:
    _refuse(layer, data_format="channels_last")
    (top, bottom), (left, right) = layer.padding
    return [{"op": "pad", "top": top, "bottom": bottom, "left": left, "right": right}]


def _batch_normalization(layer: Any) -> list[Step]:
    _check_last_axis(layer)
    scale = 1 / np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    if layer.scale:
        scale = scale * np.asarray(layer.gamma)
    shift = -np.asarray(layer.moving_mean) * scale
    if layer.center:
        shift = shift + np.asarray(layer.beta)
    return [{"op": "affine", "weights": {"scale": scale, "shift": shift}}]


def _group_normalization(layer: Any) -> list[Step]:
    _check_last_axis(layer)
    return [_normalised(layer, layer.groups)]


def _layer_normalization(layer: Any) -> list[Step]:
    _check_last_axis(layer)
    if getattr(layer, "rms_scaling", False):
        _refuse(layer, rms_scaling=False)
    return [{**_normalised(layer, 1), "op": "layer_normalization"}]


def _normalised(layer: Any, groups: int) -> Step:
    weights = {}
    if layer.scale:
        weights["scale"] = layer.gamma
    if layer.center:
        weights["shift"] = layer.beta
    return {
        "op": "group_normalization",
        "groups": groups,
        "epsilon": layer.epsilon,
        "weights": weights,
    }


def _check_last_axis(layer: Any) -> None:
    rank = getattr(layer.input_spec, "ndim", None)
    (axis, *others) = (
        layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    )
    if others or (axis != -1 and (rank is None or axis != rank - 1)):
        raise UnknownLayerError(
            f"the layer {layer.name!r} of class {type(layer).__name__} with "
            f"axis={layer.axis!r}"
        )


def _attention(layer: Any) -> list[Step]:
    _refuse(layer, attention_axes=(1,))
    parts = {
        "query": layer.query_dense,
        "key": layer.key_dense,
        "value": layer.value_dense,
        "output": layer.output_dense,
    }
    weights = {}
    for name, part in parts.items():
        weights[f"{name}_kernel"] = part.kernel
        if part.bias is not None:
            weights[f"{name}_bias"] = part.bias
    return [{"op": "attention", "weights": weights}]


def _hyper_dense(layer: Any) -> list[Step]:
    weights = _weights(layer)
    parts = {f"hidden_{i}": pair for i, pair in enumerate(layer.hidden_controls)}
    if layer.rank is None:
        parts["full"] = layer.full_control
    else:
        parts |= {"input": layer.input_control, "output": layer.output_control}
    for name, (kernel, bias) in parts.items():
        weights |= {f"{name}_kernel": kernel, f"{name}_bias": bias}
    return [
        {"op": "hyper_dense", "weights": weights},
        *_activation(layer, layer.activation),
    ]


def _leaky_relu(layer: Any) -> list[Step]:
    return [{"op": "leaky_relu", "slope": float(layer.negative_slope)}]


def _elu(layer: Any) -> list[Step]:
    return [{"op": "elu", "alpha": float(np.asarray(layer.alpha))}]


def _relu(layer: Any) -> list[Step]:
    _refuse(layer, threshold=0.0)
    steps: list[Step] = [{"op": "leaky_relu", "slope": float(layer.negative_slope)}]
    if layer.max_value is not None:
        steps.append({"op": "clip", "low": None, "high": float(layer.max_value)})
    return steps


def _softmax(layer: Any) -> list[Step]:
    _refuse(layer, axis=-1)
    return [{"op": "softmax"}]


def _concatenate(layer: Any) -> list[Step]:
    return [{"op": "concatenate", "axis": layer.axis}]


def _rescaling(layer: Any) -> list[Step]:
    return [
        {"op": "affine", "weights": {"scale": [layer.scale], "shift": [layer.offset]}}
    ]


def _step(op: str) -> Callable[[Any], list[Step]]:
    return lambda layer: [{"op": op}]


def _nothing(layer: Any) -> list[Step]:
    return []


LAYERS: dict[str, Callable[[Any], list[Step]]] = {
    "Dense": _dense,
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed_convolution,
    "UpSampling2D": _upsampling,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Cropping2D": _cropping,
    "ZeroPadding2D": _zero_padding,
    "BatchNormalization": _batch_normalization,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
    "MultiHeadAttention": _attention,
    "HyperDense": _hyper_dense,
    "Activation": lambda layer: _activation(layer, layer.activation),
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
    "Add": _step("add"),
    "Subtract": _step("subtract"),
    "Multiply": _step("multiply"),
    "Average": _step("average"),
    "Maximum": _step("maximum"),
    "Minimum": _step("minimum"),
    "Concatenate": _concatenate,
    "Rescaling": _rescaling,
    # What changes nothing but in training.
    "Dropout": _nothing,
    "SpatialDropout2D": _nothing,
    "AlphaDropout": _nothing,
    "GaussianDropout": _nothing,
    "GaussianNoise": _nothing,
    "ActivityRegularization": _nothing,
    "Identity": _nothing,
}
"""From the name of a layer, of Keras or our own, to the steps that it is."""
