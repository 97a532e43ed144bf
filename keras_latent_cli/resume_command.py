"""`keras-latent resume`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_latent_cli import options


def resume_command(
    run: Annotated[
        Path,
        typer.Argument(
            parser=options.as_path,
            metavar="RUN",
            help="The folder of a run, or of runs of several seeds.",
        ),
    ],
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the data in all, those already made among them. "
            "Default: as many as the run was to make."
        ),
    ] = None,
) -> None:
    """Go on with a run that was stopped, or make one longer that was over."""
    from keras_latent.cli.run_folder import RunFolder
    from keras_latent.cli.seeds import SeedsFolder
    from keras_latent.cli.stopping import goes_on_by
    from keras_latent.cli.training import resume
    from keras_latent.validation import checked_positive_integer

    options.check_not_too_large(epochs=epochs)
    if epochs is not None:
        epochs = checked_positive_integer("epochs", epochs)
    runs = SeedsFolder(run)
    if runs.is_there:
        with runs.goes_on():
            runs.go_on(epochs)
        return
    folder = RunFolder(run)
    with goes_on_by(folder):
        resume(folder, epochs)
