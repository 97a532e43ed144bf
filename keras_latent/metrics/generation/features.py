"""Features of images, part by part, and what they are called."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_latent.latent_space.codes import as_codes
from keras_latent.metrics.generation.extractors import EXTRACTORS, own_extractor
from keras_latent.validation import check_unit_range, checked_positive_integer
from keras_latent.weights_hash import weights_hash

# Greater than what pixels in [-1, 1] can have become by a decoder.
_FAR_ABOVE_ONE = 16


class Features:
    """What turns images into features, checked, with its name for the protocol.

    Args:
        extractor: A Keras model of one output, the name of one of ours, or `None`:
            arrays are features.
        extractor_name: What it is called; `None`: the model's own name, or
            `"features"`.
        batch_size: Images that go through the model at once.

    Raises:
        ValueError: If `extractor` is no Keras model and no name of ours,
            `extractor_name` is empty or another than that of ours, or `batch_size`
            isn't a positive integer.
    """

    def __init__(
        self, extractor: Any, extractor_name: str | None, batch_size: int
    ) -> None:
        import keras

        batch_size = checked_positive_integer("batch_size", batch_size)
        self.described = None
        if isinstance(extractor, str):
            name, extractor = extractor, own_extractor(extractor)
            self.described = EXTRACTORS[name].described
            if extractor_name not in (None, name):
                raise ValueError(
                    f"`extractor_name` must be left out where `extractor` is {name!r}, "
                    f"one of ours. Received: extractor_name={extractor_name!r}"
                )
            extractor_name = name
        if extractor is not None and not isinstance(extractor, keras.Model):
            raise ValueError(
                "`extractor` must be a Keras model, the name of one of ours, or `None` "
                "if the arrays are features. "
                f"Received: extractor of type {type(extractor).__name__}"
            )
        if extractor_name is None:
            extractor_name = "features" if extractor is None else extractor.name
        if not isinstance(extractor_name, str) or not extractor_name.strip():
            raise ValueError(
                "`extractor_name` must be a name. "
                f"Received: extractor_name={extractor_name!r}"
            )
        self.extractor = extractor
        self.name = extractor_name
        self.batch_size = batch_size
        self._scales: dict[str, tuple[bool, float]] = {}

    def protocol(self, famous_name: str) -> dict[str, Any]:
        """What a protocol says of the extractor.

        Args:
            famous_name: The metric's, which never stands alone.
        """
        known = self.extractor is not None
        return {
            "name": f"{famous_name}-{self.name}",
            "extractor": self.name,
            "extractor_hash": weights_hash(self.extractor) if known else None,
            "extractor_described": self.described,
            "statistics": "float64",
        }

    def batches(self, argument: str, images: Any) -> Iterator[np.ndarray]:
        """Features of one batch of images after another.

        Args:
            argument: The images' name, for messages.
            images: Array of shape (n, ...), or of features (n, features).

        Yields:
            float64 of shape (batch, features).

        Raises:
            ValueError: If images or their features aren't finite, the model's output
                is no single tensor, real images for one of our own extractors don't lie
                in [0, 1], or real and generated ones aren't scaled alike.

        Warns:
            UserWarning: If both are floats, but seem not to be scaled alike.
        """
        import keras

        from keras_latent.models.specs import as_taken

        images = checked_array(argument, images)
        if self.extractor is None and images.ndim != 2:
            raise ValueError(
                f"`{argument}` must have the shape (n, features) where no extractor is "
                f"given. Received: {argument} of shape {images.shape}"
            )
        self._check_shape(argument, images)
        greatest = 0.0
        for start in range(0, len(images), self.batch_size):
            batch = images[start : start + self.batch_size]
            if self.extractor is None:
                yield as_codes(argument, batch).astype("float64")
                continue
            check_finite(argument, batch)
            if self.described is not None and argument == "real":
                check_unit_range(argument, batch)
            greatest = max(greatest, float(batch.max()), -float(batch.min()))
            outputs = keras.tree.flatten(
                self.extractor.predict_on_batch(as_taken(self.extractor, batch))
            )
            if len(outputs) != 1:
                raise ValueError(
                    "`extractor` must have one output. "
                    f"Received: extractor with {len(outputs)} outputs"
                )
            features = outputs[0].reshape(len(batch), -1).astype("float64")
            if not np.isfinite(features).all():
                raise ValueError(
                    "`extractor` must give finite features. Received: extractor "
                    f"{self.name!r}, whose features of `{argument}` are not"
                )
            yield features
        if self.extractor is not None:
            self._scales[argument] = (images.dtype.kind in "biu", greatest)
            self._check_scales()

    def _check_scales(self) -> None:
        """Refuse pixels up to 255 beside pixels up to 1: distances would be of that.

        A model of floats up to 255 may have collapsed to black: it is only warned of.
        """
        if not {"real", "generated"} <= self._scales.keys():
            return
        scales = sorted(self._scales.items(), key=lambda item: item[1][1])
        (small, (small_is_whole, least)), (large, (large_is_whole, most)) = scales
        if least > 1 or most < _FAR_ABOVE_ONE or (small_is_whole and large_is_whole):
            return
        told = f"`{small}` up to {least:g}, `{large}` up to {most:g} in absolute value"
        if small_is_whole == large_is_whole:
            warnings.warn(
                f"Are real and generated images scaled alike? There are {told}.",
                stacklevel=2,
            )
        elif large_is_whole:
            raise ValueError(
                "`real` and `generated` must be scaled alike, both from 0 to 1, or "
                f"both whole numbers. Received: {told}"
            )

    def _check_shape(self, argument: str, images: np.ndarray) -> None:
        """Refuse images that the extractor wasn't built for, where it says for what."""
        inputs = getattr(self.extractor, "inputs", None)
        if not inputs:
            return
        if len(inputs) > 1:
            raise ValueError(
                "`extractor` must have one input. "
                f"Received: extractor with {len(inputs)} inputs"
            )
        expected, given = inputs[0].shape[1:], images.shape[1:]
        fits = len(expected) == len(given) and all(
            size in (None, found) for size, found in zip(expected, given, strict=True)
        )
        if not fits:
            raise ValueError(
                f"`{argument}` must have the shape (n, "
                f"{', '.join(map(str, expected))}) that `extractor` takes. "
                f"Received: {argument} of shape {images.shape}"
            )

    def all(self, argument: str, images: Any) -> np.ndarray:
        """Features of all images, float64 of shape (n, features)."""
        return np.concatenate(list(self.batches(argument, images)))


