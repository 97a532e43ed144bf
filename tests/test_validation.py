import warnings

import numpy as np
import pytest

from keras_latent.losses import decomposed_kl, mmd
from keras_latent.models import VAE, CapacityVAE
from keras_latent.validation import (
    check_between,
    check_in_range,
    checked_positive_integer,
    checked_positive_integers,
)
from tests.models.cases import dense_networks


@pytest.mark.parametrize("value", [1e39, -1e39, 1e300, 10**60, np.float64(1e40)])
def test_what_float32_can_t_hold_is_no_number(value):
    message = (
        r"`beta` must be a number between -3\.4e\+38 and 3\.4e\+38.*Received: beta="
    )
    for check in (check_in_range, check_between):
        with pytest.raises(ValueError, match=message):
            check("beta", value, -np.inf, np.inf)
    check_in_range("beta", 3.4e38)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_in_range("beta", np.float16(1.0))


@pytest.mark.parametrize("value", [2**63, 10**400])
def test_what_tensors_can_t_hold_is_no_integer(value):
    with pytest.raises(ValueError, match=r"`width` must be.*below 2\^63.*width of \d+"):
        checked_positive_integer("width", value)
    with pytest.raises(ValueError, match=r"`width` must be.*below 2\^63.*width of \d+"):
        checked_positive_integers("width", [2, value])
    assert checked_positive_integer("width", 2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize(
    "use",
    [
        lambda: VAE(**dense_networks(), beta=1e39),
        lambda: VAE(**dense_networks(), free_bits=1e300),
        lambda: setattr(CapacityVAE(**dense_networks()), "capacity", 1e39),
        lambda: mmd(np.ones((3, 2)), np.zeros((3, 2)), scale=1e300),
        lambda: decomposed_kl([[0.0]], [[0.0]], [[0.0]], dataset_size=10**400),
    ],
)
def test_whoever_takes_numbers_says_so_at_once(use):
    with pytest.raises(
        ValueError, match=r"`\w+` must be a .*(3\.4e\+38|below).*Received"
    ):
        use()
