"""What each operation of Keras is, in the steps that a page knows."""

from collections.abc import Callable
from typing import Any

from keras_latent.explorer.decoder_steps import Step


def _cropped(options: dict[str, Any]) -> Step:
    step: Step = {"op": "crop"}
    for side in ("top", "bottom", "left", "right"):
        step[side] = options.get(f"{side}_cropping")
    return {
        **step,
        "height": options.get("target_height"),
        "width": options.get("target_width"),
    }


def _clipped(options: dict[str, Any]) -> Step:
    return {"op": "clip", "low": options.get("x_min"), "high": options.get("x_max")}


def _plain(op: str) -> Callable[[dict[str, Any]], Step]:
    return lambda options: {"op": op}


OPERATIONS: dict[str, Callable[[dict[str, Any]], Step]] = {
    "CropImages": _cropped,
    "Clip": _clipped,
    "Sigmoid": _plain("sigmoid"),
    "Tanh": _plain("tanh"),
    "Relu": _plain("relu"),
    "Softplus": _plain("softplus"),
    "Silu": _plain("silu"),
    "Exp": _plain("exponential"),
    "Log": _plain("logarithm"),
    "Log1p": _plain("logarithm_of_one_more"),
    "Absolute": _plain("absolute"),
    "Square": _plain("square"),
    "Sqrt": _plain("square_root"),
    "Negative": _plain("negative"),
    "Less": _plain("less"),
    "Greater": _plain("greater"),
    "Where": _plain("where"),
    "Add": _plain("add"),
    "Subtract": _plain("subtract"),
    "Multiply": _plain("multiply"),
    "TrueDivide": _plain("divide"),
    "Divide": _plain("divide"),
    "Maximum": _plain("maximum"),
    "Minimum": _plain("minimum"),
    "Cast": _plain("identity"),
}
"""From the name of an operation of Keras to the step that it is."""
