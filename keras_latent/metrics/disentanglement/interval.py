"""How far a score would move with other rows: intervals by bootstrap."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData
from keras_latent.validation import is_integer

_ATTEMPTS = 100


def check_resamples(resamples: Any) -> None:
    """Refuse what can't be a number of resamples.

    Raises:
        ValueError: If `resamples` isn't 0 or an integer from 2.
    """
    if not is_integer(resamples) or resamples < 0 or resamples == 1:
        raise ValueError(
            "`resamples` must be 0 for no interval, or an integer of at least 2. "
            f"Received: resamples={resamples!r}"
        )


def bootstrap_interval(
    measure: Callable[..., float],
    *parts: FactorData,
    resamples: int,
    seed: int,
    replaced: bool = True,
) -> float | None:
    """Half of the width of the 95 % interval of a score over resampled rows.

    Args:
        measure: From the parts to the score.
        *parts: The data: one part, or those for training and testing, each of which is
            resampled by itself, so that no row is in both.
        resamples: How many; 0 gives no interval.
        seed: Seed of the draws.
        replaced: Whether rows are drawn with replacement, as many as there are.
            Otherwise half of them is drawn without, whose scores deviate as much, for
            estimators that rows which coincide would deceive. Defaults to `True`.

    Returns:
        1.96 standard deviations of the score over the resamples, or `None`.
    """
    if not resamples:
        return None
    generator = np.random.default_rng([seed, 1])
    scores = [
        measure(*(_resampled(part, generator, replaced) for part in parts))
        for _ in range(resamples)
    ]
    return float(1.96 * np.std(scores, ddof=1))


def interval_protocol(resamples: int, seed: int, replaced: bool = True) -> dict:
    """What a protocol says of the interval."""
    if not resamples:
        return {"seed": seed}
    drawn = "bootstrap of rows" if replaced else "halves of the rows"
    return {
        "seed": seed,
        "interval": f"95 %, 1.96 deviations over {resamples} resamples: {drawn}",
    }


def _resampled(
    data: FactorData, generator: np.random.Generator, replaced: bool
) -> FactorData:
    """Drawn rows in which the factors vary that vary in the data."""
    rows = len(data.codes)
    varying = data.varying
    for _ in range(_ATTEMPTS):
        if replaced:
            drawn = data.rows(generator.integers(0, rows, rows))
        else:
            drawn = data.rows(generator.permutation(rows)[: max(2, rows // 2)])
        if drawn.varying[varying].all():
            return drawn
    raise ValueError(
        "`factors` must vary in resampled rows: a value that few rows have is lost. "
        f"Received: factors of {rows} rows, of which {_ATTEMPTS} resamples lost one. "
        "Give `resamples=0`, or leave the factor out"
    )
