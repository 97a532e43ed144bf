"""`keras-latent compare`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def compare_command(
    runs: Annotated[
        list[Path],
        typer.Argument(
            parser=options.as_path,
            metavar="RUNS",
            help="Folders of runs, folders of runs of several seeds, or .keras files.",
        ),
    ],
    dataset: Annotated[
        str | None,
        typer.Option(
            help="What to measure on, as for `train`. Default: the first run's."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="Folder of compare.html and compare.csv. Default: comparison, or "
            "comparison-2 and so on where there is one.",
        ),
    ] = None,
    image_size: options.ImageSize = None,
    seed: options.Seed = 0,
    extractor: Annotated[
        str | None,
        typer.Option(
            help="Whose features tell generated images from real ones: mnist, emoji or "
            "icons. Default: principal components."
        ),
    ] = None,
) -> None:
    """Measure several models alike: a page with a table, pictures, and a CSV file."""
    from keras_latent.cli.comparing import compare

    size = options.as_image_size(image_size)
    compare(runs, dataset, output, size, seed, extractor)
