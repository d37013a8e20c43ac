"""The cell's widget: the page in a frame, and messages between it and Python; the only user of anywidget."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

SCRIPT = Path(__file__).with_name("web") / "cell.js"


class CellWidget(anywidget.AnyWidget):
    """The page, and the state that it shares with Python: the case as its address, and what is moved."""

    _esm = SCRIPT.read_text(encoding="utf-8")
    page = traitlets.Unicode().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
