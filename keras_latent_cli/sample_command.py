"""`keras-latent sample`."""

from typing import Annotated

import typer

from keras_latent_cli import options


def sample_command(
    model: options.Model,
    sampler: Annotated[
        str | None,
        typer.Option(
            help="What draws, by its name or how it begins: normal, gaussian_mixture, "
            "uniform_sphere, vamp, manifold, two_stage, "
            "masked_autoregressive_flow, flow_matching, "
            "token_transformer, pixel_cnn. Fitted and saved where it isn't there. "
            "Default: the model's prior."
        ),
    ] = None,
    count: Annotated[int, typer.Option(help="Images to draw.")] = 64,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="CLASSES",
            help="Classes to draw, names or numbers with commas between, or all: each "
            "has a row. Default: of any.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any argument of the sampler: epochs=20, guidance=2. Can be given "
            "several times.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Generate images with a saved model, and draw a figure of them."""
    from keras_latent.cli.sampling import sample
    from keras_latent.cli.settings import parse_settings

    options.check_not_too_large(count=count)
    chosen = options.as_list(labels)
    sample(model, sampler, count, chosen, parse_settings(set_ or []), seed)
