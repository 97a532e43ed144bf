"""The standing variants compute what they did before the base was written anew."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.models.goldens import all_computed

STANDING = Path(__file__).parents[1] / "data" / "goldens" / "standing.json"


@pytest.fixture(scope="module")
def computed():
    return all_computed()


@pytest.mark.parametrize("name", json.loads(STANDING.read_text()))
def test_losses_and_gradients_stand(computed, name):
    expected = json.loads(STANDING.read_text())[name]
    for logs in ("evaluated", "trained"):
        for term, value in expected[logs].items():
            assert computed[name][logs][term] == pytest.approx(value, rel=1e-5)
    moves, wanted = computed[name]["moves"], np.array(expected["moves"])
    np.testing.assert_allclose(moves, wanted, atol=1e-5 * np.abs(wanted).max())