def check_alike(real: Any, generated: Any) -> tuple[np.ndarray, np.ndarray]:
    """Refuse generated images of another shape than the real ones.

    Args:
        real: Array of shape (n, ...).
        generated: Array of shape (m, ...).

    Returns:
        Both as arrays.

    Raises:
        ValueError: If one is empty or no array, or shapes differ.
    """
    real = checked_array("real", real)
    generated = checked_array("generated", generated)
    if real.shape[1:] != generated.shape[1:]:
        raise ValueError(
            f"`generated` must have the shape (m, {', '.join(map(str, real.shape[1:]))}"
            f") of `real`. Received: generated of shape {generated.shape}"
        )
    return real, generated


def checked_array(argument: str, images: Any) -> np.ndarray:
    """Take images as an array of numbers, without reading them all.

    Raises:
        ValueError: If they are no array of numbers, or there are none.
    """
    array = np.asanyarray(images)
    if not np.can_cast(array.dtype, "float64") or array.ndim < 2 or not array.size:
        raise ValueError(
            f"`{argument}` must be an array of numbers of the shape (n, ...), n at "
            f"least 1. Received: {argument} of shape {array.shape} and dtype "
            f"{array.dtype}"
        )
    return array


def check_finite(argument: str, batch: np.ndarray) -> None:
    """Refuse NaN and infinities.

    Raises:
        ValueError: If a number isn't finite.
    """
    if not np.isfinite(batch).all():
        raise ValueError(
            f"`{argument}` must be finite. Received: {argument} with a batch of which "
            f"{np.count_nonzero(~np.isfinite(batch))} values are not"
        )


def halves(count: int, seed: int) -> np.ndarray:
    """Booleans of shape (count,), a random half of them true.

    Args:
        count: How many rows.
        seed: Seed of the draw.
    """
    is_first = np.zeros(count, bool)
    is_first[np.random.default_rng(seed).permutation(count)[: count // 2]] = True
    return is_first
