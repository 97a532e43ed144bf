import numpy as np
import pytest

from keras_latent import plots


class Dreamer:
    """Takes the place of a model with a prior."""

    has_prior = True

    def sample(self, count, seed):
        return np.random.default_rng(seed).random((count, 4, 4, 1))


def pixels(figure):
    return figure.axes[0].images[0].get_array()


def test_a_square_of_samples():
    figure = plots.prior_samples(Dreamer(), count=7, seed=3)

    assert pixels(figure).shape == (14, 14)
    np.testing.assert_allclose(
        pixels(figure)[:4, 5:9], Dreamer().sample(7, seed=3)[1, :, :, 0], rtol=1e-6
    )


def test_refuses_a_model_without_a_prior():
    with pytest.raises(ValueError, match=r"must have a prior.* Received: model=object"):
        plots.prior_samples(object())


def test_refuses_no_samples():
    with pytest.raises(ValueError, match=r"`count` .* Received: count=0"):
        plots.prior_samples(Dreamer(), count=0)


def test_a_row_of_each_label():
    images = Dreamer().sample(6, seed=0)
    figure = plots.samples(images, ["cat", "dog"])

    assert pixels(figure).shape == (9, 14)
    np.testing.assert_allclose(pixels(figure)[5:, 5:9], images[4, :, :, 0], rtol=1e-6)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["cat", "dog"]
    with pytest.raises(ValueError, match=r"`row_labels` must divide .*4 labels for 6"):
        plots.samples(images, list("abcd"))
