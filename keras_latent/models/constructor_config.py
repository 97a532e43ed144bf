"""Saving a model by its constructor's arguments, and its file whole or not at all."""

import inspect
import os
from collections.abc import Iterable, Mapping
from typing import Any, Self

import keras
import numpy as np

from keras_latent.keras_internals import keep_exact, sublayers
from keras_latent.kinds import received
from keras_latent.models import assignment
from keras_latent.saving import written_whole
from keras_latent.training.objective_model import ObjectiveModel
from keras_latent.validation import checked_path, meant

_OF_KERAS = ("name", "dtype", "trainable", "autocast", "activity_regularizer")
"""What every layer takes."""

_OF_ATTENTION = "Attention stays as it is, lest it can't be loaded."


class ConstructorConfigModel(ObjectiveModel):
    """A model whose config is the arguments of its constructor.

    Each argument is kept as an attribute of its name, and what was assigned to it later
    is what is saved.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let an object know whether a constructor of its is at work."""
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = assignment.noted(cls.__init__)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign; to an argument of the constructor, what the constructor accepts."""
        is_number = name in vars(self).get("_scheduled", {})
        exchanges = not is_number and assignment.is_exchange(self, name, value)
        if exchanges:
            assignment.check_exchange(self, name, value)
        else:
            assignment.check_follower(self, name, value)
        super().__setattr__(name, value)
        if exchanges:
            # Their graphs hold what was there when they were traced.
            self.train_function = self.test_function = self.predict_function = None

    @classmethod
    def constructor_arguments(cls) -> list[str]:
        """The names of the constructor's arguments, with those that it passes on.

        Raises:
            TypeError: If it takes some without a name.
        """
        return list(cls.constructor_defaults())

    @classmethod
    def constructor_defaults(cls) -> dict[str, Any]:
        """The same with their defaults; of those without, `inspect.Parameter.empty`.

        Raises:
            TypeError: If it takes some without a name.
        """
        defaults: dict[str, Any] = {}
        above = cls.__mro__[: cls.__mro__.index(ConstructorConfigModel)]
        # A class without a constructor is called by that of the first one above it.
        bases = [base for base in above if "__init__" in vars(base)]
        for base in bases:
            parameters = list(
                inspect.signature(vars(base)["__init__"]).parameters.values()
            )
            kinds = {parameter.kind for parameter in parameters}
            for parameter in parameters[1:]:
                if parameter.kind is parameter.VAR_POSITIONAL:
                    raise TypeError(
                        "A constructor of a latent model must name its arguments, so "
                        f"that the model can be saved. Received: {base.__name__}"
                        f".__init__ with *{parameter.name}"
                    )
                # A class further down fills those that have no default itself.
                is_own = base is bases[0] or parameter.default is not parameter.empty
                if parameter.kind is not parameter.VAR_KEYWORD and is_own:
                    defaults.setdefault(parameter.name, parameter.default)
            if inspect.Parameter.VAR_KEYWORD not in kinds:
                break
        return {n: v for n, v in defaults.items() if n not in ("name", "dtype")}

    @classmethod
    def check_argument_names(
        cls, given: Mapping[str, Any], others: Iterable[str] = ()
    ) -> None:
        """Refuse what the constructor doesn't take.

        Args:
            given: Arguments by their names.
            others: Names that may have been meant, besides those of the constructor.

        Raises:
            ValueError: If there is one, with the nearest name that it takes.
        """
        known = [*cls.constructor_arguments(), *_OF_KERAS]
        for name, value in given.items():
            if name not in known:
                raise ValueError(
                    f"`{name}` must be left out: {cls.__name__} has no argument of "
                    f"that name.{meant(name, [*known, *others])} "
                    f"Received: {received(name, value)}"
                )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as they are now.

        Returns:
            The arguments, and which of the layers that the constructor makes are
            frozen, or quantized, and how, or were built by a call, and for what.
        """
        config = {}
        for name in self.constructor_arguments():
            config[name] = _serialised(self.constructor_value(name))
        # Given networks know themselves what they were made.
        layers = self.made_layers()
        frozen = [name for name, made in layers.items() if not made.trainable]
        modes = {
            name: getattr(made, "quantization_mode", None)
            for name, made in layers.items()
        }
        quantized = {name: mode for name, mode in modes.items() if mode}
        # What a call builds, nothing builds again before a file fills it.
        built = {
            name: layers[name].get_build_config()
            for name in vars(self).get("_unbuilt", [])
            if name in layers and layers[name].variables
        }
        return {
            **config,
            **({"built": built} if built else {}),
            **({"quantized": quantized} if quantized else {}),
            **({"frozen": frozen} if frozen else {}),
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }

    def constructor_value(self, name: str) -> Any:
        """What one of the constructor's arguments is now: the attribute of its name."""
        if not hasattr(self, name):
            raise ValueError(
                f"`{name}` must be kept as an attribute of that name by "
                f"{type(self).__name__}.__init__, so that the model can be saved. "
                "Received: a model without it"
            )
        value = getattr(self, name)
        given, made = self.__dict__.get("_given", {}).get(name, (None, None))
        stands = made is value and made is not None and not _quantized(made)
        if isinstance(made, keras.layers.Layer):
            stands = stands and made.trainable
        return given if stands else value

    def remember_given(self, name: str, given: Any, made: Any) -> None:
        """Let the config hold what was given for an argument, while it stands for it.

        Args:
            name: The argument's name.
            given: What the constructor was given, such as a name.
            made: What it has made of it, the attribute.
        """
        if isinstance(given, str | int | np.integer):
            # Past what Keras tracks.
            self.__dict__.setdefault("_given", {})[name] = (_serialised(given), made)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a model from the constructor's arguments, serialised."""
        config = dict(config)
        built = config.pop("built", {})
        quantized, frozen = config.pop("quantized", {}), config.pop("frozen", [])
        model = cls(
            **{
                name: keras.saving.deserialize_keras_object(
                    value, custom_objects=custom_objects
                )
                if isinstance(value, dict | list)
                else value
                for name, value in config.items()
            }
        )
        for name, shapes in built.items():
            # One that is built may have layers within it that weren't there before.
            layer = model.made_layers()[name]
            if not layer.built:
                layer.build_from_config(shapes)
        made = model.made_layers()
        for name, mode in quantized.items():
            # A network has done it to its layers.
            if getattr(made[name], "quantization_mode", None) != mode:
                made[name].quantize(mode)
        for name in frozen:
            made[name].trainable = False
        return model

    def quantize(self, mode: Any = None, **kwargs: Any) -> None:
        """Quantize the weights, as `keras.Model.quantize`, but for those of attention.

        Keras writes attention of eight bits so that nothing can read it again.
        """
        for layer in sublayers(self):
            if isinstance(layer, keras.layers.MultiHeadAttention):
                for inner in sublayers(layer)[1:]:
                    keep_exact(inner, _OF_ATTENTION)
        super().quantize(mode, **kwargs)

    def made_layers(self) -> dict[str, keras.layers.Layer]:
        """The layers that the constructor makes, by the names of their attributes.

        Those within them are counted, but for the ones that it was given.
        """
        given = self.constructor_arguments()
        arguments = [getattr(self, name, None) for name in given]
        known = {
            id(layer)
            for argument in arguments
            if isinstance(argument, keras.layers.Layer)
            for layer in sublayers(argument)
        }
        made = {}
        for name, value in vars(self).items():
            if name in given or name.startswith("_"):
                continue
            listed = value if isinstance(value, list | tuple) else [value]
            for place, layer in enumerate(listed):
                if not isinstance(layer, keras.layers.Layer):
                    continue
                for index, inner in enumerate(sublayers(layer)):
                    if id(inner) not in known:
                        within = f"/{index}" if index else ""
                        made[f"{name}/{place}{within}"] = inner
        return made

    def save(
        self, filepath: str | os.PathLike, overwrite: bool = True, **kwargs: Any
    ) -> None:
        """Save, as `keras.Model.save`; a local file is written whole or not at all.

        Raises:
            ValueError: If it is a file of the older format, `.h5`, which would leave
                out what the model keeps, or attention was quantized: what is written
                couldn't be loaded.
        """
        checked_path("filepath", filepath)
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                "`filepath` must end in '.keras': the older format can't hold all of "
                f"{type(self).__name__}. Received: filepath={str(filepath)!r}"
            )
        for layer in sublayers(self):
            inside = sublayers(layer)[1:]
            is_attention = isinstance(layer, keras.layers.MultiHeadAttention)
            if is_attention and any(_quantized(inner) for inner in inside):
                raise ValueError(
                    "Attention must have weights that are no integers to be saved: "
                    "Keras can't load others. Quantize the model by its own "
                    f"`quantize`. Received: a quantized layer {layer.name!r}"
                )
        is_archive = kwargs.get("zipped", True) and str(filepath).endswith(".keras")
        is_local_file = is_archive and "://" not in str(filepath)
        if not is_local_file or (not overwrite and os.path.exists(filepath)):
            super().save(filepath, overwrite=overwrite, **kwargs)
            return
        with written_whole(filepath) as unfinished:
            super().save(unfinished, **kwargs)


def _quantized(layer: Any) -> str | None:
    """How a layer, or the first quantized one of a network, was quantized."""
    layers = [layer, *getattr(layer, "layers", ())]
    modes = [getattr(own, "quantization_mode", None) for own in layers]
    return next((mode for mode in modes if mode), None)


def _serialised(value: Any) -> Any:
    if isinstance(value, keras.Variable):
        # The shortest number that is the same in float32.
        return float(str(value.numpy()))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {name: _serialised(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_serialised(own) for own in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return keras.saving.serialize_keras_object(value)
