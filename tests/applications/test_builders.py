import inspect
import pydoc
import re

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.applications import BUILDERS, weight_files
from tests.tiers import rarely

BACKBONES = {None: (4, 4, 128), "avg": (128,), "max": (128,)}
FEATURES = {"ConvFeatureInverter": 128}


# Those of maps have tests of their own.
VECTORS = {
    name: builder
    for name, builder in BUILDERS.items()
    if name not in ("ConvKLAutoencoder", "ConvVQAutoencoder")
}


@pytest.fixture(params=VECTORS.values(), ids=VECTORS)
def builder(request):
    return request.param


@pytest.fixture
def fixed(builder):
    """How much of the code is not the user's to choose."""
    return FEATURES.get(builder.__name__, 0)


@pytest.fixture(scope="module")
def digits():
    images, _ = kl.datasets.arrays("mnist", "test", limit=4)
    return images


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (33, 9, 3), (64, 64, 3)])
def test_untrained_models_of_any_shape(builder, fixed, image_shape):
    model = builder(weights=None, input_shape=image_shape)
    assert isinstance(model, kl.models.LatentModel)
    x = np.random.default_rng(0).random((2, *image_shape), "float32")
    assert model.reconstruct(x).shape == x.shape
    free = 32 if max(image_shape) <= 32 else 96
    assert model.latent_dim == (fixed + 5 if fixed else free)


@pytest.mark.all
def test_untrained_models_train(builder, fixed, digits):
    model = builder(weights=None, latent_dim=fixed + 3)
    model.compile()
    data = (digits, np.arange(4)) if model.uses_labels else digits
    history = model.fit(data, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.encode(digits).shape == (4, fixed + 3)


@pytest.mark.parametrize("pooling", [None, "code", *rarely("avg", "max")])
def test_backbones_share_one_encoder(builder, digits, pooling):
    keras.utils.set_random_seed(3)
    model = builder(weights=None)
    keras.utils.set_random_seed(3)
    backbone = builder(weights=None, include_top=False, pooling=pooling)
    of_code = (model.latent_dim,)
    assert backbone.output_shape == (None, *BACKBONES.get(pooling, of_code))
    convolutions = getattr(model, "encoder", None)
    if convolutions is None:
        network = model.feature_extractor
        convolutions = keras.Model(network.input, network.layers[-3].output)
    maps = convolutions(digits).numpy()
    expected = {
        None: maps,
        "avg": maps.mean((1, 2)),
        "max": maps.max((1, 2)),
        "code": model.encode(digits),
    }
    np.testing.assert_allclose(backbone(digits), expected[pooling], atol=1e-5)


def test_input_tensor_becomes_the_image(builder, digits):
    raw = keras.Input((28, 28, 1), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 255)(raw)
    keras.utils.set_random_seed(3)
    backbone = builder(
        weights=None, include_top=False, input_tensor=scaled, pooling="code"
    )
    keras.utils.set_random_seed(3)
    expected = builder(weights=None).encode(digits)
    assert backbone.input.dtype == "uint8"
    codes = backbone(np.round(255 * digits).astype("uint8"))
    np.testing.assert_allclose(codes, expected, atol=1e-4)


def test_an_input_tensor_of_two_images(builder, digits):
    halves = [keras.Input((28, 28, 1)) for _ in range(2)]
    arguments = {"weights": None, "include_top": False, "pooling": "code"}
    keras.utils.set_random_seed(3)
    backbone = builder(**arguments, input_tensor=keras.layers.Add()(halves))
    keras.utils.set_random_seed(3)
    expected = builder(**arguments)(digits)
    codes = backbone([0.25 * digits, 0.75 * digits])
    np.testing.assert_allclose(codes, expected, atol=1e-4)


def test_weights_from_a_path(builder, fixed, digits, tmp_path):
    model = builder(weights=None, latent_dim=fixed + 5)
    model.save_weights(tmp_path / "mine.weights.h5")
    again = builder(weights=tmp_path / "mine.weights.h5", latent_dim=fixed + 5)
    np.testing.assert_array_equal(again.encode(digits), model.encode(digits))
    codes = builder(
        weights=str(tmp_path / "mine.weights.h5"),
        include_top=False,
        pooling="code",
        latent_dim=fixed + 5,
    )(digits)
    np.testing.assert_allclose(codes, model.encode(digits), atol=1e-6)


def test_weights_of_another_model_are_refused(builder, fixed, tmp_path):
    builder(weights=None, latent_dim=fixed + 5).save_weights(
        tmp_path / "mine.weights.h5"
    )
    with pytest.raises(ValueError, match=r"`weights` must fit.*latent_dim.*mine"):
        builder(weights=tmp_path / "mine.weights.h5", latent_dim=fixed + 6)


def test_truncated_path_is_refused(builder, tmp_path):
    builder(weights=None).save_weights(tmp_path / "mine.weights.h5")
    content = (tmp_path / "mine.weights.h5").read_bytes()
    (tmp_path / "mine.weights.h5").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"`weights` must fit.*mine\.weights\.h5"):
        builder(weights=tmp_path / "mine.weights.h5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": "imagenet"}, r"`weights` must be one of.*None, or the path.*imag"),
        ({"weights": 3}, r"`weights` must be one of.*Received: weights=3"),
        ({"include_top": "no"}, "`include_top` must be True .* include_top='no'"),
        ({"include_top": False, "pooling": "mean"}, "`pooling` .*'code'.*'mean'"),
        ({"pooling": "avg"}, "`pooling` must be None with `include_top=True`.*'avg'"),
        ({"input_shape": (28, 28)}, r"`input_shape` must be \(height.*\(28, 28\)"),
        ({"input_shape": (7, 28, 1)}, r"at least 8.*input_shape=\(7, 28, 1\)"),
        ({"input_shape": (28, 28, 5)}, r"1 to 4 channels.*\(28, 28, 5\)"),
        ({"latent_dim": 0}, "`latent_dim` must be a positive integer"),
        ({"input_tensor": np.zeros((1, 28, 28, 1))}, "`input_tensor` must be a Keras"),
        (
            {"input_tensor": keras.Input((28, 28, 1)), "input_shape": 5},
            r"`input_shape` must be \(height, width, channels\).*=5",
        ),
        (
            {"input_tensor": keras.Input((28, 28, 1)), "input_shape": (32, 32, 1)},
            r"`input_shape` must be that of `input_tensor`, \(28, 28, 1\)",
        ),
    ],
)
def test_wrong_arguments(builder, arguments, message):
    with pytest.raises(ValueError, match=message):
        builder(**{"weights": None, **arguments})


