"""Objectives with each posterior and prior: they work, or say why they don't."""

import numpy as np
import pytest

from keras_latent import distributions
from keras_latent.typing import Batch
from tests.models.cases import CASES

PAIRS = [
    ("normal", "normal"),
    ("normal", "normal_mixture"),
    ("normal", "vamp_prior"),
    ("power_spherical", "uniform_sphere"),
    ("power_spherical", "vamp_prior"),
]
NORMAL = r"`posterior` must be 'normal': the objective is made of means and variances"
REFUSED = {
    ("beta-tc", "power_spherical"): NORMAL,
    ("dip", "power_spherical"): NORMAL,
    ("weakly-supervised", "power_spherical"): NORMAL,
    ("hamiltonian", "power_spherical"): r"`posterior` must be one of real numbers",
    ("conditional", "vamp_prior"): r"'vamp_prior' needs a model of one tensor",
    ("semi-supervised", "vamp_prior"): r"'vamp_prior' needs a model of one tensor",
}
NAMES = (
    *("vae", "iwae", "conditional", "factor", "capacity", "info", "beta-tc", "dip"),
    *("miwae", "ciwae", "piwae", "semi-supervised", "weakly-supervised"),
    "hamiltonian",
)


@pytest.mark.parametrize(("posterior", "prior"), PAIRS)
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in NAMES], ids=lambda case: case.name
)
def test_a_cell_of_the_table(case, posterior, prior):
    reasons = [REFUSED.get((case.name, name)) for name in (posterior, prior)]
    given = {
        "posterior": distributions.get("posterior", posterior),
        "prior": distributions.VampPrior(5)
        if prior == "vamp_prior"
        else distributions.get("prior", prior),
    }
    if any(reasons):
        with pytest.raises(ValueError, match=next(filter(None, reasons))):
            case.build(**given)
        return
    model, x = case.build(**given), case.data(4)
    terms = model.objective(Batch(x, case.labels and case.labels(4)), True)
    for term in model._weight_by_term:
        assert np.isfinite(terms[term]).all(), term
