"""What is measured of each model of a comparison, alike for all."""

from collections.abc import Sequence

import numpy as np

from keras_latent import metrics
from keras_latent.reports.column import Column
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.generated import Generated
from keras_latent.reports.generation_measures import generation_measures
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.results import NEIGHBOURS

BINS = 20
FACTOR_IMAGES = 10_000
"""Images at most of which codes are compared with factors."""


def measured(
    reported: ReportedModel,
    generated: Sequence[Generated],
    factor_names: Sequence[str],
) -> dict[Column, float]:
    """Measure what a model and the images allow.

    Args:
        reported: The model and the images.
        generated: Images of its prior and of its samplers; none if it has neither.
        factor_names: The names of the factors, or none.

    Returns:
        The numbers by their columns.
    """
    found = {
        Column("Dimensions", "Numbers of a code.", 0): float(reported.model.latent_dim),
        **_reconstruction(reported),
        **_classification(reported),
        **_disentanglement(reported, factor_names),
    }
    for part in generated:
        found |= generation_measures(part)
    return found


def _reconstruction(reported: ReportedModel) -> dict[Column, float]:
    results = reported.results
    found = {
        Column(
            "MSE",
            "Mean squared error of the reconstructions, mean over all pixels of "
            f"{reported.count:,} images.",
            -1,
        ): results.error
    }
    if results.rival_errors is not None:
        of_mean, of_components = results.rival_errors
        learned = f"learned from {results.learned_from:,} training images."
        found[
            Column(
                "MSE of PCA",
                "Of as many principal components as the code has numbers, at most as "
                f"there are pixels or images; {learned}",
                0,
            )
        ] = of_components
        found[
            Column("MSE of the mean image", f"The same image for all, {learned}", 0)
        ] = of_mean
    return found


def _classification(reported: ReportedModel) -> dict[Column, float]:
    found = reported.results.accuracies
    if found is None:
        return {}
    counts = found.neighbours.protocol
    trained = (
        f"learned from {counts['n_train']:,} training images, tested on "
        f"{counts['n_test']:,}."
    )
    return {
        Column(
            "Linear probe",
            "Accuracy of a logistic regression, L2 penalty with "
            f"C = {found.linear.protocol['C']:g}, on standardised codes; {trained}",
            1,
        ): found.linear.value,
        Column(
            f"{NEIGHBOURS}-NN",
            f"Accuracy of the vote of the {NEIGHBOURS} nearest codes, Euclidean "
            f"distance, codes as they are; {trained}",
            1,
        ): found.neighbours.value,
        Column(
            f"{NEIGHBOURS}-NN of the pixels",
            f"Without the model: vote of the nearest images; {trained}",
            0,
        ): found.pixels.value,
        Column(
            "Majority",
            f"Without the model: the most frequent class for all; {trained}",
            0,
        ): found.majority.value,
    }


def factors_of(reported: ReportedModel) -> np.ndarray | None:
    """The factors of the images, of shape (count, factors).

    `None` if their labels are none: at least two must vary, in at least as many images
    as codes are cut into bins.
    """
    examples = reported.examples
    if not isinstance(examples, SourceExamples) or reported.count < BINS:
        return None
    labels = np.asarray(examples.given_labels)
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.number):
        return None
    varying = (labels != labels[:1]).any(axis=0)
    return labels if varying.sum() >= 2 else None


def _disentanglement(
    reported: ReportedModel, factor_names: Sequence[str]
) -> dict[Column, float]:
    factors = factors_of(reported)
    if factors is None:
        return {}
    rows = np.sort(reported.order[:FACTOR_IMAGES])
    codes, factors = reported.codes[rows], factors[rows]
    names = factor_names or None
    of = f"{len(rows):,} images with {factors.shape[1]} factors"
    metric = metrics.disentanglement
    dci = metric.dci(codes, factors, factor_names=names, seed=reported.seed)
    protocol = dci.protocol
    predicted = (
        f"{protocol['regressor']}, scikit-learn {protocol['scikit-learn']}; of {of}."
    )
    linear = f"linear support vector machines, scikit-learn {protocol['scikit-learn']}"
    bins = f"codes in {BINS} equal bins; {of}."
    return {
        Column("MIG", f"Mutual information gap, {bins}", 1): metric.mig(
            codes, factors, bins=BINS, factor_names=names
        ).value,
        Column("DCI disentanglement", f"By {predicted}", 1): dci.disentanglement,
        Column("DCI completeness", f"By {predicted}", 1): dci.completeness,
        Column("DCI informativeness", f"By {predicted}", 1): dci.informativeness,
        Column(
            "SAP", f"Separated attribute predictability, by {linear}; of {of}.", 1
        ): metric.sap(codes, factors, factor_names=names, seed=reported.seed).value,
        Column("Modularity", f"1 for one factor a code, {bins}", 1): metric.modularity(
            codes, factors, bins=BINS, factor_names=names, seed=reported.seed
        ).value,
    }
