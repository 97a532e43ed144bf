"""How many samples the estimate takes, and that it may be asked often."""

import numpy as np
import pytest

from keras_latent import models
from tests.models.cases import dense_networks, images


def test_more_samples_than_could_ever_be_decoded():
    model = models.VAE.for_images((8, 8, 1), latent_dim=2, likelihood="gaussian")
    x = np.zeros((2, 8, 8, 1), "float32")
    with pytest.raises(ValueError, match=r"`num_samples` must .* 2384 GiB.*: num"):
        model.log_likelihood(x, num_samples=10**10)


@pytest.mark.all
def test_what_is_asked_often_is_not_warned_of(caplog):
    model = models.VAE(**dense_networks(), likelihood="gaussian")
    x = images(4)
    first = model.log_likelihood(x, num_samples=2)
    with caplog.at_level("WARNING", logger="tensorflow"):
        for _ in range(6):
            np.testing.assert_array_equal(model.log_likelihood(x, num_samples=2), first)
            model.encode(x, batch_size=2)
    assert "retracing" not in caplog.text
