import numpy as np

from keras_latent.plots.decoding import decoded_images


def test_images_keep_the_arrangement_of_the_codes(model):
    codes = np.random.default_rng(0).random((4, 5, 3))

    name, images = decoded_images(model, codes)

    assert name == "image"
    assert images.shape == (4, 5, 2, 3, 1)
    np.testing.assert_allclose(images[..., 0, :, 0], codes, rtol=1e-6)


def test_of_a_dict_the_image_is_taken(mixed_model):
    name, images = decoded_images(mixed_model, np.zeros((2, 3)))

    assert name == "picture"
    assert images.shape == (2, 2, 3, 3)
