"""`keras-latent export`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def export_command(
    model: options.Model,
    format: Annotated[
        str, typer.Option(help="onnx, litert, saved-model or keras.")
    ] = "onnx",
    part: Annotated[str, typer.Option(help="model, encoder or decoder.")] = "model",
    int8: Annotated[
        bool, typer.Option("--int8", help="Give weights eight bits.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="What is written. Default: in `export` beside the model.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Images to check it on, as for `train`. Default: the run's, or random."
        ),
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(help="Greatest difference. Default: 1e-5, or 0.1 with --int8."),
    ] = None,
) -> None:
    """Write a saved model, or a part of it, for programs that don't know this one."""
    from keras_latent.cli.exporting import export_run

    export_run(model, format, part, int8, output, dataset, limit)
