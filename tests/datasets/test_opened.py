"""A dataset that is opened once, its held-out examples, and what is cached."""

import numpy as np
import pytest
from PIL import Image

from keras_latent import datasets
from keras_latent.datasets import cached, image_reader, opened
from keras_latent.datasets.held_out import draw_held_out
from tests.tiers import rarely

COUNTS = {"cat": 10, "dog": 20, "eel": 1}


def write(root):
    number = 0
    for name, count in COUNTS.items():
        (root / name).mkdir(parents=True)
        for index in range(count):
            Image.new("L", (6, 6), number).save(root / name / f"{index:02}.png")
            number += 1
    return root


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "images")


def everything(dataset, split, **options):
    batches, steps = datasets.epochs(dataset, split, 4, seed=1, **options)
    return list(batches.take(2 * steps).as_numpy_iterator())


def assert_same(some, others):
    assert len(some) == len(others)
    for (images, labels), (other_images, other_labels) in zip(
        some, others, strict=True
    ):
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(labels, other_labels)


def test_what_was_opened_is_never_scanned_again(folder, monkeypatch):
    dataset = datasets.open_dataset(str(folder), image_size=4)
    expected = datasets.arrays(folder, "train", image_size=4)
    monkeypatch.setattr(opened, "scan_folder", None)
    assert datasets.image_shape(dataset) == (4, 4, 1)
    assert datasets.splits(dataset) == ("train",)
    assert_same([datasets.arrays(dataset, "train")], [expected])
    loaded = datasets.load(dataset, "train", batch_size=31)
    assert_same(list(loaded.as_numpy_iterator()), [expected])
    assert everything(dataset, "train[:4]")[0][0].shape == (4, 4, 4, 1)


def test_names_of_classes_and_files(folder):
    source = datasets.open_dataset(folder).split("train")
    assert source.class_names == ("cat", "dog", "eel")
    assert source.size == len(source.file_paths) == sum(COUNTS.values())
    images, labels = datasets.arrays(folder, "train")
    for path, image, label in zip(source.file_paths, images, labels, strict=True):
        assert source.class_names[label] in path
        np.testing.assert_allclose(image[..., 0] * 255, Image.open(path), atol=1e-4)


def test_names_of_classes_of_digits():
    assert datasets.open_dataset("mnist").class_names == tuple("0123456789")


def test_another_size_than_that_of_the_opening(folder):
    dataset = datasets.open_dataset(folder, image_size=4)
    assert datasets.image_shape(dataset, image_size=(4, 4)) == (4, 4, 1)
    message = r"`image_size` must be given to `open_dataset`.*image_size=5"
    with pytest.raises(ValueError, match=message):
        datasets.load(dataset, "train", image_size=5)


