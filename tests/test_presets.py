"""Models as folders that others can share."""

import json
import resource
import shutil
import signal
import sys
import types

import h5py
import keras
import numpy as np
import pytest

import keras_latent as kl
from tests.models.cases import CASES, dense_networks, images


@pytest.fixture(scope="module")
def trained():
    """A model with state of its optimizer and a condition of none."""
    keras.utils.set_random_seed(0)
    model = kl.models.VAE(**dense_networks(), beta=0.5)
    model.compile("adam", run_eagerly=True)
    model.fit(images(4), verbose=0)
    return model


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    kl.save_to_preset(
        trained, folder, data="noise", license="apache-2.0", measures={"MSE": 0.25}
    )
    return folder


@pytest.fixture
def preset(written, tmp_path):
    """A copy to damage."""
    return shutil.copytree(written, tmp_path / "tiny")


def read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_the_folder_has_the_layout_of_keras_hub_and_a_card(written, trained):
    names = {"config.json", "metadata.json", "model.weights.h5", "card.json"}
    assert {path.name for path in written.iterdir()} == {*names, "README.md"}
    assert read(written, "config.json")["class_name"] == "VAE"
    metadata = read(written, "metadata.json")
    assert metadata["keras_version"] == keras.__version__
    assert metadata["parameter_count"] == trained.count_params()
    card = read(written, "card.json")
    assert card["observation"] == [4, 3, 1]
    assert card["code_shape"] == [3]
    page = (written / "README.md").read_text(encoding="utf-8")
    start = '---\nlicense: "apache-2.0"\nlibrary_name: keras\npipeline_tag: image-'
    assert page.startswith(start)
    assert "Trained on: noise" in page
    assert "| MSE | 0.25 |" in page
    assert card["sha256"]["model.weights.h5"] in page


def test_the_hub_reads_the_card(written):
    hub = pytest.importorskip("huggingface_hub")
    told = hub.ModelCard.load(written / "README.md").data
    assert told.license == "apache-2.0"
    assert told.library_name == "keras"
    assert told.pipeline_tag == "image-feature-extraction"
    assert "keras_latent" in told.tags


@pytest.mark.parametrize("load", [kl.from_preset, kl.models.VAE.from_preset])
def test_what_is_loaded_is_the_model_and_goes_on(load, written, trained):
    loaded = load(written)
    x = images(3)
    np.testing.assert_array_equal(loaded.encode(x), trained.encode(x))
    assert float(loaded.beta) == 0.5
    assert int(loaded.optimizer.iterations) == 1
    assert not load(written, compile=False).compiled


def test_keras_loads_it_itself(written, trained):
    loaded = keras.saving.load_model(written, safe_mode=True)
    assert type(loaded) is kl.models.VAE
    np.testing.assert_array_equal(loaded.encode(images(2)), trained.encode(images(2)))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[] if case.name == "encdec-mixed" else pytest.mark.all)
        for case in CASES
    ],
    ids=lambda case: case.name,
)
def test_each_variant(case, tmp_path):
    model, x = case.build(), case.data(3)
    model.save_to_preset(tmp_path / "preset")
    loaded = type(model).from_preset(tmp_path / "preset")
    np.testing.assert_array_equal(loaded.encode(x), model.encode(x))


def test_writing_again_replaces_it(preset, trained):
    (preset / "README.md").write_text("old")
    trained.save_to_preset(preset, data="more noise")
    assert "more noise" in (preset / "README.md").read_text(encoding="utf-8")
    assert kl.from_preset(preset).latent_dim == 3


