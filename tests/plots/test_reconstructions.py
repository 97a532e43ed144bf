import numpy as np
import pytest

from keras_latent import plots


class Darkener:
    """Takes a model's place: the reconstruction of image i is darker by i/100."""

    def reconstruct(self, images):
        if isinstance(images, dict):
            return {name: self.reconstruct(value) for name, value in images.items()}
        steps = np.arange(len(images)).reshape(-1, *[1] * (images.ndim - 1))
        return images - 0.01 * steps

    def target(self, images):
        return images


class OfRegions(Darkener):
    """Takes scenes, and reconstructs their upper left quarter."""

    def reconstruct(self, images):
        return super().reconstruct(self.target(images))

    def target(self, images):
        return images["scene"][:, :3, :2]


def grey(count):
    return np.full((count, 6, 4, 1), 0.9, "float32")


def tick_labels(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


def pixels(axes):
    return axes.images[0].get_array()


def test_originals_stand_over_reconstructions():
    figure = plots.reconstructions(Darkener(), grey(3), columns=2)

    (axes,) = figure.axes
    np.testing.assert_allclose(
        pixels(axes)[::7, ::5], [[0.9, 0.9], [0.9, 0.89], [0.9, 1], [0.88, 1]]
    )
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["original", "reconstruction"] * 2
    assert axes.images[0].get_clim() == (0.0, 1.0)


def test_worst_and_best_are_sorted_and_labelled_by_their_error():
    figure = plots.worst_and_best(Darkener(), grey(20), count=3)

    worst, best = figure.axes
    assert (worst.get_title("left"), best.get_title("left")) == ("Worst", "Best")
    assert tick_labels(worst) == ["0.0361", "0.0324", "0.0289"]
    assert tick_labels(best) == ["0", "0.0001", "0.0004"]
    np.testing.assert_allclose(pixels(worst)[-1, ::5], [0.71, 0.72, 0.73], atol=1e-6)
    np.testing.assert_allclose(pixels(best)[-1, ::5], [0.9, 0.89, 0.88], atol=1e-6)


def test_worst_and_best_of_few_images_shows_them_all():
    worst, best = plots.worst_and_best(Darkener(), grey(2), count=10).axes

    assert tick_labels(worst) == tick_labels(best)[::-1] == ["0.0001", "0"]


@pytest.mark.parametrize("plot", [plots.reconstructions, plots.worst_and_best])
def test_of_a_dict_the_image_is_shown(plot):
    colour = np.random.default_rng(0).random((2, 6, 4, 3)).astype("float32")

    figure = plot(Darkener(), {"label": np.zeros((2, 10)), "picture": colour})

    assert pixels(figure.axes[-1]).shape == (13, 9, 3)
    np.testing.assert_array_equal(pixels(figure.axes[-1])[:6, :4], colour[0])


def test_the_original_is_what_the_model_reconstructs():
    figure = plots.reconstructions(OfRegions(), {"scene": grey(1)})

    assert pixels(figure.axes[0]).shape == (3 + 1 + 3, 2)


@pytest.mark.parametrize(
    ("plot", "argument"),
    [(plots.reconstructions, "columns"), (plots.worst_and_best, "count")],
)
def test_refuses_a_count_that_is_none(plot, argument):
    with pytest.raises(ValueError, match=f"`{argument}` .* Received: {argument}=0"):
        plot(Darkener(), grey(2), **{argument: 0})


@pytest.mark.parametrize("draw", [plots.reconstructions, plots.worst_and_best])
def test_images_of_another_range_are_refused(draw):
    class Model:
        def reconstruct(self, images):
            return images

        def target(self, images):
            return images

    with pytest.raises(ValueError, match=r"`images` must lie in \[0, 1\].*minimum=-1"):
        draw(Model(), np.linspace(-1, 1, 12).reshape(3, 2, 2, 1))