def test_the_name_of_a_folder_is_absolute(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert datasets.open_dataset("images").name == str(folder)
    assert datasets.open_dataset("mnist").name == "mnist"


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_a_folder_that_one_of_our_names_hides_is_told_of_once(
    name, tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    datasets.open_dataset(name)
    assert caplog.messages == []
    write(tmp_path / name)
    for _ in range(2):
        assert datasets.open_dataset(name).name == name
    folder = tmp_path / name
    assert caplog.messages == [
        f"{name!r} is read as the dataset of that name, not as the folder {folder}; "
        f"'./{name}' is the folder"
    ]
    assert datasets.open_dataset(f"./{name}").name == str(folder)
    assert datasets.open_dataset(folder.relative_to(tmp_path)).name == str(folder)
    assert len([text for text in caplog.messages if "is read as" in text]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation_split": 0.6}, r"`validation_split` must be a number in.*=0\.6"),
        ({"cache": 3}, r"`cache` must be 'memory', the path of a folder.*cache=3"),
        ({"seed": "a"}, r"`seed` must be a number.*seed='a'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.open_dataset("mnist", **arguments)


class TestHeldOut:
    @pytest.fixture(params=["folder", "mnist", "shapes"])
    def name(self, request):
        if request.param == "folder":
            return request.getfixturevalue("folder")
        return request.param

    def test_the_two_parts_make_the_whole(self, name):
        dataset = datasets.open_dataset(name, validation_split=0.2, seed=3)
        whole, labels = datasets.arrays(name, "train")
        parts = [datasets.arrays(dataset, part) for part in ("train", "validation")]
        held_out = len(parts[1][0])
        assert held_out == round(0.2 * len(whole))
        assert dataset.held_out == {"fraction": 0.2, "seed": 3, "examples": held_out}
        rows = sorted(row.tobytes() for row in whole)
        assert sorted(row.tobytes() for part in parts for row in part[0]) == rows
        assert sorted(np.concatenate([part[1] for part in parts]).ravel()) == sorted(
            labels.ravel()
        )
        assert datasets.splits(dataset)[:2] == ("train", "validation")
        some, _ = datasets.arrays(dataset, "validation[2:4]")
        np.testing.assert_array_equal(some, parts[1][0][2:4])

    def test_the_seed_alone_decides(self, folder):
        def held_out(seed):
            dataset = datasets.open_dataset(folder, validation_split=0.2, seed=seed)
            return dataset.split("validation").file_paths

        np.random.seed(0)
        first = held_out(1)
        np.random.seed(1)
        assert held_out(1) == first
        assert held_out(2) != first
        assert not set(first) & set(
            datasets.open_dataset(folder, validation_split=0.2, seed=1)
            .split("train")
            .file_paths
        )

    def test_each_class_gives_its_share(self, folder):
        for seed in range(5):
            dataset = datasets.open_dataset(folder, validation_split=0.2, seed=seed)
            labels = dataset.split("validation").labels
            assert np.bincount(labels, minlength=3).tolist() == [2, 4, 0]

    def test_all_examples_have_the_same_chance(self):
        draws = [draw_held_out(10, 0.2, seed) for seed in range(2000)]
        counts = np.bincount(np.concatenate(draws), minlength=10)
        # Five standard deviations of a binomial distribution around 400.
        np.testing.assert_allclose(counts, 400, atol=5 * np.sqrt(2000 * 0.2 * 0.8))

    def test_small_classes_have_the_same_chance(self):
        labels = np.repeat(np.arange(20), 2)
        draws = [draw_held_out(40, 0.1, seed, labels) for seed in range(1000)]
        counts = np.bincount(labels[np.concatenate(draws)], minlength=20)
        np.testing.assert_allclose(counts, 200, atol=5 * np.sqrt(1000 * 0.2 * 0.8))

    def test_a_split_of_its_own_is_kept(self, tmp_path):
        write(tmp_path / "train")
        write(tmp_path / "Val")
        dataset = datasets.open_dataset(tmp_path, validation_split=0.2)
        assert dataset.held_out is None
        assert dataset.split("train").size == dataset.split("validation").size == 31

    def test_test_examples_stay_apart(self, tmp_path):
        write(tmp_path / "train")
        write(tmp_path / "test")
        dataset = datasets.open_dataset(tmp_path, validation_split=0.2)
        assert dataset.splits == ("train", "validation", "test")
        assert dataset.split("test").size == 31
        assert dataset.split("test").splits == dataset.splits
        with pytest.raises(ValueError, match=r"`split` must be.*'validation', 'test'"):
            dataset.split("dev")

    def test_a_single_image(self, tmp_path):
        Image.new("L", (4, 4)).save(tmp_path / "1.png")
        with pytest.raises(ValueError, match=r"`validation_split` must leave.*of 1 ex"):
            datasets.open_dataset(tmp_path, validation_split=0.1)

    def test_a_dataset_of_tensorflow_datasets(self, monkeypatch, tmp_path):
        from pathlib import Path

        few_emoji = Path(__file__).parents[1] / "data" / "emoji"
        monkeypatch.setenv("KERAS_LATENT_EMOJI", str(few_emoji))
        monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
        dataset = datasets.open_dataset("emoji")
        whole, _ = datasets.arrays(dataset, "train")
        picked = dataset.split("train").take(np.array([1, 4, 5]))
        ((images, labels),) = picked.batches(5).as_numpy_iterator()
        np.testing.assert_array_equal(images, whole[[1, 4, 5]])
        assert max(labels) < len(dataset.class_names)


class TestCache:
    @pytest.mark.parametrize("image_size", [4, *rarely(None)])
    @pytest.mark.parametrize("place", ["memory", "disk"])
    def test_gives_what_is_given_without(
        self, folder, tmp_path, place, image_size, monkeypatch
    ):
        cache = "memory" if place == "memory" else tmp_path / "cache"
        plain = datasets.open_dataset(folder, image_size)
        kept = datasets.open_dataset(folder, image_size, cache=cache)
        assert_same(everything(kept, "train"), everything(plain, "train"))
        again = kept
        if place == "disk":
            again = datasets.open_dataset(folder, image_size, cache=cache)
        with monkeypatch.context() as patch:
            patch.setattr(cached.CachedSource, "_decode_into", None)
            assert_same(
                everything(again, "train", initial_epoch=1)[:8],
                everything(plain, "train", initial_epoch=1)[:8],
            )

    @pytest.mark.parametrize("place", ["memory", "disk"])
    def test_a_part_reads_what_is_kept_of_the_whole(
        self, folder, tmp_path, place, monkeypatch
    ):
        cache = "memory" if place == "memory" else tmp_path / "cache"
        images, labels = datasets.arrays(folder, "train")
        dataset = datasets.open_dataset(folder, cache=cache)
        early = dataset.split("train").take(np.array([5, 20]))
        ((some, _),) = early.batches(2).as_numpy_iterator()
        np.testing.assert_array_equal(some, images[[5, 20]])
        datasets.arrays(dataset, "train")
        if place == "disk":
            dataset = datasets.open_dataset(folder, cache=cache)
            written = sorted(cache.iterdir())
        monkeypatch.setattr(cached.CachedSource, "_decode_into", None)
        part = dataset.split("train").take(np.array([1, 12, 30]))
        for rows, taken in (
            ([1, 12, 30], part),
            ([12, 30], part.take(np.array([1, 2]))),
            ([20], early.take(np.array([1]))),
        ):
            ((some, some_labels),) = taken.batches(4).as_numpy_iterator()
            np.testing.assert_array_equal(some, images[rows])
            np.testing.assert_array_equal(some_labels, labels[rows])
        if place == "disk":
            assert sorted(cache.iterdir()) == written

    def test_files_that_change_are_decoded_anew(self, folder, tmp_path):
        def first():
            dataset = datasets.open_dataset(folder, cache=tmp_path / "cache")
            return datasets.arrays(dataset, "train")[0][0].max()

        assert first() == 0
        Image.new("L", (6, 6), 255).save(folder / "cat" / "00.png", compress_level=0)
        assert first() == 1

    def test_a_file_that_something_else_has_changed(self, folder, tmp_path):
        cache = tmp_path / "cache"
        dataset = datasets.open_dataset(folder, cache=cache)
        datasets.arrays(dataset, "train")
        (images,) = set(cache.iterdir()) - set(cache.glob("*.labels.npy"))
        np.save(images, np.zeros(3))
        dataset = datasets.open_dataset(folder, cache=cache)
        with pytest.raises(ValueError, match=r"`cache` must be a folder.*remove it"):
            datasets.arrays(dataset, "train")

    def test_what_is_half_written_is_not_found(self, folder, tmp_path, monkeypatch):
        cache = tmp_path / "cache"
        with monkeypatch.context() as patch:
            patch.setattr(cached.CachedSource, "_decode_into", None)
            with pytest.raises(TypeError):
                datasets.arrays(datasets.open_dataset(folder, cache=cache), "train")
        assert list(cache.iterdir()) == []

    def test_of_digits(self):
        plain, _ = datasets.arrays("mnist", "test[:40]", image_size=20)
        kept = datasets.open_dataset("mnist", 20, cache="memory")
        np.testing.assert_array_equal(datasets.arrays(kept, "test[:40]")[0], plain)


def test_files_are_decoded_once_for_the_check(folder, monkeypatch):
    datasets.load(folder, "train")
    monkeypatch.setattr(image_reader.ImageReader, "read", None)
    datasets.open_dataset(folder).split("train").check()
