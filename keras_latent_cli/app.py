"""The command line: its words, and what a wrong word gets."""

import os
import platform
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from keras_latent_cli.anomalies_command import anomalies_command
from keras_latent_cli.compare_command import compare_command
from keras_latent_cli.encode_command import encode_command
from keras_latent_cli.explore_command import explore_command
from keras_latent_cli.export_command import export_command
from keras_latent_cli.list_command import list_command
from keras_latent_cli.quiet import loading_quietly
from keras_latent_cli.report_command import report_command
from keras_latent_cli.resume_command import resume_command
from keras_latent_cli.sample_command import sample_command
from keras_latent_cli.train_command import train_command

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""TensorFlow's switch of the faster convolutions, which it reads when it is loaded."""

STOPPED = 130
"""What a shell expects of a command that ctrl-C stopped."""

app = typer.Typer(
    name="keras-latent",
    help="Train and inspect latent representations of images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS: dict[str, Callable[..., Any]] = {
    "train": train_command,
    "resume": resume_command,
    "report": report_command,
    "sample": sample_command,
    "compare": compare_command,
    "explore": explore_command,
    "encode": encode_command,
    "export": export_command,
    "anomalies": anomalies_command,
    "list": list_command,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(loading_quietly(_command))


def _print_error(message: str) -> None:
    from keras_latent.cli.errors import in_options

    words = sys.argv[1:]
    said = in_options(message, _options_of(words[:1]), words)
    text = f"[bold red]Error:[/] {escape(said)}"
    Console(stderr=True).print(text, soft_wrap=True)
    sys.exit(2)


def _options_of(command: list[str]) -> dict[str, str]:
    """The options of a command: Python's names, with what is typed."""
    commands: Any = typer.main.get_command(app)
    return {
        parameter.name: max(parameter.opts, key=len)
        for name in command
        if name in commands.commands
        for parameter in commands.commands[name].params
        if parameter.param_type_name == "option"
    }


def process() -> None:
    """Be the process of the command: run it, and end."""
    if platform.machine() in ("x86_64", "AMD64"):
        # TensorFlow leaves it off where a processor has no AVX-512, and takes twice as
        # long for convolutions there.
        os.environ.setdefault(ONEDNN, "1")
    # What ends a job in the background is answered as ctrl-C is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except SystemExit as end:
        if end.code != STOPPED:
            raise
        sys.stdout.flush()
        # In the midst of its data, TensorFlow's threads may abort a tidy exit.
        os._exit(STOPPED)


def main() -> None:
    """Run the command; an error of the user's is a message, not a traceback."""
    try:
        app()
    except (ValueError, OSError, ImportError, MemoryError) as error:
        _print_error(str(error))
    except Exception as error:
        _print_what_work_raised(error)


def _print_what_work_raised(error: Exception) -> None:
    import tensorflow as tf

    from keras_latent.cli.stopping import StoppedError

    if isinstance(error, StoppedError):
        Console(stderr=True).print(escape(str(error)), soft_wrap=True)
        sys.exit(STOPPED)
    if not isinstance(error, tf.errors.OpError):
        raise error
    # What reads the data says what is wrong in the midst of TensorFlow's words.
    raised = re.findall(r"^(?:\w*Error|.*\bValueError): (.*)", error.message, re.M)
    _print_error(raised[-1] if raised else error.message)
