"""What is measured of models of pictures, on glyphs and brands never trained on."""

import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

import keras_latent as kl
from applications.pictures import PARTS
from applications.rivals import of_components

_KINDS = {"emoji": "emoji", "icons": "logos of brands"}


def measure(model: kl.models.LatentModel) -> dict[str, Any]:
    """Reconstruction, beside PCA of as many numbers and codecs of as many bytes."""
    tests = {name: images_of(name, "test") for name in PARTS["pictures"]}
    measures = {}
    for name, images in tests.items():
        decoded = model.predict(images, batch_size=250, verbose=0)
        measures[f"psnr {name}"] = _ratio(
            f"mean peak signal-to-noise ratio of {len(images)} {_KINDS[name]}",
            images,
            decoded,
        )
    if not hasattr(model, "tokens"):
        numbers = model.latent_dim
        return measures | {
            f"pca {name}": _ratio(
                f"PCA with {numbers} numbers: the same of the {_KINDS[name]}",
                tests[name],
                decoded,
            )
            for name, decoded in of_components(numbers, "pictures", tests).items()
        }
    size = math.prod(model.token_shape) * math.log2(model.quantizer.num_codes) / 8
    measures["bytes"] = {
        "what": f"bytes of an image: {' x '.join(map(str, model.token_shape))} tokens "
        f"of {model.quantizer.num_codes} codes",
        "value": size,
    }
    tokens = np.concatenate([model.tokens(images).ravel() for images in tests.values()])
    used = len(np.unique(tokens)) / model.quantizer.num_codes
    measures["usage"] = {"what": "codes in use", "value": 100 * used, "unit": " %"}
    return {**measures, **of_codecs(math.ceil(size), tests)}


def images_of(name: str, split: str) -> np.ndarray:
    """The images of one of the datasets, float32 in [0, 1]."""
    images, _ = kl.datasets.arrays(name, split)
    return images


def of_codecs(size: int, tests: dict[str, np.ndarray]) -> dict[str, Any]:
    """The same for codecs at no more bytes an image, where they can be so small."""
    measures = {}
    for codec in ("WebP", "JPEG"):
        for name, images in tests.items():
            found = [at_most(size, image, codec) for image in images]
            decoded = np.stack([image for image, _ in found])
            largest = max(length for _, length in found)
            measures[f"{codec} {name}"] = _ratio(
                f"{codec} of at most {size} bytes a picture, or the lowest quality "
                f"(up to {largest} bytes): the same of the {_KINDS[name]}",
                images,
                decoded,
            )
    return measures


def at_most(size: int, image: np.ndarray, codec: str) -> tuple[np.ndarray, int]:
    """Encode an image as well as it can be in so many bytes.

    Returns:
        The decoded image of least error that fits, or of the shortest encoding where
        none does; and its bytes.
    """
    smallest: tuple[np.ndarray, int] | None = None
    best: tuple[float, np.ndarray, int] | None = None
    for decoded, length in _encodings(image, codec):
        error = float(np.mean((decoded - image) ** 2))
        if smallest is None or length < smallest[1]:
            smallest = decoded, length
        if length <= size and (best is None or error < best[0]):
            best = error, decoded, length
    if best is not None:
        return best[1:]
    if smallest is None:
        raise ValueError(f"{codec} encoded nothing")
    return smallest


def _encodings(image: np.ndarray, codec: str) -> Iterator[tuple[np.ndarray, int]]:
    """An image by a codec, at all qualities, at its own size and at smaller ones."""
    picture = Image.fromarray((255 * image).round().astype("uint8"))
    for scale in (1, 2, 4):
        small = picture.resize((picture.width // scale, picture.height // scale))
        for quality in (0, 1, 2, 5, 10, 15, 20, 30, 40, 60, 80):
            file = io.BytesIO()
            small.save(file, codec, quality=quality, **_OPTIONS[codec])
            decoded = Image.open(file).convert("RGB").resize(picture.size)
            length = _length(file.getvalue(), codec)
            yield np.asarray(decoded, "float32") / 255, length


_OPTIONS: dict[str, dict[str, Any]] = {
    "WebP": {"method": 6},
    "JPEG": {"optimize": True},
}


def _length(file: bytes, codec: str) -> int:
    """Bytes that tell of the image: of a WebP, without the container's header."""
    return len(file) - 20 if codec == "WebP" else len(file)


def _ratio(what: str, images: np.ndarray, decoded: np.ndarray) -> dict[str, Any]:
    ratios = kl.metrics.peak_signal_to_noise_ratio(images, decoded)
    return {"what": what, "value": float(np.mean(ratios)), "unit": " dB"}
