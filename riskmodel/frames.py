"""pandas at the edge: a frame of cases → coded evidence, output columns → a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.cases.cells import CellDecoder, CellProblem, cell_text
from riskmodel.cases.coded import Coder
from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.header import match_header
from riskmodel.cases.mapping import CaseMapping
from riskmodel.cases.scored import Flags, Integer, Number, OutputColumn
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.records import Variable
from riskmodel.inference.scorer import Masks

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10  # bad cells named in an error


def as_frame(cases: object) -> pd.DataFrame:
    """Cases as a frame: a frame as it is, one case as a Series or a dict, several as a list of dicts.

    Raises
    ------
    UsageError
        anything else, with what to give instead.
    """
    import pandas as pd

    if isinstance(cases, pd.DataFrame):
        return cases
    if isinstance(cases, pd.Series):
        return cases.to_frame().T
    if isinstance(cases, Mapping):
        several = any(isinstance(cell, list | tuple | np.ndarray | pd.Series) for cell in cases.values())
        return pd.DataFrame(cases) if several else pd.DataFrame([cases])
    if isinstance(cases, list) and cases and all(isinstance(case, Mapping) for case in cases):
        return pd.DataFrame(cases)
    if isinstance(cases, str | PathLike):
        raise UsageError(
            f"cases is a path, {str(cases)!r}: give what is in the file, pd.read_csv({str(cases)!r}, dtype=str), "
            "or score the file with the command riskmodel score"
        )
    raise UsageError(
        f"cases is a {type(cases).__name__}: give a pandas frame with a row a case, or one case as a dict or a Series"
    )


def code_frame(
    frame: pd.DataFrame, variables: Sequence[Variable], setting: str | None, *, known_outcomes: bool = False
) -> Masks:
    """Coded evidence of a frame of cases, one row a case, columns as in a case file.

    Cells may be texts as in a CSV, numbers, booleans, or missing. ``setting`` is that of the rows that name none.

    Raises
    ------
    CasesError
        naming the rows, columns and values that are not understood; nothing is guessed.
    """
    contract = ColumnContract(tuple(variables))
    mapping = CaseMapping()
    names = [str(name) for name in frame.columns]
    named = names if CASE_ID in names else [*names, CASE_ID]  # the index names the cases of a frame
    layout = match_header(named, contract, mapping, known_outcomes=known_outcomes)
    coder = Coder(contract, layout, mapping, setting)
    masks = np.repeat(coder.full[:, None], len(frame), axis=1)
    problems: list[str] = []
    for field, row in enumerate(layout.rows):
        if row >= 0:
            problems += _code_column(frame, field, coder.decoders[row], masks[row])
    if problems:
        more = f"\n  … and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        listed = "".join(f"\n  {problem}" for problem in problems[:SHOWN])
        raise CasesError(f"{len(problems)} cells are not understood:{listed}{more}")
    coder.fill_setting(masks)
    return masks


def _code_column(frame: pd.DataFrame, field: int, decoder: CellDecoder, target: np.ndarray) -> list[str]:
    """Decode a column's different values once each; returns the problems."""
    column = frame.iloc[:, field]
    codes, uniques = column.factorize(use_na_sentinel=True)
    problems = []
    for code, value in [*enumerate(uniques), *([(-1, "")] if (codes == -1).any() else [])]:
        mask = decoder.decode(cell_text(value))
        if isinstance(mask, CellProblem):
            label = frame.index[int(np.argmax(codes == code))]
            problems.append(f"row {label}, {column.name}: {value!r}: {mask.problem}")
            continue
        target[codes == code] = mask
    return problems


def to_frame(columns: Sequence[OutputColumn], frame: pd.DataFrame) -> pd.DataFrame:
    """Output columns as a frame with the index (and the case_id, where there is one) of the cases."""
    import pandas as pd

    data: dict[str, object] = {CASE_ID: frame[CASE_ID].to_numpy()} if CASE_ID in frame.columns else {}
    for column in columns:
        data[column.name] = column.values if isinstance(column, Number | Integer) else texts(column)
    return pd.DataFrame(data, index=frame.index)


def texts(column: OutputColumn) -> list[str]:
    """The text of each row of a column of labels, several joined by ``|``."""
    if isinstance(column, Flags):
        rows = [np.nonzero(bits)[0] for bits in column.bits.T]
    elif isinstance(column, Number | Integer):
        return [str(value) for value in column.values]
    else:
        rows = [codes[codes >= 0] for codes in column.codes.T]
    return ["|".join(column.labels[i] for i in row) for row in rows]
