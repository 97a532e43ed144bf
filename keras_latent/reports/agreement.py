"""Whether models that differ by the seed alone agree on their codes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_latent.metrics.disentanglement import udr
from keras_latent.reports.code_sections import mean_divergences
from keras_latent.reports.column import Column, ColumnGroup
from keras_latent.reports.comparison_measures import FACTOR_IMAGES
from keras_latent.reports.reported_model import ReportedModel

# Beyond that every code would be predicted of hundreds of others.
_LARGEST_CODE = 128

AGREEMENT = ColumnGroup(
    "Agreement of seeds",
    "to find what one can rely on without any labels",
    "Whether trainings that differ by their seed alone come to the same dimensions, up "
    "to their order and sign.",
    "It needs several seeds. Dimensions that agree need not be properties that people "
    "would name.",
)


class Codes(NamedTuple):
    """Codes of some images, the same for all models.

    Args:
        codes: Array of shape (n, latent_dim).
        divergences: Mean divergence of each dimension from the prior, of shape
            (latent_dim,); `None` if there is none.
    """

    codes: np.ndarray
    divergences: np.ndarray | None


def codes_to_agree(reported: ReportedModel) -> Codes | None:
    """Codes to be compared with those of other seeds; `None` if they are too long."""
    if reported.model.latent_dim > _LARGEST_CODE:
        return None
    rows = np.sort(reported.order[:FACTOR_IMAGES])
    return Codes(reported.codes[rows], mean_divergences(reported))


def agreement_measures(models: Sequence[Codes]) -> list[dict[Column, float]]:
    """The ranking score of each of several models, whose mean is that of all.

    Args:
        models: Codes of at least two models that differ by the seed alone.
    """
    known = [model.divergences for model in models]
    divergences = None if any(one is None for one in known) else known
    score = udr([model.codes for model in models], divergences)
    told = "" if divergences is None else ", without idle dimensions"
    column = Column(
        "UDR",
        "Unsupervised disentanglement ranking: agreement of the codes with those of "
        f"the other seeds, median over the seeds; by {score.protocol['similarity']}"
        f"{told}; codes of {score.protocol['n']:,} images.",
        1,
        AGREEMENT,
    )
    return [{column: value} for value in score.by_model]
