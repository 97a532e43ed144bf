"""The package as a whole: what it imports, what it contains, what it says of itself."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keras_latent as kl
import keras_latent_cli

PACKAGES = [Path(package.__file__).parent for package in (kl, keras_latent_cli)]
SOURCES = [path for folder in PACKAGES for path in sorted(folder.rglob("*.py"))]
TREES = {str(path): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
PARTS = ["applications", "callbacks", "datasets", "latent_space", "layers"]
PARTS += ["likelihoods", "losses", "metrics", "models", "networks", "plots", "reports"]
PARTS += ["explorer", "exporting", "presets", "quantizers", "samplers", "sklearn"]
PARTS += ["distributions", "distributions.flows"]
PARTS += ["metrics.anomaly", "metrics.disentanglement", "metrics.generation"]

HEAVY = {"matplotlib", "sklearn", "tensorflow_datasets", "keras_cv", "PIL", "umap"}
HEAVY |= {"anywidget", "starlette", "uvicorn"}

# Keras itself imports some of the heavy packages, where they are installed.
IMPORTS = f"""
import sys
import keras
import tensorflow

before = set(sys.modules)
import keras_latent as kl

for name in (
    "models.EncDec", "datasets.load", "applications.ConvVAE", "latent_space",
    "losses", "layers", "metrics", "plots",
    "callbacks", "likelihoods", "networks", "load_model", "export", "from_preset",
):
    found = kl
    for part in name.split("."):
        found = getattr(found, part)
    if name.split(".")[0] not in dir(kl):
        sys.exit(f"dir doesn't list {{name}}")
loaded = {{name.split(".")[0] for name in set(sys.modules) - before}} & {HEAVY}
if loaded:
    sys.exit(f"imported {{loaded}}")
"""


def test_import_is_light_and_reaches_every_part():
    result = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


# As where the extra `detection` isn't installed: it can't be imported.
WITHOUT_KERAS_CV = """
import sys

sys.modules["keras_cv"] = sys.modules["keras_core"] = None
import importlib
import pkgutil
import numpy as np
import keras_latent as kl

