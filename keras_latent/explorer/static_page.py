"""The explorer as one file, which opens from a disk without a network."""

import base64
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.datasets.source import Source
from keras_latent.explorer.atlas import as_png
from keras_latent.explorer.bundle import document
from keras_latent.explorer.decoder_graph import DecoderGraph
from keras_latent.explorer.decoder_steps import UnknownLayerError
from keras_latent.explorer.exploration import Exploration
from keras_latent.explorer.onnx_decoder import OnnxDecoder
from keras_latent.models import LatentModel
from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.saving import write_text
from keras_latent.typing import Observation

DRAWN_CODES = 1024
"""Codes of the prior that a page holds, which can't draw from any prior itself."""


def write_page(
    model: LatentModel,
    images: Observation | Source,
    path: str | os.PathLike,
    labels: Any = None,
    class_names: Sequence[str] | None = None,
    limit: int = 2000,
    projection: str = "pca",
    title: str | None = None,
    seed: int = 0,
    sampler: Any = None,
    data: str | None = None,
) -> None:
    """Write a page on which one plays with the codes of a model.

    One file of HTML that opens without a network: the decoder runs in the page, by code
    of our own where it knows each layer (dense and convolutional ones, normalisations,
    activations and what changes shapes), else by ONNX Runtime Web, which adds 5 MB. It
    shows a map of the images' codes; what is chosen on it, image or empty place, is
    decoded, and can be changed along each dimension, along the direction in which two
    sets of images differ, and along the way to another image.

    Args:
        model: A latent model of this library.
        images: What to show: array of shape (count, height, width, channels) in [0, 1],
            at least two; or a dict of arrays, of which the first entry that is an image
            is shown; or a split of a dataset, a `Source` as
            `datasets.open_dataset(...).split(...)` gives it, which brings labels and
            names of its own.
        path: Where the page shall stand. Its folder must exist.
        labels: The classes of the images, array-like of shape (count,); a conditional
            model is told them. Defaults to `None`.
        class_names: The names of the classes that `labels` are the indices of.
            Defaults to `None`.
        limit: Images that are shown at most; of more, the seed draws them. Defaults to
            2000.
        projection: `"pca"`, or a second map by `"tsne"` or `"umap"`. Defaults to
            `"pca"`.
        title: Heading of the page. Defaults to `None`: the name of the variant.
        seed: Seed of all that is drawn. Defaults to 0.
        sampler: A fitted sampler of `keras_latent.samplers`, from which codes are drawn
            instead of the model's prior. Defaults to `None`.
        data: What the images are, in a few words, such as `"the split test of mnist"`:
            the page says how many of them it shows. Defaults to `None`.

    Raises:
        ValueError: If an argument is wrong, or the decoder has a layer that neither the
            page knows nor ONNX holds; the message names it.
        FileNotFoundError: If the folder doesn't exist, or ONNX Runtime Web is needed
            and its archive is missing: the message says which command brings it.
        ImportError: If ONNX is needed and what writes it isn't installed.
        OSError: If the page can't be written.

    >>> import tempfile
    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_page(model, images, os.path.join(folder, "page.html"))
    ...     os.listdir(folder)
    ['page.html']
    """
    # Before the images are encoded, which may take long.
    decoder = decoder_of(model)
    exploration = Exploration(
        model,
        images,
        labels,
        class_names,
        limit,
        projection,
        title,
        seed,
        sampler,
        data,
    )
    held = base64.b64encode(content(exploration, decoder)).decode("ascii")
    write_text(path, document(exploration.title, held, runtime=decoder.runtime))


def decoder_of(model: LatentModel) -> DecoderGraph | OnnxDecoder:
    """The decoder as a page can run it.

    Args:
        model: A latent model.

    Raises:
        ValueError, FileNotFoundError, ImportError: As of `write_page`.
    """
    check_is_latent_model(model)
    try:
        return DecoderGraph(model)
    except UnknownLayerError as error:
        return OnnxDecoder(model, str(error))


def content(exploration: Exploration, decoder: DecoderGraph | OnnxDecoder) -> bytes:
    """All that the page holds: what is explored, the decoder, codes of the prior.

    Args:
        exploration: What is explored.
        decoder: Its decoder.
    """
    arrays = dict(decoder.arrays)
    if exploration.can_sample:
        arrays["drawn"] = exploration.drawn_codes(DRAWN_CODES, exploration.seed)
    if not exploration.thumbnails_are_whole:
        files = [as_png(exploration.original(row)) for row in range(exploration.count)]
        arrays["originals"] = np.frombuffer(b"".join(files), "uint8")
        ends = np.cumsum([len(file) for file in files])
        arrays["original_ends"] = ends.astype("int32")
    return exploration.packed({"decoder": decoder.to_config()}, arrays)
