"""What a command prints beside its own words."""

import os
import subprocess
import sys

import pytest

from keras_latent_cli import quiet


def test_what_is_written_past_python_is_not_seen_and_later_is(capfd):
    with quiet._standard_error_closed():
        os.write(2, b"greeting")
    os.write(2, b"later")
    assert capfd.readouterr().err == "later"


def test_errors_come_through(capfd):
    with pytest.raises(ImportError), quiet._standard_error_closed():
        raise ImportError
    os.write(2, b"later")
    assert capfd.readouterr().err == "later"


@pytest.mark.parametrize("has_gpu", [True, False])
@pytest.mark.parametrize("switch", [None, "0"])
def test_drivers_and_users_decide_what_is_seen(monkeypatch, tmp_path, has_gpu, switch):
    monkeypatch.setattr(quiet, "_DEVICES", tmp_path)
    if has_gpu:
        (tmp_path / "nvidia0").touch()
    monkeypatch.delenv(quiet.LOGS, raising=False)
    if switch is not None:
        monkeypatch.setenv(quiet.LOGS, switch)
    given = quiet.loading_quietly(lambda count: os.environ.get(quiet.LOGS, count))
    is_silent = switch is None and not has_gpu
    assert given(count="as it was") == ("3" if is_silent else switch or "as it was")


@pytest.mark.all
def test_an_error_is_all_that_a_command_says(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != quiet.LOGS}
    code = "from keras_latent_cli import process; process()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "resume", str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("Error: `run` must be the folder of a run.")
    assert ended.stdout == ""
