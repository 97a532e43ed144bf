"""What stands beside a model's numbers: how far one comes without it."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from keras_latent.kinds import as_numeric_array, received
from keras_latent.metrics.labelled_codes import as_classes, check_same_kind
from keras_latent.metrics.score import Score
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer, checked_seed

_PASSES = 4
_OVERSAMPLED = 10


class PrincipalComponents(NamedTuple):
    """A mean image and the directions in which images vary most.

    Args:
        mean: Array of shape (height, width, channels): the mean image.
        directions: Array of shape (components, height·width·channels), orthonormal, the
            most important first.
    """

    mean: np.ndarray
    directions: np.ndarray

    def reconstruct(self, images: Tensor) -> np.ndarray:
        """Project images on the components.

        Args:
            images: Array of shape (count, height, width, channels).

        Returns:
            What is left of them in `components` numbers each, of the same shape.

        Raises:
            ValueError: If they are of another shape than those of the components.
        """
        images = as_numeric_array("images", images)
        if images.shape[1:] != self.mean.shape or not len(images):
            raise ValueError(
                "`images` must have the shape (count, "
                f"{', '.join(map(str, self.mean.shape))}), count at least 1. "
                f"Received: images of shape {images.shape}"
            )
        mean = self.mean.reshape(-1)
        codes = (images.reshape(len(images), -1) - mean) @ self.directions.T
        return (codes @ self.directions + mean).reshape(images.shape)


def principal_components(
    images: Callable[[], Iterable[Tensor]], components: int, seed: int = 0
) -> PrincipalComponents:
    """Principal components of more images than fit into the memory.

    By subspace iteration: four passes over the images, of which a batch at a time and
    `components` + 10 directions are held.

    Args:
        images: Gives one pass over the images, in batches of shape (batch, height,
            width, channels), each time it is called.
        components: How many; at most as many as there are numbers in an image.
        seed: Seed of the first directions. Defaults to 0.

    Returns:
        The mean image and the components.

    Raises:
        ValueError: If there is no image, or `components` is out of range.

    Source: Halko, Martinsson and Tropp 2011, "Finding structure with randomness",
    algorithm 4.4.

    >>> line = np.linspace(0, 1, 5).reshape(5, 1, 1, 1) * np.ones((5, 2, 2, 1))
    >>> found = principal_components(lambda: [line], components=1)
    >>> bool(np.allclose(found.reconstruct(line), line, atol=1e-6))
    True
    """
    components = checked_positive_integer("components", components)
    seed = checked_seed(seed)
    shape = _image_shape(images)
    size = int(np.prod(shape))
    if components > size:
        raise ValueError(
            f"`components` must be at most the {size} numbers of an image. "
            f"Received: components={components}"
        )
    width = min(size, components + _OVERSAMPLED)
    start = np.random.default_rng(seed).standard_normal((size, width))
    basis = np.linalg.qr(start.astype("float32"))[0]
    for _ in range(_PASSES):
        product, mean = _times_covariance(images, basis)
        small = basis.T @ product
        previous, basis = basis, np.linalg.qr(product)[0]
    # In the last basis that the covariance was seen in.
    _, rotation = np.linalg.eigh((small + small.T) / 2)
    directions = (previous @ rotation[:, ::-1])[:, :components].T
    return PrincipalComponents(mean.reshape(shape), np.ascontiguousarray(directions))


def _image_shape(images: Any) -> tuple[int, ...]:
    """The shape of one image, if what should give batches gives some."""
    if not callable(images):
        raise ValueError(
            "`images` must be a function that gives batches of images each time it is "
            "called, such as `lambda: [images]` for those of one array. "
            f"Received: {received('images', images)}"
        )
    given = images()
    if not isinstance(given, Iterable):
        raise ValueError(
            "`images` must give batches, one after another. "
            f"Received: images, which gives one {type(given).__name__}"
        )
    first = next(iter(given), ())
    shape = as_numeric_array("images", first).shape
    if not shape or not shape[0]:
        raise ValueError("`images` must give at least one image. Received: none")
    return shape[1:]


def _times_covariance(
    images: Callable[[], Iterable[Tensor]], basis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The covariance times some directions, and the mean, of one pass."""
    product = np.zeros(basis.shape, "float64")
    total = np.zeros(len(basis), "float64")
    count = 0
    for batch in images():
        rows = np.asarray(batch, "float32").reshape(len(batch), -1)
        total += rows.sum(axis=0, dtype="float64")
        product += rows.T @ (rows @ basis)
        count += len(rows)
    mean = total / count
    product = product / count - np.outer(mean, mean @ basis)
    return product.astype("float32"), mean.astype("float32")


def majority_accuracy(train_labels: Any, test_labels: Any) -> Score:
    """Accuracy of always telling the most frequent class of the training.

    Args:
        train_labels: Array of shape (n_train,): the classes.
        test_labels: Array of shape (n_test,).

    Returns:
        The accuracy, in [0, 1].

    Raises:
        ValueError: If there is no label on one of the sides, labels are no classes, or
            one side holds texts and the other numbers.

    >>> float(majority_accuracy([0, 1, 1], [1, 1, 0, 0]))
    0.5
    """
    train = as_classes("train_labels", train_labels)
    test = as_classes("test_labels", test_labels)
    check_same_kind(train, test)
    classes, counts = np.unique(train, return_counts=True)
    told = classes[counts.argmax()]
    protocol = {
        "measure": "accuracy",
        "classifier": "most frequent class",
        "n_train": len(train),
        "n_test": len(test),
    }
    return Score(float(np.mean(test == told)), protocol)