class TestRefused:
    @pytest.mark.parametrize(
        "name", ["config.json", "metadata.json", "model.weights.h5", "card.json"]
    )
    def test_a_folder_that_is_incomplete(self, preset, name):
        (preset / name).unlink()
        message = rf"must be a whole preset.*tiny', without {name}"
        with pytest.raises(FileNotFoundError, match=message):
            kl.from_preset(preset)

    def test_no_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"missing', no such folder"):
            kl.from_preset(tmp_path / "missing")

    def test_what_another_function_loads(self, preset, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"`keras_latent\.from_preset`"):
            kl.load_model(preset)
        file = tmp_path / "model.keras"
        file.write_text("")
        with pytest.raises(FileNotFoundError, match=r"`keras_latent\.load_model`"):
            kl.from_preset(file)

    @pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
    def test_a_file_of_another_hash(self, preset, name):
        with open(preset / name, "ab") as file:
            file.write(b" ")
        with pytest.raises(ValueError, match=rf"have a {name} of the sha256 that its"):
            kl.from_preset(preset)

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"sha256": {}}'])
    def test_a_damaged_card(self, preset, text):
        (preset / "card.json").write_text(text)
        with pytest.raises(ValueError, match=r"must have a whole card.*card\.json"):
            kl.from_preset(preset)

    def signed(self, preset):
        """Let the card agree with what was put into the folder."""
        card = read(preset, "card.json")
        for name in card["sha256"]:
            card["sha256"][name] = kl.presets.sha256(preset / name)
        (preset / "card.json").write_text(json.dumps(card))

    def test_weights_that_lie_elsewhere(self, preset, tmp_path):
        with h5py.File(preset / "model.weights.h5", "a") as file:
            file["elsewhere"] = h5py.ExternalLink(str(tmp_path / "secret"), "x")
        self.signed(preset)
        with pytest.raises(ValueError, match=r"safe mode.*links to other places: "):
            kl.from_preset(preset)

    def test_code_that_a_config_brings(self, preset, tmp_path):
        marker = tmp_path / "executed"
        write = eval(f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]")
        trap = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(write)])
        marker.unlink()  # It was there: the trap works.
        config = keras.saving.serialize_keras_object(trap)
        (preset / "config.json").write_text(json.dumps(config))
        self.signed(preset)
        with pytest.raises(ValueError, match="must be a preset that Keras can load in"):
            kl.from_preset(preset)
        assert not marker.exists()

    def test_a_model_of_something_else(self, preset):
        plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        plain.save(preset, zipped=False)
        self.signed(preset)
        with pytest.raises(ValueError, match=r"preset of a latent model.*a Sequential"):
            kl.from_preset(preset)

    def test_a_model_of_another_class(self, written):
        with pytest.raises(ValueError, match=r"preset of IWAE.* with a VAE"):
            kl.models.IWAE.from_preset(written)

    def test_what_cannot_be_written(self, trained, tmp_path):
        with pytest.raises(ValueError, match="`model` must be a latent model"):
            kl.save_to_preset(keras.Sequential(), tmp_path / "a")
        with pytest.raises(ValueError, match="`path` must be a folder, which `hugging"):
            kl.save_to_preset(trained, "hf://me/tiny")
        (tmp_path / "mine.txt").write_text("")
        with pytest.raises(ValueError, match=r"which holds 'mine\.txt'"):
            kl.save_to_preset(trained, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_a_full_disk_leaves_the_old_one(self, preset, trained, tmp_path):
        before = kl.presets.sha256(preset / "card.json")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        try:
            with pytest.raises(OSError, match="`path` must be where a file can be"):
                trained.save_to_preset(preset)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
        assert kl.presets.sha256(preset / "card.json") == before
        assert kl.from_preset(preset).latent_dim == 3


class TestHub:
    @pytest.fixture
    def hub(self, monkeypatch):
        """What downloads from the hub, as far as it is used."""
        module = types.ModuleType("huggingface_hub")
        monkeypatch.setitem(sys.modules, "huggingface_hub", module)
        return module

    def test_what_was_downloaded_is_loaded(self, hub, written, trained):
        asked = {}

        def snapshot_download(**options):
            asked.update(options)
            return str(written)

        hub.snapshot_download = snapshot_download
        loaded = kl.from_preset("hf://me/tiny")
        x = images(2)
        np.testing.assert_array_equal(loaded.encode(x), trained.encode(x))
        assert asked["repo_id"] == "me/tiny"
        assert "model.weights.h5" in asked["allow_patterns"]

    def test_what_was_downloaded_is_checked(self, hub, preset):
        hub.snapshot_download = lambda **options: str(preset)
        (preset / "model.weights.h5").write_bytes(b"")
        with pytest.raises(ValueError, match="sha256 that its card says"):
            kl.from_preset("hf://me/tiny")

    def test_without_a_network(self, hub):
        def snapshot_download(**options):
            raise ConnectionError("Name or service not known")

        hub.snapshot_download = snapshot_download
        message = r"with a network that reaches it.*'hf://me/tiny' \(Name or service"
        with pytest.raises(OSError, match=message):
            kl.from_preset("hf://me/tiny")

    def test_a_name_that_is_none(self, hub):
        with pytest.raises(ValueError, match="`path` must be 'hf://USER/NAME'"):
            kl.from_preset("hf://tiny")

    def test_without_its_package(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        message = (
            "`path` 'hf://me/tiny' needs the package huggingface-hub: "
            r"pip install 'keras_latent\[hub\]'"
        )
        with pytest.raises(ImportError, match=message):
            kl.from_preset("hf://me/tiny")


def test_measures_may_be_those_of_numpy(trained, tmp_path):
    kl.presets.save_to_preset(
        trained, tmp_path / "a", measures={"mse": np.float32(0.5)}
    )
    card = json.loads((tmp_path / "a" / "card.json").read_text())
    assert card["measures"] == {"mse": 0.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measures": {"mse": "low"}}, r"`measures` must .*'mse': 'low'"),
        ({"measures": {"mse": None}}, r"`measures` must .*'mse': None"),
        ({"measures": {"mse": np.nan}}, r"`measures` must hold finite numbers"),
        ({"measures": {"mse": 1 + 0j}}, r"`measures` must hold finite numbers.*1\+0j"),
        ({"measures": {"mse": None}}, r"`measures` must hold finite numbers.*None"),
        ({"measures": [0.5]}, r"`measures` must be a dict"),
        ({"data": 3}, r"`data` must be a text. Received: data=3"),
        ({"license": 5}, r"`license` must be a text. Received: license=5"),
    ],
)
def test_what_a_card_can_not_hold_is_refused_before_work(
    trained, tmp_path, arguments, message
):
    with pytest.raises(ValueError, match=message):
        kl.presets.save_to_preset(trained, tmp_path / "a", **arguments)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_by_its_shortest_name(trained, tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    monkeypatch.chdir(tmp_path / "tiny")
    kl.presets.save_to_preset(trained, ".")
    card = json.loads((tmp_path / "tiny" / "card.json").read_text())
    assert card["name"] == "tiny"
