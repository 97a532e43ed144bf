"""The command, called in the process of the tests, and what it finds there."""

import json

import pytest
from typer.testing import CliRunner

from keras_latent.cli import app, main


def called(*words):
    """What the command prints that succeeds."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, (result.exception, result.output)
    return " ".join(result.output.split())


def failure(monkeypatch, capsys, *words, code=2):
    """What the command says that fails."""
    monkeypatch.setattr("sys.argv", ["keras-latent", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    printed = capsys.readouterr().err
    assert stop.value.code == code
    assert "Traceback" not in printed
    return " ".join(printed.split())


def left_by_training(folder, saved, images, **config):
    """What a training leaves of a saved model, as far as other commands look at it."""
    folder.mkdir()
    (folder / "model.keras").write_bytes(saved.read_bytes())
    arguments = {"dataset": str(images), "image_size": None}
    (folder / "config.json").write_text(json.dumps({"arguments": arguments, **config}))
    return folder
