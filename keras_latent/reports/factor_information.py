"""How much each dimension of a code tells of each factor of the images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import factor_data
from keras_latent.metrics.disentanglement.information import (
    discrete_information,
    entropies,
    in_equal_bins,
)
from keras_latent.reports.comparison_measures import BINS, FACTOR_IMAGES, factors_of
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.reported_model import ReportedModel


class FactorInformation(NamedTuple):
    """Mutual information of dimensions with factors.

    Args:
        shares: float64 of shape (latent_dim, factors that vary), in shares of the
            entropy of each factor, in [0, 1].
        names: One for each of those factors.
    """

    shares: np.ndarray
    names: tuple[str, ...]

    def most_told(self, dimension: int) -> str:
        """The factor that a dimension tells most of, with the share.

        >>> FactorInformation(np.array([[0.1, 0.75]]), ("x", "y")).most_told(0)
        'y 0.75'
        """
        factor = int(self.shares[dimension].argmax())
        return f"{self.names[factor]} {self.shares[dimension, factor]:.2f}"


def factor_information(reported: ReportedModel) -> FactorInformation | None:
    """Measure it on the images; `None` if they have no factors."""
    factors = factors_of(reported)
    if factors is None:
        return None
    rows = np.sort(reported.order[:FACTOR_IMAGES])
    names: Sequence[str] | None = None
    if isinstance(reported.examples, SourceExamples):
        names = reported.examples.source.factor_names or None
    return information_shares(reported.codes[rows], factors[rows], names)


def information_shares(
    codes: np.ndarray, factors: np.ndarray, names: Sequence[str] | None = None
) -> FactorInformation:
    """Mutual information in shares of the entropy of each factor that varies.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors).
        names: One name for each factor. Defaults to `None`: their numbers.
    """
    data = factor_data(codes, factors, None, names, BINS)
    found = discrete_information(in_equal_bins(data.codes, BINS), data.values)
    return FactorInformation(np.asarray(found / entropies(data.values)), data.names)
