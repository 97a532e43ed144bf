"""The choice of numbers to compute in."""

import dataclasses
import io

import keras
import pytest
import tensorflow as tf
from rich.console import Console

from keras_latent.cli import precision
from keras_latent.cli.arguments import Arguments
from tests.cli.calling import failure

AMX = "processor\t: 0\nflags\t\t: fpu sse avx512_bf16 amx_bf16 amx_tile\n"
AVX = "processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16\n"
# The words stand where they aren't the processor's own, too.
NONE = "model name\t: avx512_bf16\nflags\t\t: fpu sse xamx_bf16\n"
ARM = "Features\t: fp asimd bf16 i8mm\n"


@pytest.fixture(autouse=True)
def no_cards(monkeypatch):
    """Whatever machine the tests run on."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])


def said(chosen, monkeypatch, units):
    monkeypatch.setattr(precision, "bfloat16_units", lambda: units)
    out = io.StringIO()
    policy = precision.found_precision(chosen, Console(file=out))
    return policy, out.getvalue()


@pytest.mark.parametrize(
    ("text", "units"),
    [
        (AMX, "amx_bf16"),
        (AVX, "avx512_bf16"),
        (NONE, None),
        (ARM, None),
        ("\0\xff", None),
        ("", None),
    ],
)
def test_what_a_processor_has(text, units, tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_bytes(text.encode("latin-1"))
    assert precision.bfloat16_units(file) == units


def test_a_system_that_says_nothing(tmp_path):
    assert precision.bfloat16_units(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("capabilities", "units"),
    [([(9, 0), (8, 0)], "H100"), ([(9, 0), (7, 5)], None), ([None], None)],
)
def test_what_cards_have(capabilities, units, monkeypatch):
    details = [
        {"device_name": "H100", "compute_capability": own} for own in capabilities
    ]
    cards = range(len(details))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: cards)
    get = "get_device_details"
    monkeypatch.setattr(tf.config.experimental, get, lambda card: details[card])
    assert precision.bfloat16_units() == units


def test_auto_says_what_it_chose(monkeypatch):
    assert said("auto", monkeypatch, "amx_bf16") == (
        "mixed_bfloat16",
        "Precision: mixed_bfloat16, for this machine, which has amx_bf16\n",
    )
    policy, text = said("auto", monkeypatch, None)
    assert policy == "float32"
    assert "no bfloat16 units" in text


def test_bfloat16_without_units_works_and_says_that_it_is_slow(monkeypatch):
    policy, text = said("mixed_bfloat16", monkeypatch, None)
    assert policy == "mixed_bfloat16"
    assert text.count("slow") == 1
    assert said("mixed_bfloat16", monkeypatch, "amx_bf16") == ("mixed_bfloat16", "")


@pytest.mark.parametrize("chosen", ["float32", "mixed_float16"])
def test_nothing_is_said_of_the_others(chosen, monkeypatch):
    assert said(chosen, monkeypatch, None) == (chosen, "")


def test_the_policy_comes_back():
    before = keras.config.dtype_policy().name
    with precision.computing_in("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == before
    with pytest.raises(KeyError), precision.computing_in("mixed_bfloat16"):
        raise KeyError
    assert keras.config.dtype_policy().name == before


def test_a_precision_that_is_none():
    with pytest.raises(ValueError, match=r"`precision` must be one of 'auto'.*'fp8'"):
        Arguments(variant="vae", dataset="mnist", precision="fp8")


def test_runs_of_earlier_days():
    arguments = Arguments(variant="vae", dataset="mnist", precision="mixed_float16")
    config = arguments.to_config()
    del config["precision"]
    assert Arguments.from_config({**config, "mixed_precision": True}) == arguments
    plain = dataclasses.replace(arguments, precision="float32")
    assert Arguments.from_config({**config, "mixed_precision": False}) == plain


def test_the_short_form_and_another_precision(monkeypatch, capsys, tmp_path):
    words = ["train", "vae", "--mixed-precision", "--precision", "mixed_bfloat16"]
    message = failure(monkeypatch, capsys, *words, "--output", tmp_path / "run")
    assert "`--precision` can't be given together with `--mixed-precision`" in message
    assert not (tmp_path / "run").exists()
