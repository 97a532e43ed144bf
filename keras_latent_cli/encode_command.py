"""`keras-latent encode`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def encode_command(
    model: options.Model,
    folder: Annotated[
        str, typer.Argument(help="A folder of images, or what `train` takes.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="The file of the codes: .npz or .parquet. Default: codes.npz, if "
            "there is none yet.",
        ),
    ] = None,
) -> None:
    """Write the codes of images, with their files and classes."""
    from keras_latent.cli.encoding import encode

    encode(model, folder, output)
