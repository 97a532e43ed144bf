import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keras_latent import datasets
from keras_latent.datasets import archives, emoji
from keras_latent.datasets.emoji_builder import Emoji

A_FEW = Path(__file__).parents[1] / "data" / "emoji"
SIZES = {"train": 58, "validation": 4, "test": 24}


def archive(path, files):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def png(size=(64, 64), colour=(255, 0, 0, 128)):
    file = io.BytesIO()
    Image.new("RGBA", size, colour).save(file, "PNG")
    return file.getvalue()


class TestEmojiBuilder(tfds.testing.DatasetBuilderTestCase):
    """The test of tensorflow-datasets, on a few pictures."""

    DATASET_CLASS = Emoji
    EXAMPLE_DIR = str(A_FEW)
    SPLITS = SIZES

    def test_registered(self):
        # Ours isn't in the registry: `datasets.load("emoji", ...)` finds it.
        assert Emoji.name not in tfds.list_builders()


@pytest.fixture(scope="module")
def prepared_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("emoji")


@pytest.fixture
def a_few(prepared_folder, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared_folder))
    monkeypatch.setenv(emoji.ARCHIVES_VARIABLE, str(A_FEW))


@pytest.mark.parametrize("split", SIZES)
def test_load(a_few, split):
    images, labels = datasets.arrays("emoji", split)
    assert images.shape == (SIZES[split], 64, 64, 3)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() == 1  # the white that they are laid on
    assert set(labels) <= set(range(10))
    assert datasets.splits("emoji") == ("train", "validation", "test")
    assert datasets.image_shape("emoji", image_size=32) == (32, 32, 3)


def test_pictures_are_those_of_the_archives(a_few):
    columns = emoji.emoji_columns("train")
    for row in range(0, SIZES["train"], 9):
        style, glyph = columns["style"][row], columns["glyph"][row]
        package = {"noto": "google", "twemoji": "twitter"}[style]
        path = A_FEW / f"emoji-datasource-{package}-16.0.0.tgz"
        with tarfile.open(path) as tar:
            contents = json.load(tar.extractfile("package/emoji.json"))
            (entry,) = [entry for entry in contents if entry["unified"] == glyph]
            assert entry["category"] == columns["category"][row]
            file = entry["image"]
            if columns["skin_tone"][row] != "none":
                index = emoji.SKIN_TONES.index(columns["skin_tone"][row])
                point = ("1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF")[index - 1]
                variations = entry["skin_variations"]
                file = variations.get(point, variations.get(f"{point}-{point}"))
                file = file["image"]
            member = tar.extractfile(f"package/img/{package}/64/{file}")
            pixels = np.asarray(Image.open(member).convert("RGBA")) / 255.0
        alpha = pixels[..., 3:]
        expected = alpha * pixels[..., :3] + 1 - alpha
        assert np.abs(columns["image"][row] - expected).max() < 1.01 / 255


def test_no_glyph_is_in_two_splits(a_few):
    glyphs = {split: set(emoji.emoji_columns(split)["glyph"]) for split in SIZES}
    assert [len(glyphs[split]) for split in SIZES] == [16, 2, 2]
    assert len(set.union(*glyphs.values())) == 20


def test_skin_tones_of_pairs_are_mixed():
    couple = {
        "unified": "1F491",
        "image": "1f491.png",
        "category": "People & Body",
        "skin_variations": {
            "1F3FB-1F3FB": {"image": "a.png"},
            "1F3FB-1F3FF": {"image": "b.png"},
            "1F3FE": {"image": "c.png"},
        },
    }
    pictures = emoji.pictures_of(json.dumps([couple]).encode())
    tones = {picture.file: picture.skin_tone for picture in pictures}
    assert tones == {
        "1f491.png": "none",
        "a.png": "light",
        "b.png": "mixed",
        "c.png": "medium-dark",
    }


@pytest.fixture
def missing(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "prepared"))
    monkeypatch.setenv(emoji.ARCHIVES_VARIABLE, str(tmp_path))
    return tmp_path


def test_missing_archive_says_which_and_where(missing):
    (missing / "emoji-datasource-google-16.0.0.tgz").write_bytes(b"")
    message = r"emoji-datasource-twitter-16\.0\.0\.tgz.*KERAS_LATENT_EMOJI"
    with pytest.raises(FileNotFoundError, match=message) as error:
        datasets.load("emoji", "train")
    assert str(missing) in str(error.value)
    assert not list((missing / "prepared").rglob("*.tfrecord*"))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"package/emoji.json": b"[]"[:0]}, "Expecting value"),
        ({"package/LICENSE": b""}, r"must be whole.*'emoji\.json'"),
        ({"package/img/google/64/a.png": png(size=(32, 64))}, "32 x 64"),
        ({}, r"must be whole.*'a\.png'"),
        (
            {"package/img/google/64/a.png": b"\0" * (archives.LARGEST_FILE + 1)},
            "must be whole",
        ),
    ],
)
def test_damaged_archives_leave_nothing_behind(missing, files, message):
    entry = {"unified": "1F600", "image": "a.png", "category": "Objects"}
    contents = {"package/emoji.json": json.dumps([entry]).encode()}
    if "package/LICENSE" in files:
        contents = {}
    for package in ("google", "twitter"):
        path = missing / f"emoji-datasource-{package}-16.0.0.tgz"
        archive(path, {**contents, **files})
    with pytest.raises(ValueError, match=message):
        datasets.load("emoji", "train")
    assert not Emoji(data_dir=str(missing / "prepared")).is_prepared()


@pytest.mark.parametrize("content", [b"no archive", None], ids=["junk", "truncated"])
def test_what_is_no_archive(missing, content):
    for package in ("google", "twitter"):
        path = missing / f"emoji-datasource-{package}-16.0.0.tgz"
        archive(path, {"package/emoji.json": os.urandom(5000)})
        path.write_bytes(content or path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="must be whole: put it there again"):
        datasets.load("emoji", "train")


def test_half_transparent_is_laid_on_white():
    laid = emoji.on_white(png(colour=(255, 0, 0, 128)), "a.png")
    assert laid[0, 0].tolist() == [255, 127, 127]


@pytest.mark.skipif(
    not os.environ.get(emoji.ARCHIVES_VARIABLE),
    reason="needs the archives of emoji, named by KERAS_LATENT_EMOJI",
)
def test_whole_archives(tmp_path, monkeypatch):
    archives = emoji.find_archives(Path(os.environ[emoji.ARCHIVES_VARIABLE]))
    contents = [
        emoji.pictures_of(emoji.read_archive(path)["emoji.json"])
        for path in archives.values()
    ]
    assert [len(pictures) for pictures in contents] == [3786, 3786]
    splits = emoji.split_by_glyph({picture.glyph for picture in contents[0]})
    counts = [list(splits.values()).count(split) for split in SIZES]
    assert counts == [1529, 191, 191]
