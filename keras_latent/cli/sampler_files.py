"""Where the samplers of a run lie, beside its model."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_latent.cli.file_lock import FileLock
from keras_latent.renamed_errors import arguments_called
from keras_latent.samplers.loading import SAMPLERS_FOLDER, load_samplers
from keras_latent.saving import remove_unfinished
from keras_latent.validation import MissingFileError

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

    def load(self, sampler: str, model: Any) -> Any:
        """Load one sampler.

        Args:
            sampler: Its file; or its name, or how that begins.
            model: The model that it was fitted to, with its weights.

        Raises:
            ValueError: If no sampler, or several, are called so; it wasn't fitted; or
                it was fitted to another model.
        """
        from keras_latent.samplers.loading import load_sampler, sampler_name

        file = Path(sampler)
        if not (file.suffix or file.name != sampler or file.is_file()):
            name = sampler_name(sampler)
            files = [self.file(name, with_labels) for with_labels in (False, True)]
            fitted = [file for file in files if file.is_file()]
            if not fitted:
                raise MissingFileError(
                    "`sampler` must have been fitted to the model's codes: "
                    f"`keras-latent sample MODEL --sampler {name}` does it. Received: "
                    f"sampler={sampler!r}, and no file {str(files[0])!r}"
                )
            file = fitted[0]
        with arguments_called(path="sampler"):
            return load_sampler(file, model)

    def load_all(self, model: Any) -> tuple[dict[str, Any], list[str]]:
        """Load all samplers that were fitted to a model.

        Args:
            model: The model, with its weights.

        Returns:
            The samplers by the names of their files, and why others were left out.
        """
        return load_samplers(self.folder, model)
