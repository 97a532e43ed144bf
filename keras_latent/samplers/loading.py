"""Samplers from files."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.samplers.base import FORMAT, MODEL, Sampler
from keras_latent.samplers.files import read_arrays
from keras_latent.samplers.flow_matching import FlowMatching
from keras_latent.samplers.gaussian_mixture import GaussianMixture
from keras_latent.samplers.manifold import Manifold
from keras_latent.samplers.masked_autoregressive_flow import MaskedAutoregressiveFlow
from keras_latent.samplers.normal import Normal
from keras_latent.samplers.pixel_cnn import PixelCNN
from keras_latent.samplers.token_transformer import TokenTransformer
from keras_latent.samplers.two_stage import TwoStage
from keras_latent.samplers.uniform_sphere import UniformSphere
from keras_latent.samplers.vamp import Vamp
from keras_latent.saving import load_model
from keras_latent.validation import check_choice
from keras_latent.weights_hash import weights_hash

SAMPLERS: dict[str, type[Sampler]] = {
    "normal": Normal,
    "gaussian_mixture": GaussianMixture,
    "uniform_sphere": UniformSphere,
    "vamp": Vamp,
    "manifold": Manifold,
    "two_stage": TwoStage,
    "masked_autoregressive_flow": MaskedAutoregressiveFlow,
    "flow_matching": FlowMatching,
    "token_transformer": TokenTransformer,
    "pixel_cnn": PixelCNN,
}
"""All samplers by the names that they have in files and on the command line."""

SAMPLERS_FOLDER = "samplers"
"""The folder beside a model that holds what was fitted to its codes."""

_CLASSES = {cls.__name__: cls for cls in SAMPLERS.values()}


def sampler_name(beginning: str) -> str:
    """The name of the one sampler that begins so.

    Raises:
        ValueError: If none begins so, or several.

    >>> sampler_name("flow")
    'flow_matching'
    """
    found = [name for name in SAMPLERS if name.startswith(beginning)]
    if not beginning or not found:
        check_choice("sampler", beginning, SAMPLERS)
    if len(found) > 1:
        raise ValueError(
            f"`sampler` is ambiguous: {', '.join(map(repr, found))} begin so. "
            f"Received: sampler={beginning!r}"
        )
    return found[0]


def names_for(model: Any) -> list[str]:
    """The names of the samplers that suit a model's codes."""
    return [name for name, cls in SAMPLERS.items() if cls.suits(model)]


def load_samplers(folder: Path, model: Any) -> tuple[dict[str, Sampler], list[str]]:
    """Load all samplers in a folder that were fitted to a model.

    Args:
        folder: The folder; there may be none.
        model: The model, with its weights.

    Returns:
        The samplers by the names of their files, and why others were left out.
    """
    found: dict[str, Sampler] = {}
    left_out = []
    for file in sorted(folder.glob("*.npz")):
        try:
            found[file.stem] = load_sampler(file, model)
        except ValueError as error:
            left_out.append(f"{file} is left out: {error}")
    return found, left_out


def load_sampler(path: str | os.PathLike, model: Any = None) -> Sampler:
    """Load what a sampler's `save` has written.

    Args:
        path: The file.
        model: The model to whose codes it was fitted, with the same weights. Defaults
            to `None`: the one that the file holds.

    Returns:
        The sampler, fitted.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it isn't a whole file of a sampler, is of another version, or was
            fitted to another model; if no model is given, and it holds none.
    """
    if model is not None and not hasattr(model, "weights"):
        check_is_latent_model(model)
    header, state = read_arrays(path)
    check_choice("format", header.get("format"), [FORMAT])
    check_choice("sampler", header.get("sampler"), _CLASSES)
    held = state.pop(MODEL, None)
    if model is None:
        model = _model_in(held, path)
    saved, given = header.get("model_hash"), weights_hash(model)
    if saved != given:
        raise ValueError(
            "`model` must be the one to whose codes the sampler was fitted, with the "
            f"weights of the hash {saved}. Received: model={model.name!r} with the "
            f"hash {given}"
        )
    missing = sorted(set(header.get("arrays", [])) - state.keys())
    try:
        sampler = _CLASSES[header["sampler"]](model, **header["config"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            "`path` must be a sampler of a version that knows the same arguments. "
            f"Received: path={str(path)!r} of {header['sampler']}: {error!r}"
        ) from error
    if missing:
        raise ValueError(
            "`path` must be a whole file of a sampler. "
            f"Received: path={str(path)!r} without {', '.join(missing)}"
        )
    sampler.restore(state, saved)
    return sampler


def _model_in(file: np.ndarray | None, path: str | os.PathLike) -> Any:
    """The model in the file of a sampler, which holds a `.keras` file as its bytes."""
    if file is None:
        raise ValueError(
            "`model` must be the one to whose codes the sampler was fitted, since it "
            f"was saved without. Received: model=None with path={str(path)!r}"
        )
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "model.keras"
        written.write_bytes(file.tobytes())
        return load_model(written)
