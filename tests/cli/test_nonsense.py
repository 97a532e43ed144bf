"""Nonsense on the command line: an exit code and a message, and nothing is written."""

import contextlib
import functools
import io
import os
from pathlib import Path

import keras
import pytest
import typer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keras_latent import models
from keras_latent.cli import app, exploring, main, report, saved_run, training
from tests.tiers import rarely

# Each refuses what is left when one of its options holds nonsense.
COMMANDS = {
    "train": ["train", "vae", "--dataset", "absent", "--output", "run"],
    "invert": ["train", "inverter", "--dataset", "absent", "--output", "run"],
    "resume": ["resume", "absent"],
    "report": ["report", "absent.keras", "--output", "page.html"],
    "report of a model": ["report", "model.keras", "--dataset", "absent"],
    "compare": ["compare", "absent", "--output", "found"],
    "compare a model": ["compare", "model.keras", "--dataset", "absent"],
    "explore": ["explore", "absent.keras", "--static", "page.html"],
    "explore a model": [
        *("explore", "model.keras", "--static", "page.html", "--dataset", "absent"),
    ],
    "encode": ["encode", "absent.keras", "absent", "--output", "codes.npz"],
    "encode with a model": ["encode", "model.keras", "absent"],
    "sample": ["sample", "absent.keras", "--sampler", "flow"],
    "sample from a model": ["sample", "model.keras"],
    "export": ["export", "absent.keras", "--dataset", "absent"],
    "export a model": ["export", "model.keras", "--limit", "-1"],
    "anomalies": ["anomalies", "absent.keras", "absent", "--output", "found"],
    "anomalies with a model": ["anomalies", "model.keras", "absent"],
}
OPTIONS = [
    *(("train", name) for name in ("variant", "dataset", "epochs", "batch-size")),
    *(("train", name) for name in ("latent-dim", "learning-rate", "image-size")),
    *(("train", name) for name in ("seed", "output", "strategy", "steps", "set")),
    ("train", "precision"),
    *(("train", name) for name in ("fit", "background", "cache", "augment")),
    *(("train", "validation-split"), ("train", "seeds"), ("invert", "features")),
    *(("resume", name) for name in ("run", "epochs")),
    *(("compare", name) for name in ("runs", "image-size", "seed", "extractor")),
    *(("compare a model", name) for name in ("dataset", "output")),
    *(("explore", name) for name in ("model", "image-size", "limit", "projection")),
    *(("explore", name) for name in ("port", "seed")),
    *(("explore a model", name) for name in ("dataset", "static", "split", "sampler")),
    *(("encode", name) for name in ("model", "output")),
    *(("encode with a model", "folder"), ("anomalies with a model", "folder")),
    *(("anomalies", name) for name in ("model", "output", "score", "count", "seed")),
    ("anomalies with a model", "normal"),
    *(("sample", name) for name in ("model", "sampler", "count", "seed", "set")),
    ("sample from a model", "labels"),
    *(("export", name) for name in ("model", "part", "output", "limit", "format")),
    ("export a model", "dataset"),
    *(("report", name) for name in ("model", "image-size", "limit", "seed")),
    *(("report of a model", name) for name in ("dataset", "output")),
]
NONSENSE = [
    *("", " ", "-", "--", "---", "\0", "a\nb", "\t", "[bold]", "{}", "%s", "$HOME"),
    *("nan", "inf", "-inf", "1e999", "-1", "0", "1.5", "0x10", "1" + 30 * "0"),
    *(5000 * "9", 5000 * "x", "None", "true", "½", "٣", "é", "日本", "🙂", "\udcff"),
    *("a/b", "../absent", "C:\\x", "http://x/y", "absent:1", "absent/x"),
    *("~absent/x", "mnist:1.0.0"),
]
MORE = rarely([word for word in NONSENSE if word not in NONSENSE[::5]])
words = st.text(max_size=12) | st.integers().map(str) | st.floats().map(repr)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A working folder with a model in it, in which nothing is trained or drawn."""
    folder = tmp_path_factory.mktemp("nonsense")
    model = models.VAE.for_images((8, 8, 1), latent_dim=2)
    model.save(folder / "model.keras")

    def begin(*args, **kwargs):
        raise AssertionError("the command begins its work")

    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setenv("COLUMNS", "200")
        patch.setattr(training, "fit", begin)
        patch.setattr(keras.Model, "fit", begin)
        patch.setattr(report.reports, "write_report", begin)
        patch.setattr(exploring.explorer, "write_page", begin)
        # Quicker than reading the file each time.
        patch.setattr(saved_run, "load_model", functools.cache(saved_run.load_model))
        yield folder


def told(*words):
    """What the command says about words that it refuses."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        patch.setattr("sys.argv", ["keras-latent", *words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code in (1, 2), words
    assert output.getvalue() == ""
    message = errors.getvalue()
    assert "Error" in message
    assert "Traceback" not in message
    assert os.listdir() == ["model.keras"]
    return message


