"""Every notebook runs from a fresh kernel, and was committed with its output."""

import nbformat
import pytest

from tests.notebooks import FOLDER, names, run

pytestmark = pytest.mark.filterwarnings("ignore")  # of the kernel's own machinery


@pytest.mark.parametrize("name", names())
def test_a_notebook_runs(name):
    committed = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    fresh = run(name)
    for before, after in zip(committed.cells, fresh.cells, strict=True):
        if before.cell_type == "code":
            kinds = [[sorted(o.get("data", {})) for o in cell.outputs] for cell in (before, after)]
            assert kinds[0] == kinds[1], f"stale: run python -m tests.notebooks {name}\n{before.source}"
            text = [[o["data"].get("text/plain") for o in cell.outputs if "data" in o] for cell in (before, after)]
            if not any("<" in str(part) for part in text[1]):  # objects show where they lie in memory
                assert text[0] == text[1], f"stale: run python -m tests.notebooks {name}\n{before.source}"
    assert not [o for cell in fresh.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"]
    first = "".join(cell.source for cell in fresh.cells[:1])
    assert "For research, not for the care of a patient." in first


def test_there_are_notebooks():
    assert len(names()) >= 1
