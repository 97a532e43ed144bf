"""The page's own code, its files put together to one module, and the document."""

import re
from importlib import resources

_FILES = resources.files("keras_latent.explorer") / "static"
_ENTRY = "start"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)(?:\{[^}]*\};\n)?", re.MULTILINE)


def script(entry: str = _ENTRY, exports: bool = False) -> str:
    """One ES module of a file of the page and of all that it imports.

    Names at the top of the files are different, so that they can stand side by side.

    Args:
        entry: The name of the file, without its ending. Defaults to `"start"`.
        exports: Whether the module exports what its files export, the default aside.
            Defaults to `False`.

    Returns:
        The text of the module.
    """
    seen: dict[str, str] = {}

    def add(name: str) -> None:
        if name in seen:
            return
        text = (_FILES / f"{name}.js").read_text(encoding="utf-8")
        for imported in _IMPORT.findall(text):
            add(imported)
        text = _IMPORT.sub("", text)
        seen[name] = text if exports else _EXPORT.sub("", text)

    add(entry)
    return "\n".join(seen.values())


def style() -> str:
    """The style sheet of the page."""
    return (_FILES / "explorer.css").read_text(encoding="utf-8")


def document(
    title: str,
    content: str | None = None,
    nonce: str = "",
    runtime: str | None = None,
) -> str:
    """The whole page.

    Args:
        title: Its title.
        content: What it holds, in base64. Defaults to `None`: it asks the server that
            sent it.
        nonce: What marks the scripts and styles that may run, of this answer alone.
            Defaults to `""`: none, in a file that may ask nobody.
        runtime: The script of what runs the decoder by WebAssembly. Defaults to `None`:
            the page's own code does, or the server.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_latent.explorer", "static"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    held = ""
    if content is not None:
        held = f'<script type="text/plain" id="content">{content}</script>'
    return environment.get_template("page.html").render(
        title=title,
        style=Markup(style()),
        script=Markup(script()),
        content=Markup(held),
        nonce=nonce,
        policy=policy(nonce, runtime is not None),
        runtime=None if runtime is None else Markup(runtime),
    )


def policy(nonce: str = "", has_wasm: bool = False) -> str:
    """What the page may load, as a Content-Security-Policy.

    Args:
        nonce: As of `document`. Defaults to `""`.
        has_wasm: Whether it compiles WebAssembly of its own. Defaults to `False`.
    """
    own = f"'nonce-{nonce}'" if nonce else "'unsafe-inline'"
    asked = "'self'" if nonce else "'none'"
    scripts = f"{own} 'wasm-unsafe-eval'" if has_wasm else own
    return (
        f"default-src 'none'; script-src {scripts}; style-src {own}; "
        f"connect-src {asked}; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
