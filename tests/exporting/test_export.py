"""What is exported is the model, for a process that doesn't know this library."""

import json
import resource
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_latent as kl
from keras_latent.exporting.formats import FORMATS
from tests.models import cases
from tests.models.cases import CASES, dense_networks
from tests.tiers import rarely

SHAPE = (8, 8, 1)
ENDINGS = {"onnx": ".onnx", "litert": ".tflite", "keras": ".keras", "saved-model": ""}


@pytest.fixture(scope="module")
def model():
    """Two nearest up-samplings in a row, as all default decoders have them."""
    keras.utils.set_random_seed(0)
    return kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((5, *SHAPE), "float32")


# Runs what stands in a folder, which it knows by its formats alone.
WITHOUT_THE_LIBRARY = """
import json
import pathlib
import sys

import numpy as np

sys.modules["keras_latent"] = None
folder = pathlib.Path(sys.argv[1])
images, told = np.load(folder / "images.npy"), np.load(folder / "expected.npy")
outputs = {}

import onnxruntime

for name in ("a.onnx", "int8.onnx"):
    session = onnxruntime.InferenceSession(str(folder / name))
    (outputs[name],) = session.run(["reconstruction"], {"observation": images})

from ai_edge_litert.interpreter import Interpreter

for name in ("a.tflite", "int8.tflite"):
    run = Interpreter(str(folder / name)).get_signature_runner()
    outputs[name] = run(observation=images)["reconstruction"]

import tensorflow as tf

served = tf.saved_model.load(str(folder / "a")).signatures["serving_default"]
outputs["a"] = served(observation=tf.constant(images))["reconstruction"].numpy()

import keras

for name in ("a.keras", "int8.keras"):
    loaded = keras.saving.load_model(folder / name, safe_mode=True)
    outputs[name] = loaded.predict(images, verbose=0)
print(json.dumps({k: float(abs(v - told).max()) for k, v in outputs.items()}))
"""


@pytest.fixture(scope="module")
def exported(model, images, tmp_path_factory):
    """Everything that is written of one model, in one folder, and what it said."""
    folder = tmp_path_factory.mktemp("exported")
    told = {}
    for format, ending in ENDINGS.items():
        told[format] = kl.export(model, folder / f"a{ending}", format, images=images)
    for format in ("onnx", "litert", "keras"):
        path = folder / f"int8{ENDINGS[format]}"
        told[f"int8 {format}"] = kl.export(
            model, path, format, int8=True, images=images
        )
    np.save(folder / "images.npy", images)
    np.save(folder / "expected.npy", model.predict(images, verbose=0))
    return folder, told


@pytest.mark.all
def test_each_format_equals_predict_without_this_library(exported):
    folder, _ = exported
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_LIBRARY, str(folder)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    differences = json.loads(result.stdout.splitlines()[-1])
    assert len(differences) == 7
    for name, difference in differences.items():
        if name.startswith("int8"):
            assert 0.0 < difference < 0.05, name
        else:
            assert difference <= 1e-5, name


class TestWhatIsTold:
    def test_what_was_written_and_how_near_it_is(self, exported, model, images):
        folder, told = exported
        error = float(np.mean((model.reconstruct(images) - images) ** 2))
        for format in ENDINGS:
            assert told[format].difference <= told[format].limit == 1e-5
            assert told[format].model_mse == pytest.approx(error, rel=1e-6)
            assert told[format].mse == pytest.approx(error, rel=1e-4)
        assert told["onnx"].path == folder / "a.onnx"
        assert told["onnx"].size == (folder / "a.onnx").stat().st_size
        assert f"mean squared error {error:.6g}" in str(told["keras"])

    def test_weights_of_eight_bits_take_less_and_lose_something(self, exported):
        _, told = exported
        for format in ("onnx", "litert"):
            assert told[f"int8 {format}"].size < 0.4 * told[format].size
        for format in ("onnx", "litert", "keras"):
            assert 0.0 < told[f"int8 {format}"].difference <= 0.1
            assert told[f"int8 {format}"].mse != told[format].model_mse

    def test_the_model_keeps_its_weights(self, exported, model):
        assert {weight.dtype for weight in model.weights} == {"float32"}

    def test_a_quantized_keras_model_saves_and_loads(self, exported, images, tmp_path):
        folder, _ = exported
        loaded = keras.saving.load_model(folder / "int8.keras")
        modes = [layer.quantization_mode for layer in loaded.layers[-1].layers[1:2]]
        assert modes == ["int8"]
        loaded.save(tmp_path / "again.keras")
        again = keras.saving.load_model(tmp_path / "again.keras")
        np.testing.assert_array_equal(again(images), loaded(images))


