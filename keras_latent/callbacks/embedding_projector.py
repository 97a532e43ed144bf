"""Codes with labels and images to TensorBoard's projector."""

import re
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.callbacks import projector_files
from keras_latent.callbacks.epoch_summary import EpochSummary
from keras_latent.callbacks.observed import checked_images, codes_of
from keras_latent.class_names import label_names
from keras_latent.images import image_entries
from keras_latent.typing import Observation
from keras_latent.validation import check_unit_range

_BATCH = 256

_WRITERS: weakref.WeakValueDictionary[Path, "EmbeddingProjector"] = (
    weakref.WeakValueDictionary()
)
"""Which callback began a training last that writes to a folder."""


class EmbeddingProjector(EpochSummary):
    """Write the codes of some images for the projector of TensorBoard.

    The projector shows the codes in three dimensions, by PCA, t-SNE or UMAP, with
    labels to colour and search them by and the images in place of points. The codes
    of an epoch replace those of the last and are called `code/step_<epoch>`: reload
    the page to see them. A code that is a map is shown as the vector of its elements.

    `log_dir/train` gets `projector_config.pbtxt`, a checkpoint `projector-<epoch>`,
    empty, by which TensorBoard notices that something is new, and a folder
    `projector` with `tensors.tsv`, `metadata.tsv` and `sprite.png`, which
    https://projector.tensorflow.org takes as well. Several callbacks in one `log_dir`
    need names of their own, and `projector` becomes `projector-<name>`.

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
        name: What to call the codes, of letters, digits, `_`, `.` and `-`. Defaults to
            `"code"`.

    Raises:
        ValueError: If there are too many images, one isn't in [0, 1], or labels don't
            fit to them; in `fit`, if another callback writes to the same place.

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
        name: str = "code",
    ) -> None:
        super().__init__(log_dir, every)
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
            raise ValueError(
                "`name` must be of letters, digits, '_', '.' and '-'. "
                f"Received: name={name!r}"
            )
        self.images = checked_images(images)
        self.name = name
        self._folder = "projector" if name == "code" else f"projector-{name}"
        self._pictures = next(iter(image_entries(self.images).values()))
        projector_files.check_sprite_size(self._pictures)
        check_unit_range("images", self._pictures)
        self._columns = _columns(labels, class_names)
        projector_files.check_labels(self._columns, len(self._pictures))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the event file, and write what doesn't change: images and labels.

        Raises:
            ValueError: If the model doesn't take such images.
        """
        first = keras.tree.map_structure(lambda column: column[:1], self.images)
        codes_of(self.model, first)
        super().on_train_begin(logs)
        folder = self.run_folder / self._folder
        _WRITERS[folder.absolute()] = self
        if self.is_chief:
            folder.mkdir(parents=True, exist_ok=True)
            projector_files.write_sprite(folder, self._pictures)
            if self._columns:
                projector_files.write_labels(folder, self._columns)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Refuse a second callback that writes to the same place.

        Raises:
            ValueError: If there is one.
        """
        # All callbacks have begun by now, and whichever came last stands there.
        writer = _WRITERS.get((self.run_folder / self._folder).absolute())
        if writer is not self:
            raise ValueError(
                "`name` must differ between the callbacks EmbeddingProjector of one "
                f"`log_dir`. Received: name={self.name!r} twice for "
                f"log_dir={str(self.log_dir)!r}"
            )

    def write(self, step: int) -> None:
        """Write the codes, and what tells TensorBoard of them."""
        starts = range(0, len(self._pictures), _BATCH)
        codes = np.concatenate([self._codes_from(start) for start in starts])
        if not self.is_chief:
            return
        projector_files.write_codes(self.run_folder / self._folder, codes)
        projector_files.write_configuration(
            self.run_folder,
            self._folder,
            name=f"{self.name}/step_{step}",
            image_shape=self._pictures.shape[1:],
            labelled=bool(self._columns),
        )
        projector_files.announce(self.run_folder, self._folder, step)

    def _codes_from(self, start: int) -> np.ndarray:
        """The codes of one batch of the images, of shape (rows, latent_dim)."""
        rows = slice(start, start + _BATCH)
        batch = keras.tree.map_structure(lambda column: column[rows], self.images)
        codes = np.asarray(self.model.encode(batch))
        return codes.reshape(len(codes), -1)


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
