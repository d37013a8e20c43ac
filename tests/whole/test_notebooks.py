"""Every notebook runs from a fresh kernel, and was committed with its output."""

import re

import nbformat
import numpy as np
import pytest

from tests.whole.notebooks import FOLDER, names, run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the kernel's own machinery


NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def alike(old, new):
    """The same words, and numbers that are equal but for the last digits, which processors may round apart."""
    if old is None or new is None or "<" in old:  # an object shows where it lies in memory
        return (old is None) == (new is None)
    words = [NUMBER.sub("#", text).split() for text in (old, new)]
    numbers = [np.array(NUMBER.findall(text), dtype=float) for text in (old, new)]
    return words[0] == words[1] and np.allclose(*numbers, rtol=0.02, atol=0.002)


def test_numbers_may_differ_in_their_last_digits_only():
    assert alike("a  0.1234 (n = 12)", "a 0.1235 (n = 12)")
    assert not alike("a 0.1234", "a 0.1434")
    assert not alike("a 0.1234", "b 0.1234")


@pytest.mark.parametrize("name", names())
def test_a_notebook_runs(name):
    committed = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    fresh = run(name)
    for before, after in zip(committed.cells, fresh.cells, strict=True):
        if before.cell_type == "code":
            kinds = [[sorted(o.get("data", {})) for o in cell.outputs] for cell in (before, after)]
            assert kinds[0] == kinds[1], f"stale: run python -m tests.whole.notebooks {name}\n{before.source}"
            text = [[o["data"].get("text/plain") for o in cell.outputs if "data" in o] for cell in (before, after)]
            for old, new in zip(*text, strict=True):
                assert alike(old, new), f"stale: run python -m tests.whole.notebooks {name}\n{before.source}"
    assert not [o for cell in fresh.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"]
    first = "".join(cell.source for cell in fresh.cells[:1])
    assert "For research, not for the care of a patient." in first


def test_there_are_notebooks():
    assert len(names()) >= 1
