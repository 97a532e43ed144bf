"""`keras-latent anomalies`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def anomalies_command(
    model: options.Model,
    folder: Annotated[
        str, typer.Argument(help="A folder of images, or what `train` takes.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="Folder of the table and the page. Default: anomalies beside the "
            "model.",
        ),
    ] = None,
    score: Annotated[
        str, typer.Option(help="What to sort by: reconstruction, elbo, distance.")
    ] = "reconstruction",
    normal: Annotated[
        str | None,
        typer.Option(
            metavar="CLASSES",
            help="Classes of the folder that are normal, with commas between. "
            "Default: those that the run was trained on.",
        ),
    ] = None,
    count: Annotated[int, typer.Option(help="Images on the page.")] = 24,
    seed: options.Seed = 0,
) -> None:
    """Find the images that are least like those of the training."""
    from keras_latent.cli.anomalies import anomalies

    options.check_not_too_large(count=count)
    chosen = None if normal is None else options.as_list(normal)
    anomalies(model, folder, output, score, chosen, count, seed)
