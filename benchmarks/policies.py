"""Dtype policies of Keras, for a while."""

import contextlib
from collections.abc import Iterator

import keras

PRECISIONS = ("float32", "mixed_bfloat16")


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """What is built computes under a dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
