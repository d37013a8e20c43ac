"""Run the notebooks where they lie and keep their output: ``python -m tests.whole.notebooks [NAME …]``."""

from __future__ import annotations

import os
import sys

import nbformat
from nbclient import NotebookClient

from tests.support.paths import ROOT

FOLDER = ROOT / "notebooks"
FOLDER_OF_DATA = {"metadata": {"path": str(FOLDER)}}
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = 120  # no notebook takes longer


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def run(name: str) -> nbformat.NotebookNode:
    """A notebook with the output of a fresh run; raises what any of its cells raises."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    NotebookClient(  # how a stream falls into pieces is chance
        notebook, timeout=SECONDS, store_widget_state=False, coalesce_streams=True, resources=FOLDER_OF_DATA
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each cell ran says nothing and changes every time
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # it lives in the kernel that made it; what is beside it stays
    notebook.metadata.pop("language_info", None)
    return notebook


def main(chosen: list[str]) -> None:
    for name in chosen or names():
        nbformat.write(run(name), FOLDER / f"{name}.ipynb")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
