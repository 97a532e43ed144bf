"""The explorer of a saved model, from its arguments to the page."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from keras_latent import explorer
from keras_latent.cli.encoding import check_same_classes
from keras_latent.cli.results import checked_split, final_split, split_in_words
from keras_latent.cli.sampler_files import SamplerFiles
from keras_latent.cli.saved_run import SavedRun
from keras_latent.datasets.source import ImageSize
from keras_latent.explorer.exploration import PROJECTIONS
from keras_latent.explorer.server import check_can_serve
from keras_latent.renamed_errors import arguments_called
from keras_latent.reports.report import check_can_be_written
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_positive_integer,
)

IN_A_FILE = 2000
"""Images of a static page, unless it is told."""

ON_A_SERVER = 20_000
"""Images that a server shows, unless it is told."""


def explore(
    model: Path,
    static: Path | None = None,
    dataset: str | None = None,
    split: str | None = None,
    image_size: ImageSize | None = None,
    limit: int | None = None,
    projection: str = "pca",
    sampler: str | None = None,
    port: int = 0,
    seed: int = 0,
) -> None:
    """Explore the codes of a saved model.

    Args:
        model: A `.keras` file, or the folder of a run.
        static: The page to write; with `None`, a server runs until it is interrupted.
            Defaults to `None`.
        dataset: What to show. Defaults to `None`: what the run was trained on.
        split: Of it, which split. Defaults to `None`: images that the run wasn't
            trained on, those of the test split or else of the validation split, or
            else all.
        image_size: Size in pixels to which images are resized. Defaults to `None`: as
            in that run.
        limit: Images that are shown at most. Defaults to `None`: 2,000 in a file,
            20,000 of a server.
        projection: `"pca"`, or a second map by `"tsne"` or `"umap"`. Defaults to
            `"pca"`.
        sampler: A sampler that was fitted to the model's codes: its file, or a name as
            of `sample`. Defaults to `None`: samples are drawn from the prior, if there
            is one.
        port: Where the server listens. Defaults to 0: wherever it is free.
        seed: Of all that is drawn. Defaults to 0.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the model is damaged or of another kind, or an argument is wrong.
        OSError: If the page can't be written, or the port is taken.
        ImportError: If the packages of the server are missing, or those of a page that
            decodes by ONNX.
    """
    if limit is None:
        limit = IN_A_FILE if static is not None else ON_A_SERVER
    limit = checked_positive_integer("limit", limit)
    check_choice("projection", projection, PROJECTIONS)
    check_in_range("seed", seed, high=2**32 - 1)
    check_in_range("port", port, high=65535)
    if static is None:
        check_can_serve()
    else:
        with arguments_called(path="static"):
            check_can_be_written(static)
    run = SavedRun(model)
    drawn_from = None
    if sampler is not None:
        drawn_from = SamplerFiles(run.file).load(sampler, run.model)
    opened = run.open_fitting(dataset, image_size)
    check_same_classes(run, opened)
    if split is not None:
        check_choice("split", split, opened.splits)
    split = split or final_split(opened)
    images = checked_split(opened, split)
    title = f"{type(run.model).__name__} on {Path(opened.name).name}"
    data = split_in_words(opened, split, run.was_trained_on(dataset))
    console = Console()
    if static is not None:
        with _encoding(console):
            explorer.write_page(
                run.model,
                images,
                static,
                limit=limit,
                projection=projection,
                title=title,
                seed=seed,
                sampler=drawn_from,
                data=data,
            )
        size = static.stat().st_size / 2**20
        text = f"The page is {static}, {size:.1f} MB: open it in a browser"
        console.print(text, highlight=False, soft_wrap=True)
        return
    with _encoding(console):
        exploration = explorer.Exploration(
            run.model,
            images,
            limit=limit,
            projection=projection,
            title=title,
            seed=seed,
            sampler=drawn_from,
            data=data,
        )

    def tell(address: str) -> None:
        text = f"Open {address} in a browser of this machine; ctrl-C ends it."
        console.print(text, highlight=False, soft_wrap=True)

    explorer.serve(exploration, port, tell)


@contextlib.contextmanager
def _encoding(console: Console) -> Iterator[None]:
    """Say what is done, and let its errors speak of the explorer's arguments."""
    with (
        arguments_called(path="static", method="projection"),
        console.status("Encoding and reconstructing the images."),
    ):
        yield
