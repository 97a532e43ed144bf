"""What options of several commands have in common: limits, sizes, lists."""

import re
from pathlib import Path
from typing import Annotated

import typer

# What is larger is a slip, and would use up the memory before it becomes an error.
LARGEST = {
    "epochs": 1_000_000,
    "steps": 100_000_000,
    "batch_size": 1_000_000,
    "latent_dim": 65_536,
    "learning_rate": 1000.0,
    "image_size": 4096,
    "limit": 1_000_000,
    "count": 1_000,
    "seeds": 1_000,
}


def as_path(text: str | Path) -> Path:
    """Read a path.

    Raises:
        typer.BadParameter: If it is empty, which would be the folder of the shell.

    >>> as_path("runs").name
    'runs'
    """
    if not str(text).strip():
        raise typer.BadParameter(f"it must be a path. Received: {text!r}")
    return Path(text)


Model = Annotated[
    Path,
    typer.Argument(
        parser=as_path,
        metavar="MODEL",
        help="The folder of a run, or a .keras file.",
    ),
]
ImageSize = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help="Resize to a side in pixels, or HEIGHTxWIDTH: 64, 48x64."
    ),
]
Fit = Annotated[
    str,
    typer.Option(help="What becomes of proportions when resizing: stretch, crop, pad."),
]
Background = Annotated[
    str, typer.Option(help="Colour behind what is transparent: white, #ff8000.")
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out files that can't be read.")
]
Cache = Annotated[
    str | None,
    typer.Option(
        help="Keep decoded images: memory, or a folder. Default: decode each time."
    ),
]
Seed = Annotated[int, typer.Option(help="Of everything random.")]


def check_not_too_large(**values: float | None) -> None:
    """Refuse numbers that can only be a slip.

    Raises:
        ValueError: If one is larger than `LARGEST` of its name.
    """
    for name, value in values.items():
        if value is not None and value > LARGEST[name]:
            raise ValueError(
                f"`{name}` must be at most {LARGEST[name]}. Received: {name}={value}"
            )


def as_image_size(text: str | None) -> tuple[int, int] | None:
    """Read a size.

    Raises:
        ValueError: If it isn't a number of pixels, or two.

    >>> as_image_size("48x64"), as_image_size("32")
    ((48, 64), (32, 32))
    """
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,99})(?:[xX]([0-9]{1,99}))?", text.strip())
    height = int(found[1]) if found else 0
    width = int(found[2] or found[1]) if found else 0
    if height < 1 or width < 1:
        raise ValueError(
            "`image_size` must be a number of pixels, or HEIGHTxWIDTH, such as 64 or "
            f"48x64. Received: image_size={text}"
        )
    check_not_too_large(image_size=max(height, width))
    return height, width


def as_list(text: str | None) -> tuple[str, ...]:
    """Read names with commas between them.

    >>> as_list("mirror, shift")
    ('mirror', 'shift')
    """
    if text is None:
        return ()
    return tuple(name.strip() for name in text.split(","))