for module in pkgutil.walk_packages(kl.__path__, "keras_latent."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
model = kl.applications.ConvVAE(weights=None, latent_dim=2)
model.compile("adam", run_eagerly=True)
before = model.get_weights()
model.fit(np.random.default_rng(0).random((4, 28, 28, 1), "float32"), verbose=0)
if not any((a != b).any() for a, b in zip(before, model.get_weights())):
    sys.exit("trained nothing")
for build in (
    lambda: kl.networks.yolo_detector(3),
    lambda: kl.applications.EmojiDetector(weights=None),
    lambda: kl.applications.EmojiDetector(),
):
    try:
        build()
    except ImportError as error:
        print(error)
"""


@pytest.mark.all
def test_trains_without_keras_cv_and_names_the_extra_where_it_is_used():
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS_CV], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert "needs keras-cv" in line
        assert "pip install 'keras_latent[detection]'" in line


def test_an_unknown_part():
    with pytest.raises(AttributeError, match="no attribute 'modles'"):
        _ = kl.modles


@pytest.mark.parametrize("path", TREES)
class TestSource:
    def test_has_no_lambda_layer_pickle_or_assert(self, path):
        for node in ast.walk(TREES[path]):
            names = {getattr(node, "id", None), getattr(node, "attr", None)}
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.name for alias in node.names}
                names |= {getattr(node, "module", None)}
            assert not names & {"Lambda", "pickle", "dill", "cloudpickle", "joblib"}
            assert not isinstance(node, ast.Assert), node.lineno

    def test_imports_heavy_packages_in_functions_alone(self, path):
        builders = ("emoji_builder.py", "icons_builder.py", "keras_latent/sklearn.py")
        builders += ("plots/figure.py",)
        if path.endswith(builders):
            pytest.skip("of classes of such a package, itself imported when used")
        for node in TREES[path].body:
            names = [alias.name for alias in getattr(node, "names", [])]
            names = [getattr(node, "module", None) or name for name in names]
            assert not HEAVY & {name.split(".")[0] for name in names}

    def test_exceptions_have_one_message(self, path):
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                call = node.exc
                assert len(call.args) == 1, node.lineno
                assert not call.keywords, node.lineno


def public_objects():
    """Every public class and function by its name, such as `models.VAE`."""
    objects = {}
    for part in PARTS:
        module = importlib.import_module(f"keras_latent.{part}")
        names = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__
            and not name.startswith("_")
        ]
        for name in names:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                objects[f"{part}.{name}"] = value
    return objects


PUBLIC = public_objects()
CLASSES = {name: value for name, value in PUBLIC.items() if inspect.isclass(value)}


def is_abstract(cls):
    """Whether a class of ours is a base of another one: never saved itself."""
    return any(cls in other.__mro__[1:] for other in own_classes())


def own_classes():
    """Every class that a module of the package defines."""
    classes = set()
    for module in pkgutil.walk_packages(kl.__path__, "keras_latent."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        classes |= {
            value
            for value in vars(loaded).values()
            if inspect.isclass(value) and value.__module__ == module.name
        }
    return classes


@pytest.mark.parametrize("name", CLASSES)
def test_keras_objects_are_registered(name):
    cls = CLASSES[name]
    if not issubclass(cls, keras.layers.Layer) or is_abstract(cls):
        pytest.skip("not saved by Keras on its own")
    assert keras.saving.get_registered_name(cls) == f"keras_latent>{cls.__name__}"
    assert keras.saving.get_registered_object(f"keras_latent>{cls.__name__}") is cls


# Methods that extend what the base does, by a call of `super`.
EXTENDED = {
    "__init__",
    "__new__",
    "__setattr__",
    "__replace__",
    "get_config",
    "from_config",
}
# Hooks with a default that few classes change, and why.
HOOKS = {
    # What a sampler is fitted to: codes, or the posteriors that they are drawn from.
    ("CodeSampler", "encoded"),
    ("CodeSampler", "fit_encoded"),
    ("RandomStateModel", "numbers"),
    ("CompiledModel", "players"),  # one player, unless there are several
    ("CompiledModel", "spared_layers"),  # none, unless another network helps
    ("SteppingModel", "check_rows"),  # many draws of each may not fit into memory
    ("SteppingModel", "check_labels"),  # few variants read labels
    # A decoder of features sees more than the image, and another network's code.
    ("SteppingModel", "observation"),
    ("SteppingModel", "target"),
    ("ObservingModel", "check_observation"),
    ("CodingModel", "code_shape_of"),
    ("CodingModel", "condition_in"),  # a missing class may be told by a classifier
    ("CodingModel", "decoder_input"),
    ("CodingModel", "observation"),
    ("CodingModel", "target"),
    ("LatentModel", "log_likelihood"),  # an error, unless there is a density
    ("ObservingModel", "watched_columns"),  # labels are looked at, where they are read
    ("BuiltModel", "on_steps_begun"),
    ("ConstructorConfigModel", "quantize"),  # of tokens, points, too
    ("ConstructorConfigModel", "constructor_value"),  # one argument, several weights
    # What isn't known in closed form is drawn; most priors need a shape alone.
    ("CodeDistribution", "parameter_channels"),
    ("CodeDistribution", "kl_by_element"),
    ("CodeDistribution", "closed_kl"),
    ("CodeDistribution", "check_parameters"),  # most may be any real numbers
    ("PriorDrawing", "players"),  # one, unless another judges
    ("CodeDistribution", "crossed_log_prob"),  # of normal ones products of matrices
    ("CodeDistribution", "build_for"),
    ("CodeDistribution", "build_as_posterior"),
    ("CodeDistribution", "check_codes"),
    ("CodeDistribution", "sample_with_log_prob"),
    ("CodingModel", "encoder_output"),
    ("CodingModel", "encoder_spec"),
    # Most quantizers make one map of tokens, of as many numbers as they take.
    ("Quantizer", "input_channels"),
    ("Quantizer", "make_codes"),
    ("Quantizer", "build"),
    ("Likelihood", "check_event"),  # few take observations of some shapes alone
    ("Quantizer", "tables"),
    ("Quantizer", "token_shape"),
    ("Quantizer", "counts"),
    ("ForImages", "check_code_size"),  # few variants have codes of one kind alone
    ("ForImages", "default_networks"),
    ("ForImages", "default_builders"),
    ("Likelihood", "check_event"),  # few ask anything of an event's size
    ("EpochSummary", "on_train_begin"),  # the hook of Keras, after a check of one's own
}


def is_left_open(function):
    """Whether a method is a hook: abstract, or nothing but a NotImplementedError."""
    if getattr(function, "__isabstractmethod__", False):
        return True
    return "raise NotImplementedError" in inspect.getsource(function)


def is_written_by_dataclasses(value):
    """Whether a function stands in no file: comparison, representation, freezing."""
    code = getattr(inspect.unwrap(value), "__code__", None)
    return code is not None and code.co_filename == "<string>"


def test_methods_are_abstract_or_final():
    overridden = []
    used = set()
    for cls in own_classes():
        for name, value in vars(cls).items():
            if not (inspect.isfunction(value) or isinstance(value, property)):
                continue
            if is_written_by_dataclasses(value):
                continue
            for base in cls.__mro__[1:]:
                ours = base.__module__.startswith("keras_latent")
                if not ours or name not in vars(base) or name in EXTENDED:
                    continue
                first = vars(base)[name]
                first = first.fget if isinstance(first, property) else first
                if (base.__name__, name) in HOOKS:
                    used.add((base.__name__, name))
                elif not (inspect.isfunction(first) and is_left_open(first)):
                    overridden.append(f"{cls.__name__}.{name} of {base.__name__}")
    assert not overridden


def test_no_hook_is_named_that_is_none():
    by_name = {cls.__name__: cls for cls in own_classes()}
    for cls, name in HOOKS:
        assert name in vars(by_name[cls])


def documented_arguments(value):
    """From each argument to what the docstring says of it."""
    section = re.search(
        r"^Args:\n(.*?)(?=^\S|\Z)",
        inspect.getdoc(value) or "",
        re.DOTALL | re.MULTILINE,
    )
    if section is None:
        return {}
    entries = re.split(r"^    (?=\S)", section[1], flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        name, _, text = entry.partition(":")
        found[name.strip().lstrip("*")] = " ".join(text.split())
    return found


def arguments_of(value):
    """The arguments by name, without `self` and the rest."""
    if inspect.isclass(value) and "__init__" not in vars(value):
        return {}
    return {
        name: parameter
        for name, parameter in inspect.signature(value).parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


@pytest.mark.parametrize("name", PUBLIC)
class TestDocstrings:
    def test_names_every_argument(self, name):
        value = PUBLIC[name]
        documented = documented_arguments(value)
        if not documented and name.startswith("losses."):
            pytest.skip("a formula of one line")
        assert set(arguments_of(value)) <= set(documented)

    def test_gives_the_true_defaults(self, name):
        value = PUBLIC[name]
        documented = documented_arguments(value)
        for argument, parameter in arguments_of(value).items():
            if parameter.default is parameter.empty or argument not in documented:
                continue
            stated = re.search(
                r"Defaults to (`[^`]+`|[^\s:,;]+?)(?=[:,;.]?(?:\s|$))",
                documented[argument],
            )
            assert stated, f"`{argument}` states no default"
            assert ast.literal_eval(stated[1].strip("`")) == parameter.default, argument