def test_features_are_a_part_of_the_code():
    with pytest.raises(ValueError, match=r"more than 128.*Received: latent_dim=128"):
        kl.applications.ConvFeatureInverter(weights=None, latent_dim=128)


def test_classes_are_those_of_the_weights():
    builder = kl.applications.ConvConstrainedAutoencoder
    with pytest.raises(ValueError, match=r"`classes` must be 10 .* classes=5"):
        builder(weights="mnist", classes=5)
    with pytest.raises(ValueError, match="`classes` must be a positive integer"):
        builder(weights=None, classes=0)
    backbone = builder(weights="mnist", include_top=False, classes=5)
    expected = builder(weights="mnist", include_top=False)
    for ours, theirs in zip(
        backbone.get_weights(), expected.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_missing_path(builder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        builder(weights=tmp_path / "nothing.weights.h5")
    with pytest.raises(FileNotFoundError, match="a folder"):
        builder(weights=tmp_path)


def test_preprocess_input():
    raw = np.array([[0, 51, 255]], "uint8")
    scaled = kl.applications.preprocess_input(raw)
    assert isinstance(scaled, np.ndarray)
    np.testing.assert_allclose(scaled, [[0, 0.2, 1]], atol=1e-7)
    tensor = kl.applications.conv_vae.preprocess_input(keras.ops.convert_to_tensor(raw))
    np.testing.assert_allclose(tensor, scaled)


def test_every_builder_lists_its_weights():
    listed = kl.applications.list_weights()
    assert set(listed) == set(BUILDERS)
    folders = {path.parent for path in weight_files.saved_models_folder().glob("*/*")}
    # A detector is no latent model: its features are inverted by one.
    folders.discard(weight_files.saved_models_folder() / "emoji_detector")
    assert sum(map(len, listed.values())) == len(folders)


def test_an_inverter_takes_the_image_as_it_is():
    scaled = keras.layers.Rescaling(1 / 255)(keras.Input((28, 28, 1)))
    with pytest.raises(ValueError, match=r"`input_tensor` must be a `keras\.Input`"):
        kl.applications.ConvFeatureInverter(weights=None, input_tensor=scaled)
    kl.applications.ConvFeatureInverter(
        weights=None, include_top=False, input_tensor=scaled
    )


def test_dir_shows_the_public_names_alone():
    assert dir(kl.applications) == sorted(kl.applications.__all__)


def test_each_has_the_arguments_of_all_and_help_for_them(builder):
    shared = inspect.signature(kl.applications.ConvVAE).parameters
    own = inspect.signature(builder).parameters
    for name, parameter in shared.items():
        assert own[name].kind is parameter.kind
        assert name == "name" or own[name].default == parameter.default
    text = pydoc.render_doc(builder, renderer=pydoc.plaintext)
    assert not re.search(r"[{}]", text)
    for name in own:
        assert re.search(rf"^        +{name}: ", text, re.MULTILINE), name
    sections = [text.index(part) for part in ("Args:", "Returns:", "Raises:", ">>>")]
    assert sections == sorted(sections)
    assert f'`"{own["name"].default}"`' in text
    known = kl.applications.list_weights()[builder.__name__]
    for name in weight_files.DATASETS:
        assert (f'`"{name}"` (' in text) == (name in known)
    assert max(map(len, builder.__doc__.splitlines())) <= 88


def residual_encoder(image_shape, widths=(8,)):
    """Two paths that come together, one of them without a layer."""
    image = keras.Input(image_shape)
    first = keras.layers.Conv2D(8, 3, 2, padding="same", name="first")(image)
    second = keras.layers.Conv2D(8, 3, padding="same", name="second")(first)
    joined = keras.layers.Add(name="joined")([first, keras.ops.relu(second)])
    return keras.Model(image, joined, name="encoder")


@pytest.mark.parametrize("pooling", [None, "code"])
def test_an_encoder_with_a_skip_takes_an_input_tensor(monkeypatch, digits, pooling):
    monkeypatch.setattr(kl.networks, "convolutional_encoder", residual_encoder)
    scaling = keras.layers.Rescaling(1 / 255, name="rescaling")
    scaled = scaling(keras.Input((28, 28, 1)))
    arguments = {"weights": None, "include_top": False, "pooling": pooling}
    keras.utils.set_random_seed(3)
    backbone = kl.applications.ConvVAE(**arguments, input_tensor=scaled)
    keras.utils.set_random_seed(3)
    expected = kl.applications.ConvVAE(**arguments)(digits)
    np.testing.assert_allclose(backbone(255 * digits), expected, atol=1e-4)
    if pooling is None:
        names = {layer.name for layer in backbone.layers}
        assert {"rescaling", "first", "second", "joined"} <= names
