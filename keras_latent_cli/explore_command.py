"""`keras-latent explore`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def explore_command(
    model: options.Model,
    static: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="Write one page that opens from a disk without a network. Default: "
            "serve the page to this machine.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="What to show, as for `train`. Default: the run's, or mnist."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Of it, which split. Default: one that the run wasn't trained on, "
            "test, or else validation; train where there is no other."
        ),
    ] = None,
    image_size: options.ImageSize = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Images at most. Default: 2,000 in a page, 20,000 of a server."
        ),
    ] = None,
    projection: Annotated[
        str, typer.Option(help="pca, or a second map: tsne, umap.")
    ] = "pca",
    sampler: Annotated[
        str | None,
        typer.Option(
            help="A sampler that `sample` fitted to the model's codes, by its name, "
            "how that begins, or its file. Default: the prior, if there is one."
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Of 127.0.0.1. Default: one that is free.")
    ] = 0,
    seed: options.Seed = 0,
) -> None:
    """Play with the codes of a saved model in a browser."""
    from keras_latent.cli.exploring import explore

    options.check_not_too_large(limit=limit)
    size = options.as_image_size(image_size)
    explore(model, static, dataset, split, size, limit, projection, sampler, port, seed)
