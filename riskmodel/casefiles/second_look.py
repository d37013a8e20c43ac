"""The first cases of a file, kept as read, to be coded once more where blanks seem to have a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.blank_warning import MOST_LOOKED_AT, Notice, Suspicion
from riskmodel.arrays import Masks
from riskmodel.casefiles.options import Summary
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.read.frame import code_frame
from riskmodel.casefiles.read.open import CaseReader
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.recorded import recorded_in_counts, recorded_in_masks
from riskmodel.errors import warn_caller
from riskmodel.evidence.records import Variable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class SecondLook:
    """Keeps the pieces of a file with its first good cases, and says what is to be said of its blanks.

    The same for any size of pieces: of the last one only as many cases are looked at as are wanting.
    """

    reader: CaseReader
    notice: Notice | None
    kept: list[tuple[Any, NDArray[np.int64]]] = field(
        default_factory=list
    )  # a piece, and which of its records are good
    cases: int = 0

    def keep(self, piece: Any, records: NDArray[np.int64]) -> None:
        """Take in the next piece of the file and which of its records were scored; nothing once there are enough."""
        wanting = MOST_LOOKED_AT - self.cases
        if self.notice is not None and wanting > 0 and len(records):
            self.kept.append((piece, records[:wanting]))
            self.cases += len(self.kept[-1][1])

    def warnings(self, summary: Summary) -> tuple[str, ...]:
        """What is to be said of the blanks of the file."""
        coder = self.reader.coder
        cells = recorded_in_counts(coder.contract.variables, coder.layout.rows, summary.states, summary.rows)
        return noticed(Suspicion(cells, self.first_cases), self.notice)

    def first_cases(self, variables: Sequence[Variable]) -> Masks:
        """The first cases, coded for the variables of another model: (variables, cases)."""
        blocks = []
        for piece, records in self.kept:
            coded = self.reader.reread(piece, variables)
            blocks.append(coded.masks[:, np.isin(coded.rows, records)])
        return np.concatenate(blocks, axis=1)


def noticed(suspicion: Suspicion, notice: Notice | None) -> tuple[str, ...]:
    """What is to be said of a suspicion, if it is one."""
    text = notice(suspicion) if notice is not None and suspicion.cells.suspected else None
    return () if text is None else (text,)


def warnings_of_piece(reader: CaseReader, piece: Any, coded: CodedBlock, notice: Notice | None) -> tuple[str, ...]:
    """What is to be said of the blanks in one piece of a file."""
    look = SecondLook(reader, notice)
    look.keep(piece, coded.rows)
    cells = recorded_in_masks(reader.coder.contract.variables, coded.masks, set(reader.coder.layout.rows))
    return noticed(Suspicion(cells, look.first_cases), notice)


def warn_of_blanks(
    frame: pd.DataFrame, masks: Masks, variables: Sequence[Variable], notice: Notice, **asked: Any
) -> None:
    """Warn the caller where the blanks of a frame seem to have a meaning.

    Parameters
    ----------
    masks
        the frame as it was coded, (variables, cases), with what was ``asked`` of :func:`code_frame`.
    """
    contract = ColumnContract(tuple(variables))
    mapping = load_mapping(asked.get("mapping"), contract)
    named = [*(mapping.columns.get(str(name), str(name)) for name in frame.columns if str(name) not in mapping.ignore)]
    named += mapping.worked_out
    columns = {contract.by_column.get(name, -1) for name in named}

    def first_cases(others: Sequence[Variable]) -> Masks:
        with catch_warnings():
            simplefilter("ignore")  # of columns, which were named when the frame was coded
            return code_frame(frame.head(MOST_LOOKED_AT), others, **asked)

    for text in noticed(Suspicion(recorded_in_masks(variables, masks, columns), first_cases), notice):
        warn_caller(text)
