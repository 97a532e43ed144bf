"""A lock that the operating system opens again, however its holder ends."""

import contextlib
import os
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # On Windows.
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """A file that one process holds at a time, and that is there while it is held.

    Args:
        path: The file; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO | None = None

    def take(self) -> bool:
        """Take the lock, unless another one has it: then the result is `False`."""
        try:
            file = open(self.path, "a")  # noqa: SIM115, closed by `give_back`
        except PermissionError:
            # Windows hides a file that its last holder is about to remove.
            if fcntl is None and self.path.exists():
                return False
            raise
        if self._locks(file) and self._is_still_there(file):
            self._file = file
            return True
        file.close()
        return False

    def give_back(self) -> None:
        """Give the lock back and remove the file."""
        if self._file is None:
            return
        if fcntl is None:
            # Windows removes no file that is open.
            self._file.close()
        with contextlib.suppress(FileNotFoundError, PermissionError):
            self.path.unlink()
        self._file.close()
        self._file = None

    def _locks(self, file: IO) -> bool:
        if fcntl is None:
            import msvcrt

            try:
                file.seek(0)
                msvcrt.locking(  # type: ignore[attr-defined]
                    file.fileno(),
                    msvcrt.LK_NBLCK,  # type: ignore[attr-defined]
                    1,
                )
            except OSError:
                return False
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # The file system knows no locks.
            return True
        return True

    def _is_still_there(self, file: IO) -> bool:
        # A holder that just ended may have removed the file after it was opened here.
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        return False
