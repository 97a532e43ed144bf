"""What each standing variant computed before the base was written anew.

`tests/data/goldens/standing.json` holds, for fixed weights, images and seeds, the logs
of an evaluation and a step of gradient descent. The code that stood before made it:

    python -m tests.models.goldens tests/data/goldens/standing.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent import models
from tests.models.cases import CASES

NETWORKS = (
    *("encoder", "feature_extractor", "extra_encoder"),
    *("code", "code_mean", "code_log_var", "decoder", "heads"),
)
STANDING = (
    *("autoencoder", "sparse", "contractive", "denoising", "vae", "constrained"),
    *("inverter", "encdec", "encdec-mixed", "variational-encdec"),
)
ROWS = 6
PROJECTIONS = 3


def computed(model: models.LatentModel, x: Any, y: Any) -> dict[str, Any]:
    """The logs of `evaluate`, those of one step, and how each weight moved in it."""
    variables = [
        variable
        for name in NETWORKS
        for variable in getattr(getattr(model, name, None), "variables", [])
        if variable.name != "seed_generator_state"
    ]
    random = np.random.default_rng(0)
    for variable in variables:
        size = 0.3 * random.normal(size=variable.shape)
        is_positive = "variance" in variable.name or "gamma" in variable.name
        variable.assign(np.abs(size) + 0.5 if is_positive else size)
    before = [variable.numpy() for variable in variables]
    weights = np.linspace(0.5, 1.5, ROWS).astype("float32")
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    evaluated = model.evaluate(
        x, y, sample_weight=weights, batch_size=ROWS, verbose=0, return_dict=True
    )
    trained = model.train_on_batch(
        x, y if y is not None else weights, weights, return_dict=True
    )
    moves = []
    for variable, old in zip(variables, before, strict=True):
        move = (variable.numpy() - old).ravel().astype("float64")
        directions = random.normal(size=(PROJECTIONS, move.size))
        moves.append([*(directions @ move), float(np.linalg.norm(move))])
    return {
        "evaluated": {name: float(value) for name, value in evaluated.items()},
        "trained": {name: float(value) for name, value in trained.items()},
        "moves": moves,
    }


def all_computed() -> dict[str, Any]:
    """The numbers of each case, and of three variants with default networks."""
    results = {}
    for case in CASES:
        if case.name not in STANDING:
            continue
        keras.utils.set_random_seed(0)
        y = case.labels(ROWS) if case.labels else None
        results[case.name] = computed(case.build(), case.data(ROWS), y)
    images = np.random.default_rng(5).random((ROWS, 28, 28, 1)).astype("float32")
    for variant, arguments in {
        models.VAE: {"seed": 3, "free_bits": 0.1},
        models.EncDec: {},
        models.VariationalEncDec: {"seed": 3},
    }.items():
        keras.utils.set_random_seed(0)
        model = variant.for_images((28, 28, 1), latent_dim=5, **arguments)
        results[f"{variant.__name__}.for_images"] = computed(model, images, None)
    return results


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(all_computed(), indent=1) + "\n")
