import re

import pytest

from keras_latent.networks.checks import check_image_shape, check_widths


@pytest.mark.parametrize("image_shape", [(8, 8, 1), [28, 28, 3], (8, 200, 3)])
def test_an_image_shape_is_accepted(image_shape):
    check_image_shape(image_shape)


@pytest.mark.parametrize(
    "image_shape",
    [
        (28, 28),
        (7, 28, 1),
        (28, 7, 1),
        (28, 28, 5),
        (28, 28, 1, 1),
        (28.0, 28, 1),
        (None, None, 3),
        "mnist",
        28,
    ],
)
def test_another_shape_is_refused(image_shape):
    message = (
        r"`image_shape` must be \(height, width, channels\).*at least 8 and 1 to 4 "
        rf"channels\. Received: image_shape={re.escape(repr(image_shape))}"
    )
    with pytest.raises(ValueError, match=message):
        check_image_shape(image_shape)


@pytest.mark.parametrize("widths", [(), (32, 0), (32, -1), (32.0,), (True,), 32, "32"])
def test_widths_are_positive_integers(widths):
    message = (
        "`widths` must be a sequence of at least one positive integer. "
        rf"Received: widths={re.escape(repr(widths))}"
    )
    with pytest.raises(ValueError, match=message):
        check_widths(widths)
