import io
import json
import os
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_latent import datasets
from keras_latent.datasets import icons
from keras_latent.datasets.icon_brands import brands_of, split_of
from keras_latent.datasets.icon_logos import Logo, logos_of, words_of
from keras_latent.datasets.icon_pictures import drawn
from keras_latent.datasets.icons_builder import Icons

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}">{2}</svg>'
FILES = {
    "simple-icons": "simple-icons-16.2.0.tgz",
    "logos": "iconify-json-logos-1.2.3.tgz",
    "vscode-icons": "iconify-json-vscode-icons-1.2.10.tgz",
    "super-tiny-icons": "super-tiny-icons-0.6.0.tgz",
}


def archive(path, files):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content.encode()))


def polygon(number, side=24):
    """An outline like no other."""
    random = np.random.RandomState(number)
    points = " ".join(f"{x},{y}" for x, y in random.randint(0, side, (5, 2)))
    return f'<polygon points="{points}"/>'


def write_archives(folder):
    """A few logos in each package; the brands are called after planets and letters."""
    letters = [f"Brand{letter}" for letter in "abcdefghijklmnopqrstuvw"]
    table, files = [], {}
    for number, title in enumerate(letters):
        table.append({"title": title, "slug": title.lower(), "hex": "3366CC"})
        files[f"icons/{title.lower()}.svg"] = SVG.format(24, 24, polygon(number))
    mars = {"title": "Mars", "slug": "mars", "hex": "CC3300"}
    # The name on a second drawing is what the aliases of the first say.
    mars["aliases"] = {"aka": ["Red Planet"]}
    files["icons/mars.svg"] = SVG.format(24, 24, '<rect x="6" width="9" height="24"/>')
    white = {"title": "Venus 2", "slug": "venus2", "hex": "FFFFFF"}
    files["icons/venus2.svg"] = SVG.format(24, 24, '<rect width="9" height="24"/>')
    files["data/simple-icons.json"] = json.dumps([*table, mars, white])
    archive(folder / FILES["simple-icons"], files)
    bar = '<path fill="#ff0000" d="M10 20h200v50h-200z"/>'
    venus = '<path fill="#00ff00" fill-opacity=".5" d="M0 0h16v16z"/>'
    table = {
        "icons": {
            "mars-icon": {
                "body": bar,
                "left": 10,
                "top": 20,
                "width": 200,
                "height": 50,
            },
            "red-planet": {"body": polygon(50), "width": 24},
            "venus-dark": {"body": venus},
        },
        "height": 24,
    }
    archive(folder / FILES["logos"], {"icons.json": json.dumps(table)})
    table = {
        "icons": {
            "file-type-light-mars": {"body": polygon(51)},
            "folder-type-venus-opened": {"body": polygon(52)},
        },
        "width": 24,
        "height": 24,
    }
    archive(folder / FILES["vscode-icons"], {"icons.json": json.dumps(table)})
    # Brandb has here the outline of brandc.
    other = polygon(2).replace("<polygon", '<polygon fill="#ff8800"')
    files = {
        "images/svg/brand_a.svg": SVG.format(24, 24, polygon(0)),
        "images/svg/other.svg": SVG.format(24, 24, other),
    }
    archive(folder / FILES["super-tiny-icons"], files)


@pytest.fixture(scope="module")
def a_few(tmp_path_factory):
    folder = tmp_path_factory.mktemp("icons")
    write_archives(folder)
    return folder


@pytest.fixture(scope="module")
def prepared_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def prepared(a_few, prepared_folder, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared_folder))
    monkeypatch.setenv(icons.ARCHIVES_VARIABLE, str(a_few))


def all_columns():
    parts = [icons.icon_columns(split) for split in ("train", "validation", "test")]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def test_load(prepared):
    assert datasets.splits("icons") == ("train", "validation", "test")
    assert datasets.open_dataset("icons").class_names == tuple(icons.PACKAGES)
    assert datasets.image_shape("icons", image_size=32) == (32, 32, 3)
    columns = all_columns()
    assert columns["image"].shape == (32, 64, 64, 3)
    assert columns["image"].dtype == np.float32
    images, labels = datasets.arrays("icons", "test")
    np.testing.assert_allclose(images, icons.icon_columns("test")["image"], atol=1e-6)
    assert np.asarray(list(icons.PACKAGES))[labels].tolist() == (
        icons.icon_columns("test")["package"].tolist()
    )
    packages, counts = np.unique(columns["package"], return_counts=True)
    assert dict(zip(packages, counts, strict=True)) == {
        "simple-icons": 25,
        "logos": 3,
        "vscode-icons": 2,
        "super-tiny-icons": 2,
    }
    assert Icons.name not in tfds.list_builders()


def test_pictures_are_those_of_the_drawings(prepared):
    columns = all_columns()
    pictures = dict(zip(columns["name"], columns["image"], strict=True))
    # In the brand's colour, with the proportions of the drawing, in the middle.
    expected = np.ones((64, 64, 3))
    expected[:, 16:40] = [0.8, 0.2, 0]
    np.testing.assert_allclose(pictures["mars"], expected, atol=1e-6)
    expected = np.ones((64, 64, 3))
    expected[24:40] = [1, 0, 0]
    np.testing.assert_allclose(pictures["mars-icon"], expected, atol=1e-6)
    # White wouldn't be seen on white.
    expected = np.zeros((64, 64, 3))
    expected[:, :24] = 1
    np.testing.assert_allclose(pictures["venus2"], expected, atol=1e-6)
    # Half of it is the white below.
    np.testing.assert_allclose(pictures["venus-dark"][10, 45], [0.5, 1, 0.5], atol=0.01)


