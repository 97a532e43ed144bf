import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent import models
from keras_latent.callbacks import ReconstructionImages, SampleImages
from keras_latent.images import tile, tile_pairs

pytestmark = pytest.mark.usefixtures("eagerly")


def written_images(events, tag):
    """The pixels of the images under a tag, by step."""
    return {
        event.step: tf.io.decode_image(event.tensor_proto.string_val[2]).numpy() / 255
        for event in events.Tensors(tag)
    }


def image_tags(events):
    return [tag for tag in events.Tags()["tensors"] if not tag.startswith("epoch_")]


def test_originals_stand_over_reconstructions(vae, images, tmp_path, read_events):
    callback = ReconstructionImages(images, tmp_path)

    vae.fit(images, epochs=2, callbacks=[callback], verbose=0)

    assert image_tags(read_events()) == ["reconstructions/image"]
    pictures = written_images(read_events(), "reconstructions/image")
    assert list(pictures) == [0, 1]
    expected = tile_pairs(images, np.asarray(vae.reconstruct(images)))
    assert expected.shape == (4 + 1 + 4, 6 * (5 + 1) - 1, 1)
    np.testing.assert_allclose(pictures[1], expected, atol=1 / 255)


def test_reconstructions_follow_the_training(networks, images, tmp_path, read_events):
    model = models.Autoencoder(*networks)
    model.compile(keras.optimizers.Adam(0.1))
    callback = ReconstructionImages(images, tmp_path)

    model.fit(images, epochs=2, callbacks=[callback], verbose=0)

    pictures = written_images(read_events(), "reconstructions/image")
    originals, reconstructions = slice(0, 4), slice(5, 9)
    np.testing.assert_array_equal(pictures[0][originals], pictures[1][originals])
    difference = pictures[0][reconstructions] - pictures[1][reconstructions]
    assert np.abs(difference).max() > 2 / 255


def test_samples_come_from_the_same_draws(vae, images, tmp_path, read_events):
    callback = SampleImages(tmp_path, count=5, seed=3)

    vae.fit(images, epochs=2, callbacks=[callback], verbose=0)

    assert image_tags(read_events()) == ["samples/image"]
    pictures = written_images(read_events(), "samples/image")
    assert list(pictures) == [0, 1]
    expected = tile(np.asarray(vae.sample(5, seed=3)), columns=3)
    np.testing.assert_allclose(pictures[0], expected, atol=1 / 255)
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_of_mixed_observations_the_images_are_written(mixed_vae, tmp_path, read_events):
    generator = np.random.default_rng(0)
    observations = {
        "image": generator.random((4, 4, 5, 3)).astype("float32"),
        "category": np.eye(3, dtype="float32")[[0, 1, 2, 0]],
    }
    callbacks = [ReconstructionImages(observations, tmp_path), SampleImages(tmp_path)]

    mixed_vae.fit(observations, callbacks=callbacks, verbose=0)

    assert sorted(image_tags(read_events())) == [
        "reconstructions/image",
        "samples/image",
    ]
    (picture,) = written_images(read_events(), "reconstructions/image").values()
    expected = mixed_vae.reconstruct(observations)["image"]
    np.testing.assert_allclose(
        picture, tile_pairs(observations["image"], expected), atol=1 / 255
    )


def test_writing_does_not_touch_the_random_stream(networks, images, tmp_path):
    def losses(*callbacks):
        keras.utils.set_random_seed(0)
        model = models.VAE(*map(keras.models.clone_model, networks))
        model.compile(keras.optimizers.SGD(0.1))
        return model.fit(images, epochs=3, callbacks=callbacks, verbose=0).history

    watched = losses(ReconstructionImages(images, tmp_path), SampleImages(tmp_path))

    assert watched == losses()


def test_refuses_observations_without_images(tmp_path):
    with pytest.raises(ValueError, match=r"`images` .* Received: .*\(2, 10\)"):
        ReconstructionImages({"label": np.zeros((2, 10))}, tmp_path)


def test_refuses_to_sample_a_model_without_a_prior(networks, images, tmp_path):
    model = models.Autoencoder(*networks)
    model.compile("sgd")

    with pytest.raises(ValueError, match=r"must have a prior.*model=Autoencoder"):
        model.fit(images, callbacks=[SampleImages(tmp_path)], verbose=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("argument", ["count", "every"])
def test_errors_name_the_argument(tmp_path, argument):
    with pytest.raises(ValueError, match=f"`{argument}` .* Received: {argument}=0"):
        SampleImages(tmp_path, **{argument: 0})


def test_images_of_another_range_are_refused(images, tmp_path):
    with pytest.raises(ValueError, match=r"`images` must lie in \[0, 1\].*maximum=255"):
        ReconstructionImages(np.where(images == images.max(), 255, images), tmp_path)
