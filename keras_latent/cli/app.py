"""The command line: its words, and what a wrong word gets."""

import re
import sys
from pathlib import Path
from typing import Annotated

import tensorflow as tf
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from keras_latent import datasets, models
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.report import report
from keras_latent.cli.run_folder import RunFolder
from keras_latent.cli.training import train

# What is larger is a slip, and would use up the memory before it becomes an error.
LARGEST = {
    "epochs": 1_000_000,
    "batch_size": 1_000_000,
    "latent_dim": 65_536,
    "learning_rate": 1000.0,
    "image_size": 4096,
    "limit": 1_000_000,
}

app = typer.Typer(
    name="keras-latent",
    help="Train and inspect latent representations of images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("train")
def train_command(
    variant: Annotated[
        str, typer.Argument(help=f"One of {', '.join(models.VARIANTS)}.")
    ],
    dataset: Annotated[
        str,
        typer.Option(
            help="A name that `list` shows, one of tensorflow-datasets, or a folder."
        ),
    ] = "mnist",
    epochs: Annotated[int, typer.Option(help="Passes over the data.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Images in a step.")] = 128,
    latent_dim: Annotated[
        int | None,
        typer.Option(
            help="Size of the code; of `inverter`, beside the features; its channels "
            "where it is a map. Default: 32; 5."
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="At the start; it falls to 0. Default: the variant's."),
    ] = None,
    image_size: Annotated[
        int | None, typer.Option(help="Resize to this many pixels a side.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the run. Default: runs/VARIANT-DATASET."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in that folder.")
    ] = False,
    strategy: Annotated[
        str,
        typer.Option(
            help="none, mirrored, multiworker: the workers that TF_CONFIG names, or "
            "auto: mirrored over several GPUs."
        ),
    ] = "auto",
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in float16.")
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
    _check_not_too_large(
        epochs=epochs,
        batch_size=batch_size,
        latent_dim=latent_dim,
        learning_rate=learning_rate,
        image_size=image_size,
    )
    train(
        Arguments(
            variant=variant,
            dataset=dataset,
            epochs=epochs,
            batch_size=batch_size,
            latent_dim=latent_dim,
            learning_rate=learning_rate,
            image_size=image_size,
            seed=seed,
            strategy=strategy,
            mixed_precision=mixed_precision,
            features=features,
        ),
        RunFolder(output or Path("runs") / f"{variant}-{Path(dataset).name}"),
        resume,
    )


@app.command("report")
def report_command(
    model: Annotated[
        Path, typer.Argument(help="A .keras file, or the folder of a run.")
    ],
    dataset: Annotated[
        str | None,
        typer.Option(
            help="What to report on, as for `train`. Default: the run's, or mnist."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The page. Default: report.html beside the model."),
    ] = None,
    image_size: Annotated[
        int | None, typer.Option(help="Resize to this many pixels a side.")
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Images on the map of the codes at most.")
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Write a page about a saved model: numbers, figures, what its code holds."""
    _check_not_too_large(image_size=image_size, limit=limit)
    report(model, dataset, output, image_size, limit, seed)


@app.command("list")
def list_command() -> None:
    """Show the variants and the datasets, and what each is for."""
    variants = Table(
        "variant", "what it is, and its terms", title="Variants", title_justify="left"
    )
    for name, variant in models.VARIANTS.items():
        described = (variant.__doc__ or "").splitlines()[0]
        terms = [
            f"  [bold]{term}[/]: {escape(meaning)}"
            for term, meaning in variant.term_meanings.items()
        ]
        variants.add_row(name, "\n".join([escape(described), *terms]))
    sources = Table("dataset", "what it is", title="Datasets", title_justify="left")
    for name, description in datasets.DATASETS.items():
        sources.add_row(name, description)
    sources.add_row(
        "a folder", "images, in one subfolder for each label if there are any"
    )
    sources.add_row("another name", "a dataset of tensorflow-datasets")
    console = Console()
    console.print(variants)
    console.print(sources)


def _check_not_too_large(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value > LARGEST[name]:
            raise ValueError(
                f"`{name}` must be at most {LARGEST[name]}. Received: {name}={value}"
            )


def _print_error(message: str) -> None:
    text = f"[bold red]Error:[/] {escape(message)}"
    Console(stderr=True).print(text, soft_wrap=True)
    sys.exit(2)


def main() -> None:
    """Run the command; an error of the user's is a message, not a traceback."""
    try:
        app()
    except (ValueError, OSError, ImportError, MemoryError) as error:
        _print_error(str(error))
    except tf.errors.OpError as error:
        # What reads the data says what is wrong in the midst of TensorFlow's words.
        raised = re.findall(r"^(?:\w*Error|.*\bValueError): (.*)", error.message, re.M)
        _print_error(raised[-1] if raised else error.message)
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped. Continue the run with --resume.")
        sys.exit(130)