def with_option(command, option, word):
    """The command's words, of which the last one is nonsense."""
    given = COMMANDS[command]
    if option in ("variant", "model", "run", "runs"):
        return [given[0], word, *given[2:]]
    if option == "folder":
        return [*given[:2], word]
    return [*given, f"--{option}", word]


def is_there(word):
    with contextlib.suppress(ValueError, OSError):
        return Path(word).exists()
    return False


def test_every_option_is_tried():
    commands = typer.main.get_command(app).commands
    options = {
        (name, parameter.name.strip("_").replace("_", "-"))
        for name, command in commands.items()
        for parameter in command.params
        if not getattr(parameter, "is_flag", False)
    }
    assert options == {(COMMANDS[command][0], option) for command, option in OPTIONS}


@pytest.mark.parametrize("nonsense", [NONSENSE[::5], *MORE], ids=["", "more"])
@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_nonsense_for_an_option(command, option, nonsense):
    for word in nonsense:
        message = told(*with_option(command, option, word))
        # A word that the option takes leaves what the command refuses anyway, absent
        # files; one for a path is quoted, as the system writes paths.
        names = {option, "absent", word or "path='.'", f"path='{Path(word)}'"}
        spoken = message.lower().replace("_", "-")
        assert any(name.lower() in spoken for name in names), (word, message)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.sampled_from(OPTIONS), words)
def test_any_word_for_an_option(option, word):
    assume(not is_there(word))
    told(*with_option(*option, word))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    st.sampled_from(
        [
            *("train", "resume", "report", "encode", "anomalies", "compare", "sample"),
            *("explore", ""),
        ]
    ),
    st.lists(words, min_size=1, max_size=4),
)
def test_any_words_at_all(command, words):
    assume(not any(is_there(word) for word in words))
    told(command, *words)


@pytest.mark.parametrize(
    ("command", "option", "largest"),
    [
        ("train", "epochs", "1000000"),
        ("train", "batch-size", "1000000"),
        ("train", "latent-dim", "65536"),
        ("train", "learning-rate", "1000.0"),
        ("train", "image-size", "4096"),
        ("train", "seeds", "1000"),
        ("report", "image-size", "4096"),
        ("report", "limit", "1000000"),
        ("sample", "count", "1000"),
        ("explore", "limit", "1000000"),
    ],
)
def test_numbers_that_would_use_up_the_memory(command, option, largest):
    message = told(*with_option(command, option, "1" + 30 * "0"))
    said = f"`--{option}` must be at most {largest}. Received: --{option}=1"
    assert said in message


def test_what_needs_too_much_memory_is_a_message(monkeypatch):
    def allocate(*args):
        raise MemoryError("Unable to allocate 298. GiB for an array")

    monkeypatch.setattr(training, "train", allocate)
    assert "Unable to allocate 298. GiB" in told(*COMMANDS["train"])
