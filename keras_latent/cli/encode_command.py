"""`keras-latent encode`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent.cli.encoding import encode


def encode_command(
    model: Annotated[
        Path, typer.Argument(help="The folder of a run, or a .keras file.")
    ],
    folder: Annotated[
        str, typer.Argument(help="A folder of images, or what `train` takes.")
    ],
    output: Annotated[
        Path, typer.Option(help="The file of the codes: .npz or .parquet.")
    ] = Path("codes.npz"),
) -> None:
    """Write the codes of images, with their files and classes."""
    encode(model, folder, output)
