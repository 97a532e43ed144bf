"""The numbers of a report, each with the way in which it was measured."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_latent import metrics
from keras_latent.keras_internals import random_states
from keras_latent.models import LatentModel
from keras_latent.reports.reported_model import ReportedModel

_NEIGHBOURS = 5
_LIKELIHOOD_IMAGES = 200
_LIKELIHOOD_SAMPLES = 200


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
        "Reconstruction": _reconstruction(reported),
        "Codes": [*_classification(reported), *_codes(reported)],
        "Loss": [*_terms(reported), *_likelihood(reported)],
    }
    return {heading: group for heading, group in groups.items() if group}


def _reconstruction(reported: ReportedModel) -> list[Measure]:
    is_one = not isinstance(reported.targets, dict)
    of = f"{reported.count:,} images"
    of = of if is_one else f"{reported.picture!r} in {reported.count:,} observations"
    error = float(np.mean(reported.errors))
    measured = [
        Measure("Mean squared error", f"{error:.4g}", f"Mean over the pixels of {of}.")
    ]
    originals = reported.pictures
    if originals.min() >= 0 and originals.max() <= 1:
        ratio = np.mean(
            metrics.peak_signal_to_noise_ratio(originals, reported.decoded_pictures)
        )
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


def _classification(reported: ReportedModel) -> list[Measure]:
    """Accuracies of the codes; none without classes, or enough known images."""
    known, labels = reported.known, reported.labels
    if known is None or labels is None:
        return []
    if len(known.labels) < _NEIGHBOURS or len(np.unique(known.labels)) < 2:
        return []
    codes = reported.encode(known.images), known.labels, reported.codes, labels
    by_neighbours = metrics.knn_accuracy(*codes, k=_NEIGHBOURS)
    linear = metrics.linear_probe(*codes)
    protocol = by_neighbours.protocol
    trained = (
        f"learned from {protocol['n_train']:,} other images, "
        f"tested on {protocol['n_test']:,}."
    )
    return [
        Measure(
            f"{protocol['k']}-NN accuracy",
            f"{100 * by_neighbours.value:.2f} %",
            f"Vote of the {protocol['k']} nearest codes, Euclidean distance, codes as "
            f"they are; {trained}",
        ),
        Measure(
            "Linear probe accuracy",
            f"{100 * linear.value:.2f} %",
            "Logistic regression, L2 penalty with "
            f"C = {linear.protocol['C']:g}, standardised codes; {trained}",
        ),
    ]


def _codes(reported: ReportedModel) -> list[Measure]:
    active = np.count_nonzero(metrics.active_units(reported.codes))
    measured = [
        Measure(
            "Active dimensions",
            f"{active} of {reported.model.latent_dim}",
            "Dimensions whose code varies over the images by more than 0.01.",
        )
    ]
    if reported.encodes_reconstructions:
        length = metrics.latent_length(reported.codes, reported.generated_codes)
        measured.append(
            Measure(
                "Latent length",
                f"{length:.4g}",
                "½·(mean z² + mean y²), with the codes z of the images and y of their "
                "reconstructions.",
            )
        )
    return measured


def _terms(reported: ReportedModel) -> list[Measure]:
    """The loss and its terms; none of a model that isn't compiled."""
    model = reported.model
    if not model.compiled:
        return []
    x = reported.images
    labels = reported.labels if model.uses_labels else None
    if model.condition is not None:
        x, labels = x["x"], x["y"]
    try:
        model.check_labels(labels, reported.count)
    except ValueError:  # The classes of the images aren't those that it learned.
        return []
    with _drawing_from(reported.seed, model):
        logs = model.evaluate(x, labels, batch_size=256, verbose=0, return_dict=True)
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
    rows = np.sort(reported.order[:_LIKELIHOOD_IMAGES])
    try:
        model.likelihood.check_normalised(reported.images)
    except ValueError:
        return []
    estimates = model.log_likelihood(
        reported.take(rows), _LIKELIHOOD_SAMPLES, seed=reported.seed
    )
    return [
        Measure(
            "Negative log-likelihood",
            f"{-float(np.mean(estimates)):.2f} nats",
            f"Importance sampling with {_LIKELIHOOD_SAMPLES} draws of the posterior "
            f"for each of {len(rows)} images; too high on average.",
        )
    ]


@contextlib.contextmanager
def _drawing_from(seed: int, model: LatentModel) -> Iterator[None]:
    """Let a model's noise come from a seed, and give it its own state back."""
    states = random_states(model)
    before = [np.array(state) for state in states]
    for index, state in enumerate(states):
        state.assign(np.array([seed, index], "uint32"))
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
