"""`keras-latent train`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options
from keras_latent_cli.variant_names import variant_names


def train_command(
    variant: Annotated[
        str,
        typer.Argument(help=f"One that `list` shows: {', '.join(variant_names())}."),
    ],
    dataset: Annotated[
        str,
        typer.Option(
            help="A name that `list` shows, one of tensorflow-datasets, or a folder."
        ),
    ] = "mnist",
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the data. Default: by the number of images."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Steps, rounded up to whole epochs; in place of --epochs."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Images in a step.")] = 128,
    latent_dim: Annotated[
        int | None,
        typer.Option(
            help="Size of the code; of `inverter`, beside the features; its channels "
            "where it is a map. Default: 32, of `inverter` 5."
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="At the start; it falls to 0. Default: the variant's."),
    ] = None,
    image_size: options.ImageSize = None,
    fit: options.Fit = "stretch",
    background: options.Background = "white",
    skip_bad: options.SkipBad = False,
    validation_split: Annotated[
        float,
        typer.Option(
            help="Part of the training images to hold out, where the dataset has no "
            "split for it; at most 0.5."
        ),
    ] = 0.1,
    cache: options.Cache = None,
    augment: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Change training images by chance, names with commas between: "
            "mirror, shift, colour.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any plain argument of the variant, its likelihood, posterior, prior, "
            "optimizer or default networks: beta=4, likelihood=gaussian, "
            "likelihood.learn_scale=true, prior.components=20, optimizer=adamw, "
            "encoder.widths=[64,128,256]. Can be given several times.",
        ),
    ] = None,
    seed: options.Seed = 0,
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Train as many runs, with --seed and those after it, each in a folder "
            "of its own in that of the run."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.as_path,
            metavar="PATH",
            help="Folder of the run. Default: runs/VARIANT-DATASET.",
        ),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="none, mirrored, multiworker: the workers that TF_CONFIG names, or "
            "auto: mirrored over several GPUs."
        ),
    ] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            help="float32, mixed_bfloat16, mixed_float16, or auto: mixed_bfloat16 "
            "where the processor or the GPU has units for it."
        ),
    ] = "float32",
    mixed_precision: Annotated[
        bool,
        typer.Option(
            "--mixed-precision", help="The same as --precision mixed_float16."
        ),
    ] = False,
    features: Annotated[
        str | None,
        typer.Option(
            help="A .keras model of images whose features `inverter` inverts. Default: "
            "a classifier of the labels, trained first."
        ),
    ] = None,
) -> None:
    """Train a model and write it, its figures and its history to a folder."""
    from keras_latent import models
    from keras_latent.cli.arguments import Arguments
    from keras_latent.cli.run_folder import RunFolder
    from keras_latent.cli.seeds import SeedsFolder
    from keras_latent.cli.settings import parse_settings
    from keras_latent.cli.stopping import goes_on_by
    from keras_latent.cli.training import train

    options.check_not_too_large(
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        latent_dim=latent_dim,
        learning_rate=learning_rate,
        seeds=seeds,
    )
    if mixed_precision and precision not in ("float32", "mixed_float16"):
        raise ValueError(
            "`precision` can't be given together with `mixed_precision`, which is "
            f"mixed_float16. Received: precision={precision!r}"
        )
    kind, settings = models.variant_and_settings(
        variant, parse_settings(set_ or []), models.VARIANTS
    )
    arguments = Arguments(
        variant=kind,
        dataset=dataset,
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        latent_dim=latent_dim,
        learning_rate=learning_rate,
        image_size=options.as_image_size(image_size),
        seed=seed,
        strategy=strategy,
        precision="mixed_float16" if mixed_precision else precision,
        features=features,
        validation_split=validation_split,
        fit=fit,
        background=background,
        skip_bad=skip_bad,
        cache=cache,
        settings=settings,
        augment=options.as_list(augment),
    )
    path = output or Path("runs") / f"{variant}-{Path(dataset).name}"
    if seeds is not None:
        runs = SeedsFolder(path)
        with runs.goes_on():
            runs.start(arguments, seeds)
        return
    folder = RunFolder(path)
    with goes_on_by(folder):
        train(arguments, folder)
