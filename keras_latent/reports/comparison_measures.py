"""What is measured of each model of a comparison, alike for all."""

from collections.abc import Sequence

import numpy as np

from keras_latent import metrics
from keras_latent.reports.column import Column, ColumnGroup
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.generated import Generated
from keras_latent.reports.generation_measures import generation_measures
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.results import NEIGHBOURS

BINS = 20
FACTOR_IMAGES = 10_000
"""Images at most of which codes are compared with factors."""

RECONSTRUCTION = ColumnGroup(
    "Reconstruction",
    "to restore or to compress images",
    "How far the decoded images are from the originals. PCA with as many numbers and "
    "the mean image are what a model must beat to be worth its training: above the MSE "
    "of PCA, something simpler does it better.",
    "The squared error prefers blur to a detail at the wrong place, and says nothing "
    "of how codes are laid out. Compare models of equally many dimensions: a longer "
    "code most often restores more.",
)
CLASSES = ColumnGroup(
    "Classes",
    "to search or to classify by codes",
    "How often a simple classifier of the codes tells the class. It is worth "
    "something by as much as it is above that of the pixels and above the majority, "
    "which need no model.",
    "It speaks of these classes alone: codes that ignore them may hold all else. The "
    "linear probe learns from labels which dimensions matter; nearest neighbours take "
    "all alike.",
)
FACTORS = ColumnGroup(
    "Factors",
    "to change one property at a time",
    "Whether single dimensions stand for single known properties of the images. All "
    "lie between 0 and 1. MIG, SAP and DCI completeness ask whether one dimension has "
    "all of a factor; DCI disentanglement and modularity, whether a dimension has no "
    "more than one; DCI informativeness, whether the code has it at all.",
    "They are measured only where a dataset states its factors, often vary more "
    "between seeds than between models, and often disagree: trust a difference that "
    "several of them show over several seeds.",
)


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
        Column("Dimensions", "Numbers of a code.", 0, RECONSTRUCTION): float(
            reported.model.latent_dim
        ),
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
            RECONSTRUCTION,
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
                RECONSTRUCTION,
            )
        ] = of_components
        found[
            Column(
                "MSE of the mean image",
                f"The same image for all, {learned}",
                0,
                RECONSTRUCTION,
            )
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
            CLASSES,
        ): found.linear.value,
        Column(
            f"{NEIGHBOURS}-NN",
            f"Accuracy of the vote of the {NEIGHBOURS} nearest codes, Euclidean "
            f"distance, codes as they are; {trained}",
            1,
            CLASSES,
        ): found.neighbours.value,
        Column(
            f"{NEIGHBOURS}-NN of the pixels",
            f"Without the model: vote of the nearest images; {trained}",
            0,
            CLASSES,
        ): found.pixels.value,
        Column(
            "Majority",
            f"Without the model: the most frequent class for all; {trained}",
            0,
            CLASSES,
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
        Column("MIG", f"Mutual information gap, {bins}", 1, FACTORS): metric.mig(
            codes, factors, bins=BINS, factor_names=names
        ).value,
        Column(
            "DCI disentanglement", f"By {predicted}", 1, FACTORS
        ): dci.disentanglement,
        Column("DCI completeness", f"By {predicted}", 1, FACTORS): dci.completeness,
        Column(
            "DCI informativeness", f"By {predicted}", 1, FACTORS
        ): dci.informativeness,
        Column(
            "SAP",
            f"Separated attribute predictability, by {linear}; of {of}.",
            1,
            FACTORS,
        ): metric.sap(codes, factors, factor_names=names, seed=reported.seed).value,
        Column(
            "Modularity", f"1 for one factor a code, {bins}", 1, FACTORS
        ): metric.modularity(
            codes, factors, bins=BINS, factor_names=names, seed=reported.seed
        ).value,
    }
