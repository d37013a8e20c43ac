"""`explore`: the page in a notebook's cell, and what was moved on it, in Python."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from riskmodel.errors import UsageError
from riskmodel.explorer.content import ShownCases, content
from riskmodel.explorer.page import page_of
from riskmodel.model import checked_model
from riskmodel.notebook.kernel import Kernel
from riskmodel.notebook.moves import as_python
from riskmodel.notebook.shown_state import ShownState
from riskmodel.notebook.sliders import slider_data

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from riskmodel.answers.explain import Explanation
    from riskmodel.model import Cases, Model
    from riskmodel.notebook.widget import CellWidget

HEIGHT = 800  # pixels
INSTALL = "pip install 'riskmodel[notebook]'"
SHEETS = ("explorer.css", "notebook.css")
FRAME = "width:100%;border:1px solid #888;resize:vertical;overflow:auto"


def explore(
    model: Model,
    case: Cases | None = None,
    *,
    setting: str | None = None,
    draws: int = 0,
    seed: int = 0,
    height: int = HEIGHT,
) -> Explorer:
    """Show the explorer in the cell of a notebook, with a slider for every statement.

    Parameters
    ----------
    case
        that the page opens with: a row of a frame of cases, a frame of one row, or a dict; by default nothing is known.
    setting
        of a case that names none; by default the first of the model.
    draws, seed
        how many draws of the statements the page carries, for intervals while nothing is moved; none without.
    height
        of the page in pixels.

    Raises
    ------
    UsageError
        for something else than a model, several cases, or a setting that there is not.
    CasesError
        naming every cell that is not understood.

    Examples
    --------
    >>> import riskmodel as rm
    >>> page = rm.explore(rm.load(), {"fever": "yes", "age": 63}, setting="primary_care")
    >>> page.case
    {'setting': 'primary_care', 'age': '63', 'fever': 'present'}
    >>> page.move("find.fever.infection", 0.55)
    >>> page.moved
    {'find.fever.infection': 0.55}
    >>> page.model.statement("find.fever.infection").value
    0.55
    """
    checked_model(model, "explore")
    return Explorer(model, case, setting=setting, draws=draws, seed=seed, height=height)


class Explorer:
    """A page in a notebook, and its state: what is known of the case, and which statements are moved.

    Both can be read and set here as well as on the page. :func:`explore` makes one.
    """

    def __init__(
        self, model: Model, case: Cases | None, *, setting: str | None, draws: int, seed: int, height: int
    ) -> None:
        data = content([model], draws=draws, seed=seed, setting=setting, cases=ShownCases())
        self._start = str(data["start"]["setting"]) or None
        self._loaded = model
        self._kernel = Kernel(model)
        self._height = height
        self._moved: dict[str, float] = {}
        self._address = ShownState.of(case, self._start, model).address(model)
        self._data = data
        self._widget: CellWidget | None = None

    def __repr__(self) -> str:
        findings = ", ".join(f"{name} {text}" for name, text in self._shown.case.items())
        return f"Explorer({self._loaded.priors.prior_set.name}; {findings}; {len(self._moved)} statements moved)"

    @property
    def case(self) -> dict[str, str]:
        """What is known of the case, by column of a case file, the setting included; as :meth:`Model.score` takes it.

        Where the recording profile of the page reads blanks, the columns that are blank are there too. Setting it
        changes the page: what is set replaces all that is known; without a setting, that of the page stays.
        """
        return self._shown.cells(self.model)

    @case.setter
    def case(self, case: Cases) -> None:
        before = ShownState.read(self._address, self._loaded)
        after = ShownState.of(case, before.case.get("setting", self._start), self._loaded)
        self._put(ShownState(after.case, before.policy, before.recording, before.further).address(self._loaded))

    @property
    def moved(self) -> dict[str, float]:
        """The statements that were moved, and their values, in the order in which they were moved first."""
        return dict(self._moved)

    @property
    def model(self) -> Model:
        """The model as the page shows it: statements moved, under its policy and recording profile."""
        return self._kernel.moved(self._moved, self._shown)[0]

    @property
    def python(self) -> str:
        """A line of Python that makes the model with the statements that were moved from the one that was loaded."""
        return as_python(self._kernel.moved(self._moved, self._shown)[1])

    def explain(self) -> Explanation:
        """The case that the page shows, explained under the model that it shows."""
        return self.model.explain(self.case)

    def move(self, statement: str, value: float) -> None:
        """Move a statement, as its slider does.

        Raises
        ------
        UsageError, PriorsError, InferenceError
            for a statement that there is not, a number that cannot be, or one beyond reach; nothing is moved then.
        """
        self._take({**self._moved, statement: float(value)})

    def reset(self, statement: str | None = None) -> None:
        """Take a statement, or all of them, back to what its source states."""
        if statement is not None and statement not in self._moved:
            raise UsageError(f"{statement!r} was not moved; moved: {', '.join(self._moved) or 'nothing'}")
        kept = {} if statement is None else {name: v for name, v in self._moved.items() if name != statement}
        self._take(kept)

    def write_prior_set(self, path: str | Path, title: str = "") -> Path:
        """Write the numbers as a prior set that extends the one that was loaded: :meth:`riskmodel.Model.write`."""
        return self.model.write(path, title)

    @property
    def _shown(self) -> ShownState:
        return ShownState.read(self._address, self._loaded)

    def _take(self, moved: Mapping[str, float]) -> None:
        """Move statements from Python, and tell the page."""
        self._kernel.moved(moved, self._shown)  # raises what is wrong
        self._moved = dict(moved)
        if self._widget is not None:
            self._widget.moved = self._moved
            self._send(*self._kernel.answer({"ask": "move", "address": self._address, "moved": self._moved}))

    def _put(self, address: str) -> None:
        self._address = address
        if self._widget is not None:
            self._widget.address = address

    def hear(self, _widget: object, asked: dict[str, Any], _buffers: object) -> None:
        """Answer a message of the page; what it moves is moved here."""
        self._address = asked["address"]
        try:
            made, buffers = self._kernel.answer(asked)
        except Exception as error:  # a defect: the page says so, the notebook's log has the traceback
            self._send({"answer": "failed", "number": asked.get("number"), "message": repr(error)}, [])
            raise
        if made["answer"] == "move":
            self._moved = dict(made["moved"])
            if self._widget is not None:
                self._widget.moved = self._moved
        self._send(made, buffers)

    def _send(self, made: dict[str, Any], buffers: list[bytes]) -> None:
        if self._widget is not None:
            self._widget.send(made, buffers)

    def page(self, *, live: bool) -> str:
        """The page as HTML, as it is now; ``live`` with sliders, which a kernel must answer."""
        cell: dict[str, Any] = {"address": self._address}
        if live:
            cell["statements"] = slider_data(self._loaded)
        else:
            cell["word"] = f"Sliders for the statements need anywidget: {INSTALL}"
        return page_of({**self._data, "cell": cell}, entry="cell_page", sheets=SHEETS)

    def _repr_mimebundle_(self, **asked: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """For notebooks: the widget, and beside it what is shown where no kernel is."""
        try:
            from riskmodel.notebook.widget import CellWidget
        except ImportError:
            return {"text/html": self._frame(), "text/plain": repr(self)}, {}
        if self._widget is None:
            self._widget = CellWidget(
                page=self.page(live=True), address=self._address, moved=self._moved, height=self._height
            )
            self._widget.on_msg(self.hear)
            self._widget.observe(lambda change: self._put(change["new"]), names="address")
        shown, about = self._widget._repr_mimebundle_(**asked) or ({}, {})
        return {**shown, "text/html": self._still(), "text/plain": repr(self)}, about

    def _frame(self) -> str:
        """The page in a frame without a bridge to Python."""
        return (
            f'<iframe title="riskmodel explorer" sandbox="allow-scripts allow-modals" allow="clipboard-write" '
            f'style="{FRAME};height:{self._height}px" srcdoc="{escape(self.page(live=False))}"></iframe>'
        )

    def _still(self) -> str:
        """What a reader of the saved notebook sees: the case explained, and what was moved."""
        moved = f"<pre>{escape(self.python)}</pre>" if self._moved else ""
        word = "The explorer as it was when this notebook was saved; run the cell to move findings and statements."
        return f"<p><i>{word}</i></p>{moved}{self.explain()._repr_html_()}"
