"""What `Gaussian(scale="optimal")` makes of the first step of a training."""

import numpy as np
import pytest


def assert_is_of_the_step(model, logs, numbers):
    """−log p(x|z) is ½n(1 + log 2πσ²) on average, with the σ of the step."""
    likelihood = model.likelihood
    variance = float(likelihood.mean_square / likelihood.steps_weight)
    expected = 0.5 * numbers * (1.0 + np.log(2 * np.pi * variance))
    assert float(logs["reconstruction"]) == pytest.approx(expected, rel=1e-5)
