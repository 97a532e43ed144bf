"""`--set name=value`: any plain argument of what a run is made of."""

import ast
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import keras

from keras_latent import distributions, likelihoods
from keras_latent.models import LatentModel
from keras_latent.models.default_networks import network_arguments
from keras_latent.validation import meant

Plain: TypeAlias = bool | int | float | str | list | None
"""What can be said on the command line."""

_PARTS = ("likelihood", "posterior", "prior", "optimizer")
_NEVER = ("seed", "heads", "num_classes", "condition_size", "feature_extractor")
_NAMES = {"true": True, "false": False, "none": None}


def parse_settings(words: Iterable[str]) -> dict[str, Plain]:
    """Read `name=value` words.

    Args:
        words: Such as `"beta=4"`, `"likelihood=gaussian"`, `"prior.components=20"`.

    Returns:
        The values by name: numbers, truth values, `None` and lists, or else texts.

    Raises:
        ValueError: If a word has no name or no value, or a name is given twice.

    >>> parse_settings(["beta=4", "likelihood.learn_scale=true", "prior=vamp_prior"])
    {'beta': 4, 'likelihood.learn_scale': True, 'prior': 'vamp_prior'}
    """
    settings: dict[str, Plain] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name, text = name.strip(), text.strip()
        if not (name and equals and text):
            raise ValueError(
                "`--set` must be a name and a value, such as `--set beta=4`. "
                f"Received: --set {word!r}"
            )
        if name in settings:
            raise ValueError(
                f"`--set` must give each name once. Received: --set {word!r} again"
            )
        settings[name] = _value(text)
    return settings


def _value(text: str) -> Plain:
    if text.lower() in _NAMES:
        return _NAMES[text.lower()]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    if isinstance(value, tuple | list):
        return list(value)
    return value if isinstance(value, int | float | str) else text


def check_settings(variant: type[LatentModel], settings: Mapping[str, Plain]) -> None:
    """Refuse what isn't a plain argument of a variant or of what it is made of.

    Raises:
        ValueError: If a name is unknown, the message lists the known ones; or a value
            is of another kind than the argument's default.
    """
    known = plain_arguments(variant)
    for part in _PARTS:
        if part in known:
            chosen = settings.get(part, known[part])
            known |= {
                f"{part}.{name}": default
                for name, default in _options_of(part, chosen).items()
            }
    for network, builder in _default_builders(variant).items():
        known |= {f"{network}.{n}": d for n, d in network_arguments(builder).items()}
    check_plain_arguments(known, settings, variant.__name__)


def check_plain_arguments(
    known: Mapping[str, Any], settings: Mapping[str, Plain], owner: str
) -> None:
    """Refuse settings that aren't among some arguments.

    Args:
        known: The arguments, with their defaults.
        settings: What the user says.
        owner: Whose arguments they are.

    Raises:
        ValueError: If a name is unknown, the message lists the known ones; or a value
            is of another kind than the argument's default.
    """
    for name, value in settings.items():
        if not known:
            raise ValueError(
                f"`--set` must be left out: {owner} has nothing that could be set. "
                f"Received: --set {name}={value}"
            )
        if name not in known:
            raise ValueError(
                f"`--set` must name one of {', '.join(sorted(known))}."
                f"{meant(name, known)} Received: --set {name}={value}"
            )
        if not _is_alike(value, known[name]):
            raise ValueError(
                f"`--set` must give {_described(known[name])} for {name!r}, such as "
                f"{_example(known[name])}. Received: --set {name}={value}"
            )


def plain_arguments(variant: type[LatentModel]) -> dict[str, Any]:
    """The plain arguments of a variant that can be set, with their defaults."""
    found: dict[str, Any] = {"optimizer": variant.default_optimizer[0]}
    for name in variant.constructor_arguments():
        for base in variant.__mro__:
            own = vars(base).get("__init__")
            parameter = own and inspect.signature(own).parameters.get(name)
            if parameter:
                default = parameter.default
                if name not in _NEVER and _is_plain(default):
                    found[name] = default
                break
    return found


