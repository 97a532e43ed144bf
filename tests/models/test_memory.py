"""More draws than memory holds are refused before they are made."""

import numpy as np
import pytest
import tensorflow as tf

from keras_latent.models import CIWAE, IWAE, MIWAE, PIWAE, memory
from tests.models.cases import dense_networks, images

NUMBERS = {
    IWAE: {"num_samples": 10**9},
    MIWAE: {"num_samples": 10**5, "num_bounds": 10**4},
    CIWAE: {"num_samples": 10**9, "num_bounds": 1},
    PIWAE: {"num_samples": 10**4, "num_bounds": 10**5},
}


@pytest.mark.parametrize("variant", NUMBERS)
def test_the_size_is_named(variant, monkeypatch):
    monkeypatch.setattr(memory, "memory_size", lambda: 2**33)
    model = variant(**dense_networks(), **NUMBERS[variant])
    # 2 rows of 12 numbers, each of 4 bytes.
    message = r"1000000000 of each of 2 rows of 12 numbers are 89.41 GiB, and there are"
    model.compile()
    for x, options in ((images(3), {"batch_size": 2}), (images(2), {})):
        with pytest.raises(ValueError, match=message):
            model.fit(x, **options)
    with pytest.raises(ValueError, match=r"`num_samples` must.* num_samples=10"):
        model.evaluate(images(2))
    batches = tf.data.Dataset.from_tensor_slices(images(5)).batch(2, True)
    with pytest.raises(ValueError, match=message):
        model.fit(batches)


def test_the_limit(monkeypatch):
    x = {"image": np.zeros((2, 3, 3)), "number": np.zeros((2, 1))}
    monkeypatch.setattr(memory, "memory_size", lambda: 2 * 10 * 4 * 5)
    memory.check_draws(x, 2, num_samples=5)
    message = "^`num_bounds` times `num_samples` must .*6 of each of 2 rows of 10 numb"
    with pytest.raises(ValueError, match=message):
        memory.check_draws(x, 2, num_bounds=2, num_samples=3)


def test_a_machine_that_does_not_tell_refuses_nothing(monkeypatch):
    def unknown(name):
        raise ValueError(name)

    monkeypatch.setattr(memory.os, "sysconf", unknown)
    assert memory.memory_size() is None
    memory.check_draws(np.zeros((2, 3)), 2, num_samples=10**18)


def test_this_machine_has_some():
    assert memory.memory_size() > 2**28
