"""In which numbers a run's networks compute."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf
from rich.console import Console

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
"""The choices of `--precision`: a dtype policy of Keras, or what suits the machine."""

_INSTRUCTIONS = ("amx_bf16", "avx512_bf16")
_FIRST_CARDS = (8, 0)
"""Compute capability of the first NVIDIA cards that multiply in bfloat16."""


def bfloat16_units(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """What of the machine multiplies matrices of bfloat16 faster than of float32.

    Args:
        cpuinfo: Where Linux says what the processor can do. Defaults to
            `/proc/cpuinfo`.

    Returns:
        The card's or the instructions' name; `None` where there are none, or none that
        the system tells of.
    """
    cards = tf.config.list_physical_devices("GPU")
    if cards:
        details = [tf.config.experimental.get_device_details(card) for card in cards]
        known = [own.get("compute_capability") or (0, 0) for own in details]
        return details[0]["device_name"] if min(known) >= _FIRST_CARDS else None
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    told = [line.partition(":")[2] for line in lines if line.startswith("flags")]
    flags = {flag for line in told for flag in line.split()}
    return next((name for name in _INSTRUCTIONS if name in flags), None)


def found_precision(chosen: str, console: Console) -> str:
    """The dtype policy of a run, and a line about what the machine makes of it.

    Args:
        chosen: One of `PRECISIONS`.
        console: Where it is said, once: what `"auto"` chose, and that bfloat16 is slow
            where nothing computes in it.

    Returns:
        The policy's name.
    """
    if chosen not in ("auto", "mixed_bfloat16"):
        return chosen
    units = bfloat16_units()
    if chosen == "auto":
        policy = "float32" if units is None else "mixed_bfloat16"
        because = f"which has {units}" if units else "which has no bfloat16 units"
        line = f"Precision: {policy}, for this machine, {because}"
    elif units is None:
        policy = chosen
        line = (
            "Precision: mixed_bfloat16, which is slow on this machine: it has no "
            "bfloat16 units. float32 is faster here"
        )
    else:
        return chosen
    console.print(line, highlight=False, soft_wrap=True, markup=False)
    return policy


@contextlib.contextmanager
def computing_in(policy: str) -> Iterator[None]:
    """Let what is built compute under a dtype policy, and the old one come back.

    Args:
        policy: Its name.
    """
    before = keras.config.dtype_policy()
    # "float32" is the global policy of who set none: it leaves theirs to who did.
    keras.config.set_dtype_policy(before if policy == "float32" else policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
