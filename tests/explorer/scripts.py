"""The page's own code, run by Node where it is installed."""

import json
import shutil
import subprocess

import pytest

from keras_latent.explorer import bundle

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="needs node on the PATH"
)


def ran(program, folder, *words):
    """What a program prints as JSON, which may use all that the page's files export.

    Args:
        program: Lines of JavaScript.
        folder: Where to write it.
        words: What it finds in `process.argv`.
    """
    module = folder / "explorer.mjs"
    module.write_text(bundle.script(exports=True))
    path = folder / "program.mjs"
    path.write_text(f'import fs from "node:fs";\n{program}')
    result = subprocess.run(
        ["node", str(path), *map(str, words)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
