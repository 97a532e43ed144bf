"""The numbers of a report, each with the way in which it was measured."""

from typing import NamedTuple

import numpy as np

from keras_latent import metrics
from keras_latent.reports.reported_model import ReportedModel

_LIKELIHOOD_IMAGES = 200
_LIKELIHOOD_SAMPLES = 200
_LIKELIHOOD_PIXELS = 2**27


class Measure(NamedTuple):
    """A measured number as text.

    Args:
        name: What was measured.
        value: The number, with its unit.
        protocol: How it was measured, in a few words.
    """

    name: str
    value: str
    protocol: str


def measures(reported: ReportedModel) -> dict[str, list[Measure]]:
    """Measure what the model and the images allow, in groups by their headings."""
    groups = {
        "Reconstruction": [*_reconstruction(reported), *_rivals(reported)],
        "Codes": [*_classification(reported), *_codes(reported)],
        "Loss": [*_terms(reported), *_likelihood(reported)],
    }
    return {heading: group for heading, group in groups.items() if group}


def _reconstruction(reported: ReportedModel) -> list[Measure]:
    is_one = reported.reconstructs_one_tensor
    of = f"{reported.count:,} images"
    of = of if is_one else f"{reported.picture!r} in {reported.count:,} observations"
    error = reported.results.error
    measured = [
        Measure("Mean squared error", f"{error:.4g}", f"Mean over the pixels of {of}.")
    ]
    if reported.lies_in_unit_range:
        with np.errstate(divide="ignore"):
            ratio = np.mean(-10 * np.log10(reported.errors))
        measured.append(
            Measure(
                "Peak signal-to-noise ratio",
                f"{ratio:.2f} dB" if np.isfinite(ratio) else "∞ dB",
                f"Mean over {of}; higher is nearer to the original.",
            )
        )
    if reported.ablated_errors is not None:
        measured.append(
            Measure(
                "Mean squared error without the features",
                f"{float(np.mean(reported.ablated_errors)):.4g}",
                f"Mean over the pixels of {of}, decoded with the features set to 0; "
                "what it is larger by is what the features tell.",
            )
        )
    return measured


def _rivals(reported: ReportedModel) -> list[Measure]:
    """The errors of the mean image and of PCA; none without other images."""
    errors = reported.results.rival_errors
    if errors is None:
        return []
    learned = f"learned from {reported.results.learned_from:,} other images."
    return [
        Measure(
            "Error of the mean image",
            f"{errors[0]:.4g}",
            f"The same image for all, {learned}",
        ),
        Measure(
            f"Error of PCA with {reported.results.components} numbers",
            f"{errors[1]:.4g}",
            f"Principal components, {learned}",
        ),
    ]


def _classification(reported: ReportedModel) -> list[Measure]:
    """Accuracies of the codes and of rivals; none without classes or other images."""
    found = reported.results.accuracies
    if found is None:
        return []
    protocol = found.neighbours.protocol
    trained = (
        f"learned from {protocol['n_train']:,} other images, "
        f"tested on {protocol['n_test']:,}."
    )
    side = found.pixels_in_a_mean
    pixels = "pixels as they are"
    if side > 1:
        pixels = f"means of {side} by {side} pixels"
    return [
        Measure(
            f"{protocol['k']}-NN accuracy",
            _percent(found.neighbours),
            f"Vote of the {protocol['k']} nearest codes, Euclidean distance, codes as "
            f"they are; {trained}",
        ),
        Measure(
            "Linear probe accuracy",
            _percent(found.linear),
            "Logistic regression, L2 penalty with "
            f"C = {found.linear.protocol['C']:g}, standardised codes; {trained}",
        ),
        Measure(
            f"{protocol['k']}-NN accuracy of the pixels",
            _percent(found.pixels),
            f"Without the model: vote of the nearest images, {pixels}; {trained}",
        ),
        Measure(
            "Accuracy of the majority",
            _percent(found.majority),
            f"Without the model: the most frequent class for all; {trained}",
        ),
    ]


def _percent(score: metrics.Score) -> str:
    return f"{100 * score.value:.2f} %"


def _codes(reported: ReportedModel) -> list[Measure]:
    active = np.count_nonzero(metrics.active_units(reported.codes))
    measured = [
        Measure(
            "Active dimensions",
            f"{active} of {reported.model.latent_dim}",
            "Dimensions whose code varies over the images by more than 0.01.",
        )
    ]
    if reported.generated_codes is not None:
        length = metrics.latent_length(reported.codes, reported.generated_codes)
        measured.append(
            Measure(
                "Latent length",
                f"{length:.4g}",
                "How far from 0 the codes lie: ½·(mean z² + mean y²), with the codes z "
                "of the images and y of their reconstructions. A standard normal has "
                "1; near 0 the code has collapsed, and far above 1 codes lie where a "
                "standard normal prior doesn't draw. Neither more nor less is better.",
            )
        )
    return measured


def _terms(reported: ReportedModel) -> list[Measure]:
    """The loss and its terms; none of a model that isn't compiled."""
    model = reported.model
    logs = reported.logs
    if logs is None:
        return []
    protocols = {"loss": "Sum of the terms, each times its weight."}
    if model.bounds_evidence:
        weights = ", ".join(
            f"{name} = {float(weight):g}" for name, weight in model.term_weights.items()
        )
        protocols["loss"] += (
            " With weights of 1 it is the negative evidence lower bound; they are "
            f"{weights}."
        )
    for term, meaning in type(model).term_meanings.items():
        # Of several heads, each has a term `<term>_<name>`.
        for name in logs:
            if name == term or name.startswith(f"{term}_"):
                protocols[name] = f"{meaning[:1].upper()}{meaning[1:].rstrip('.')}."
    shares = {name for name in logs if name.partition("_")[0] == "accuracy"}
    protocols |= dict.fromkeys(
        shares, "Share of the labelled images whose class the head tells."
    )
    # Those of the codes and of the images are measured on all of them at once.
    names = logs.keys() - {"latent_length", "mse"}
    return [
        Measure(
            name.replace("_", " ").capitalize() if name != "kl" else "KL divergence",
            f"{100 * logs[name]:.2f} %" if name in shares else f"{logs[name]:.4g}",
            protocols.get(name, "As in the logs of a training, without its weight."),
        )
        for name in sorted(names, key=lambda name: (name != "loss", name))
    ]


def _likelihood(reported: ReportedModel) -> list[Measure]:
    """The negative log-likelihood, where the likelihood is a density of such images."""
    model = reported.model
    if model.posterior is None or not reported.decodes_codes_alone:
        return []
    height, width, _ = reported.picture_shape
    few = _LIKELIHOOD_PIXELS // (_LIKELIHOOD_SAMPLES * height * width)
    rows = np.sort(reported.order[: min(_LIKELIHOOD_IMAGES, max(1, few))])
    try:
        model.likelihood.check_normalised(model.target(reported.examples.take(rows)))
    except ValueError:
        return []
    estimates = model.log_likelihood(
        reported.examples.take(rows), _LIKELIHOOD_SAMPLES, seed=reported.seed
    )
    return [
        Measure(
            "Negative log-likelihood",
            f"{-float(np.mean(estimates)):.2f} nats",
            f"Importance sampling with {_LIKELIHOOD_SAMPLES} draws of the posterior "
            f"for each of {len(rows)} images; too high on average.",
        )
    ]
