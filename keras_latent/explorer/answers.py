"""What the page asks of the model while one plays with it, and what it gets."""

import threading
from typing import Any

import numpy as np

from keras_latent.explorer.exploration import Exploration
from keras_latent.explorer.packing import packed

MOST_CODES = 256
"""Codes that are decoded for one question, at most."""


class Answers:
    """Answers the questions of a page: all are dicts, all answers packed bytes.

    - `{"kind": "load"}`: what `Exploration.packed` gives.
    - `{"kind": "decode", "codes": [...], "condition": a class or None}`: `pictures`.
    - `{"kind": "original", "row": an index}`: `picture`.
    - `{"kind": "sample", "count": a number, "seed": a number}`: `codes` of the
      sampler or the prior.

    Args:
        exploration: The model and its images.
    """

    def __init__(self, exploration: Exploration) -> None:
        self._exploration = exploration
        self._one_at_a_time = threading.Lock()
        self._start: bytes | None = None
        self._kinds = {
            "load": self._load,
            "decode": self._decode,
            "original": self._original,
            "sample": self._sample,
        }

    def answer(self, question: Any) -> bytes:
        """Answer one question.

        Args:
            question: What came from the page.

        Raises:
            ValueError: If it is none of the questions, or asks too much.
        """
        kind = question.get("kind") if isinstance(question, dict) else None
        if not isinstance(kind, str) or kind not in self._kinds:
            raise ValueError(
                f"`kind` must be one of {', '.join(self._kinds)}. Received: {kind!r}"
            )
        with self._one_at_a_time:
            return self._kinds[kind](question)

    def _load(self, question: dict[str, Any]) -> bytes:
        if self._start is None:
            self._start = self._exploration.packed()
        return self._start

    def _decode(self, question: dict[str, Any]) -> bytes:
        codes = _codes(question.get("codes"), self._exploration.model.latent_dim)
        conditions = None
        if self._exploration.model.condition is not None:
            count = self._exploration.model.condition.length
            condition = _number("condition", question.get("condition"), -1, count - 1)
            conditions = np.full(len(codes), condition)
        pictures = self._exploration.decode(codes, conditions)
        return packed({}, {"pictures": pictures})

    def _original(self, question: dict[str, Any]) -> bytes:
        row = _number("row", question.get("row"), 0, self._exploration.count - 1)
        return packed({}, {"picture": self._exploration.original(row)})

    def _sample(self, question: dict[str, Any]) -> bytes:
        if not self._exploration.can_sample:
            raise ValueError(
                "`kind` 'sample' needs a prior or a sampler. Received: neither"
            )
        count = _number("count", question.get("count"), 1, MOST_CODES)
        seed = _number("seed", question.get("seed"), 0, 2**31 - 1)
        return packed({}, {"codes": self._exploration.drawn_codes(count, seed)})


def _codes(given: Any, latent_dim: int) -> np.ndarray:
    try:
        codes = np.asarray(given, "float32")
    except (TypeError, ValueError):
        codes = np.zeros(0)
    if codes.ndim != 2 or not 1 <= len(codes) <= MOST_CODES:
        raise ValueError(
            f"`codes` must be 1 to {MOST_CODES} lists of {latent_dim} numbers. "
            "Received: something else"
        )
    if codes.shape[1] != latent_dim:
        raise ValueError(
            f"`codes` must have {latent_dim} numbers each. "
            f"Received: {codes.shape[1]} numbers"
        )
    return codes


def _number(name: str, value: Any, low: int, high: int) -> int:
    if (
        not isinstance(value, int)
        or isinstance(value, bool)
        or not low <= value <= high
    ):
        raise ValueError(
            f"`{name}` must be an integer from {low} to {high}. "
            f"Received: {name}={value!r}"
        )
    return value
