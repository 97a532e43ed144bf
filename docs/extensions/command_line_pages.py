"""The reference of the command line, from what its commands say themselves."""

import re
from typing import Any

import typer

from keras_latent.cli import app


def pages() -> dict[str, str]:
    """The path below `docs` and the text of the page."""
    root = typer.main.get_command(app)
    text = [
        "# The command line",
        "",
        "`keras-latent COMMAND --help` says the same.",
        "",
    ]
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        text += [f"## keras-latent {name}", "", _paragraph(command.help), ""]
        text += ["| argument | what it is |", "|---|---|"]
        for parameter in command.params:
            text += [_row(parameter)]
        text += [""]
    return {"reference/command_line.md": "\n".join(text)}


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    names = ", ".join(
        f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts)
    )
    shown = names if is_option else f"`{(parameter.name or '').upper().rstrip('_')}`"
    said = _paragraph(getattr(parameter, "help", None))
    if (
        is_option
        and parameter.default not in (None, False, ())
        and not callable(parameter.default)
    ):
        said += f" Default: `{parameter.default}`."
    return f"| {shown} | {said} |"


def _paragraph(text: str | None) -> str:
    words = " ".join((text or "").split()).replace("\b", "")
    # Options as code: elsewhere two hyphens become a dash.
    words = re.sub(r"(?<![\w`-])(--[a-z][a-z-]*)(?!`)", r"`\1`", words)
    return words.replace("|", "\\|").replace("<", "\\<")
