"""The models that are compared: what they are called, and which differ by a seed."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from keras_latent.models import LatentModel
from keras_latent.samplers.base import Sampler
from keras_latent.samplers.loading import SAMPLERS_FOLDER, load_samplers
from keras_latent.saving import load_model

SEED_FOLDERS = "seed-*"
"""The folders of runs that differ by their seed, in the folder that holds them."""


class ComparedModel(NamedTuple):
    """A model of a comparison.

    Args:
        name: What it is called; no two are called alike.
        model: The model.
        group: What it is called together with the models that differ by the seed alone.
        seed: Seed of its training; `None` if that isn't known.
        samplers: What was fitted to its codes and lies beside it, by the names of the
            files. Defaults to none.
        left_out: Why others that lie there were left out. Defaults to nothing.
    """

    name: str
    model: LatentModel
    group: str
    seed: int | None
    samplers: Mapping[str, Sampler] = MappingProxyType({})
    left_out: Sequence[str] = ()


def compared_models(runs: Any) -> list[ComparedModel]:
    """Load the models of a comparison, and find those that differ by a seed alone.

    Args:
        runs: Name → model or path; or a sequence of models and paths. A path is a
            `.keras` file, the folder of a run, or a folder of runs named `seed-...`.

    Returns:
        The models, in their order.

    Raises:
        FileNotFoundError: If a path is neither.
        ValueError: If there is none, or one is no latent model.
    """
    named = _named(runs)
    if not named:
        raise ValueError(
            "`runs` must hold at least one model or folder of a run. "
            f"Received: runs={runs!r}"
        )
    # All paths are looked at before a model is loaded, which may take long.
    found = [
        (name, part) for name, given in named for name, part in _with_files(name, given)
    ]
    names = _all_different([name for name, _ in found])
    compared: list[ComparedModel] = []
    # For each model, what it has in common with others; nothing of what is no run.
    common: list[str | None] = []
    for name, (_, given) in zip(names, found, strict=True):
        if _is_model(given):
            compared.append(ComparedModel(name, given, name, None))
            common.append(None)
            continue
        model = load_model(given)
        if not _is_model(model):
            raise ValueError(
                "`runs` must hold latent models of keras_latent. Received: "
                f"{str(given)!r} of type {type(model).__name__}"
            )
        arguments = run_arguments(given)
        seed = arguments.pop("seed", None)
        beside = load_samplers(given.with_name(SAMPLERS_FOLDER), model)
        compared.append(ComparedModel(name, model, name, seed, *beside))
        told = json.dumps(arguments, sort_keys=True)
        common.append(None if seed is None else told)
    return _grouped(compared, common)


def _named(runs: Any) -> list[tuple[str, Any]]:
    if isinstance(runs, Mapping):
        return [(str(name), given) for name, given in runs.items()]
    if isinstance(runs, (str, os.PathLike)) or not isinstance(runs, Iterable):
        raise ValueError(
            "`runs` must be a sequence of models or paths, or a dict of them by their "
            f"names. Received: runs={runs!r}"
        )
    return [
        (type(given).__name__ if _is_model(given) else _name_of(given), given)
        for given in runs
    ]


def _name_of(path: Any) -> str:
    if not isinstance(path, (str, os.PathLike)):
        raise ValueError(
            "`runs` must hold latent models of keras_latent, or paths. "
            f"Received: one of type {type(path).__name__}"
        )
    path = Path(os.path.abspath(path))
    if path.name == "model.keras":
        return path.parent.name
    if path.match(SEED_FOLDERS):
        return f"{path.parent.name}/{path.name}"
    return path.stem if path.suffix == ".keras" else path.name


def _is_model(given: Any) -> bool:
    return isinstance(given, LatentModel)


def model_files(run: str | os.PathLike) -> list[Path]:
    """The files of models that a path stands for.

    Args:
        run: A `.keras` file, the folder of a run, or a folder of runs of several seeds.

    Raises:
        FileNotFoundError: If it is neither.
    """
    path = Path(os.path.expanduser(run))
    if path.is_file() and path.suffix == ".keras":
        return [path]
    if (path / "model.keras").is_file():
        return [path / "model.keras"]
    seeds = sorted(
        path.glob(f"{SEED_FOLDERS}/model.keras") if path.is_dir() else [],
        key=lambda file: (len(file.parent.name), file.parent.name),
    )
    if not seeds:
        raise FileNotFoundError(
            "`runs` must hold folders of runs, with a model.keras each, or .keras "
            f"files. Received: {str(run)!r}"
        )
    return seeds


def _with_files(name: str, given: Any) -> list[tuple[str, Any]]:
    """A model, or the files that a path stands for, each with its name."""
    if _is_model(given):
        return [(name, given)]
    _name_of(given)
    files = model_files(given)
    if files[0].parent.parent == Path(os.path.expanduser(given)):
        return [(f"{name}/{file.parent.name}", file) for file in files]
    return [(name, file) for file in files]


def run_arguments(file: Path) -> dict[str, Any]:
    """What the run says that it was told, in whose folder a file of a model lies.

    Nothing of what is no run.
    """
    try:
        text = file.with_name("config.json").read_text(encoding="utf-8")
        return dict(json.loads(text)["arguments"])
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def _without_seed(name: str) -> str:
    parent, _, last = name.rpartition("/")
    return parent if parent and Path(last).match(SEED_FOLDERS) else name


def _all_different(names: list[str]) -> list[str]:
    """The names, with a number behind those that are there already."""
    different: list[str] = []
    for name in names:
        number, unlike = 2, name
        while unlike in different:
            number, unlike = number + 1, f"{name} ({number})"
        different.append(unlike)
    return different


def _grouped(
    compared: list[ComparedModel], common: list[str | None]
) -> list[ComparedModel]:
    """The models, those together that have all in common but the seed.

    A seed that is there already, such as of a run that is given twice, stays alone: it
    would narrow the spread.
    """
    members: dict[Any, dict[Any, int]] = {}
    for place, (one, told) in enumerate(zip(compared, common, strict=True)):
        group = members.setdefault(place if told is None else told, {})
        if one.seed in group:
            group = members.setdefault(place, {})
        group[one.seed] = place
    # Groups of one are called as their model, and have their names first.
    groups = sorted(members.values(), key=lambda group: len(group) > 1)
    names = [
        _group_name([compared[at].name for at in group.values()]) for group in groups
    ]
    of_places = {
        place: name
        for group, name in zip(groups, _all_different(names), strict=True)
        for place in group.values()
    }
    return [one._replace(group=of_places[at]) for at, one in enumerate(compared)]


def _group_name(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    folders = {_without_seed(name) for name in names}
    return (
        folders.pop() if len(folders) == 1 else f"{names[0]} and {len(names) - 1} more"
    )
