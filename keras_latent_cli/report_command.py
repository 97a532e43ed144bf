"""`keras-latent report`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def report_command(
    model: options.Model,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="What to report on, as for `train`. Default: the run's, or mnist."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="The page. Default: report.html beside the model.",
        ),
    ] = None,
    image_size: options.ImageSize = None,
    limit: Annotated[
        int, typer.Option(help="Images on the map of the codes at most.")
    ] = 2000,
    explorer: Annotated[
        bool,
        typer.Option(
            "--explorer",
            help="Write explorer.html beside the page, too. The page links to it "
            "wherever it is there.",
        ),
    ] = False,
    seed: options.Seed = 0,
) -> None:
    """Write a page about a saved model: numbers, figures, what its code holds."""
    from keras_latent.cli.report import report

    options.check_not_too_large(limit=limit)
    size = options.as_image_size(image_size)
    report(model, dataset, output, size, limit, seed, explorer)
