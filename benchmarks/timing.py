"""Timing of rival functions while other processes run."""

import time
from collections.abc import Callable


def best_seconds(
    rivals: dict[str, Callable[[], object]], rounds: int, warm_up: int = 1
) -> dict[str, float]:
    """Time functions in turn, so that each meets the same disturbances.

    Those only ever add: a virtual machine may run both threads of a round on one core,
    which doubles it. So the least of the rounds is what a function takes.

    Args:
        rivals: From a name to a function without arguments.
        rounds: How often each is timed.
        warm_up: How often each runs before, untimed: for compilation.

    Returns:
        From each name to the least of its durations in seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for round_ in range(-warm_up, rounds):
        for name, run in rivals.items():
            start = time.perf_counter()
            run()
            if round_ >= 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in seconds.items()}


def table(seconds: dict[str, float], steps: int) -> str:
    """A Markdown table of milliseconds a step and of ratios to the last row."""
    *_, reference = seconds.values()
    rows = [
        f"| {name} | {1000 * value / steps:.1f} | {value / reference:.2f} |"
        for name, value in seconds.items()
    ]
    return "\n".join(["| | ms a step | ratio |", "|---|---|---|", *rows])