class TestParts:
    def test_encoder_and_decoder(self, tmp_path):
        model, images = CASES[0].build(), cases.images(4)
        for part, given in (("encoder", images), ("decoder", model.encode(images))):
            told = kl.export(model, tmp_path / "a.onnx", part=part, images=images)
            found = FORMATS["onnx"].run(told.path, given)
            work = model.encode if part == "encoder" else model.decode
            np.testing.assert_allclose(found, work(given), atol=1e-5)

    def test_batches_of_any_size(self, exported, images):
        folder, _ = exported
        for format in ("onnx", "litert"):
            own, path = FORMATS[format], folder / f"a{ENDINGS[format]}"
            one, more = own.run(path, images[:1]), own.run(path, images)
            np.testing.assert_allclose(one, more[:1], atol=1e-6)

    @pytest.mark.parametrize("name", ["conditional", "encdec-mixed"])
    def test_dicts_keep_the_names_of_their_columns(self, name, tmp_path):
        case = next(case for case in CASES if case.name == name)
        model, x = case.build(), case.data(4)
        told = kl.export(model, tmp_path / "a.onnx", images=x)
        onnx = pytest.importorskip("onnx")
        graph = onnx.load(told.path).graph
        assert {own.name for own in graph.input} == set(x)
        found = FORMATS["onnx"].run(told.path, x)
        expected = model.reconstruct(**x) if name == "conditional" else None
        if expected is None:
            expected = model.reconstruct(x)
            names = {"reconstruction_image", "reconstruction_category"}
            assert found.keys() == names
            found = found["reconstruction_image"]
            expected = expected["image"]
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_what_computes_in_16_bits_does_so_in_32_in_onnx(
        self, tmp_path, dtype_policy, images
    ):
        dtype_policy("mixed_bfloat16")
        model = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)
        dtype_policy("float32")
        told = kl.export(model, tmp_path / "a.onnx", part="encoder", images=images)
        found = FORMATS["onnx"].run(told.path, images)
        assert told.difference <= 1e-5
        difference = np.abs(found - model.encode(images)).max()
        assert 1e-5 < difference < 0.02

    @pytest.mark.parametrize("part", ["encoder", "decoder"])
    @pytest.mark.parametrize(
        "variant", ["SemiSupervisedVAE", *rarely("ConditionalVAE")]
    )
    def test_a_missing_class_is_no_class(self, variant, part, tmp_path):
        pytest.importorskip("onnxruntime")
        model = getattr(kl.models, variant).for_images(SHAPE, 2, num_classes=3)
        x = np.random.default_rng(0).random((4, *SHAPE), "float32")
        given = {"x": x, "y": np.array([-1, 2, 0, -1])}
        found = kl.export(model, tmp_path / "a.onnx", part=part, images=given)
        assert found.difference <= found.limit

    def test_without_images_random_ones_will_do(self, tmp_path):
        case = next(case for case in CASES if case.name == "conditional")
        told = kl.export(case.build(), tmp_path / "a.keras", "keras")
        assert told.difference <= 1e-5


# In `make test`, those of the other test and tokens, whose operations are rare.
@pytest.mark.parametrize(
    "format", ["onnx", pytest.param("litert", marks=pytest.mark.all)]
)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[] if case.name == "vqvae" else pytest.mark.all)
        for case in CASES
    ],
    ids=lambda case: case.name,
)
def test_the_encoder_of_each_variant(case, format, tmp_path):
    if format == "litert" and case.name in ("vae-ball", "hierarchical"):
        pytest.skip("LiteRT has no float64, and its XNNPACK stumbles over the levels")
    told = kl.export(
        case.build(),
        tmp_path / f"a{ENDINGS[format]}",
        format,
        part="encoder",
        images=case.data(4),
    )
    assert told.difference <= 1e-5


