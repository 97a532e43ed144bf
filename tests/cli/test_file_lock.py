"""The lock of a run's folder, also as on Windows, whose modules are imitated."""

import importlib
import os
import subprocess
import sys
import types

import pytest

from keras_latent.cli import file_lock


class Windows(types.ModuleType):
    """Imitates `msvcrt`: the lock of a byte by a handle, without an end by itself."""

    LK_NBLCK = 2

    def __init__(self):
        super().__init__("msvcrt")
        self.held = {}

    def locking(self, descriptor, mode, size):
        assert (mode, size) == (self.LK_NBLCK, 1)
        os.write(descriptor, b"")  # A file that is open for writing.
        inode = os.fstat(descriptor).st_ino
        if self.held.get(inode, descriptor) != descriptor:
            raise PermissionError(13, "Permission denied")
        self.held[inode] = descriptor


@pytest.fixture(params=["here", "windows"])
def module(request, monkeypatch):
    if request.param == "windows":
        monkeypatch.setitem(sys.modules, "fcntl", None)
        monkeypatch.setitem(sys.modules, "msvcrt", Windows())
    yield importlib.reload(file_lock)
    monkeypatch.undo()
    importlib.reload(file_lock)


def test_one_holds_it_at_a_time(module, tmp_path):
    first, second = (module.FileLock(tmp_path / ".lock") for _ in range(2))
    assert first.take()
    assert not second.take()
    assert not second.take()
    second.give_back()
    assert (tmp_path / ".lock").exists()
    first.give_back()
    assert list(tmp_path.iterdir()) == []
    assert second.take()


def test_a_file_that_a_killed_one_left_is_no_lock(module, tmp_path):
    (tmp_path / ".lock").touch()
    assert module.FileLock(tmp_path / ".lock").take()


def test_an_open_file_is_not_removed_on_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(file_lock, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", Windows())
    lock = file_lock.FileLock(tmp_path / ".lock")
    assert lock.take()
    file, unlink = lock._file, type(lock.path).unlink

    def strict(path, *arguments, **options):
        assert file.closed
        unlink(path, *arguments, **options)

    monkeypatch.setattr(type(lock.path), "unlink", strict)
    lock.give_back()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.all
def test_the_command_is_imported_without_fcntl():
    code = "import sys; sys.modules['fcntl'] = None; import keras_latent.cli.run_folder"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
