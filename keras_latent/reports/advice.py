"""What a model's numbers mean, in plain language, and what to try."""

from collections.abc import Mapping, Sequence

import numpy as np

from keras_latent import metrics
from keras_latent.plots.decoding import is_standard_normal
from keras_latent.reports.reported_model import ReportedModel

_COLLAPSED = 0.98
"""Of the mean image's error, from which on a code tells nothing."""

_WORSE = 1.1
"""Of the mean image's error, from which on a model knows less than that image."""

_STILL_FALLING = 0.02
"""Of the whole fall of a loss, in the last tenth of the epochs."""

_SETTLED = 0.01
"""Of the whole fall of a loss, in the last tenth of many epochs."""

_MANY_EPOCHS = 20

_RISEN = 0.05
"""Of the whole fall of the validation loss, from its lowest on."""

_APART = 0.2
"""Of the fall of the training's loss, by which the validation's lies above it."""

_AGAINST_FITTING = (
    "Try more images, `--augment mirror,shift,colour`, fewer epochs or a smaller code."
)

_FAR = 1.3
"""Of the distance of a normal prior's draws, at which codes lie elsewhere."""

_ALIKE = 0.02
"""Of the pixels' range, up to which two images differ in their file alone."""

_BARELY = 0.02
"""Accuracy beyond the majority that is none."""


def advice(
    reported: ReportedModel, history: Mapping[str, Sequence[float]] | None = None
) -> list[str]:
    """Say what is good, what is not, and what to try.

    Args:
        reported: A trained model and the images that it is measured on.
        history: Name of the log → its value in each epoch. Defaults to `None`.

    Returns:
        Sentences, the most important first.
    """
    collapsed = _collapse(reported)
    parts = [
        collapsed,
        None if collapsed else _inactive(reported),
        None if collapsed else _reconstruction(reported, history or {}),
        _copies(reported),
        _draws(reported),
        _over_fitting(history or {}) or _under_training(history or {}),
        _head(reported),
        _codes(reported),
    ]
    return [part for part in parts if part]


def _collapse(reported: ReportedModel) -> str | None:
    """A code that tells nothing of the image, or a model that knows nothing yet."""
    is_active = _active(reported)
    active = is_active is None or is_active.any()
    errors = reported.results.rival_errors
    error = reported.results.error
    is_mean = errors is not None and error >= _COLLAPSED * errors[0]
    if active and not is_mean:
        return None
    beside = ""
    if errors is not None:
        beside = (
            f": the reconstructions' error is {error:.3g}, and that of the mean image "
            f"{errors[0]:.3g}"
        )
    if errors is not None and error > _WORSE * errors[0]:
        return (
            f"The model has hardly learned yet{beside}. Train for longer (`--epochs`, "
            "`--steps`), or with another `--learning-rate`."
        )
    what = f"The code tells next to nothing of the image{beside}"
    if not reported.model.has_prior:
        return (
            f"{what}. Train for longer, with another learning rate, or with a smaller "
            "weight of what holds the code back."
        )
    remedies = {
        "beta": "a smaller weight of the divergence, such as `--set beta=0.1`",
        "capacity": "more capacity, such as `--set capacity=25`",
        "free_bits": "free bits, `--set free_bits=0.1`",
    }
    ways = [way for name, way in remedies.items() if name in reported.model.scheduled]
    ways.append(
        "the scale of the errors, `--set likelihood=gaussian --set "
        "likelihood.scale=optimal`"
    )
    *others, last = ways
    either = f"{', '.join(others)}, or {last}" if others else last
    return f"{what} (posterior collapse). Try {either}."


def _active(reported: ReportedModel) -> np.ndarray | None:
    """Which dimensions vary; `None` where there is but one code."""
    return metrics.active_units(reported.codes) if len(reported.codes) > 1 else None


def _inactive(reported: ReportedModel) -> str | None:
    """Dimensions that nothing goes through."""
    is_active = _active(reported)
    if is_active is None or is_active.all():
        return None
    active, size = int(np.count_nonzero(is_active)), len(is_active)
    if reported.model.has_prior:
        change = "a smaller `beta` lets the others in"
    else:
        change = "a smaller weight of what holds the code back lets the others in"
    return (
        f"{active} of {size} dimensions of the code are active. The others carry "
        f"nothing: `--latent-dim {active}` does the same, and {change}."
    )


def _reconstruction(
    reported: ReportedModel, history: Mapping[str, Sequence[float]]
) -> str | None:
    """The error beside those of rivals."""
    errors = reported.results.rival_errors
    if errors is None:
        return None
    error, of_components = reported.results.error, errors[1]
    beside = f"PCA with {reported.results.components} numbers ({of_components:.3g})"
    if error < of_components:
        less = 100 * (1 - error / of_components)
        return f"Reconstructions are good: their error is {less:.0f} % below {beside}."
    worse = f"Reconstructions are worse than {beside}: {error:.3g}."
    more = "let the code hold more (`--latent-dim`, less regularisation)"
    if _has_settled(history):
        return (
            f"{worse} The loss has settled, so that more epochs will hardly help: "
            f"{more}, or try more images, or `--augment mirror,shift,colour`."
        )
    return f"{worse} Train for longer (`--epochs`, `--steps`), or {more}."


