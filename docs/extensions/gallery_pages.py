"""A page for each script of the gallery: its docstring, its code, its picture."""

import ast
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "gallery"
FOLDER = "gallery"


def scripts() -> list[Path]:
    """The scripts, in the order of their names."""
    return sorted(SCRIPTS.glob("*.py"))


def pages() -> dict[str, str]:
    """The path below `docs` and the text of each page."""
    made = {f"{FOLDER}/{script.stem}.md": _page(script) for script in scripts()}
    made[f"{FOLDER}/index.md"] = _index()
    return made


def title_and_text(script: Path) -> tuple[str, str]:
    """The first line of a script's docstring, and the rest."""
    said = ast.get_docstring(ast.parse(script.read_text("utf-8"))) or script.stem
    title, _, rest = said.partition("\n")
    return title.rstrip("."), rest.strip()


def _index() -> str:
    text = [
        "# Gallery",
        "",
        "Scripts of less than a minute on a laptop, each of which runs as it is:",
        "",
    ]
    text += [
        "`python docs/gallery/NAME.py` writes its picture beside it.",
        "",
        "::::{container} cards",
        "",
    ]
    for script in scripts():
        text += [":::{container} card", ""]
        if script.with_suffix(".png").exists():
            text += [f"![]({script.stem}.png)", ""]
        text += [f"[{title_and_text(script)[0]}]({script.stem}.md)", "", ":::", ""]
    text += ["::::", "", "```{toctree}", ":hidden:", ""]
    return "\n".join([*text, *(script.stem for script in scripts()), "```", ""])


def _page(script: Path) -> str:
    title, said = title_and_text(script)
    text = [f"# {title}", "", said, ""]
    if script.with_suffix(".png").exists():
        text += [f"![{title}]({script.stem}.png)", ""]
    return "\n".join(
        [
            *text,
            f"`docs/gallery/{script.name}`",
            "",
            f"```{{literalinclude}} {script.name}",
            ":language: python",
            "```",
            "",
        ]
    )
