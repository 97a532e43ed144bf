"""Learn, inspect and reuse latent representations of images with Keras 3.

`import keras_latent as kl` registers every class for loading and makes `kl.models`,
`kl.datasets`, `kl.metrics`, ... reachable; what is heavy loads when it is used.
"""

import importlib
from typing import Any

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "keras_latent needs the TensorFlow backend of Keras: set the environment "
        "variable `KERAS_BACKEND` to 'tensorflow' before Keras is imported. "
        f"Received: backend={keras.backend.backend()!r}"
    )

from keras_latent import (
    callbacks,
    distributions,
    layers,
    likelihoods,
    losses,
    models,
    networks,
    quantizers,
)
from keras_latent.saving import load_model

__version__ = "0.1.0"

_LAZY = {
    "applications": "keras_latent.applications",
    "datasets": "keras_latent.datasets",
    "explorer": "keras_latent.explorer",
    "latent_space": "keras_latent.latent_space",
    "metrics": "keras_latent.metrics",
    "plots": "keras_latent.plots",
    "reports": "keras_latent.reports",
    "samplers": "keras_latent.samplers",
    "sklearn": "keras_latent.sklearn",
    "workers": "keras_latent.training.workers",
}
"""Where what loads late stands."""

_LAZY_FUNCTIONS = {
    "export": "keras_latent.exporting",
    "from_preset": "keras_latent.presets",
    "load_sampler": "keras_latent.samplers",
    "save_to_preset": "keras_latent.presets",
}
"""In which module functions stand that load late."""

__all__ = [
    *_LAZY,
    *_LAZY_FUNCTIONS,
    "callbacks",
    "distributions",
    "layers",
    "likelihoods",
    "load_model",
    "losses",
    "models",
    "networks",
    "quantizers",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(_LAZY[name])
    if name in _LAZY_FUNCTIONS:
        return getattr(importlib.import_module(_LAZY_FUNCTIONS[name]), name)
    raise AttributeError(f"module 'keras_latent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
