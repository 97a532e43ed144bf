"""Codes with labels and images to TensorBoard's projector."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.callbacks import projector_files
from keras_latent.callbacks.epoch_summary import EpochSummary
from keras_latent.class_names import label_names
from keras_latent.images import image_entries
from keras_latent.typing import Observation

_FOLDER = "projector"
_BATCH = 256


class EmbeddingProjector(EpochSummary):
    """Write the codes of some images for the projector of TensorBoard.

    The projector shows the codes in three dimensions, by PCA, t-SNE or UMAP, with
    labels to colour and search them by and the images in place of points. The codes
    of an epoch replace those of the last and are called `code/step_<epoch>`: reload
    the page to see them.

    `log_dir/train` gets `projector_config.pbtxt`, a checkpoint `projector-<epoch>`,
    empty, by which TensorBoard notices that something is new, and a folder
    `projector` with `tensors.tsv`, `metadata.tsv` and `sprite.png`, which
    https://projector.tensorflow.org takes as well.

    Args:
        images: The observations to encode, always the same ones: an array of shape
            (count, height, width, channels) in [0, 1], or a dict of arrays, of which
            the first entry that is an image is shown. They fit into a square of 8192
            pixels: at most 85,264 of 28 × 28 or 16,384 of 64 × 64 pixels.
        log_dir: The folder that TensorBoard reads.
        labels: Array of shape (count,) of numbers or texts, or a dict of them by
            name. TensorBoard shows names of columns only if there are several.
            Defaults to `None`.
        class_names: The names of the classes that `labels` are the indices of.
            Defaults to `None`.
        every: Write in the first epoch, then each that is `every` later. Defaults to 1.

    Raises:
        ValueError: If there are too many images, or labels don't fit to them.

    Give it to `fit`: `model.fit(images, epochs=20, callbacks=[projector])`.

    >>> images = np.zeros((100, 28, 28, 1))
    >>> projector = EmbeddingProjector(images, "runs/first", labels=np.arange(100) % 10)
    """

    def __init__(
        self,
        images: Observation,
        log_dir: str | Path,
        labels: Any = None,
        class_names: Sequence[str] | None = None,
        every: int = 1,
    ) -> None:
        super().__init__(log_dir, every)
        self.images = images
        self._pictures = next(iter(image_entries(images).values()))
        projector_files.check_sprite_size(self._pictures)
        self._columns = _columns(labels, class_names)
        projector_files.check_labels(self._columns, len(self._pictures))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the event file, and write what doesn't change: images and labels."""
        super().on_train_begin(logs)
        if self.is_chief:
            folder = self.run_folder / _FOLDER
            folder.mkdir(parents=True, exist_ok=True)
            projector_files.write_sprite(folder, self._pictures)
            if self._columns:
                projector_files.write_labels(folder, self._columns)

    def write(self, step: int) -> None:
        """Write the codes, and what tells TensorBoard of them."""
        starts = range(0, len(self._pictures), _BATCH)
        codes = np.concatenate([self._codes_from(start) for start in starts])
        if not self.is_chief:
            return
        projector_files.write_codes(self.run_folder / _FOLDER, codes)
        projector_files.write_configuration(
            self.run_folder,
            _FOLDER,
            name=f"code/step_{step}",
            image_shape=self._pictures.shape[1:],
            labelled=bool(self._columns),
        )
        projector_files.announce(self.run_folder, step)

    def _codes_from(self, start: int) -> np.ndarray:
        """The codes of one batch of the images."""
        rows = slice(start, start + _BATCH)
        batch = keras.tree.map_structure(lambda column: column[rows], self.images)
        return np.asarray(self.model.encode(batch))


def _columns(labels: Any, class_names: Sequence[str] | None) -> dict[str, list[str]]:
    """The texts of each column of labels by its name; none without labels."""
    if labels is None:
        return {}
    if isinstance(labels, Mapping):
        if class_names is not None:
            raise ValueError(
                "`class_names` must be `None` for a dict of labels, which holds the "
                f"names itself. Received: class_names={class_names!r}"
            )
        return {str(name): label_names(column) for name, column in labels.items()}
    return {"label": label_names(labels, class_names)}
