import numpy as np
import pytest

from keras_latent.metrics import active_units


def test_are_those_whose_variance_exceeds_the_threshold():
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(500, 4))
    means = noise / noise.std(axis=0) * np.sqrt([1.0, 0.011, 0.009, 0.0])

    active = active_units(means.astype("float32") + np.float32(7.0))

    assert active.dtype == bool
    assert active.tolist() == [True, True, False, False]


def test_the_threshold_itself_is_not_active():
    assert active_units([[0.0], [1.0]], threshold=0.25).tolist() == [False]
    assert active_units([[0.0], [1.0]], threshold=0.249).tolist() == [True]


def test_refuses_a_single_code():
    with pytest.raises(ValueError, match=r"`means` .* two codes.* shape \(1, 2\)"):
        active_units([[0.0, 1.0]])


def test_refuses_codes_that_are_not_finite():
    with pytest.raises(ValueError, match=r"`means` must be finite.* 1 values"):
        active_units([[0.0], [np.nan]])


def test_refuses_a_negative_threshold():
    with pytest.raises(ValueError, match=r"`threshold` .* Received: threshold=-1"):
        active_units([[0.0], [1.0]], threshold=-1)
