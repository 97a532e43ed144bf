"""Which logos are of one brand, so that no brand is in two splits."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from keras_latent.datasets.icon_logos import Logo

_SAME_BRANDS = (
    ("angular", "ng"),
    ("amazon", "aws"),
    ("azure", "microsoft", "windows", "outlook", "powershell", "ps"),
    ("cplusplus", "cpp"),
    ("csharp", "cs"),
    ("express", "expressjs"),
    ("facebook", "meta", "messenger"),
    ("fsharp", "fs"),
    ("gcloud", "gmail", "google"),
    ("go", "golang"),
    ("javascript", "js"),
    ("kubernetes", "k8s"),
    ("markdown", "md"),
    ("mongo", "mongodb"),
    ("objectivec", "objective"),
    ("postgres", "postgresql", "pgsql"),
    ("python", "py"),
    ("rails", "ruby", "rubyonrails", "rubygems"),
    ("raspberry", "raspberrypi"),
    ("socketio", "socket"),
    ("tailwind", "tailwindcss"),
    ("twitter", "x"),
    ("typescript", "ts"),
    ("visual", "vscode", "visualstudiocode", "vs"),
)
"""Names that no rule joins."""

_SHARES = (("test", 0.1), ("validation", 0.2), ("train", 1.0))
_LOOK_SIDE = 24
_SAME_LOOK = 0.95
_LEAST_CONTRAST = 0.15
_COMPARED_AT_ONCE = 512


def brands_of(logos: Iterable[Logo], pictures: Iterable[np.ndarray]) -> list[str]:
    """Say of each logo which brand it is of.

    Two logos are of one brand if their names begin with the same word, or are the same
    but for spaces, or if a package says that both name one thing, or if their outlines
    are the same; and so on from logo to logo. It is meant to join too much rather than
    too little: all that Google makes is one brand.

    Args:
        logos: All logos of all packages.
        pictures: Of each, uint8 of shape (side, side, 3).

    Returns:
        For each, the most frequent first word of the logos of its brand.
    """
    logos = list(logos)
    groups = _Groups()
    for names in _SAME_BRANDS:
        for name in names[1:]:
            groups.join(names[0], name)
    first_words = [_key(logo.words[:1]) for logo in logos]
    for logo, first in zip(logos, first_words, strict=True):
        for words in (logo.words, *logo.other_names):
            groups.join(first, _key(words))
    for one, other in _same_looks(pictures):
        groups.join(first_words[one], first_words[other])
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for word in first_words:
        counts[groups.of(word)][word] += 1
    names_of = {
        group: min(words, key=lambda word: (-words[word], word))
        for group, words in counts.items()
    }
    return [names_of[groups.of(word)] for word in first_words]


def split_of(brand: str) -> str:
    """Assign a brand to a split: a tenth to the test, a tenth to the validation.

    A hash of its name decides, so that later versions of the packages leave it there.

    >>> split_of("tensorflow"), split_of("keras")
    ('train', 'train')
    """
    digest = hashlib.sha256(brand.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    return next(split for split, end in _SHARES if place < end)


class _Groups:
    """Sets that are joined until each word is in one."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, word: str) -> str:
        while self._above.setdefault(word, word) != word:
            word = self._above[word] = self._above[self._above[word]]
        return word

    def join(self, one: str, other: str) -> None:
        self._above[self.of(other)] = self.of(one)


def _key(words: Iterable[str]) -> str:
    """Join words, without what versions and endings add: `vue-2`, `vuejs`, `Vue.js`."""
    joined = "".join(words)
    joined = re.sub(r"(?<=[a-z]{3})\d+$", "", joined)
    return re.sub(r"(?<=[a-z]{3})(dotjs|js)$", "", joined)


def _same_looks(pictures: Iterable[np.ndarray]) -> Iterator[tuple[int, int]]:
    """Give the pairs whose outlines correlate, whatever their colours and sizes."""
    looks = np.stack([_look(picture) for picture in pictures])
    for start in range(0, len(looks), _COMPARED_AT_ONCE):
        correlations = looks[start : start + _COMPARED_AT_ONCE] @ looks.T
        for one, other in np.argwhere(correlations > _SAME_LOOK):
            if start + one < other:
                yield start + int(one), int(other)


def _look(picture: np.ndarray) -> np.ndarray:
    """Where a picture differs from its corner, as a standardised vector.

    Zeros of what has no outline to tell: a square, or nothing.
    """
    from PIL import Image

    difference = np.abs(picture.astype(np.float32) - picture[0, 0]).max(axis=-1)
    flat = np.zeros(_LOOK_SIDE**2, np.float32)
    if not difference.any():
        return flat
    # Pale or strong, the outline is the same.
    difference /= difference.max()
    rows, columns = np.nonzero(difference > 0.1)
    inside = difference[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    size = (_LOOK_SIDE, _LOOK_SIDE)
    resized = Image.fromarray(inside).resize(size, Image.Resampling.BOX)
    look = np.asarray(resized).ravel()
    contrast = look.std()
    if contrast < _LEAST_CONTRAST:
        return flat
    return (look - look.mean()) / (contrast * _LOOK_SIDE)
