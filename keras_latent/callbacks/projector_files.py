"""The files from which TensorBoard's projector shows codes with labels and images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_latent.images import square_columns
from keras_latent.saving import write_text, written_whole

CODES, LABELS, SPRITE = "tensors.tsv", "metadata.tsv", "sprite.png"
CONFIGURATION = "projector_config.pbtxt"

_SPRITE_SIDE = 8192
"""The longest side of an image that a browser takes as one texture."""


def check_sprite_size(images: np.ndarray) -> None:
    """Refuse images that don't fit into one sprite.

    Args:
        images: Array of shape (count, height, width, channels).

    Raises:
        ValueError: If there is none, or more than a sprite of 8192 pixels holds.
    """
    most = (_SPRITE_SIDE // max(images.shape[1:3])) ** 2
    if not 1 <= len(images) <= most:
        raise ValueError(
            f"`images` must hold between 1 and {most} images of this size, which fill "
            f"a square of {_SPRITE_SIDE} pixels. Received: images of shape "
            f"{images.shape}"
        )


def check_labels(columns: Mapping[str, Sequence[str]], count: int) -> None:
    """Refuse labels that would not stand one in a row.

    Args:
        columns: The texts of each column by its name.
        count: How many images there are.

    Raises:
        ValueError: If a column is of another length, or a text breaks the table.
    """
    for name, texts in columns.items():
        if len(texts) != count:
            raise ValueError(
                f"`labels` must hold one label for each of the {count} images. "
                f"Received: {len(texts)} labels in {name!r}"
            )
        for text in (name, *texts):
            # TensorBoard leaves blank lines out, so that later labels would move up.
            if not text.strip() or "\t" in text or text.splitlines() != [text]:
                raise ValueError(
                    "`labels` must be texts of one line without tabs, not blank. "
                    f"Received: {text!r} in {name!r}"
                )


def write_labels(folder: Path, columns: Mapping[str, Sequence[str]]) -> None:
    """Write the table of labels.

    A single column has no header: TensorBoard would take it for the first label.

    Args:
        folder: Where to.
        columns: The texts of each column by its name.
    """
    rows = list(zip(*columns.values(), strict=True))
    if len(columns) > 1:
        rows.insert(0, tuple(columns))
    write_text(folder / LABELS, "".join("\t".join(row) + "\n" for row in rows))


def write_sprite(folder: Path, images: np.ndarray) -> None:
    """Write all images in one, a square grid row by row.

    What the square holds beyond the images is white. TensorBoard divides by as many
    rows as columns, so that the last rows must be there even if they are empty.

    Args:
        folder: Where to.
        images: Array of shape (count, height, width, 1 or 3), cut to [0, 1].
    """
    count, height, width, channels = images.shape
    columns = square_columns(count)
    cells = np.ones((columns**2, height, width, channels), "float32")
    cells[:count] = np.clip(images, 0.0, 1.0)
    grid = cells.reshape(columns, columns, height, width, channels).swapaxes(1, 2)
    pixels = np.rint(255 * grid.reshape(columns * height, -1, channels))
    with written_whole(folder / SPRITE) as unfinished:
        unfinished.write_bytes(tf.io.encode_png(pixels.astype("uint8")).numpy())


def write_codes(folder: Path, codes: np.ndarray) -> None:
    """Write codes as text, in as many digits as give the same float32 again.

    Args:
        folder: Where to.
        codes: Array of shape (count, latent_dim) in float32.
    """
    with written_whole(folder / CODES) as unfinished:
        np.savetxt(unfinished, codes, fmt="%.9g", delimiter="\t")


def write_configuration(
    run_folder: Path, folder: str, name: str, image_shape: Sequence[int], labelled: bool
) -> None:
    """Write what tells TensorBoard where the other files are.

    What the file says of codes in other folders is kept.

    Args:
        run_folder: The folder of a run, where TensorBoard looks for it.
        folder: The folder of the other files in it.
        name: What to call the codes.
        image_shape: (height, width, channels) of the images.
        labelled: Whether there are labels.
    """
    from tensorboard.plugins import projector

    others = _other_embeddings(run_folder, folder)
    configuration = projector.ProjectorConfig(embeddings=others)
    embedding = configuration.embeddings.add()
    embedding.tensor_name = name
    embedding.tensor_path = f"{folder}/{CODES}"
    if labelled:
        embedding.metadata_path = f"{folder}/{LABELS}"
    embedding.sprite.image_path = f"{folder}/{SPRITE}"
    height, width, _ = image_shape
    embedding.sprite.single_image_dim.extend([width, height])
    with written_whole(run_folder / CONFIGURATION) as unfinished:
        projector.visualize_embeddings(str(unfinished.parent), configuration)


def _other_embeddings(run_folder: Path, folder: str) -> list[Any]:
    """What the configuration says of codes that stand in other folders."""
    from google.protobuf import text_format
    from tensorboard.plugins import projector

    configuration = projector.ProjectorConfig()
    try:
        text = (run_folder / CONFIGURATION).read_text(encoding="utf-8")
        text_format.Parse(text, configuration)
    except (OSError, ValueError, text_format.ParseError):
        return []  # Not there, or not one that TensorBoard could read.
    return [
        embedding
        for embedding in configuration.embeddings
        if embedding.tensor_path != f"{folder}/{CODES}"
        and (run_folder / embedding.tensor_path).exists()
    ]


def announce(run_folder: Path, folder: str, step: int) -> None:
    """Let a TensorBoard that runs already read the configuration again.

    It does so only once the newest checkpoint of a run is another one, so that here
    is a checkpoint of nothing.

    Args:
        run_folder: The folder of a run.
        folder: The folder of the codes in it, which the checkpoint is named by.
        step: The number of the checkpoint; those before are deleted.
    """
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(), run_folder, max_to_keep=1, checkpoint_name=folder
    )
    manager.save(checkpoint_number=step)
