"""Where the samplers of a run lie, beside its model."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_latent.cli.file_lock import FileLock
from keras_latent.samplers.loading import SAMPLERS_FOLDER, load_samplers
from keras_latent.saving import remove_unfinished

_WITH_LABELS = "-labels"


class SamplerFiles:
    """The folder `samplers` beside a model: one file for each that was fitted.

    Args:
        model_file: The `.keras` file of the model.
    """

    def __init__(self, model_file: Path) -> None:
        self.folder = model_file.with_name(SAMPLERS_FOLDER)

    def file(self, name: str, with_labels: bool) -> Path:
        """The file of a sampler; one that labels steer has its own."""
        return self.folder / f"{name}{_WITH_LABELS if with_labels else ''}.npz"

    def checkpoint(self, name: str, with_labels: bool) -> Path:
        """What a fit that was cut goes on from."""
        return self.file(name, with_labels).with_suffix(".checkpoint")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other fits out, and clear away what killed ones left.

        Raises:
            ValueError: If another fit is at work in the folder.
        """
        self.folder.mkdir(exist_ok=True)
        lock = FileLock(self.folder / ".lock")
        if not lock.take():
            raise ValueError(
                "`run` must be free, but another command fits a sampler to its codes: "
                f"wait for its end. Received: run={str(self.folder.parent)!r}"
            )
        try:
            remove_unfinished(self.folder)
            yield
        finally:
            lock.give_back()
            with contextlib.suppress(OSError):
                self.folder.rmdir()

    def load_all(self, model: Any) -> tuple[dict[str, Any], list[str]]:
        """Load all samplers that were fitted to a model.

        Args:
            model: The model, with its weights.

        Returns:
            The samplers by the names of their files, and why others were left out.
        """
        return load_samplers(self.folder, model)
