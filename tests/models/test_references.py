"""Each objective and its gradient against one by NumPy, in float64."""

import keras
import pytest
from keras import activations

from keras_latent import models
from keras_latent.typing import Batch
from tests.models.references import (
    adversarial,
    autoencoders,
    bounds,
    contrastive,
    discrete,
    distributions,
    variational,
)
from tests.models.references.numbers import assert_equals_reference, assert_finite

REFERENCES = [
    *variational.REFERENCES,
    *bounds.REFERENCES,
    *distributions.REFERENCES,
    *autoencoders.REFERENCES,
    *adversarial.REFERENCES,
    *discrete.REFERENCES,
    *contrastive.REFERENCES,
]


@pytest.fixture(scope="module", params=REFERENCES, ids=lambda r: r.name)
def reference(request):
    return request.param


@pytest.fixture(scope="module")
def model(reference):
    return reference.model()


@pytest.mark.parametrize("rows", [5, 1])
def test_values_and_gradients(reference, model, rows):
    assert_equals_reference(reference, model, reference.batch(rows))


def unbounded(model):
    """A model of linear networks, whose codes are as large as its inputs."""
    for layer in model._flatten_layers():
        if getattr(layer, "activation", None) in (
            activations.tanh,
            activations.sigmoid,
        ):
            layer.activation = activations.linear
    if getattr(model, "gradient", "iwae") != "iwae":
        # These gradients are of the noise alone, of which z = μ + σε holds nothing in
        # float32 where μ is 500 and σ is e⁻¹⁰.
        kernel, bias = model.code_log_var.get_weights()
        model.code_log_var.set_weights([0.0 * kernel, bias])
    return model


@pytest.mark.all
def test_values_and_gradients_of_large_inputs(reference):
    """Codes of hundreds, of which float32 holds differences less exactly.

    A gradient of 1e15 in each row, such as DIP's, adds up to 0 by its rounding alone.
    """
    model = unbounded(reference.model(likelihood="gaussian"))
    given = reference.batch()
    x = keras.tree.map_structure(
        lambda a: 1e3 * a if a.dtype == "float32" else a, given.x
    )
    batch = Batch(x, given.y)
    if reference.is_bounded:
        assert_finite(model, batch)
    else:
        assert_equals_reference(reference, model, batch, rtol=1e-4, by_variable=False)


def test_every_variant_has_a_reference():
    known = {reference.build.variant for reference in REFERENCES}
    assert known == set(models.VARIANTS.values())