def _copies(reported: ReportedModel) -> str | None:
    """Held-out images that are in the training, too."""
    distances = reported.results.held_out_distances
    if distances is None:
        return None
    copies = int(np.count_nonzero(distances <= _ALIKE * reported.range))
    if not copies:
        return None
    return (
        f"{copies} of {len(distances)} held-out images that were looked at are in the "
        "training as well, or differ from an image there by no more than another file "
        "format does: numbers on held-out images flatter the model. Keep copies "
        "together, by a folder `validation` of your own beside `train`."
    )


def codes_are_far_out(reported: ReportedModel) -> bool:
    """Whether codes lie so far out that a normal prior draws none like them."""
    # Its draws have a mean square of 1; means of posteriors that fit have less.
    prior = reported.model.prior if reported.model.has_prior else None
    return is_standard_normal(prior) and _distance(reported) >= _FAR


def _distance(reported: ReportedModel) -> float:
    """Of the codes from 0, in that of draws of a standard normal."""
    return float(np.sqrt(np.mean(np.square(reported.codes, dtype="float64"))))


def _draws(reported: ReportedModel) -> str | None:
    """Codes that lie where the prior doesn't draw."""
    if not codes_are_far_out(reported):
        return None
    return (
        "Draws from the prior will look unlike the images: the codes lie "
        f"{_distance(reported):.2g} times as far out as it draws. Generate by a "
        "sampler that is fitted to the codes, `keras-latent sample RUN --sampler "
        "gaussian_mixture`, or weigh the divergence from the prior more."
    )


def _over_fitting(history: Mapping[str, Sequence[float]]) -> str | None:
    """A validation loss that rises while that of the training falls."""
    training, validation = (_curve(history, name) for name in ("loss", "val_loss"))
    if len(validation) < 3 or len(training) != len(validation):
        return None
    error = _curve(history, "val_mse")
    if len(error) and np.argmin(error) == len(error) - 1:
        # Terms that work against each other may rise while images get better.
        return None
    lowest = int(np.argmin(validation))
    fall = validation[0] - validation[lowest]
    rise = validation[-1] - validation[lowest]
    learned = training[0] - training[-1]
    if learned > 0 and validation[-1] - training[-1] > _APART * learned:
        return (
            "The model over-fits: its loss on the training images fell to "
            f"{training[-1]:.4g}, and on those held out to {validation[lowest]:.4g} "
            f"alone. {_AGAINST_FITTING}"
        )
    if rise <= _RISEN * abs(fall) or training[-1] >= training[lowest]:
        return None
    return (
        f"The model over-fits: its validation loss was lowest after epoch {lowest + 1} "
        f"({validation[lowest]:.4g}) and has risen to {validation[-1]:.4g}, while that "
        f"of the training went on falling. {_AGAINST_FITTING}"
    )


def _under_training(history: Mapping[str, Sequence[float]]) -> str | None:
    """A loss that still falls at the end."""
    curve = _held_out_loss(history)
    if len(curve) < 3:
        return None
    tail, last, fall = _falls(curve)
    if fall <= 0 or last <= _STILL_FALLING * fall:
        return None
    return (
        f"Training ended too early: over the last {tail} of {len(curve)} epochs the "
        f"loss still fell by {100 * last / fall:.0f} % of its whole fall. Go on with "
        "`keras-latent resume RUN --epochs N`."
    )


def _has_settled(history: Mapping[str, Sequence[float]]) -> bool:
    """Whether the last tenth of many epochs changed next to nothing."""
    curve = _held_out_loss(history)
    if len(curve) < _MANY_EPOCHS:
        return False
    _, last, fall = _falls(curve)
    return fall > 0 and last <= _SETTLED * fall


def _held_out_loss(history: Mapping[str, Sequence[float]]) -> np.ndarray:
    curve = _curve(history, "val_loss")
    return curve if len(curve) else _curve(history, "loss")


def _falls(curve: np.ndarray) -> tuple[int, float, float]:
    """A tenth of the epochs, and the loss's fall in the last of them and in all."""
    tail = max(1, len(curve) // 10)
    return tail, float(curve[-1 - tail] - curve[-1]), float(curve[0] - curve[-1])


def _head(reported: ReportedModel) -> str | None:
    """Heads that tell the most frequent class alone."""
    logs, found = reported.logs or {}, reported.results.accuracies
    accuracy = logs.get("accuracy")
    if accuracy is None or found is None:
        return None
    majority = found.majority.value
    if accuracy > majority + _BARELY:
        return None
    return (
        f"The head tells little more than the most frequent class: {accuracy:.1%} "
        f"where that alone gives {majority:.1%}. Give it more weight, "
        "`--set classification_weight=...`, or more epochs."
    )


def _codes(reported: ReportedModel) -> str | None:
    """Whether the codes say more of the class than the pixels."""
    found = reported.results.accuracies
    if found is None:
        return None
    codes, pixels = found.neighbours.value, found.pixels.value
    majority = found.majority.value
    if max(codes, pixels) <= majority + _BARELY:
        return (
            f"Neither the codes of neighbours ({codes:.1%}) nor their pixels "
            f"({pixels:.1%}) tell the class better than the most frequent one does "
            f"({majority:.1%})."
        )
    told = (
        f"The nearest neighbours tell the class of {codes:.1%} of the images by their "
        f"codes, and of {pixels:.1%} by their pixels"
    )
    if codes >= pixels:
        return f"{told}."
    return (
        f"{told}: for telling classes apart, learn from labels (`constrained`) or "
        "train for longer."
    )


def _curve(history: Mapping[str, Sequence[float]], name: str) -> np.ndarray:
    values = np.asarray(history.get(name, ()), "float64")
    return values[np.isfinite(values)]
