"""How much each dimension of the code carries."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import ONE, as_vectors, check_latent_dim
from keras_latent.plots.style import TRAIN_COLOUR, UNUSED_COLOUR, styled

ACTIVE_VARIANCE = 0.01
"""A dimension is active if its code varies by more than this over the images."""

_NUMBERED_DIMENSIONS = 64
_INCHES_A_NUMBER = 0.22


@styled
def code_usage(codes: Any, kl: Any = None) -> Any:
    """Draw how much each dimension carries, the most first, and which are active.

    A dimension is active if its variance over the codes exceeds 0.01. The bars are
    these variances, on a logarithmic scale, or the KL divergence of each dimension.

    Args:
        codes: Array of shape (count, *code_shape), of a variational model the means of
            the posteriors. Each element of a map is a dimension.
        kl: Array of as many numbers: the mean KL divergence of each dimension's
            posterior from the prior, in nats. Defaults to `None`, for which the
            variances are drawn.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If `codes` are not finite numbers of at least two images, or `kl`
            doesn't hold one number a dimension.

    Source: Burda, Grosse and Salakhutdinov 2015, appendix C.

    >>> codes = np.random.default_rng(0).normal(size=(100, 3)) * [1.0, 0.001, 2.0]
    >>> (axes,) = code_usage(codes).axes
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['2', '0', '1']
    """
    from matplotlib.patches import Patch

    from keras_latent.plots.figure import new_figure

    codes = as_vectors("codes", codes)
    if len(codes) < 2:
        raise ValueError(
            "`codes` must hold the codes of at least two images. "
            f"Received: codes of shape {codes.shape}"
        )
    variances = codes.var(axis=0, dtype="float64")
    is_active = variances > ACTIVE_VARIANCE
    heights = variances
    if kl is not None:
        heights = as_vectors("kl", kl, ONE)
        check_latent_dim("kl", heights, codes.shape[1])
    order = np.argsort(-heights, kind="stable")
    places = np.arange(len(order))

    is_numbered = len(order) <= _NUMBERED_DIMENSIONS
    width = _INCHES_A_NUMBER * min(len(order), _NUMBERED_DIMENSIONS)
    figure = new_figure(max(4.5, width + 1), 3)
    axes = figure.add_subplot()
    colours = np.where(is_active[order], TRAIN_COLOUR, UNUSED_COLOUR)
    axes.bar(places, heights[order], color=colours.tolist())
    count = np.count_nonzero(is_active)
    explained: list[Any] = [
        Patch(color=TRAIN_COLOUR, label=f"active: {count}"),
        Patch(color=UNUSED_COLOUR, label=f"inactive: {len(order) - count}"),
    ]
    axes.grid(axis="x", visible=False)
    if kl is None:
        axes.set_ylim(*_limits(variances))
        axes.set_yscale("log")
        threshold = axes.axhline(ACTIVE_VARIANCE, color="0.3", ls="--", lw=1)
        threshold.set_label(f"variance {ACTIVE_VARIANCE:g}")
        explained.append(threshold)
    axes.set_xticks(places if is_numbered else [])
    axes.set_xticklabels(order if is_numbered else [], fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.margins(x=0.02)
    axes.set(
        xlabel="dimension of the code",
        ylabel="variance of the code" if kl is None else "KL divergence (nats)",
    )
    figure.legend(handles=explained, loc="outside upper right", ncols=3)
    return figure


def _limits(variances: np.ndarray) -> tuple[float, float]:
    """The ends of a logarithmic axis on which a variance of 0 has no bar."""
    positive = variances[variances > 0]
    lowest = min([ACTIVE_VARIANCE, *positive])
    highest = max([ACTIVE_VARIANCE, *positive])
    return max(lowest / 3, 1e-8), highest * 3
