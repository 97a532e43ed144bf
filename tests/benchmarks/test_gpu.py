"""The script for machines with a GPU, as far as a processor can run it."""

import importlib
import json
from pathlib import Path

import pytest
import tensorflow as tf

SCRIPTS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch):
    """The script; it imports those beside it by their names alone."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("gpu")


STEPS = {
    "`VAE`, dense, float32": {
        "fit ms": 2.0,
        "by hand ms": 1.0,
        "torch, eager ms": 3.0,
        "operations": 4e6,
        "failed": {"torch, compiled": "Unsupported: x"},
    },
    "`VAE`, dense, mixed_bfloat16": {
        "fit ms": 1.0,
        "torch, eager ms": 2.5,
        "operations": None,
        "failed": {},
    },
}


def test_the_table_has_ratios_and_the_part_of_the_peak(gpu):
    rates = {"float32": 1e10, "mixed_bfloat16": 2e10}
    *_, float32, bfloat16 = gpu.table(STEPS, rates).splitlines()
    assert float32 == "| `VAE`, dense | float32 | 1.50 |  | 0.50 | 20 % | 2.00 |"
    # The operations are those that were counted in float32.
    assert bfloat16 == ("| `VAE`, dense | mixed_bfloat16 | 2.50 |  |  | 20 % | 1.00 |")


def test_a_check_that_fails_leaves_the_others(gpu, capsys):
    def fails(count):
        raise ArithmeticError("off")

    found = gpu.checked(3, {"bad": fails, "good": lambda count: f"{count} rows"})
    assert not found["bad"]["passed"]
    assert found["bad"]["said"] == "ArithmeticError: off"
    assert found["good"]["passed"]
    assert found["good"]["said"] == "3 rows"
    assert "FAIL bad" in capsys.readouterr().out


@pytest.mark.parametrize("found", [1.2, float("nan")])
def test_a_difference_that_is_too_large(gpu, found):
    assert "expected 1.0" in gpu.differ("loss", 1.05, 1.0, 0.1)
    with pytest.raises(ArithmeticError, match=r"at most 0\.1"):
        gpu.differ("loss", found, 1.0, 0.1)


def test_without_a_gpu_it_says_so(gpu, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(gpu, "CHECKS", {"bad": lambda count: 1 / 0})
    assert gpu.main(["--only", "checks", "--output", str(tmp_path)]) == 1
    told = json.loads((tmp_path / "result.json").read_text())
    assert told["gpus"] == []
    assert told["note"] == gpu.NO_GPU
    assert "ZeroDivisionError" in told["checks"]["bad"]["said"]
    out = capsys.readouterr().out
    assert out.count("NO GPU: ") == 2
    assert "| bad | FAILED |" in out


# In a test of its own, since it can't be switched off, is `determinism`: run by hand.
@pytest.mark.all
@pytest.mark.parametrize("name", ["mixed_bfloat16", "XLA", "memory growth"])
def test_checks_run(gpu, name):
    found = gpu.checked(8, {name: gpu.CHECKS[name]})
    assert found[name]["passed"], found[name]["said"]
