"""Samples of a saved model: from its prior, or from a sampler, fitted where needed."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from keras_latent import plots
from keras_latent.cli.defaults import epochs_for
from keras_latent.cli.results import checked_split
from keras_latent.cli.sampler_files import SamplerFiles
from keras_latent.cli.saved_run import SavedRun
from keras_latent.cli.settings import Plain, check_plain_arguments
from keras_latent.cli.stopping import StoppedError
from keras_latent.reports.examples import SourceExamples
from keras_latent.samplers import Sampler, load_sampler
from keras_latent.samplers.labels import check_seen, classes_of
from keras_latent.samplers.loading import SAMPLERS, names_for, sampler_name
from keras_latent.typing import Observation
from keras_latent.validation import check_in_range, checked_positive_integer
from keras_latent_cli.options import LARGEST, check_not_too_large

LEAST_STEPS = 5000
"""How many steps a fit makes at least where nothing is said."""

_ALL = "all"
_NOT_SET = ("self", "model", "seed", "checkpoint", "verbose")


def sample(
    model: Path,
    sampler: str | None = None,
    count: int = 64,
    labels: Sequence[str] = (),
    settings: Mapping[str, Plain] | None = None,
    seed: int = 0,
) -> None:
    """Draw images and write a figure of them beside the model.

    Args:
        model: A `.keras` file, or the folder of a run.
        sampler: A name of `SAMPLERS`, or how one begins. It is fitted to the training
            images of the run and saved, if it isn't there. Defaults to `None`: the
            prior.
        count: Number of images, rounded up to full rows of each label. Defaults to 64.
        labels: Names or numbers of classes, or `"all"`: each has a row. Defaults to
            none.
        settings: Arguments of the sampler by their names. Defaults to `None`.
        seed: Seed of the draw. Defaults to 0.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If there is no prior, the sampler doesn't suit the model or was
            fitted to another one, or an argument is wrong.
        OSError: If files can't be written.
        StoppedError: If the user stops the fit.
    """
    count = checked_positive_integer("count", count)
    check_in_range("seed", seed, high=2**32 - 1)
    name = None if sampler is None else sampler_name(sampler)
    run, console = SavedRun(model), Console()
    chosen = _chosen_labels(run, labels)
    if name is None:
        _check_draws_from_prior(run, chosen, settings)
    else:
        fitted = _fitted(run, name, chosen, settings or {}, console)
    each = -(-count // max(1, len(chosen)))
    rows = np.repeat(list(chosen.values()), each) if chosen else None
    drawn = count if rows is None else len(rows)
    images: Observation
    if name is None:
        images = run.model.sample(drawn, rows, seed)
    else:
        images = fitted.sample(drawn, seed, rows)
    folder = run.file.with_name("figures")
    folder.mkdir(exist_ok=True)
    path = folder / f"samples_{name or 'prior'}{'_labels' if chosen else ''}.png"
    plots.save(plots.samples(images, list(chosen)), path)
    console.print(f"The samples are {path}", highlight=False, soft_wrap=True)


def _chosen_labels(run: SavedRun, labels: Sequence[str]) -> dict[str, int]:
    """What the user calls each label → its number."""
    names = run.class_names
    if tuple(labels) == (_ALL,) and names and _ALL not in names:
        labels = names
    found = {}
    for label in labels:
        if label in names:
            found[label] = names.index(label)
        elif label.isascii() and label.isdigit() and len(label) < 10:
            found[label] = int(label)
        else:
            listed = f": {', '.join(names)}" if names else ""
            raise ValueError(
                f"`labels` must be names or numbers of the run's classes{listed}. "
                f"Received: labels={label}"
            )
    return found


def _check_draws_from_prior(
    run: SavedRun, labels: dict[str, int], settings: Mapping[str, Plain] | None
) -> None:
    kind = type(run.model).__name__
    if not run.model.has_prior:
        listed = ", ".join(names_for(run.model)) or "none suits its codes"
        raise ValueError(
            f"`sampler` must be given for {kind}, which has no prior to draw from: "
            f"{listed}. Received: sampler=None"
        )
    if settings:
        raise ValueError(
            "`--set` is for arguments of a sampler, which `sampler` names. "
            f"Received: --set {next(iter(settings))}"
        )
    conditional = run.model.condition is not None
    if conditional and not labels:
        raise ValueError(
            f"`labels` must be given for {kind}, which is told the label of what it "
            "draws. Received: no labels"
        )
    if labels and not conditional:
        raise ValueError(
            f"`labels` don't steer the prior of {kind}: use a sampler that they steer, "
            f"or a conditional model. Received: labels={','.join(labels)}"
        )


def _fitted(
    run: SavedRun,
    name: str,
    labels: dict[str, int],
    settings: Mapping[str, Plain],
    console: Console,
) -> Sampler:
    """The sampler that is saved beside the model, or a new one, which is saved then."""
    cls, files = SAMPLERS[name], SamplerFiles(run.file)
    check_plain_arguments(_arguments(cls), settings, cls.__name__)
    check_not_too_large(**{n: settings[n] for n in settings if n in LARGEST})  # type: ignore[arg-type]
    cls(run.model, **settings).check_labels_serve(list(labels) or None)
    if run.model.condition is not None and not labels:
        raise ValueError(
            f"`labels` must be given for {type(run.model).__name__}, which is told the "
            "label of what it draws. Received: no labels"
        )
    with_labels = bool(labels) and cls.steered_by_labels
    path = files.file(name, with_labels)
    if path.is_file():
        found = _loaded(run, path, settings)
        if with_labels:
            check_seen(np.array(list(labels.values())), found.classes)
        return found
    with files.locked():
        checkpoint = files.checkpoint(name, with_labels)
        try:
            found = _fit(run, cls, checkpoint, labels, settings, console)
        except KeyboardInterrupt as error:
            told = "Stopped, before there was anything to keep."
            if checkpoint.exists():
                told = "Stopped. It goes on after the last epochs by the same command."
            raise StoppedError(told) from error
        found.save(path, include_model=False)
    console.print(f"The sampler is {path}", highlight=False, soft_wrap=True)
    return found


def _loaded(run: SavedRun, path: Path, settings: Mapping[str, Plain]) -> Sampler:
    try:
        found = load_sampler(path, run.model)
    except ValueError as error:
        raise ValueError(
            f"{error}. Remove {str(path)!r} to have another fitted"
        ) from error
    config = found.get_config()
    changed = [n for n, value in settings.items() if value != config.get(n)]
    fixed = [n for n in changed if n not in found.arguments_of_draws]
    if fixed:
        raise ValueError(
            "`--set` must be what the saved sampler was fitted with; remove "
            f"{str(path)!r} to have another fitted. Received: "
            + ", ".join(f"{n}={settings[n]} instead of {config.get(n)}" for n in fixed)
        )
    again = type(found)(run.model, **{**config, **settings})
    again.restore(found.fitted_state(), found.model_hash)
    return again


def _fit(
    run: SavedRun,
    cls: type[Sampler],
    checkpoint: Path,
    labels: dict[str, int],
    settings: Mapping[str, Plain],
    console: Console,
) -> Sampler:
    opened = run.open_fitting()
    source = checked_split(opened, "train")
    examples = SourceExamples(source, run.model)
    given = None
    if labels:
        given = examples.labels
        if given is None:
            raise ValueError(
                "`labels` need a dataset of which each image has one. Received: "
                f"labels={','.join(labels)} for {opened.name!r}"
            )
        check_seen(np.array(list(labels.values())), classes_of(given))
    options = dict(settings)
    known = _arguments(cls)
    if "epochs" in known and "epochs" not in options:
        size = options.get("batch_size", known.get("batch_size"))
        steps = max(1, source.size // int(size))  # type: ignore[arg-type]
        options["epochs"] = epochs_for(steps, least_steps=LEAST_STEPS)
    said = "".join(f", {n} {value}" for n, value in options.items())
    console.print(
        f"Fitting {cls.__name__} to the codes of {source.size:,} images{said}",
        highlight=False,
        soft_wrap=True,
    )
    kept = {"checkpoint": checkpoint} if _takes(cls, "checkpoint") else {}
    sampler = cls(run.model, **options, **kept)
    batches = source.batches(examples.rows_at_once).prefetch(1)
    return sampler.fit(batches, given)


def _arguments(cls: type[Sampler]) -> dict[str, Any]:
    """The arguments of a sampler that can be set, with their defaults."""
    return {
        parameter.name: parameter.default
        for parameter in inspect.signature(cls.__init__).parameters.values()
        if parameter.name not in _NOT_SET
    }


def _takes(cls: type[Sampler], argument: str) -> bool:
    return argument in inspect.signature(cls.__init__).parameters
