"""What is measured of samplers of pictures, and a grid of what they generate."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import keras_latent as kl
from keras_latent.images import tile
from keras_latent.metrics.generation.extractors import own_extractor
from keras_latent.saving import written_whole

_DRAWS = 2000
_SHOWN = (8, 8)
_EXTRACTOR = "emoji"


Labelled = tuple[np.ndarray, np.ndarray]
"""Images of shape (count, height, width, 3), and their labels of shape (count,)."""


def measure(
    sampler: kl.samplers.Sampler, train: Labelled, test: Labelled, picture: Path
) -> dict[str, Any]:
    """Distances of what is generated, and how often it is of the class asked for.

    Args:
        sampler: A fitted sampler.
        train: What it was fitted to.
        test: What nothing was trained on.
        picture: Where the grid of generated images shall stand.

    Returns:
        Measures, as a card has them.
    """
    images, labels = test
    seen = sampler.classes
    wanted = None
    if seen is not None:
        # As often as they are among real images.
        known = labels[np.isin(labels, seen)]
        wanted = np.random.default_rng(0).choice(known, _DRAWS)
    generated = sampler.sample(_DRAWS, seed=0, labels=wanted)
    _draw(generated, picture)
    measures = {
        "kid": _distance("of the sampler", images, generated),
        "kid prior": _distance(
            "of the prior of ConvVAE(weights='emoji')",
            images,
            kl.applications.ConvVAE(weights="emoji").sample(_DRAWS, seed=0),
        ),
    }
    if hasattr(sampler.model, "tokens"):
        apart = _by_frequency(sampler.model, train[0])
        measures["kid frequencies"] = _distance(
            "of tokens drawn as often as they stand at each place", images, apart
        )
    if sampler.model.has_prior:
        own = sampler.model.sample(_DRAWS, seed=0)
        measures["kid own prior"] = _distance("of the model's own prior", images, own)
    if wanted is not None:
        measures |= _steered(train, test, (generated, wanted))
    return measures


def _by_frequency(model: Any, train: np.ndarray) -> np.ndarray:
    """Images of tokens that know nothing of each other."""
    tokens = np.asarray(model.tokens(train))
    rows = np.random.default_rng(0).integers(
        len(tokens), size=(_DRAWS, *tokens.shape[1:])
    )
    drawn = np.take_along_axis(tokens, rows, axis=0)
    return np.asarray(model.decode_tokens(drawn, batch_size=250))


def _distance(what: str, images: np.ndarray, generated: np.ndarray) -> dict[str, Any]:
    score = kl.metrics.generation.kid(
        images, np.clip(generated, 0, 1), _EXTRACTOR, subset_size=500
    )
    protocol = score.protocol
    return {
        "what": f"KID-{_EXTRACTOR} {what}, {_DRAWS} images beside {len(images)} held "
        f"out (half of these against the other: {protocol['floor']:.4f}; deviation of "
        f"subsets of 500: {protocol['deviation']:.4f})",
        "value": float(score),
    }


def _steered(train: Labelled, test: Labelled, drawn: Labelled) -> dict[str, Any]:
    """How often a classifier of real images finds the class that was asked for."""
    extractor = own_extractor(_EXTRACTOR)
    of_train, of_test, of_drawn = (
        _features(extractor, images) for images, _ in (train, test, drawn)
    )
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(of_train, train[1])
    is_right = [
        classifier.predict(features) == labels
        for features, labels in ((of_drawn, drawn[1]), (of_test, test[1]))
    ]
    logos = len(kl.datasets.emoji.CATEGORIES)
    measures = {"steered": _share_found("", drawn[1], *is_right)}
    if logos in drawn[1]:
        # They are many, and easily told from emoji.
        (found, real), labels = is_right, drawn[1]
        measures["steered emoji"] = _share_found(
            " of emoji alone",
            labels[labels < logos],
            found[labels < logos],
            real[test[1] < logos],
        )
    return measures


def _share_found(
    part: str, labels: np.ndarray, found: np.ndarray, real: np.ndarray
) -> dict[str, Any]:
    often = np.bincount(labels).max() / len(labels)
    return {
        "what": "generated images that a classifier of real ones takes for the class "
        f"asked for{part}, of {len(np.unique(labels))} classes (of held-out real ones "
        f"{100 * real.mean():.1f} %, of guesses {100 * often:.1f} %)",
        "value": 100 * float(found.mean()),
        "unit": " %",
    }


def _features(extractor: keras.Model, images: np.ndarray) -> np.ndarray:
    return extractor.predict(np.clip(images, 0, 1), batch_size=250, verbose=0)


def _draw(images: np.ndarray, picture: Path) -> None:
    rows, columns = _SHOWN
    grid = tile(images[: rows * columns], columns)
    with written_whole(picture) as unfinished:
        keras.utils.save_img(unfinished, 255 * grid, scale=False, file_format="png")
