"""pandas at the edge: a frame of cases → coded evidence, output columns → a frame."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Hashable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn
from riskmodel.arrays import Masks
from riskmodel.casefiles.read.block import Coder, id_problem
from riskmodel.casefiles.repeats import REPEATED
from riskmodel.cases.cells import CellDecoder, CellProblem, cell_text
from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.header import match_header
from riskmodel.cases.mapping import CaseMapping, load_mapping
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.records import Variable

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10  # bad cells named in an error

MappingLike = Path | str | Mapping[str, Any] | None


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
    frame: pd.DataFrame,
    variables: Sequence[Variable],
    setting: str | None,
    *,
    known_outcomes: bool = False,
    mapping: MappingLike = None,
    allow_repeats: bool = False,
) -> Masks:
    """Coded evidence of a frame of cases, one row a case, columns as in a case file, read as a case file is.

    Cells may be texts as in a CSV, numbers, booleans, or missing. ``setting`` is that of the rows that name none.
    Columns that are not read are named in a UserWarning, in the words of the command.

    Raises
    ------
    CasesError
        naming the rows, columns and values that are not understood; nothing is guessed.
    """
    contract = ColumnContract(tuple(variables))
    rules = _rules(mapping, contract)
    names = [str(name) for name in frame.columns]
    identified = id_column(frame, rules) is not None
    named = names if identified else [*names, CASE_ID]  # the index names the cases of a frame
    layout = match_header(named, contract, rules, known_outcomes=known_outcomes)
    coder = Coder(contract, layout, rules, setting)
    for warning in layout.warnings:
        warnings.warn(warning, UserWarning, stacklevel=_callers_level())
    masks = np.repeat(coder.full[:, None], len(frame), axis=1)
    problems = _id_problems(frame, layout.id_field, allow_repeats=allow_repeats) if identified else []
    for field, row in enumerate(layout.rows):
        if row >= 0:
            problems += _code_column(frame, field, coder.decoders[row], masks[row])
    if problems:
        more = f"\n  … and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        listed = "".join(f"\n  {problem}" for problem in problems[:SHOWN])
        counted = "1 cell is" if len(problems) == 1 else f"{len(problems)} cells are"
        raise CasesError(f"{counted} not understood:{listed}{more}")
    coder.fill_setting(masks)
    return masks


def _rules(mapping: MappingLike, contract: ColumnContract) -> CaseMapping:
    return load_mapping(Path(mapping) if isinstance(mapping, str) else mapping, contract)


def id_column(frame: pd.DataFrame, rules: CaseMapping) -> Hashable | None:
    """The column that names the cases, if there is one."""
    return next((name for name in frame.columns if rules.columns.get(str(name), str(name)) == CASE_ID), None)


def identifiers(frame: pd.DataFrame, variables: Sequence[Variable], mapping: MappingLike) -> pd.Series | None:
    """What a frame calls its cases, if anything."""
    column = id_column(frame, _rules(mapping, ColumnContract(tuple(variables))))
    return None if column is None else frame[column]


def _callers_level() -> int:
    """How far up the code is that called this package, for warnings to point at."""
    level, place = 1, sys._getframe(1)
    while place.f_back is not None and place.f_globals.get("__name__", "").startswith("riskmodel"):
        level, place = level + 1, place.f_back
    return level


def _id_problems(frame: pd.DataFrame, field: int, *, allow_repeats: bool) -> list[str]:
    """Identifiers that are blank, break a line, or stand in an earlier row."""
    column = frame.iloc[:, field]
    texts = column.map(cell_text, na_action="ignore").fillna("")
    repeat = REPEATED.replace("--allow-repeats", "allow_repeats=True")
    repeated = texts.duplicated() & (not allow_repeats)
    faults = [id_problem(text) or (repeat if again else "") for text, again in zip(texts, repeated, strict=True)]
    cells = zip(frame.index, texts, faults, strict=True)
    return [f"row {label}, {column.name}: {text!r}: {fault}" for label, text, fault in cells if fault]


def _code_column(frame: pd.DataFrame, field: int, decoder: CellDecoder, target: np.ndarray) -> list[str]:
    """Decode a column's different texts once each; returns the problems."""
    column = frame.iloc[:, field]
    codes, uniques = column.factorize(use_na_sentinel=True)
    if column.dtype == object and not all(isinstance(value, str) for value in uniques):
        codes, uniques = column.map(cell_text, na_action="ignore").factorize()  # else 1, 1.0 and True are one
    problems = []
    for code, value in [*enumerate(uniques), *([(-1, "")] if (codes == -1).any() else [])]:
        text = cell_text(value)
        mask = decoder.decode(text)
        if isinstance(mask, CellProblem):
            label = frame.index[int(np.argmax(codes == code))]
            problems.append(f"row {label}, {column.name}: {text!r}: {mask.problem}")
            continue
        target[codes == code] = mask
    return problems


def to_frame(columns: Sequence[OutputColumn], index: pd.Index, names: pd.Series | None = None) -> pd.DataFrame:
    """Output columns as a frame with the index (and the case_id, where there is one) of the cases."""
    import pandas as pd

    data: dict[str, object] = {} if names is None else {CASE_ID: names.to_numpy()}
    for column in columns:
        data[column.name] = column.values if isinstance(column, Number | Integer) else texts(column)
    return pd.DataFrame(data, index=index)


def texts(column: OutputColumn) -> list[str]:
    """The text of each row of a column of labels, several joined by ``|``."""
    if isinstance(column, Flags):
        rows = [np.nonzero(bits)[0] for bits in column.bits.T]
    elif isinstance(column, Number | Integer):
        return [str(value) for value in column.values]
    else:
        rows = [codes[codes >= 0] for codes in column.codes.T]
    return ["|".join(column.labels[i] for i in row) for row in rows]
