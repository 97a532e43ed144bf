import os
import platform
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from keras_latent import datasets, models
from keras_latent.cli import anomalies, app, main
from keras_latent.datasets.augmentation import AUGMENTATIONS
from keras_latent.datasets.fitting import FITS
from keras_latent_cli import process
from keras_latent_cli.app import ONEDNN
from keras_latent_cli.variant_names import variant_names

RUNNER = CliRunner()

# What is answered from the words alone, each in turn.
WITHOUT_WORK = """
import contextlib
import io
import sys

from keras_latent_cli import app, main
import typer

commands = typer.main.get_command(app).commands
asked = [["--help"], [], *([name, "--help"] for name in commands)]
wrong = [["trian"], ["train"], ["--colour"], ["train", "vae", "--epochs", "many"]]
wrong += [[name, "--colour", "red"] for name in commands]
for words in asked + wrong:
    sys.argv = ["keras-latent", *words]
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main()
        except SystemExit as end:
            code = end.code
    if "Usage:" not in output.getvalue() + errors.getvalue():
        sys.exit(f"{words} got no answer")
    if (code == 0) != (words in asked) and words:
        sys.exit(f"{words} ended with {code}")
    loaded = {"tensorflow", "keras", "numpy", "keras_latent"} & set(sys.modules)
    if loaded:
        sys.exit(f"{words} loaded {sorted(loaded)}")
"""


def run_main(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["keras-latent", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="of these processors alone"
)
@pytest.mark.parametrize("before", [None, "0", "1"])
def test_faster_convolutions_are_on_unless_they_are_forbidden(before, monkeypatch):
    # First set, so that whatever the command sets is taken back afterwards.
    monkeypatch.setenv(ONEDNN, before or "")
    if before is None:
        monkeypatch.delenv(ONEDNN)
    monkeypatch.setattr("sys.argv", ["keras-latent", "--help"])
    with pytest.raises(SystemExit):
        process()
    assert os.environ[ONEDNN] == (before or "1")


def test_help_and_mistyped_words_are_answered_without_tensorflow():
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_WORK], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_help_names_what_can_be_chosen():
    assert variant_names() == [*models.VARIANTS, *models.COMBINATIONS]
    helps = {
        (name, parameter.name): parameter.help
        for name, command in typer.main.get_command(app).commands.items()
        for parameter in command.params
    }
    page = RUNNER.invoke(app, ["train", "--help"], env={"COLUMNS": "2000"}).output
    for name in variant_names():
        assert name in page
    assert f": {', '.join(FITS)}." in helps["train", "fit"]
    assert f": {', '.join(AUGMENTATIONS)}." in helps["train", "augment"]
    assert f": {', '.join(anomalies.SCORES)}." in helps["anomalies", "score"]


def test_list_shows_every_variant_and_dataset():
    output = RUNNER.invoke(app, ["list"], env={"COLUMNS": "200"}).output

    for name in [*models.VARIANTS, *models.COMBINATIONS, *datasets.DATASETS]:
        assert name in output
    assert "Variational autoencoder." in output
    for variant in models.VARIANTS.values():
        assert variant.term_meanings
        for term, meaning in variant.term_meanings.items():
            assert f"{term}: {meaning}" in output


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["train", "vae", "--epochs", "many"], ["--epochs", "integer"]),
        (["train", "vae", "--colour", "red"], ["--colour"]),
        (["trian"], ["trian"]),
    ],
)
def test_a_wrong_word_is_named_with_the_choices(words, named):
    result = RUNNER.invoke(app, words, env={"COLUMNS": "200"})

    assert result.exit_code == 2
    for text in named:
        assert text in result.output
    assert "Traceback" not in result.output


def test_an_unknown_dataset_is_a_message(monkeypatch, capsys, tmp_path):
    output = tmp_path / "run"
    code = run_main(
        monkeypatch, "train", "vae", "--dataset", "minst", "--output", str(output)
    )

    message = " ".join(capsys.readouterr().err.split())
    assert code == 2
    assert "Error:" in message
    assert "minst" in message
    assert "mnist" in message
    assert not output.exists()


def test_a_folder_called_like_one_of_our_datasets_is_told_of(
    monkeypatch, caplog, tmp_path
):
    (tmp_path / "shapes").mkdir()
    monkeypatch.chdir(tmp_path)
    # Which has factors, and no classes.
    assert run_main(monkeypatch, "train", "constrained", "--dataset", "shapes") == 2
    assert "'./shapes' is the folder" in caplog.text


def test_a_missing_folder_is_a_message(monkeypatch, capsys, tmp_path):
    code = run_main(monkeypatch, "train", "vae", "--dataset", str(tmp_path / "none"))

    assert code == 2
    assert "none" in "".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "--epochs",
            "0",
            "`--epochs` must be a positive integer. Received: --epochs=0",
        ),
        ("--batch-size", "-2", "Received: --batch-size=-2"),
        ("--latent-dim", "0", "Received: --latent-dim=0"),
        ("--learning-rate", "nan", "Received: --learning-rate=nan"),
        ("--seed", "-1", "Received: --seed=-1"),
        ("--strategy", "tpu", "'mirrored', 'multiworker'. Received: --strategy="),
    ],
)
def test_a_wrong_value_is_a_message(monkeypatch, capsys, option, value, message):
    assert run_main(monkeypatch, "train", "vae", option, value) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_workers_want_a_cluster(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TF_CONFIG", "{worker}")
    output = tmp_path / "run"
    words = ["train", "vae", "--strategy", "multiworker", "--output", str(output)]
    assert run_main(monkeypatch, *words) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "Error: `TF_CONFIG` must be JSON" in message
    assert 'such as {"cluster": {"worker": ["first:12345"' in message
    assert not output.exists()


def test_an_unknown_variant_is_a_message_with_the_choices(monkeypatch, capsys):
    assert run_main(monkeypatch, "train", "gan") == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "`variant` must be one of 'autoencoder'" in message
    assert "Received: variant='gan'" in message
