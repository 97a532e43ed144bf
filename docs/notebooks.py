"""Run the notebooks of the documentation anew: `python docs/notebooks.py`.

What they print to standard error, which is of the machine, isn't kept.
"""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def run(path: Path) -> None:
    """Run all cells, and write the notebook with what they showed."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, record_timing=False, store_widget_state=False).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for file in sorted((FOLDER / "howto").glob("*.ipynb")):
        run(file)
