"""Names of the command line that are variants with certain parts: one step of each."""

import re

import numpy as np
import pytest

from keras_latent import models
from keras_latent.cli.settings import (
    check_settings,
    make_optimizer,
    parse_settings,
    variant_options,
)

IMAGES = np.random.default_rng(0).random((4, 8, 8, 1), "float32")


def combined(name, *words):
    return models.variant_and_settings(name, parse_settings(words), models.VARIANTS)


@pytest.mark.parametrize("name", models.COMBINATIONS)
def test_each_is_trained_for_a_step(name, no_traces):
    kind, settings = combined(name)
    variant = models.VARIANTS[kind]
    check_settings(variant, settings)
    code = {"code_shape": (2, 2, 3)} if variant.codes_are_maps else {"latent_dim": 3}
    model = variant.for_images((8, 8, 1), **code, **variant_options(variant, settings))
    found = described(model)
    assert {n: found[n] for n in settings} == settings
    players = model.players()
    model.compile({p: make_optimizer(variant, settings, None) for p in players})
    before = [np.array(weight) for weight in model.encoder.trainable_weights]
    loss = model.train_on_batch(IMAGES, return_dict=True)["loss"]
    assert np.isfinite(loss)
    after = model.encoder.trainable_weights
    assert any((a != np.array(b)).any() for a, b in zip(before, after, strict=True))


def snake_case(part):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(part).__name__).lower()


def described(model):
    """What a model is made of, as settings say it."""
    found = {"posterior.flows": None}
    for part in ("posterior", "prior", "likelihood"):
        found[part] = snake_case(getattr(model, part))
    found["likelihood.scale"] = getattr(model.likelihood, "scale", None)
    if found["posterior"] == "flow":
        found["posterior.flows"] = [snake_case(flow) for flow in model.posterior.flows]
    for weight in ("adversarial_weight", "beta"):
        if hasattr(model, weight):
            found[weight] = float(getattr(model, weight))
    return found


def test_what_the_user_sets_wins():
    assert combined("vae", "beta=2") == ("vae", {"beta": 2})
    kind, settings = combined("iaf-vae", "posterior=normal", "beta=4")
    assert (kind, settings) == ("vae", {"posterior": "normal", "beta": 4})
    _, settings = combined("sigma-vae", "likelihood.scale=0.5")
    assert settings == {"likelihood": "gaussian", "likelihood.scale": 0.5}
    with pytest.raises(ValueError, match=r"'s-vae'.*Received: variant='t-vae'"):
        combined("t-vae")
