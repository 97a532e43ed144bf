"""The weights that come with the library: whole, as the cards say, and loadable."""

import json
import shutil
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent.applications import BUILDERS, weight_files

PRETRAINED = [
    (builder, name)
    for builder, names in kl.applications.list_weights().items()
    for name in names
]


def folder_of(builder, name):
    prefix = {
        "ConvAutoencoder": "conv_autoencoder",
        "ConvConstrainedAutoencoder": "conv_constrained_autoencoder",
        "ConvEncDec": "conv_encdec",
        "ConvFeatureInverter": "conv_feature_inverter",
        "ConvKLAutoencoder": "conv_kl_autoencoder",
        "ConvVAE": "conv_vae",
        "ConvVQAutoencoder": "conv_vq_autoencoder",
    }[builder]
    return weight_files.saved_models_folder() / f"{prefix}_{name}"


@pytest.fixture(params=PRETRAINED, ids=lambda pair: "-".join(pair))
def pretrained(request):
    return request.param


def test_cards_say_what_the_files_are(pretrained):
    builder, name = pretrained
    folder = folder_of(builder, name)
    card = json.loads((folder / "card.json").read_text())
    weights = folder / "model.weights.h5"
    assert weight_files.sha256(weights) == card["sha256"]
    assert weights.stat().st_size <= 5e6
    model = BUILDERS[builder](weights=name)
    assert model.count_params() == card["parameters"]
    assert card["dataset"] == name
    page = (folder / "README.md").read_text()
    assert card["sha256"] in page
    for measure in card["measures"].values():
        assert measure["what"] in page


def test_they_know_their_images(pretrained):
    builder, name = pretrained
    if name == "mnist":
        images, _ = kl.datasets.arrays("mnist", "test", limit=500)
        card = json.loads((folder_of(builder, name) / "card.json").read_text())
        model = BUILDERS[builder](weights=name)
        error = kl.metrics.mean_squared_error(images, model.predict(images, verbose=0))
        assert error.mean() == pytest.approx(card["measures"]["mse"]["value"], rel=0.2)


def test_backbone_gives_the_codes_of_the_model(pretrained):
    builder, name = pretrained
    model = BUILDERS[builder](weights=name)
    backbone = BUILDERS[builder](weights=name, include_top=False, pooling="code")
    shape = model.decoder.output_shape[1:]
    x = np.random.default_rng(0).random((3, *shape), "float32")
    np.testing.assert_allclose(backbone(x), model.encode(x), atol=1e-5)


@pytest.mark.all
def test_convolutions_take_images_of_any_size(pretrained):
    builder, name = pretrained
    channels = {"mnist": 1, "emoji": 3, "pictures": 3}[name]
    own = BUILDERS[builder](weights=name, include_top=False)
    other = BUILDERS[builder](
        weights=name, include_top=False, input_shape=(48, 40, channels), pooling="avg"
    )
    kernels = [layer.kernel for layer in own.layers if hasattr(layer, "kernel")]
    others = [layer.kernel for layer in other.layers if hasattr(layer, "kernel")]
    for kernel, again in zip(kernels, others, strict=True):
        np.testing.assert_array_equal(kernel, again)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (32, 32, 1)}, r"must be \(28, 28, 1\) with weights='mnist'"),
        (
            {"input_shape": (32, 32, 3), "include_top": False},
            "must have 1 channels with weights='mnist'",
        ),
        (
            {"input_shape": (32, 32, 1), "include_top": False, "pooling": "code"},
            r"must be \(28, 28, 1\)",
        ),
        ({"latent_dim": 7}, "`latent_dim` must be 32 with weights='mnist'.*7"),
    ],
)
def test_arguments_that_dont_fit_the_weights(arguments, message):
    with pytest.raises(ValueError, match=message):
        kl.applications.ConvVAE(weights="mnist", **arguments)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    folder = tmp_path / "saved_models"
    shutil.copytree(folder_of("ConvVAE", "mnist"), folder / "conv_vae_mnist")
    monkeypatch.setattr(weight_files, "saved_models_folder", lambda: folder)
    return folder / "conv_vae_mnist" / "model.weights.h5"


def test_altered_weights_are_refused(copied):
    made = weight_files.sha256(copied)
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    copied.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=f"{made}.*altered") as error:
        kl.applications.ConvVAE()
    assert weight_files.sha256(copied) in str(error.value)


def test_missing_weights_say_how_to_make_them(copied):
    copied.unlink()
    message = (
        r"saved_models.*model\.weights\.h5.*python -m applications\.conv_vae_mnist"
    )
    with pytest.raises(FileNotFoundError, match=message):
        kl.applications.ConvVAE()


@pytest.fixture
def labelled_digits():
    return kl.datasets.arrays("mnist", "train", limit=256)


def classifier(backbone):
    image = keras.Input((28, 28, 1))
    features = backbone(image)
    logits = keras.layers.Dense(10)(features)
    model = keras.Model(image, logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    return model


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "fine-tuned"])
def test_backbone_inside_a_classifier(labelled_digits, frozen):
    backbone = kl.applications.ConvVAE(
        weights="mnist", include_top=False, pooling="avg"
    )
    backbone.trainable = not frozen
    before = [variable.numpy() for variable in backbone.variables]
    model = classifier(backbone)
    images, labels = labelled_digits
    losses = model.fit(images, labels, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    moved = [
        not np.array_equal(variable, value)
        for variable, value in zip(backbone.variables, before, strict=True)
    ]
    assert len(moved) == 6
    assert not any(moved) if frozen else all(moved)


def test_frozen_batch_statistics_dont_move(labelled_digits):
    # A backbone of a user's own, with what moves even without gradients.
    layers = keras.layers
    own = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 4, strides=4),
            layers.BatchNormalization(),
        ]
    )
    decoder = kl.networks.dense_decoder((28, 28, 1), latent_dim=2)
    backbone = kl.models.Autoencoder(own, decoder).to_encoder()
    backbone.trainable = False
    before = [variable.numpy() for variable in backbone.variables]
    model = classifier(backbone)
    model.fit(*labelled_digits, epochs=1, verbose=0)
    for variable, value in zip(backbone.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.all
def test_weights_load_from_an_installed_wheel(tmp_path):
    source = weight_files.saved_models_folder().parent
    if not (source / "setup.cfg").is_file():
        pytest.skip("needs a checkout, from which a wheel can be built")
    copy = tmp_path / "checkout"
    shutil.copytree(
        source,
        copy,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", "runs", "build", "*.egg-info", "tests", ".*_cache"
        ),
    )
    build = "import setuptools.build_meta as b, sys; b.build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=copy,
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    load = (
        "import keras_latent as kl; print(kl.__file__); "
        "model = kl.applications.ConvVAE(weights='mnist'); print(model.latent_dim)"
    )
    done = subprocess.run(
        [sys.executable, "-c", load],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    file, latent_dim = done.stdout.split()
    assert file.startswith(str(tmp_path / "installed"))
    assert latent_dim == "32"
