"""The page's address as a case, and a case as the page's address: the same words on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from riskmodel.casefiles.read.frame import as_frame
from riskmodel.errors import UsageError
from riskmodel.evidence.records import SETTING

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.evidence.records import Variable
    from riskmodel.model import Cases, Model

CHOICES = ("policy", "recording")
OF_PAGE = ("set", "beside")  # follows from what is moved
NOT_ASSESSED = "not_assessed"  # as the page and a case file write it


@dataclass(frozen=True)
class ShownState:
    """What the page shows.

    Attributes
    ----------
    case
        what is known, by column of a case file, the setting included; see :meth:`cells`.
    policy, recording
        as the page's choices; empty where it is the model's.
    further
        what else the address says: base rates and thresholds that were moved on the page, and what it shows.
    """

    case: dict[str, str]
    policy: str = ""
    recording: str = ""
    further: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, address: str, model: Model) -> ShownState:
        columns = {variable.name: variable.column for variable in model.variables}
        parts = dict(parse_qsl(address))
        chosen = {name: parts.get(name, "") for name in CHOICES}
        case = {columns[name]: text for name, text in parts.items() if name in columns}
        further = {
            name: text for name, text in parts.items() if name not in columns and name not in (*CHOICES, *OF_PAGE)
        }
        return cls(case, **chosen, further=further)

    @classmethod
    def of(cls, case: Cases | None, setting: str | None, model: Model) -> ShownState:
        """A case as its user gives it: a row of a frame, a frame of one row, or a dict; without one only the setting.

        Raises
        ------
        UsageError
            for several cases.
        CasesError
            naming every cell that is not understood, or a case without a setting.
        """
        frame = as_frame({} if case is None else case)
        if case is None or frame.empty:
            frame = frame.reindex([0])
        if len(frame) != 1:
            raise UsageError(f"the page shows one case, not {len(frame)}")
        masks = model.code(frame, setting=setting)[:, 0]
        texts = {v.column: _text(v, int(mask), frame) for v, mask in zip(model.variables, masks, strict=True)}
        return cls({column: text for column, text in texts.items() if text})

    def cells(self, model: Model) -> dict[str, str]:
        """The case as a row of a case file, with all columns of which the recording profile reads blanks."""
        blanks = {variable.column: "" for variable in model.variables if variable.blank_tells}
        return {**blanks, **self.case}

    def address(self, model: Model) -> str:
        """As the page's address has it."""
        names = {variable.column: variable.name for variable in model.variables}
        chosen = {name: getattr(self, name) for name in CHOICES if getattr(self, name)}
        return urlencode({**chosen, **{names[column]: text for column, text in self.case.items()}, **self.further})


def _text(variable: Variable, mask: int, frame: pd.DataFrame) -> str:
    """A cell as the page writes it; empty where nothing is known, and for conditions, which the page does not ask."""
    if variable.role == "condition" or mask == 0:
        return ""
    if mask == variable.full_mask and variable.name != SETTING:
        return NOT_ASSESSED if variable.blank_tells else ""
    if variable.lower_edges and variable.column in frame:
        number = _number(frame[variable.column].iloc[0])
        if number is not None:
            return number
    return "|".join(state for bit, state in enumerate(variable.states) if mask >> bit & 1)


def _number(cell: Any) -> str | None:
    try:
        return f"{float(cell):.12g}"
    except (TypeError, ValueError):
        return None
