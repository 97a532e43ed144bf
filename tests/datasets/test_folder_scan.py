"""Which files of a folder count, and as what."""

import numpy as np
import pytest
from PIL import Image

from keras_latent import datasets


def save(folder, *names):
    """Write an image at each path; one that ends in a slash is an empty folder."""
    for name in names:
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), len(name)).save(path)


def contents(folder):
    """The files of each split, relative to the folder, with their classes."""
    opened = datasets.open_dataset(folder)
    return {
        name: {
            path.removeprefix(f"{folder}/"): (
                None if label < 0 else opened.class_names[label]
            )
            for path, label in zip(source.file_paths, source.labels, strict=True)
        }
        for name in opened.splits
        for source in [opened.split(name)]
    }


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("train", "val", "validation"),
        ("Training", "Testing", "test"),
        ("TRAIN", "valid", "validation"),
        ("training", "Validation", "validation"),
    ],
)
def test_usual_names_of_splits_in_any_case(tmp_path, train, other, split):
    save(tmp_path, f"{train}/cat/1.png", f"{other}/cat/1.png")
    assert contents(tmp_path) == {
        "train": {f"{train}/cat/1.png": "cat"},
        split: {f"{other}/cat/1.png": "cat"},
    }


def test_classes_with_the_name_of_a_split(tmp_path):
    save(tmp_path, "bus/1.png", "car/1.png", "train/1.png", "train/2.png")
    assert contents(tmp_path) == {
        "train": {
            "bus/1.png": "bus",
            "car/1.png": "car",
            "train/1.png": "train",
            "train/2.png": "train",
        }
    }


def test_classes_with_the_name_of_a_split_inside_splits(tmp_path):
    save(tmp_path, "train/bus/1.png", "train/train/1.png", "test/train/1.png")
    assert contents(tmp_path) == {
        "train": {"train/bus/1.png": "bus", "train/train/1.png": "train"},
        "test": {"test/train/1.png": "train"},
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cat/1.png", "Testing/1.png"], r"all splits or all.*\['Testing', 'cat'\]"),
        (["cat/1.png", "val/1.png"], r"all splits or all classes.*\['cat', 'val'\]"),
        (["train/a/1.png", "dev/a/1.png"], r"all splits or all.*\['dev', 'train'\]"),
        (["train/1.png", "val/1.png", "valid/1.png"], "one of each split.*'valid'"),
        (["val/1.png", "test/1.png"], r"a split for training.*path of one of them"),
        (["data/train/1.png", "data/test/1.png"], r"right above.*\['test', 'train'\]"),
    ],
)
def test_what_may_be_splits_or_classes_is_refused(tmp_path, names, message):
    save(tmp_path, *names)
    with pytest.raises(ValueError, match=f"`name` must be .*{message}"):
        datasets.open_dataset(tmp_path)


def test_a_split_without_readable_images(tmp_path):
    save(tmp_path, "train/1.png", "test/1.png")
    (tmp_path / "test" / "1.png").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"splits hold images.*test"):
        datasets.open_dataset(tmp_path, skip_bad=True)


def test_an_empty_class_keeps_its_number_in_each_split(tmp_path):
    save(tmp_path, "train/cat/1.png", "train/dog/1.png", "train/eel/1.png")
    save(tmp_path, "test/ape/", "test/eel/1.png", "test/dog/")
    opened = datasets.open_dataset(tmp_path)
    assert opened.class_names == ("ape", "cat", "dog", "eel")
    assert opened.split("train").labels.tolist() == [1, 2, 3]
    assert opened.split("test").labels.tolist() == [3]
    assert opened.split("test").class_names == opened.class_names


def test_a_class_holds_what_lies_below_it_as_for_keras(tmp_path):
    import keras

    save(tmp_path, "cat/1.png", "cat/more/2.png", "dog/cat/1.png", "eel/")
    theirs = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(4, 4), shuffle=False, verbose=False
    )
    opened = datasets.open_dataset(tmp_path)
    assert list(opened.class_names) == theirs.class_names
    assert dict(
        zip(
            theirs.file_paths,
            np.concatenate([labels for _, labels in theirs]),
            strict=True,
        )
    ) == dict(zip(opened.split().file_paths, opened.split().labels, strict=True))


def test_links_to_folders_and_files_are_followed(tmp_path):
    save(tmp_path / "elsewhere", "1.png", "more/2.png")
    save(tmp_path / "images", "dog/1.png")
    (tmp_path / "images" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "images" / "dog" / "2.png").symlink_to(tmp_path / "elsewhere/1.png")
    assert contents(tmp_path / "images")["train"] == {
        "cat/1.png": "cat",
        "cat/more/2.png": "cat",
        "dog/1.png": "dog",
        "dog/2.png": "dog",
    }


def test_what_is_left_out_is_told_once(tmp_path, caplog):
    save(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "cat" / "back").symlink_to(tmp_path)
    (tmp_path / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "notes.TXT").write_text("no image")
    (tmp_path / ".hidden").write_text("doesn't count")
    for _ in range(2):
        datasets.arrays(tmp_path, "train")
    (record,) = caplog.records
    assert record.getMessage() == (
        f"{tmp_path}: Found 2 files in 2 classes, left out 3 (1 links to a folder "
        "above, 1 broken links, 1 .txt: not read as images)"
    )


def test_files_beside_the_splits_are_left_out_and_told(tmp_path):
    save(tmp_path, "train/1.png", "test/1.png", "unlabelled/1.png", "cover.png")
    opened = datasets.open_dataset(tmp_path)
    assert opened.splits == ("train", "test")
    assert opened.summary.endswith("left out 2 (2 outside the splits)")


def test_headers_are_read_once_in_a_process(tmp_path, monkeypatch):
    save(tmp_path, "cat/1.png", "cat/2.jpg", "dog/1.png")
    read = []
    real_open = Image.open

    def counting(*arguments, **options):
        read.append(arguments)
        return real_open(*arguments, **options)

    monkeypatch.setattr(Image, "open", counting)
    datasets.image_shape(tmp_path)
    assert len(read) == 3
    datasets.splits(tmp_path)
    datasets.arrays(tmp_path, "train")
    assert len(read) == 3
    Image.new("L", (4, 4)).save(tmp_path / "dog" / "2.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "dog" / "1.png")
    assert datasets.image_shape(tmp_path) == (4, 4, 3)
    assert len(read) == 5
