"""What a page holds whose own code doesn't know the decoder, and what it needs."""

import base64
import gzip
import re
import sys

import keras
import numpy as np
import pytest
from keras import layers

import keras_latent as kl
from keras_latent.explorer import onnx_runtime, write_page
from keras_latent.explorer.onnx_decoder import OnnxDecoder
from keras_latent.explorer.onnx_runtime import find_archive, read_runtime
from tests.explorer.conftest import SHAPE, spread
from tests.explorer.onnx_archives import BINARY, write_archive
from tests.explorer.scripts import needs_node, ran
from tests.explorer.test_server import unpacked

SCRIPT = "package/dist/ort.wasm.bundle.min.mjs"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the archive is looked for, with one of a few bytes."""
    monkeypatch.setenv(onnx_runtime.ARCHIVE_VARIABLE, str(tmp_path))
    write_archive(tmp_path)
    return tmp_path


@pytest.fixture
def writes_onnx():
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")


def held_in(path):
    """The header and the arrays of a page, and its text without them."""
    text = path.read_text(encoding="utf-8")
    content = re.search(r'id="content">([^<]*)</script>', text)
    header, arrays = unpacked(base64.b64decode(content[1]))
    return header, arrays, text.replace(content[1], "")


def run(file, given, output):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        file.tobytes(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run([output], given)
    return found


class TestPage:
    def test_holds_the_decoder_and_its_runtime(
        self, unknown, images, folder, writes_onnx, tmp_path
    ):
        path = tmp_path / "page.html"
        write_page(unknown, images, path)
        header, arrays, text = held_in(path)
        assert gzip.decompress(arrays["runtime"].tobytes()) == BINARY
        assert header["decoder"]["runtime"]["name"] == "ONNX Runtime Web 1.30.0"
        licence = header["decoder"]["runtime"]["licence"]
        assert licence.startswith("Copyright (c) Microsoft Corporation.")
        for count in (1, 4):
            codes = np.random.default_rng(0).normal(size=(count, 3)).astype("float32")
            found = run(arrays["onnx"], {"code": codes}, header["decoder"]["output"])
            np.testing.assert_allclose(found, unknown.decode(codes), atol=1e-5)
        assert "globalThis.onnxRuntimeWeb={InferenceSession:a,Tensor:c,env:b};" in text
        assert "sourceMappingURL" not in text
        assert "script-src &#39;unsafe-inline&#39; &#39;wasm-unsafe-eval&#39;;" in text
        assert "connect-src &#39;none&#39;" in text

    def test_of_a_decoder_that_it_knows_holds_no_runtime(
        self, vae, images, monkeypatch, tmp_path
    ):
        monkeypatch.setenv(onnx_runtime.ARCHIVE_VARIABLE, str(tmp_path / "absent"))
        path = tmp_path / "page.html"
        write_page(vae, images, path)
        header, arrays, text = held_in(path)
        assert "runtime" not in header["decoder"]
        assert "onnx" not in arrays
        assert "wasm-unsafe-eval" not in text

    def test_is_told_a_class(self, unknown_told, folder, writes_onnx):
        decoder = OnnxDecoder(unknown_told, "a layer")
        codes = np.random.default_rng(0).normal(size=(3, 4, 4, 2)).astype("float32")
        told = np.array([0, 2, -1], "int32")
        output = decoder.to_config()["output"]
        found = run(decoder.arrays["onnx"], {"x": codes, "y": told}, output)
        assert found.std() > 1e-3
        np.testing.assert_allclose(found, unknown_told.decode(codes, told), atol=1e-5)

    def test_shows_the_image_of_two_columns(self, folder, writes_onnx):
        columns = {"category": (3,), "image": SHAPE}
        activations = {"category": "softmax", "image": "sigmoid"}
        model = kl.models.VAE(
            kl.networks.mixed_encoder(columns, 4),
            kl.networks.mixed_decoder(columns, 3, activations, 4),
            {"category": "categorical", "image": "bernoulli"},
        )
        decoder = OnnxDecoder(model, "a layer")
        codes = np.random.default_rng(0).normal(size=(3, 3)).astype("float32")
        output = decoder.to_config()["output"]
        found = run(decoder.arrays["onnx"], {"code": codes}, output)
        np.testing.assert_allclose(found, model.decode(codes)["image"], atol=1e-5)


class TestArchive:
    def test_the_newest_is_taken(self, folder):
        for version in ("1.24.3", "1.9.0", "1.31.2"):
            write_archive(folder, version)
        assert read_runtime(find_archive("This")).version == "1.31.2"

    def test_makes_the_same_page_at_any_time(self, folder):
        binary = read_runtime(find_archive("This")).binary
        # The four bytes in which gzip keeps the time.
        assert binary[4:8] == bytes(4)

    def test_lies_where_those_of_datasets_do(self, tmp_path, monkeypatch):
        monkeypatch.delenv(onnx_runtime.ARCHIVE_VARIABLE, raising=False)
        monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
        (tmp_path / "downloads" / "manual").mkdir(parents=True)
        path = write_archive(tmp_path / "downloads" / "manual")
        assert find_archive("This") == path

    @needs_node
    def test_leaves_its_names_to_the_page(self, folder):
        runtime = read_runtime(find_archive("This"))
        program = f"{runtime.script}console.log(JSON.stringify(onnxRuntimeWeb.Tensor))"
        assert ran(program, folder) == 1

    @pytest.mark.parametrize("version", [None, "1.23.2", "2.0.0"])
    def test_missing(self, version, unknown, images, folder):
        (folder / "onnxruntime-web-1.30.0.tgz").unlink()
        if version is not None:
            write_archive(folder, version)
        before = sorted(folder.iterdir())
        pytest.importorskip("tf2onnx")
        message = (
            r"A page of a decoder with the layer '.*' of class Conv1D needs the "
            r"archive onnxruntime-web-1\.\*\.tgz, from 1\.24 on, in the folder '.*', "
            r"which doesn't hold it: `npm pack onnxruntime-web@1` brings it\..*"
            r"KERAS_LATENT_ONNXRUNTIME_WEB; or let `keras-latent explore` without "
            r"`--static`"
        )
        with pytest.raises(FileNotFoundError, match=message) as error:
            write_page(unknown, images, folder / "page.html")
        assert str(folder) in str(error.value)
        assert sorted(folder.iterdir()) == before

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({SCRIPT: None}, "whole. Received: one without 'ort.wasm.bundle.min.mjs'"),
            ({"package/package.json": None}, "one without 'package.json'"),
            ({"package/package.json": "{}"}, r"another \(KeyError: 'version'\)"),
            ({"package/package.json": "[]"}, r"another \(TypeError"),
            ({SCRIPT: "var a=1;"}, "doesn't end in its exports"),
            ({SCRIPT: "var env=1;export{env};"}, "exports no InferenceSession"),
            (
                {
                    SCRIPT: "var a='</script>';export{a as InferenceSession,"
                    "a as Tensor,a as env};"
                },
                "can't stand in a page",
            ),
            (
                {"package/dist/ort-wasm-simd-threaded.wasm": b"#!"},
                r"`npm pack onnxruntime-web@1` brings one\. .*is no WebAssembly",
            ),
        ],
    )
    def test_of_something_else(self, changes, message, folder):
        path = write_archive(folder, changes=changes)
        with pytest.raises(ValueError, match=message) as error:
            read_runtime(path)
        assert repr(str(path)) in str(error.value)

    def test_truncated(self, folder):
        path = find_archive("This")
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(ValueError, match="must be whole: put it there again"):
            read_runtime(path)


@keras.saving.register_keras_serializable(package="tests")
class InverseError(layers.Layer):
    """What ONNX has no operation for."""

    def call(self, x):
        return keras.ops.erfinv(0.1 * keras.ops.tanh(x))


class TestRefusals:
    @pytest.fixture
    def held_by_nothing(self):
        decoder = keras.Sequential(
            [keras.Input((3,)), layers.Dense(64), InverseError(name="odd")]
        )
        decoder.add(layers.Reshape(SHAPE))
        encoder = kl.networks.dense_encoder(SHAPE)
        return spread(kl.models.VAE(encoder, decoder, likelihood="gaussian"))

    def test_a_layer_that_onnx_does_not_hold(
        self, held_by_nothing, images, folder, writes_onnx
    ):
        before = sorted(folder.iterdir())
        message = (
            "`model` must have a decoder of layers that a page knows, or that ONNX "
            "holds; `keras-latent explore` without `--static` shows any model. "
            "Received: the layer 'odd' of class InverseError, and ONNX, which has no "
            r"Erfinv \(of .*/odd.*/Erfinv\)"
        )
        with pytest.raises(ValueError, match=message):
            write_page(held_by_nothing, images, folder / "page.html")
        assert sorted(folder.iterdir()) == before

    def test_a_decoder_that_is_written_as_another(
        self, unknown, folder, writes_onnx, monkeypatch
    ):
        monkeypatch.setattr("keras_latent.explorer.onnx_decoder.LIMIT", 0.0)
        message = "Received: a layer, and ONNX: What is written must be the model"
        with pytest.raises(ValueError, match=message):
            OnnxDecoder(unknown, "a layer")

    @pytest.mark.parametrize("package", ["onnx", "onnxruntime", "tf2onnx"])
    def test_without_the_extra(self, package, unknown, images, folder, monkeypatch):
        monkeypatch.setitem(sys.modules, package, None)
        message = (
            rf"of class Conv1D needs the package {package}.*keras_latent\[export\]"
        )
        with pytest.raises(ImportError, match=message):
            write_page(unknown, images, folder / "page.html")

    def test_what_is_no_latent_model(self, images, folder):
        model = keras.Sequential([keras.Input((2,))])
        with pytest.raises(ValueError, match="`model` must be a latent model"):
            write_page(model, images, folder / "page.html")
