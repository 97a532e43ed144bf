import itertools
from typing import ClassVar

import numpy as np
import pytest
import requests
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_latent import datasets


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    VERSION = tfds.core.Version("1.0.0")
    FEATURES: ClassVar = {}
    SUPERVISED: tuple | None = None

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(self.FEATURES),
            supervised_keys=self.SUPERVISED,
        )

    def _split_generators(self, dl_manager):
        return {"train": self._examples(13), "test": self._examples(4)}

    def _examples(self, count):
        raise NotImplementedError

    def _generate_examples(self):
        raise NotImplementedError


class TinyDigits(_Builder, skip_registration=True):
    FEATURES: ClassVar = {
        "other": tfds.features.Text(),
        "picture": tfds.features.Image(shape=(6, 5, 1)),
        "number": tfds.features.ClassLabel(num_classes=13),
    }
    SUPERVISED = ("picture", "number")

    def _examples(self, count):
        for number in range(count):
            pixels = np.full((6, 5, 1), 10 * number, np.uint8)
            yield number, {"other": "", "picture": pixels, "number": number}


class TinyPhotos(_Builder, skip_registration=True):
    FEATURES: ClassVar = {"image": tfds.features.Image()}

    def _examples(self, count):
        for number in range(count):
            yield number, {"image": np.full((4 + number, 8, 3), 51, np.uint8)}


class TinyNumbers(_Builder, skip_registration=True):
    FEATURES: ClassVar = {"number": np.int64}

    def _examples(self, count):
        for number in range(count):
            yield number, {"number": number}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorflow_datasets")
    for builder in (TinyDigits, TinyPhotos, TinyNumbers):
        builder(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture(autouse=True)
def no_network(data_dir, monkeypatch):
    def refuse(url, **options):
        raise requests.ConnectionError(f"No network for {url}")

    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir))
    monkeypatch.setattr(requests, "head", refuse)
    monkeypatch.setattr(
        tfds.core.DatasetBuilder,
        "download_and_prepare",
        lambda self: pytest.fail("It must not try to download."),
    )


def test_images_and_labels():
    images, labels = datasets.arrays("tiny_digits", "train")
    assert images.shape == (13, 6, 5, 1)
    assert sorted(labels) == list(range(13))
    expected = np.broadcast_to(labels[:, None, None, None] * 10 / 255, images.shape)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert datasets.image_shape("tiny_digits") == (6, 5, 1)


def test_slices():
    _, labels = datasets.arrays("tiny_digits", "train")
    _, some = datasets.arrays("tiny_digits", "train[3:7]")
    assert some.tolist() == labels[3:7].tolist()


def test_without_a_label_it_is_minus_one():
    images, labels = datasets.arrays("tiny_photos", "test", image_size=5)
    np.testing.assert_allclose(images, np.full((4, 5, 5, 3), 0.2), atol=1e-6)
    assert labels.tolist() == [-1] * 4


def labels_of(steps, **options):
    batches, _ = datasets.epochs("tiny_digits", "train", batch_size=5, **options)
    return [labels.tolist() for _, labels in batches.take(steps).as_numpy_iterator()]


def test_epochs_cover_all_and_depend_on_seed_and_epoch_alone():
    tf.random.set_seed(1)
    unbroken = labels_of(9, seed=3)
    tf.random.set_seed(2)
    assert labels_of(9, seed=3) == unbroken
    assert labels_of(3, seed=3, initial_epoch=2) == unbroken[6:]
    assert labels_of(3, seed=4) != unbroken[:3]
    assert unbroken[:3] != unbroken[3:6]
    assert sorted(itertools.chain(*unbroken[3:6])) == list(range(13))
    assert [len(batch) for batch in unbroken[:3]] == [5, 5, 3]


def test_load_shuffles_anew_at_each_pass():
    dataset = datasets.load("tiny_digits", "train", shuffle=True, seed=0)
    passes = [[int(label) for _, label in dataset] for _ in range(2)]
    assert passes[0] != passes[1]
    assert sorted(passes[0]) == sorted(passes[1]) == list(range(13))


def test_unknown_name():
    message = "'mnist', 'emoji', 'icons', .*'fashion_mnist'.*='fashon_mnist'"
    with pytest.raises(ValueError, match=message):
        datasets.load("fashon_mnist", "train")


def test_unknown_split():
    with pytest.raises(ValueError, match=r"`split` must be one of.*split='dev'"):
        datasets.load("tiny_digits", "dev")


def test_a_dataset_without_images():
    with pytest.raises(ValueError, match=r"of images.*'tiny_numbers'.*\['number'\]"):
        datasets.load("tiny_numbers", "train")


def test_different_sizes_need_an_image_size():
    with pytest.raises(ValueError, match=r"`image_size` must be given.*'tiny_photos'"):
        datasets.load("tiny_photos", "train")


def test_without_a_network_the_error_says_what_to_download_and_where_to_put_it(
    data_dir,
):
    with pytest.raises(FileNotFoundError) as caught:
        datasets.load("fashion_mnist", "train")
    message = str(caught.value)
    assert "train-images-idx3-ubyte.gz" in message
    assert f"'{data_dir}/downloads/manual'" in message
    assert "tfds build fashion_mnist" in message
    assert f"'{data_dir}/fashion_mnist/3.0.1'" in message


def test_files_downloaded_by_hand_are_used_without_a_network(tmp_path, monkeypatch):
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    for file in ("train-images", "train-labels", "t10k-images", "t10k-labels"):
        kind = "idx3" if file.endswith("images") else "idx1"
        (manual / f"{file}-{kind}-ubyte.gz").touch()
    prepared = []
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(
        tfds.core.DatasetBuilder,
        "download_and_prepare",
        lambda self: prepared.append(self.name),
    )
    with pytest.raises(ValueError, match="split"):
        datasets.load("fashion_mnist", "train")
    assert prepared == ["fashion_mnist"]


def test_what_must_be_downloaded_by_hand_is_said(data_dir):
    message = f"(?s)'imagenet2012'.*by hand.*{data_dir}/downloads/manual.*image-net.org"
    with pytest.raises(FileNotFoundError, match=message):
        datasets.load("imagenet2012", "train", image_size=8)
