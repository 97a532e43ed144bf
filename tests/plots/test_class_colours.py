"""How far apart the colours of classes are, seen by all kinds of eyes."""

import numpy as np
import pytest

from keras_latent.plots.class_colours import CLASS_COLOURS, MOST_CLASSES, class_colours

# Machado, Oliveira and Fernandes 2009, of linear RGB, at full severity.
SEEN = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colours):
    """Linear RGB of texts, of shape (count, 3)."""
    values = np.array(
        [[int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)] for text in colours]
    )
    low = values <= 0.04045
    return np.where(low, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    """Ottosson 2020, https://bottosson.github.io/posts/oklab/."""
    cones = rgb @ np.transpose(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    return np.cbrt(cones) @ np.transpose(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )


def smallest_distance(colours, kind):
    seen = np.clip(linear(colours) @ np.transpose(SEEN[kind]), 0, 1)
    places = oklab(seen)
    distances = np.linalg.norm(places[:, None] - places, axis=-1)
    return distances[np.triu_indices(len(colours), 1)].min()


@pytest.mark.parametrize("kind", SEEN)
def test_twelve_stay_apart(kind):
    least = 0.16 if kind == "normal" else 0.09
    assert smallest_distance(CLASS_COLOURS, kind) > least


def test_they_stand_out_from_both_backgrounds():
    lightness = [0.2126, 0.7152, 0.0722]
    dark, *own = linear(["#12161c", *CLASS_COLOURS]) @ lightness + 0.05
    assert min(1.05 / np.array(own)) > 1.7
    assert min(np.array(own) / dark) > 2.2


@pytest.mark.parametrize("count", [0, 1, 12, 13, MOST_CLASSES, MOST_CLASSES + 1, 100])
def test_each_class_has_a_colour_of_its_own(count):
    colours = class_colours(count)
    assert len(set(colours)) == len(colours) == count
    assert colours[:12] == list(CLASS_COLOURS[:count]) or count > MOST_CLASSES