def variant_options(
    variant: type[LatentModel], settings: Mapping[str, Plain]
) -> dict[str, Any]:
    """The arguments of `for_images` that settings stand for, objects among them."""
    options: dict[str, Any] = {}
    for name, value in settings.items():
        part, _, _ = name.partition(".")
        if part == "optimizer" or name != part:
            continue
        options[name] = value
    makers: dict[str, Any] = {
        "likelihood": likelihoods.get,
        "posterior": lambda name: distributions.get("posterior", name),
        "prior": lambda name: distributions.get("prior", name),
    }
    for part, make in makers.items():
        chosen = _own_options(settings, part)
        if not chosen:
            continue
        made = type(make(settings[part]))
        if "from_logits" in inspect.signature(made.__init__).parameters:
            chosen = {"from_logits": True, **chosen}
        options[part] = made(**chosen)
    for network in _default_builders(variant):
        if chosen := _own_options(settings, network):
            options[network] = chosen
    return options


def _default_builders(variant: type[LatentModel]) -> Mapping[str, Any]:
    """What builds the networks of a run, of those whose arguments can be chosen."""
    return variant.default_builders(variant.codes_are_maps)


def make_optimizer(
    variant: type[LatentModel], settings: Mapping[str, Plain], rate: float | None
) -> keras.optimizers.Optimizer:
    """The optimizer that settings stand for.

    Args:
        variant: Has a default one.
        settings: The settings of the run.
        rate: The learning rate; `None` for the variant's.
    """
    name, usual = variant.default_optimizer
    chosen = str(settings.get("optimizer", name))
    config = {
        "learning_rate": usual if rate is None else rate,
        **(variant.optimizer_options if chosen == name else {}),
        **_own_options(settings, "optimizer"),
    }
    return keras.optimizers.get({"class_name": chosen, "config": config})


def with_parts_named(
    variant: type[LatentModel], settings: Mapping[str, Plain]
) -> dict[str, Plain]:
    """Settings that name each part of which an option is set, as the default is."""
    known = plain_arguments(variant)
    named = {
        part: known[part]
        for part in _PARTS
        if part not in settings and _own_options(settings, part)
    }
    return {**named, **settings}


def _own_options(settings: Mapping[str, Plain], part: str) -> dict[str, Any]:
    start = f"{part}."
    return {
        name.removeprefix(start): value
        for name, value in settings.items()
        if name.startswith(start)
    }


def _options_of(part: str, chosen: Any) -> dict[str, Any]:
    """The plain arguments of a distribution or of an optimizer, with defaults."""
    kind: Any
    if part == "optimizer":
        kind = _optimizer_class(chosen)
    elif part == "likelihood":
        kind = type(likelihoods.get(chosen))
    else:
        kind = type(distributions.get(part, chosen))
    parameters = inspect.signature(kind.__init__).parameters.values()
    return {
        # What takes names and numbers looks at them itself.
        parameter.name: None
        if parameter.annotation == float | str
        else parameter.default
        for parameter in parameters
        if parameter.name not in ("self", "name", "learning_rate")
        and _is_plain(parameter.default)
    }


def _optimizer_class(name: Any) -> type:
    # An optimizer would make variables, and workers couldn't meet any more.
    for kind in vars(keras.optimizers).values():
        is_one = inspect.isclass(kind) and issubclass(kind, keras.optimizers.Optimizer)
        if is_one and kind.__name__.lower() == str(name).lower():
            return kind
    raise ValueError(
        "`--set` must give the name of an optimizer of Keras. "
        f"Received: --set optimizer={name}"
    )


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _is_alike(value: Any, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, tuple):
        is_list = isinstance(value, list) and bool(value)
        return is_list and all(type(n) is int and n > 0 for n in value)
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, str):
        return isinstance(value, str)
    if value is None or isinstance(value, bool | str | list):
        return False
    return not isinstance(default, int) or isinstance(value, int)


def _example(default: Any) -> str:
    if isinstance(default, tuple):
        # What is taken where nothing is said depends on the size of the images.
        return str(list(default)).replace(" ", "")
    return f"its default, {default}"


def _described(default: Any) -> str:
    if isinstance(default, tuple):
        return "a list of positive integers"
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, str):
        return "a name"
    return "an integer" if isinstance(default, int) else "a number"