@keras.saving.register_keras_serializable("tests")
class Rare(keras.layers.Layer):
    """An operation that few formats know."""

    def call(self, x):
        return keras.ops.erfinv(0.1 * x)


@pytest.fixture
def rare():
    encoder = keras.Sequential(
        [keras.Input(SHAPE), Rare(name="rare"), keras.layers.Flatten()]
    )
    decoder = kl.networks.dense_decoder(SHAPE, 2, widths=(4,))
    return kl.models.Autoencoder(encoder, decoder)


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"format": "pmml"}, "`format` must be one of 'onnx', 'litert', 'saved-"),
            ({"part": "code"}, "`part` must be one of 'model', 'encoder', 'decoder'"),
            ({"path": "a.pb"}, r"`path` must end in '\.onnx' for format='onnx'"),
            ({"limit": -1.0}, r"`limit` must be a number in \[0, inf\]"),
            (
                {"images": np.zeros((2, 9, 8, 1))},
                r"`images` must have the shape \(batch, 8, 8, 1\)",
            ),
        ],
    )
    def test_arguments(self, model, tmp_path, arguments, message):
        arguments = {"path": "a.onnx", **arguments}
        path = tmp_path / arguments.pop("path")
        with pytest.raises(ValueError, match=message):
            kl.export(model, path, **arguments)
        assert listing(tmp_path) == []

    def test_images_out_of_range(self, tmp_path):
        model = kl.models.VAE(**dense_networks())
        message = r"`images` must lie in \[0, 1\] for the bernoulli.*maximum=255"
        with pytest.raises(ValueError, match=message):
            kl.export(
                model,
                tmp_path / "a.onnx",
                images=np.full((2, *cases.IMAGE_SHAPE), 255.0),
            )

    @pytest.mark.parametrize("path", [None, 3, b"a.onnx", ""])
    def test_what_is_no_path(self, model, path):
        with pytest.raises(ValueError, match=r"`path` must be the path of a file or"):
            kl.export(model, path)

    def test_images_without_their_condition(self, tmp_path):
        model = kl.models.ConditionalVAE.for_images(SHAPE, latent_dim=2, num_classes=3)
        with pytest.raises(ValueError, match=r"`images` must be a dict of a condition"):
            kl.export(model, tmp_path / "a.onnx", images=np.zeros((2, *SHAPE)))
        assert listing(tmp_path) == []

    def test_what_is_no_latent_model(self, tmp_path):
        with pytest.raises(ValueError, match="`model` must be a latent model"):
            kl.export(keras.Sequential(), tmp_path / "a.onnx")

    def test_a_missing_folder(self, model, tmp_path):
        with pytest.raises(FileNotFoundError, match="The folder of `path` must exist"):
            kl.export(model, tmp_path / "missing" / "a.onnx")

    @pytest.mark.parametrize(
        ("format", "package"), [("onnx", "tf2onnx"), ("litert", "ai_edge_litert")]
    )
    def test_a_format_whose_package_is_missing(
        self, model, tmp_path, monkeypatch, format, package
    ):
        monkeypatch.setitem(sys.modules, package, None)
        message = (
            f"`format` '{format}' needs the package {package.replace('_', '-')}: "
            r"pip install 'keras_latent\[export\]'"
        )
        with pytest.raises(ImportError, match=message):
            kl.export(model, tmp_path / f"a{ENDINGS[format]}", format)

    def test_an_operation_that_onnx_cannot_hold(self, rare, tmp_path):
        with pytest.raises(ValueError, match=r"has no Erfinv \(of .*rare.*Erfinv\)"):
            kl.export(rare, tmp_path / "a.onnx", part="encoder")
        assert listing(tmp_path) == []

    def test_an_operation_that_litert_cannot_hold(self, rare, tmp_path):
        with pytest.raises(ValueError, match=r"has no Erfinv \(of .*rare.*Erfinv\)"):
            kl.export(rare, tmp_path / "a.tflite", "litert", "encoder")
        assert listing(tmp_path) == []

    def test_layers_that_need_this_library(self, tmp_path):
        features = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()])
        decoder = kl.networks.inversion_decoder(SHAPE, 64, extra_size=2)
        inverter = kl.models.FeatureInverter(
            features, decoder, kl.networks.extra_encoder(SHAPE, 2)
        )
        with pytest.raises(ValueError, match=r"format='keras', which has no Hyper"):
            kl.export(inverter, tmp_path / "a.keras", "keras", "decoder")
        assert listing(tmp_path) == []

    @pytest.mark.parametrize(
        "format", ["keras", pytest.param("saved-model", marks=pytest.mark.all)]
    )
    def test_more_than_the_limit_leaves_what_stood_there(
        self, model, images, tmp_path, format
    ):
        path = tmp_path / f"a{ENDINGS[format]}"
        kl.export(model, path, format, images=images)
        before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
        message = r"differs by .*, more than `limit`; nothing was kept.*limit=1e-09"
        with pytest.raises(ValueError, match=message):
            kl.export(model, path, format, int8=True, images=images, limit=1e-9)
        assert before == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
        kl.export(model, path, format, images=images)

    def test_a_folder_of_somebody_else(self, model, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.tex").write_text("")
        with pytest.raises(ValueError, match=r"mine', which holds 'thesis\.tex'"):
            kl.export(model, tmp_path / "mine", "saved-model")
        (tmp_path / "file").write_text("")
        with pytest.raises(ValueError, match="`path` must be a folder"):
            kl.export(model, tmp_path / "file", "saved-model")
        (tmp_path / "a.onnx").mkdir()
        with pytest.raises(ValueError, match="`path` must be a file, but is a folder"):
            kl.export(model, tmp_path / "a.onnx")

    @pytest.mark.parametrize(
        "format",
        [
            format if format == "keras" else pytest.param(format, marks=pytest.mark.all)
            for format in ENDINGS
        ],
    )
    def test_a_full_disk(self, model, images, tmp_path, format):
        path = tmp_path / f"a{ENDINGS[format]}"
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        try:
            with pytest.raises(OSError, match="`path` must be where a file can be"):
                kl.export(model, path, format, images=images)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        assert listing(tmp_path) == []


def test_images_may_come_in_batches(model, images, tmp_path):
    batches = tf.data.Dataset.from_tensor_slices(images).batch(2)
    found = kl.export(model, tmp_path / "a.keras", "keras", "encoder", images=batches)
    assert found.difference <= found.limit


def test_a_folder_by_its_shortest_name(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kl.export(model, ".", "saved-model", "encoder")
    assert (tmp_path / "saved_model.pb").is_file()


def test_eight_bits_are_asked_for_by_true_alone(model, tmp_path):
    with pytest.raises(ValueError, match=r"`int8` must be True or False"):
        kl.export(model, tmp_path / "a.keras", "keras", int8="no")
    quantized = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)
    quantized.quantize("int8")
    with pytest.raises(ValueError, match=r"`int8` must be False for a model that was"):
        kl.export(quantized, tmp_path / "a.keras", "keras", int8=True)


def test_eight_bits_leave_tables_of_codes_as_they_are(tmp_path):
    quantizer = kl.quantizers.ResidualQuantizer(num_levels=2, num_codes=32)
    model = kl.models.VQVAE.for_images(
        (16, 16, 1), code_shape=(4, 4, 8), quantizer=quantizer
    )
    path = tmp_path / "encoder.keras"
    found = kl.export(model, path, "keras", "encoder", int8=True)
    assert found.difference < 1e-5
    kinds = {
        type(layer).__name__
        for layer in kl.load_model(path)._flatten_layers()
        if getattr(layer, "quantization_mode", None)
    }
    assert kinds <= {"Dense"}
