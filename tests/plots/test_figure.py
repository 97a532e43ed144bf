import io

import keras
import matplotlib
import numpy as np
import pytest

from keras_latent import models, plots


def curves():
    return plots.learning_curves({"loss": [3.0, 2.0]})


def grid():
    model = models.Autoencoder.for_images((8, 8, 1), latent_dim=2)
    return plots.reconstructions(model, np.zeros((3, 8, 8, 1), "float32"))


@pytest.mark.parametrize("plot", [curves, grid])
def test_a_notebook_shows_it_as_a_picture(plot):
    png = plot()._repr_png_()

    picture = keras.utils.img_to_array(keras.utils.load_img(io.BytesIO(png)))
    assert picture.std() > 1.0


def test_the_picture_has_the_look_whatever_the_users_settings():
    figure = curves()
    png = figure._repr_png_()
    with matplotlib.rc_context({"savefig.facecolor": "black", "font.size": 33.0}):
        assert figure._repr_png_() == png
        assert matplotlib.rcParams["font.size"] == 33.0


def test_pyplot_keeps_no_figure():
    curves()._repr_png_()

    from matplotlib import pyplot

    assert pyplot.get_fignums() == []
