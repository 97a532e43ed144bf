"""Files that want more than to be read: none gets its way."""

import ast
import copy
import io
import json
import re
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.saving.serialization_lib import SafeModeScope
from PIL import EpsImagePlugin, Image, ImageFile, PngImagePlugin

import keras_latent as kl
from keras_latent import datasets
from keras_latent.applications import weight_files
from keras_latent.cli import main
from keras_latent.cli.arguments import Arguments
from keras_latent.datasets import archives, emoji, mnist
from keras_latent.models import Autoencoder
from keras_latent.saving import places_elsewhere
from tests.models.cases import dense_networks

PACKAGE = Path(kl.__file__).parent


@pytest.fixture
def marker(tmp_path):
    """A file that is there once something was executed."""
    return tmp_path / "executed"


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_archive(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The members of the file of a saved model."""
    path = tmp_path_factory.mktemp("whole") / "model.keras"
    model = Autoencoder(**dense_networks())
    model.compile("adam")
    model.save(path)
    return members_of(path)


@pytest.fixture
def lambda_file(tmp_path, marker):
    """A model that writes the marker as soon as it is built."""
    write = eval(f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]")
    path = tmp_path / "lambda.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(write)]).save(path)
    keras.saving.load_model(path, safe_mode=False)
    marker.unlink()  # It was there: the trap works.
    return path


def function(module, name):
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }


def instance(module, name, **config):
    return {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": name,
    }


def payloads(marker, lambda_file):
    """What a file may ask for, by its name."""
    config = json.loads(members_of(lambda_file)["config.json"])
    (layer,) = (
        layer for layer in config["config"]["layers"] if layer["class_name"] == "Lambda"
    )
    touch = f"touch {marker}"
    return {
        "a Lambda": layer,
        "a lambda": layer["config"]["function"],
        "a Lambda of a program": {
            **layer,
            "config": {**layer["config"], "function": function("os", "system")},
        },
        "os.system": instance("os", "system", command=touch),
        "posix.system": function("posix", "system"),
        "subprocess.Popen": instance("subprocess", "Popen", args=touch, shell=True),
        "builtins.eval": function("builtins", "eval"),
        "builtins.exec": instance("builtins", "exec", source=f"open({str(marker)!r})"),
        "a download": function("keras.utils", "get_file"),
        "a download at once": instance(
            "keras.utils", "get_file", fname=str(marker), origin=f"file://{__file__}"
        ),
        "unsafe mode": instance("keras.config", "enable_unsafe_deserialization"),
        "unsafe mode by its place": function(
            "keras.src.saving.serialization_lib", "enable_unsafe_deserialization"
        ),
        "bytecode": instance("keras.src.utils.python_utils", "func_load", code="x"),
        "a SavedModel": instance("keras.layers", "TFSMLayer", filepath=str(marker)),
        "a module of its own": instance("planted", "Planted"),
    }


def put(config, place, payload):
    """The config of a model with something else in one of its places."""
    config = copy.deepcopy(config)
    arguments, optimizer = config["config"], config["compile_config"]["optimizer"]
    layers = arguments["encoder"]["config"]["layers"]
    if place == "model":
        return payload
    if place in ("encoder", "likelihood", "name"):
        arguments[place] = payload
    elif place == "layer":
        layers[-1] = payload
    elif place == "activation":
        layers[-1]["config"]["activation"] = payload
    elif place == "optimizer":
        config["compile_config"]["optimizer"] = payload
    elif place == "schedule":
        optimizer["config"]["learning_rate"] = payload
    return config


PLACES = (
    "model",
    "encoder",
    "likelihood",
    "name",
    "layer",
    "activation",
    "optimizer",
    "schedule",
)


class TestModels:
    @pytest.mark.parametrize("place", PLACES)
    def test_nothing_that_a_model_brings_is_executed(
        self, place, whole, marker, lambda_file, tmp_path, monkeypatch
    ):
        planted = f"open({str(marker)!r}, 'w').close()"
        (tmp_path / "planted.py").write_text(f"{planted}\nclass Planted: pass")
        monkeypatch.syspath_prepend(tmp_path)
        config = json.loads(whole["config.json"])
        path = tmp_path / "model.keras"
        for name, payload in payloads(marker, lambda_file).items():
            changed = json.dumps(put(config, place, payload)).encode()
            write_archive(path, {**whole, "config.json": changed})
            with pytest.raises(ValueError, match=r"in safe mode\..*model\.keras"):
                print(name, kl.load_model(path))
            assert not marker.exists(), name
            assert "planted" not in sys.modules

    def test_safe_mode_is_not_switched_off_elsewhere(self, lambda_file, marker):
        with SafeModeScope(None):  # Which puts back what is set within.
            keras.config.enable_unsafe_deserialization()
            with pytest.raises(ValueError, match=r"in safe mode.*lambda\.keras"):
                kl.load_model(lambda_file)
            assert not marker.exists()
            keras.saving.load_model(lambda_file)
            assert marker.exists()

    def test_no_command_executes_anything(
        self, lambda_file, marker, tmp_path, monkeypatch, capsys
    ):
        pictures = tmp_path / "images"
        pictures.mkdir()
        for name in ("1.png", "2.png"):
            Image.fromarray(np.zeros((8, 8), np.uint8)).save(pictures / name)
        run = tmp_path / "run"
        inverter = ["train", "inverter", "--dataset", pictures, "--output", run]
        inverter += ["--features", lambda_file]
        encode = ["encode", lambda_file, pictures, "--output", tmp_path / "codes.npz"]
        anomalies = ["anomalies", lambda_file, pictures]
        explore = ["explore", lambda_file, "--static", tmp_path / "page.html"]
        report, resume = ["report", lambda_file], ["resume", run]
        for words in (report, explore, encode, anomalies, inverter, resume):
            if words is resume:
                run.mkdir()
                (run / "model.keras").write_bytes(lambda_file.read_bytes())
                arguments = Arguments("autoencoder", str(pictures), epochs=1)
                config = {"arguments": arguments.to_config()}
                (run / "config.json").write_text(json.dumps(config))
            monkeypatch.setattr("sys.argv", ["keras-latent", *map(str, words)])
            with pytest.raises(SystemExit, match="2"):
                main()
            message = capsys.readouterr().err
            assert "in safe mode" in message
            assert ".keras" in message
            assert "Traceback" not in message
            assert not marker.exists()

    def test_configs_are_taken_in_safe_mode(self, lambda_file, marker):
        model = Autoencoder(**dense_networks())
        config = json.loads(members_of(lambda_file)["config.json"])
        with pytest.raises(ValueError, match="safe_mode"):
            Autoencoder.from_config({**model.get_config(), "encoder": config})
        with pytest.raises(ValueError, match="safe_mode"):
            model.compile_from_config({"optimizer": config})
        assert not marker.exists()

    @pytest.mark.parametrize("has_both", [True, False])
    def test_weights_are_not_unpickled(self, whole, marker, tmp_path, has_both):
        members = {**whole, "model.weights.npz": pickled_arrays(marker)}
        if not has_both:
            del members["model.weights.h5"]
        write_archive(tmp_path / "model.keras", members)
        if has_both:
            kl.load_model(tmp_path / "model.keras")
        else:
            with pytest.raises(ValueError, match=r"whole `\.keras` file"):
                kl.load_model(tmp_path / "model.keras")
        assert not marker.exists()

    @pytest.mark.filterwarnings("ignore:Skipping invalid path:UserWarning")
    def test_no_member_leaves_the_archive(self, whole, tmp_path, monkeypatch):
        inside = tmp_path / "inside"
        inside.mkdir()
        monkeypatch.setenv("TMPDIR", str(inside))
        monkeypatch.setattr("tempfile.tempdir", None)
        link = zipfile.ZipInfo("assets/link")
        link.external_attr = 0o120777 << 16
        members = {
            **whole,
            "../climbed": b"x",
            "assets/../../../climbed": b"x",
            str(tmp_path / "absolute"): b"x",
            link: str(tmp_path).encode(),
            "assets/link/linked": b"x",
        }
        path = inside / "model.keras"
        write_archive(path, members)
        with pytest.raises(ValueError, match=r"`path` must be.*model\.keras"):
            kl.load_model(path)
        assert [file.name for file in tmp_path.iterdir()] == ["inside"]
        names = {file.name for file in inside.rglob("*")}
        assert not names & {"climbed", "absolute", "linked"}

    def test_archives_that_unpack_to_far_more(self, whole, tmp_path):
        path = tmp_path / "model.keras"
        bomb = {**whole, "assets/zeros": bytes(2**26)}
        write_archive(path, bomb, compression=zipfile.ZIP_DEFLATED)
        assert path.stat().st_size < 2**18
        with pytest.raises(ValueError, match=r"whole `\.keras` file"):
            kl.load_model(path)
        write_archive(path, whole, compression=zipfile.ZIP_DEFLATED)
        kl.load_model(path)


class Touch:
    """Unpickled, it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def pickled_arrays(marker):
    """An archive of arrays that writes the marker where it is unpickled."""
    file = io.BytesIO()
    objects = np.array([Touch(marker)], dtype=object)
    np.savez(file, x_test=objects, y_test=objects)
    with np.load(io.BytesIO(file.getvalue()), allow_pickle=True) as arrays:
        assert arrays["x_test"].size == 1
    marker.unlink()  # It was there: the trap works.
    return file.getvalue()


class TestWeights:
    def test_a_model_reads_no_other_file(self, whole, tmp_path):
        weights = tmp_path / "model.weights.h5"
        weights.write_bytes(whole[weights.name])
        with h5py.File(weights, "a") as file:
            del file["code/vars/1"]
            file["code/vars/1"] = h5py.ExternalLink(str(tmp_path / "secret"), "x")
        path = tmp_path / "model.keras"
        write_archive(path, {**whole, weights.name: weights.read_bytes()})
        with pytest.raises(ValueError, match=r"it links to other places: .*vars/1"):
            kl.load_model(path)

    @pytest.fixture
    def model(self):
        return Autoencoder(**dense_networks(), name="own")

    @pytest.fixture
    def weights(self, model, tmp_path):
        path = tmp_path / "own.weights.h5"
        model.save_weights(path)
        weight_files.load(model, path)
        return path

    @pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
    @pytest.mark.parametrize("way", ["external link", "external data", "soft link"])
    def test_no_other_file_is_read_through_them(self, model, weights, tmp_path, way):
        secret = tmp_path / "secret"
        with h5py.File(weights, "a") as file:
            name = "code/vars/1"
            bias = np.array(file[name])
            del file[name]
            if way == "external link":
                file[name] = h5py.ExternalLink(str(secret), "values")
                with h5py.File(secret, "w") as other:
                    other["values"] = bias
            elif way == "external data":
                secret.write_bytes(bias.tobytes())
                places = [(str(secret), 0, bias.nbytes)]
                file.create_dataset(name, bias.shape, bias.dtype, external=places)
            else:
                file["elsewhere"] = bias
                file[name] = h5py.SoftLink("/elsewhere")
            np.testing.assert_array_equal(file[name], bias)
        with pytest.raises(ValueError, match="`weights` must fit 'own'"):
            weight_files.load(model, weights)

    def test_links_that_lead_round_in_a_circle(self, model, weights):
        with h5py.File(weights, "a") as file:
            file["code/again"] = file["code"]
        assert places_elsewhere(weights) == []
        weight_files.load(model, weights)

    def test_damaged_ones_are_named(self, model, weights):
        whole = weights.read_bytes()
        for damaged in (
            b"",
            b"no weights",
            whole[: len(whole) // 2],
            *(whole[:start] + bytes(64) + whole[start + 64 :] for start in (96, 700)),
        ):
            weights.write_bytes(damaged)
            with pytest.raises(ValueError, match=r"`weights` must fit.*own\.weights"):
                weight_files.load(model, weights)


class TestArrays:
    def test_digits_are_not_unpickled(self, marker, tmp_path, monkeypatch):
        path = tmp_path / "mnist.npz"
        path.write_bytes(pickled_arrays(marker))
        monkeypatch.setattr(mnist, "_FILE", path)
        mnist._read.cache_clear()
        with pytest.raises(ValueError, match=r"mnist\.npz', which can't be read"):
            datasets.arrays("mnist", "test")
        assert not marker.exists()

    @pytest.mark.parametrize("content", [b"", b"PK no archive", None])
    def test_damaged_digits_are_named(self, content, tmp_path, monkeypatch):
        path = tmp_path / "mnist.npz"
        path.write_bytes(content or mnist._FILE.read_bytes()[: 2**20])
        monkeypatch.setattr(mnist, "_FILE", path)
        mnist._read.cache_clear()
        with pytest.raises(ValueError, match=r"mnist\.npz', which can't be read"):
            datasets.arrays("mnist", "train")


def tar_member(name, content=b"", kind=tarfile.REGTYPE, target=""):
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = len(content), kind, target
    return member, content


class TestArchives:
    @pytest.fixture
    def archive(self, tmp_path):
        """Writes the members of an archive of emoji."""

        def write(*members):
            path = tmp_path / "emoji.tgz"
            with tarfile.open(path, "w:gz") as archive:
                for member, content in members:
                    archive.addfile(member, io.BytesIO(content))
            return path

        return write

    def test_nothing_is_unpacked(self, archive, tmp_path, monkeypatch):
        inside = tmp_path / "a" / "b"
        inside.mkdir(parents=True)
        monkeypatch.chdir(inside)
        names = ["../64/climbed.png", f"{tmp_path}/64/absolute.png", "64/plain.png"]
        path = archive(*[tar_member(name, b"x") for name in names])
        before = sorted(tmp_path.rglob("*"))
        files = emoji.read_archive(path)
        assert files == dict.fromkeys(
            ["climbed.png", "absolute.png", "plain.png"], b"x"
        )
        assert sorted(tmp_path.rglob("*")) == before

    def test_links_are_not_followed(self, archive, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("secret")
        path = archive(
            tar_member("other/large.bin", bytes(archives.LARGEST_FILE + 1)),
            tar_member("64/a.png", kind=tarfile.SYMTYPE, target=str(secret)),
            tar_member("64/b.png", kind=tarfile.SYMTYPE, target="../other/large.bin"),
            tar_member("64/c.png", kind=tarfile.LNKTYPE, target="other/large.bin"),
            tar_member("64/d.png", kind=tarfile.LNKTYPE, target="missing"),
            tar_member("64/e.png", kind=tarfile.FIFOTYPE),
            tar_member("64/f.png", kind=tarfile.DIRTYPE),
            tar_member("64/g.png", b"x"),
        )
        assert emoji.read_archive(path) == {"g.png": b"x"}

    def test_archives_that_unpack_to_far_more(self, archive, monkeypatch):
        monkeypatch.setattr(archives, "LARGEST_ARCHIVE", 2**20)
        members = [tar_member(f"64/{i}.png", bytes(2**18)) for i in range(5)]
        path = archive(*members)
        assert path.stat().st_size < 2**13
        with pytest.raises(ValueError, match=r"emoji\.tgz.*more than 1048576 bytes"):
            emoji.read_archive(path)
        assert len(emoji.read_archive(archive(*members[:4]))) == 4

    @pytest.mark.parametrize(
        "table", [b"[1]", b"3", b'[{"unified": 1}]', b"\xff", b'[{"image": "a"}]']
    )
    def test_another_table_is_a_message(self, table):
        with pytest.raises(ValueError, match=r"`emoji\.json`.*put the archive there"):
            emoji.pictures_of(table)


def png_chunk(kind, content):
    checked = kind + content
    return (
        struct.pack(">I", len(content))
        + checked
        + struct.pack(">I", zlib.crc32(checked))
    )


class TestImages:
    def test_a_huge_image_is_refused_before_it_is_decoded(self, tmp_path, monkeypatch):
        side = 30_000
        packer = zlib.compressobj(1)
        row = bytes(1 + side // 8)
        packed = b"".join([packer.compress(row * 1000) for _ in range(side // 1000)])
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        path = tmp_path / "bomb.png"
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + png_chunk(b"IHDR", header)
            + png_chunk(b"IDAT", packed + packer.flush())
            + png_chunk(b"IEND", b"")
        )
        assert path.stat().st_size < 2**20

        def decode(image):
            raise MemoryError

        monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
        with pytest.raises(ValueError, match=r"at most 67108864 pixels.*bomb\.png"):
            datasets.load(tmp_path, "train")

    def test_no_program_is_started(self, tmp_path, marker, monkeypatch):
        path = tmp_path / "program.png"
        box = b"%%BoundingBox: 0 0 8 8"
        path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n" + box + b"\n%%EndComments\n")

        def ghostscript(*arguments, **options):
            marker.touch()
            return Image.new("RGB", (8, 8)).im

        monkeypatch.setattr(EpsImagePlugin, "Ghostscript", ghostscript)
        Image.open(path).load()
        marker.unlink()  # It was there: the trap works.
        with pytest.raises(ValueError, match=r"can be read.*program\.png"):
            datasets.load(tmp_path, "train")
        assert not marker.exists()

    def test_texts_within_images_are_bounded(self, tmp_path):
        text = PngImagePlugin.PngInfo()
        text.add_text("comment", "x" * 2**24, zip=True)
        Image.new("L", (8, 8)).save(tmp_path / "text.png", pnginfo=text)
        assert (tmp_path / "text.png").stat().st_size < 2**16
        with pytest.raises(ValueError, match=r"can be read.*text\.png"):
            datasets.load(tmp_path, "train")


def syntax_of_the_package():
    """Each part of each file of the library, with the file's name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(PACKAGE)), node


def test_there_is_no_other_way_to_load():
    unsafe = r"pickle|marshal|shelve|dill|joblib|yaml|subprocess|ctypes|runpy"
    calls = r"(.*\.)?(eval|exec|compile_command|system|popen|extractall|extract)"
    calls += (
        r"|(.*\.)?(unpack_archive|enable_unsafe_deserialization|get_file|func_load)"
    )
    loaders = []
    for file, node in syntax_of_the_package():
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names.append(getattr(node, "module", None) or "")
            for name in names:
                assert not re.match(rf"({unsafe})(\.|$)", name), (file, name)
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        assert not re.fullmatch(calls, called), (file, called)
        if called.startswith(("np.load", "numpy.load")) and "txt" not in called:
            assert given.get("allow_pickle") == "False", file
        if called.endswith("Image.open") and "open(drawn)" not in ast.unparse(node):
            assert "formats" in given, file
        assert given.get("safe_mode", "True") == "True", file
        if re.search(r"keras\.(saving|models)\.load_model$", called):
            loaders.append(file)
    assert loaders == ["presets.py", "saving.py"]