def test_no_brand_is_in_two_splits(prepared):
    brands = [
        set(icons.icon_columns(split)["brand"])
        for split in ("train", "validation", "test")
    ]
    assert all(brands)
    assert sum(map(len, brands)) == len(set.union(*brands))
    columns = all_columns()
    brand_of = dict(zip(columns["name"], columns["brand"], strict=True))
    mars = ["mars", "mars-icon", "red-planet", "file-type-light-mars"]
    assert {brand_of[name] for name in mars} == {"mars"}
    venus = ["venus2", "venus-dark", "folder-type-venus-opened"]
    assert {brand_of[name] for name in venus} == {"venus"}
    assert brand_of["brand_a"] == brand_of["branda"]
    assert brand_of["other"] == brand_of["brandc"] != brand_of["brandb"]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Visual Studio Code", "visualstudiocode", True),
        ("Vue.js", "vue-3", True),
        ("HTML5", "html-5", True),
        ("file-type-js-official", "JavaScript", True),
        ("Google Drive", "google_maps", True),
        ("Telegram", "Telegraph", False),
        ("1Password", "2FAS", False),
    ],
)
def test_brands_by_name(one, other, is_same, a_few):
    words = [
        words_of(name.removeprefix("file-type-").replace("-official", ""))
        for name in (one, other)
    ]
    logos = [Logo("logos", "", some, (), "") for some in words]
    blank = np.full((2, 8, 8, 3), 255, np.uint8)
    first, second = brands_of(logos, blank)
    assert (first == second) == is_same


def test_splits_are_tenths_that_depend_on_the_name_alone():
    splits = [split_of(f"brand {number}") for number in range(5000)]
    assert abs(splits.count("test") - 500) < 65
    assert abs(splits.count("validation") - 500) < 65


def test_a_drawing_reads_no_other_file(tmp_path):
    from PIL import Image

    path = tmp_path / "secret.png"
    Image.new("RGB", (8, 8), "red").save(path)
    body = f'<image width="24" height="24" href="{path}"/>'
    assert np.all(drawn(SVG.format(24, 24, body)) == 255)
    # What stands in the drawing itself is still found.
    body = '<defs><rect id="a" width="24" height="24"/></defs><use href="#a"/>'
    assert np.all(drawn(SVG.format(24, 24, body)) == 0)


@pytest.fixture
def missing(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "prepared"))
    monkeypatch.setenv(icons.ARCHIVES_VARIABLE, str(tmp_path))
    write_archives(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("simple-icons", "npm pack simple-icons@16"),
        ("logos", "npm pack @iconify-json/logos@1"),
        ("vscode-icons", "npm pack @iconify-json/vscode-icons@1"),
        ("super-tiny-icons", "npm pack super-tiny-icons@0"),
    ],
)
def test_missing_archive_says_which_and_the_command(missing, package, command):
    (missing / FILES[package]).unlink()
    beginning = icons.PACKAGES[package][0]
    message = rf"archive {beginning}\.\*.*`{command}` brings it.*KERAS_LATENT_ICONS"
    with pytest.raises(FileNotFoundError, match=message) as error:
        datasets.load("icons", "train")
    assert str(missing) in str(error.value)
    assert not list((missing / "prepared").rglob("*.tfrecord*"))


def test_missing_renderer_says_the_extra(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r"resvg-py.*keras_latent\[datasets\]"):
        datasets.load("icons", "train")
    assert not list((missing / "prepared").rglob("*.tfrecord*"))


@pytest.mark.parametrize(
    ("package", "files", "message"),
    [
        ("logos", {"icons.json": "{"}, "table can't be read"),
        ("logos", {"icons.json": '{"icons": {"a": {}}}'}, r"read \(KeyError\('body'"),
        ("logos", {"README.md": ""}, r"Received: one without 'icons\.json'"),
        (
            "logos",
            {"icons.json": '{"icons": {"a": {"body": "<g>"}}}'},
            "'a' of 'logos', which can't be drawn",
        ),
        (
            "simple-icons",
            {"data/simple-icons.json": '[{"slug": "a", "title": "A", "hex": "0"}]'},
            r"Received: one without 'a\.svg'",
        ),
        ("super-tiny-icons", {"LICENSE": ""}, r"no \.svg"),
    ],
)
def test_damaged_archives_leave_nothing_behind(missing, package, files, message):
    archive(missing / FILES[package], files)
    with pytest.raises(ValueError, match=message):
        datasets.load("icons", "train")
    assert not Icons(data_dir=str(missing / "prepared")).is_prepared()


def test_the_newest_archive_is_taken(missing):
    for version in ("16.9.0", "16.10.0", "15.99.0"):
        (missing / f"simple-icons-{version}.tgz").write_bytes(b"")
    found = icons.find_archives(missing)
    assert found["simple-icons"].name == "simple-icons-16.10.0.tgz"


@pytest.mark.skipif(
    not os.environ.get(icons.ARCHIVES_VARIABLE),
    reason="needs the archives of icons, named by KERAS_LATENT_ICONS",
)
def test_whole_archives():
    archives = icons.find_archives(Path(os.environ[icons.ARCHIVES_VARIABLE]))
    counts = {
        package: len(list(logos_of(package, path)))
        for package, path in archives.items()
    }
    assert 7500 < sum(counts.values()) < 9000
    assert min(counts.values()) > 300
