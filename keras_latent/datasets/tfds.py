"""Any dataset of images that tensorflow-datasets knows, by its name."""

import hashlib
import inspect
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import tensorflow as tf

from keras_latent.datasets.source import Source, to_floats
from keras_latent.validation import check_choice, meant

_SHUFFLE_BUFFER = 10_000
_LISTED_FILES = 8
_SECONDS_TO_ANSWER = 5


class TfdsSource(Source):
    """A split of a dataset of tensorflow-datasets.

    The first feature of type `Image` is the image, and the label is the integer
    that the dataset declares as its supervised target, or -1. Datasets are kept in
    the folder named by the environment variable `TFDS_DATA_DIR`, by default
    `~/tensorflow_datasets`. The shuffle mixes 10,000 neighbours at a time.

    Args:
        builder: The dataset's builder.
        split: A split, with a slice or without.
        image_size: `(height, width)` to resize to. `None` keeps the size that the
            images have, if they all have one.

    Raises:
        FileNotFoundError: If the dataset must be downloaded and cannot be.
        ValueError: If there is no such split, the dataset holds no images, or sizes
            differ and `image_size` is `None`.
    """

    def __init__(
        self,
        builder: Any,
        split: str,
        image_size: tuple[int, int] | None = None,
    ) -> None:
        import tensorflow_datasets as tfds

        name = builder.name
        features = builder.info.features
        self._image_key = _image_key(name, features)
        self._image_feature = features[self._image_key]
        self._label_key = _label_key(builder.info)
        if self._label_key is not None:
            names = getattr(features[self._label_key], "names", None)
            self.class_names = tuple(names or ())
        height, width, channels = self._image_feature.shape
        if image_size is None and None in (height, width):
            raise ValueError(
                f"`image_size` must be given for {name!r}, whose images differ in "
                "size. Received: image_size=None"
            )
        self.image_shape = (*(image_size or (height, width)), channels or 3)

        if not builder.is_prepared():
            _download(builder)
        self.splits = tuple(builder.info.splits)
        try:
            self.size = builder.info.splits[split].num_examples
        except (KeyError, ValueError) as error:
            choices = ", ".join(map(repr, self.splits))
            raise ValueError(
                f"`split` must be one of {choices}, or a slice of it. "
                f"Received: split={split!r}"
            ) from error
        told = (str(builder.data_path), split, self.image_shape)
        self._fingerprint = hashlib.sha256(repr(told).encode()).hexdigest()
        # Images stay compressed until they have been shuffled: it saves memory.
        self._examples = builder.as_dataset(
            split,
            shuffle_files=False,
            decoders={self._image_key: tfds.decode.SkipDecoding()},
        )

    def take(self, indices: Any) -> "TfdsSource":
        """Give a part of the split, as `Source.take` says."""
        part = object.__new__(TfdsSource)
        part.__dict__.update(self.__dict__)
        part.size = len(indices)
        told = hashlib.sha256(self._fingerprint.encode())
        told.update(np.asarray(indices, np.int64).tobytes())
        part._fingerprint = told.hexdigest()
        is_taken = np.zeros(self.size, bool)
        is_taken[indices] = True
        with tf.device("CPU"):
            mask = tf.constant(is_taken)
        examples = self._examples.enumerate().filter(lambda index, _: mask[index])
        part._examples = examples.map(lambda _, example: example)
        return part

    def fingerprint(self) -> str:
        """Tell from which files the pixels come, as `Source.fingerprint` says."""
        return self._fingerprint

    def check(self) -> None:
        """Nothing: what tensorflow-datasets has prepared was decoded once."""

    def stored_batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split, as `Source.stored_batches` says."""
        examples = self._examples if seed is None else self._shuffled(seed)
        examples = examples.map(self._decode, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(batch_size)

    def _shuffled(self, seed: Any) -> tf.data.Dataset:
        def shuffle(seed: Any) -> tf.data.Dataset:
            # `Dataset.shuffle` mixes in the seed of the graph that it is built in:
            # fix it, so that `tf.random.set_seed` cannot change the order.
            tf.compat.v1.set_random_seed(1)
            number = tf.random.stateless_uniform((), seed, None, None, tf.int64)
            return self._examples.shuffle(min(self.size, _SHUFFLE_BUFFER), number)

        return tf.data.Dataset.from_tensors(seed).flat_map(shuffle)

    def _decode(self, example: dict[str, Any]) -> tuple[Any, Any]:
        image = self._image_feature.decode_example(example[self._image_key])
        image = to_floats(image, self.image_shape[:2])
        label = -1 if self._label_key is None else example[self._label_key]
        return tf.ensure_shape(image, self.image_shape), tf.cast(label, tf.int64)


def find_builder(name: str, own_names: tuple[str, ...] = ()) -> Any:
    """Find a dataset of tensorflow-datasets by its name.

    Args:
        name: As `tfds.builder` takes it: `"fashion_mnist"`, `"emnist/letters"`.
        own_names: The library's own datasets, for the message about a wrong name.

    Returns:
        Its builder.

    Raises:
        ValueError: If there is no such dataset.
    """
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    # The latter of a version that there isn't.
    except (tfds.core.DatasetNotFoundError, AssertionError) as error:
        known = {*own_names, *tfds.list_builders(with_community_datasets=False)}
        raise ValueError(
            f"`name` must be one of {', '.join(map(repr, own_names))}, the path of a "
            "folder of images, or the name of a dataset of tensorflow-datasets."
            f"{meant(name, known)} Received: name={name!r}"
        ) from error


def decoded_columns(builder: Any, split: str) -> dict[str, np.ndarray]:
    """Read a whole split of a prepared dataset, each feature as one array."""
    check_choice("split", split.partition("[")[0], builder.info.splits)
    examples = builder.as_dataset(split, shuffle_files=False)
    size = builder.info.splits[split].num_examples
    (columns,) = examples.batch(size).as_numpy_iterator()
    return columns


def _image_key(name: str, features: Any) -> str:
    import tensorflow_datasets as tfds

    for key, feature in features.items():
        if isinstance(feature, tfds.features.Image):
            return key
    raise ValueError(
        "`name` must be a dataset of images. "
        f"Received: name={name!r}, whose features are {sorted(features)}"
    )


def _label_key(info: Any) -> str | None:
    key = info.supervised_keys[1] if info.supervised_keys else None
    if not isinstance(key, str):
        return None
    feature = info.features[key]
    is_integer = feature.shape == () and np.issubdtype(feature.np_dtype, np.integer)
    return key if is_integer else None


def _download(builder: Any) -> None:
    """Prepare a dataset, or say at once which files are missing and where they go."""
    manual_folder = Path(builder.data_dir_root) / "downloads" / "manual"
    instructions = builder.MANUAL_DOWNLOAD_INSTRUCTIONS
    files = builder.url_infos or {}
    if instructions:
        if not manual_folder.is_dir() or not any(manual_folder.iterdir()):
            raise FileNotFoundError(
                f"The dataset {builder.name!r} must be downloaded by hand to "
                f"{str(manual_folder)!r}:\n{inspect.cleandoc(instructions)}"
            )
    else:
        missing = [
            url
            for url, file in files.items()
            if not file.filename or not (manual_folder / file.filename).exists()
        ]
        # On its own, tensorflow-datasets would retry for many minutes.
        if missing and not _is_reachable(missing[0]):
            listed = "\n".join(missing[:_LISTED_FILES])
            more = len(missing) - _LISTED_FILES
            raise FileNotFoundError(
                f"The dataset {builder.name!r} is not on this machine, and "
                f"{urlsplit(missing[0]).hostname!r} cannot be reached. Download these "
                f"files elsewhere and put them into {str(manual_folder)!r}:\n{listed}\n"
                + (f"and {more} more.\n" if more > 0 else "")
                + f"Or run `tfds build {builder.name}` on a machine with a network, "
                f"and copy what it makes to {str(builder.data_path)!r}"
            )
    builder.download_and_prepare()


def _is_reachable(url: str) -> bool:
    """Tell whether the host of a URL answers at all, through a proxy or directly."""
    import requests

    try:
        requests.head(url, timeout=_SECONDS_TO_ANSWER)
    except requests.ConnectionError:
        return False
    except requests.RequestException:  # For tensorflow-datasets to deal with.
        return True
    return True
