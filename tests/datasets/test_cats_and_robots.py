"""Of what the package robohash has drawn: cats and robots."""

import importlib.util
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_latent import datasets
from keras_latent.datasets import cats, robohash_drawings, robots
from keras_latent.datasets.robohash_drawings import drawings_folder, read_drawings


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package robohash of tiny drawings: each a dot of its own."""
    folder = tmp_path / "robohash"
    (folder / "sets").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('nothing runs')")
    random = np.random.RandomState(0)

    def draw(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((8, 8, 4), np.uint8)
        pixels[tuple(random.randint(0, 8, 2))] = (*random.randint(0, 256, 3), 255)
        Image.fromarray(pixels).save(path)

    for row, (part, values) in enumerate(cats.FACTORS.items()):
        for number in values:
            place = folder / "sets" / "set4" / f"00{row}#0{row}{part}"
            draw(place / f"{99 - number:03}#{part}{number}.png")
    for colour in robots.FACTORS["colour"]:
        for part in list(robots.FACTORS)[1:]:
            place = folder / "sets" / "set1" / colour / f"000#{part.title()}"
            for number in robots.FACTORS[part]:
                # One colour of the package is written so.
                mark = "__" if colour == "yellow" else "_"
                draw(place / f"000#{colour}{mark}{part}-{number:02}.png")
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in (cats, robots):
        module._layers.cache_clear()
    yield folder
    for module in (cats, robots):
        module._layers.cache_clear()


def expected(folder, name, label, size=8):
    """One picture, layer after layer, from the files."""
    if name == "cats":
        layers = [
            next((folder / "sets" / "set4").glob(f"*/*#{part}{number}.png"))
            for part, number in zip(cats.FACTORS, label, strict=True)
        ]
    else:
        colour = robots.FACTORS["colour"][label[0]]
        layers = [
            next((folder / "sets" / "set1" / colour).glob(f"*/*_{part}-{row + 1:02}.*"))
            for part, row in zip(list(robots.FACTORS)[1:], label[1:], strict=True)
        ]
    picture = Image.new("RGBA", Image.open(layers[0]).size, "white")
    for layer in layers:
        picture = Image.alpha_composite(picture, Image.open(layer).convert("RGBA"))
    picture = picture.convert("RGB").resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture) / 255.0


@pytest.mark.parametrize(
    ("name", "counts"),
    [("cats", (15, 10, 15, 10, 16)), ("robots", (10,) * 6)],
)
def test_pictures_are_those_of_their_labels(package, name, counts):
    images, labels = datasets.arrays(name, "test", image_size=8, limit=300)
    assert images.shape == (300, 8, 8, 3)
    assert labels.shape == (300, len(counts))
    assert np.all(labels.max(axis=0) + 1 == counts)
    for row in range(0, 300, 13):
        picture = expected(package, name, labels[row])
        assert np.abs(images[row] - picture).max() < 1.01 / 255
    opened = datasets.open_dataset(name, image_size=8)
    assert opened.splits == ("train", "validation", "test")
    assert opened.split("train").size == np.prod(counts) - 20_000
    assert opened.split("validation").size == 10_000
    assert len(opened.factor_names) == len(counts)
    assert opened.class_names == ()


@pytest.mark.all
def test_epochs_are_those_of_the_seed(package):
    opened = datasets.open_dataset("cats", image_size=8)

    def first(seed, epoch):
        batches, steps = datasets.epochs(opened, "test", 8, seed, epoch)
        assert steps == 1_250
        return next(iter(batches))[1].numpy()

    np.testing.assert_array_equal(first(1, 0), first(1, 0))
    assert not np.array_equal(first(1, 0), first(1, 1))


@pytest.mark.parametrize("name", ["cats", "robots"])
def test_missing_package_says_the_extra(name, monkeypatch):
    def find(wanted):
        return None if wanted == "robohash" else importlib.util.find_spec(wanted)

    monkeypatch.setattr(robohash_drawings.importlib.util, "find_spec", find)
    for module in (cats, robots):
        module._layers.cache_clear()
    message = rf"'{name}' needs the package robohash.*keras_latent\[datasets\]"
    with pytest.raises(ImportError, match=message):
        datasets.load(name, "train")


def test_another_version_of_the_package_says_which_part(package):
    shutil.rmtree(next((package / "sets" / "set4").glob("*mouth")))
    with pytest.raises(ValueError, match=r"10 drawings of 'mouth'.*version 2\.0.*0$"):
        datasets.load("cats", "test", image_size=8)


def test_a_damaged_drawing_is_named(package):
    path = next(package.glob("sets/set1/red/*/*eyes-07.png"))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"must be whole.*red_eyes-07\.png"):
        datasets.load("robots", "test", image_size=8)


def test_cats_of_one_look_are_in_one_split(package):
    def looks(split):
        labels = datasets.open_dataset("cats", image_size=8).split(split).labels
        labels = np.where(labels == [-1, 6, -1, -1, -1], [0, 2, 0, 0, 0], labels)
        return set(np.ravel_multi_index(tuple(labels.T), (15, 10, 15, 10, 16)))

    train, validation, test = map(looks, ("train", "validation", "test"))
    assert not train & test
    assert not train & validation
    assert not validation & test
    assert len(train | validation | test) == 15 * 9 * 15 * 10 * 16


needs_robohash = pytest.mark.skipif(
    importlib.util.find_spec("robohash") is None, reason="needs robohash"
)


@pytest.mark.all
@needs_robohash
def test_cats_of_the_true_package():
    cats._layers.cache_clear()
    images, labels = datasets.arrays("cats", "test", limit=2)
    assert "robohash" not in sys.modules
    assert images.shape == (2, 64, 64, 3)
    folder = Path(importlib.util.find_spec("robohash").submodule_search_locations[0])
    for image, label in zip(images, labels, strict=True):
        error = np.mean((image - expected(folder, "cats", label, size=64)) ** 2)
        # Drawings are made small one by one: a pixel that two of them share differs.
        assert -10 * np.log10(error) > 30
    # What the docstring says of those that are nothing.
    empty = {
        part: np.flatnonzero(layer.drawings[..., 3].sum(axis=(1, 2)) == 0).tolist()
        for part, layer in zip(cats.FACTORS, cats._layers((64, 64)), strict=True)
    }
    assert empty == {"body": [], "fur": [2, 6], "eyes": [], "mouth": []} | {
        "accessory": [15]
    }


@needs_robohash
def test_robots_of_the_true_package():
    parts = list(robots.FACTORS)[1:]
    drawings = read_drawings(
        drawings_folder("robots", "set1/yellow"), (64, 64), dict.fromkeys(parts, 10)
    )
    looks = [one.tobytes() for some in drawings.values() for one in some]
    assert len(set(looks)) == 50
    assert all(some[..., 3].any() for some in drawings.values())
