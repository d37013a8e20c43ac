"""A pandas frame of cases as coded evidence, read as a case file is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence, Sized
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.arrays import Masks
from riskmodel.casefiles.read.arrow_frames import frame_of, is_arrow, table_of, type_problem
from riskmodel.casefiles.read.block import Coder, id_problem
from riskmodel.casefiles.repeats import REPEATED
from riskmodel.cases.cells import CellDecoder, CellProblem, value_text
from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.header import match_header
from riskmodel.cases.mapping import CaseMapping, MappingLike, load_mapping
from riskmodel.cases.preparation import Preparation
from riskmodel.errors import CasesError, UsageError, warn_caller
from riskmodel.evidence.records import Variable

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10  # bad cells named in an error


def as_frame(cases: object) -> pd.DataFrame:
    """Cases as a pandas frame: a frame as it is, one case as a Series or a dict, several as a list of dicts.

    Frames of polars (also lazy ones), Arrow tables, and whatever else hands itself over by the Arrow PyCapsule
    interface, such as the result of a query in duckdb, become pandas frames with the same cells.

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
    if is_arrow(cases):
        return frame_of(table_of(cases))
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
    empty = isinstance(cases, Sized) and not len(cases)
    received = f"an empty {type(cases).__name__}" if empty else f"a {type(cases).__name__}"
    raise UsageError(
        f"cases is {received}: give a frame with a row a case (pandas, polars, Arrow), a case as a dict or a Series, "
        "or a list of dicts"
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
    rules = load_mapping(mapping, contract)
    problems: list[str] = []
    if rules.preparation is not None:
        frame, problems = _prepared(frame, rules.preparation)
    names = [str(name) for name in frame.columns]
    identified = id_column(frame, rules) is not None
    named = names if identified else [*names, CASE_ID]  # the index names the cases of a frame
    layout = match_header(named, contract, rules, known_outcomes=known_outcomes)
    coder = Coder(contract, layout, rules, setting)
    for warning in layout.warnings:
        warn_caller(warning)
    masks = np.repeat(coder.full[:, None], len(frame), axis=1)
    if identified:
        problems += _id_problems(frame, layout.id_field, allow_repeats=allow_repeats)
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


def _prepared(frame: pd.DataFrame, preparation: Preparation) -> tuple[pd.DataFrame, list[str]]:
    """The frame with the columns that a mapping works out, and what is wrong with the cells that these come of."""
    import pandas as pd
    import pyarrow as pa

    given = {str(name): frame.iloc[:, at] for at, name in enumerate(frame.columns)}
    columns = {name: _as_array(column) for name, column in given.items()}
    bound = preparation.bind(pa.schema([(str(name), columns[str(name)].type) for name in frame.columns]), "cases")
    done = bound.prepare(pa.record_batch(columns))
    ours = {}
    for name in bound.schema.names:
        unchanged = name in columns and bound.schema.field(name).type == columns[name].type
        column = done.batch.column(name)
        ours[name] = given[name] if unchanged else pd.Series(column.to_pylist(), frame.index, dtype=object)
    problems = [f"row {frame.index[f.row]}, {f.column}: {f.value!r}: {f.problem}" for f in done.faults]
    return pd.DataFrame(ours, index=frame.index), problems


def _as_array(column: pd.Series) -> Any:
    """A column for a mapping to read; cells of several kinds are texts."""
    import pyarrow as pa

    if column.dtype == object:
        missing = column.isna()
        texts = [None if gone else value_text(cell) for cell, gone in zip(column, missing, strict=True)]
        return pa.array(texts, pa.string())
    array = pa.array(column, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def id_column(frame: pd.DataFrame, rules: CaseMapping) -> Hashable | None:
    """The column that names the cases, if there is one."""
    return next((name for name in frame.columns if rules.columns.get(str(name), str(name)) == CASE_ID), None)


def identifiers(frame: pd.DataFrame, variables: Sequence[Variable], mapping: MappingLike) -> pd.Series | None:
    """What a frame calls its cases, if anything."""
    column = id_column(frame, load_mapping(mapping, ColumnContract(tuple(variables))))
    return None if column is None else frame[column]


def _id_problems(frame: pd.DataFrame, field: int, *, allow_repeats: bool) -> list[str]:
    """Identifiers that are blank, break a line, or stand in an earlier row."""
    from pandas.api.types import is_string_dtype

    column = frame.iloc[:, field]
    texts = (column if is_string_dtype(column) else column.map(value_text, na_action="ignore")).fillna("")
    repeat = REPEATED.replace("--allow-repeats", "allow_repeats=True")
    repeated = texts.duplicated() & (not allow_repeats)
    faults = [id_problem(text) or (repeat if again else "") for text, again in zip(texts, repeated, strict=True)]
    cells = zip(frame.index, texts, faults, strict=True) if any(faults) else ()
    return [f"row {label}, {column.name}: {text!r}: {fault}" for label, text, fault in cells if fault]


def _code_column(frame: pd.DataFrame, field: int, decoder: CellDecoder, target: Masks) -> list[str]:
    """Decode a column's different texts once each; returns the problems."""
    column = frame.iloc[:, field]
    if unread := type_problem(column):
        raise CasesError(unread)
    try:
        codes, values = column.factorize(use_na_sentinel=True)
    except TypeError:  # a list, a dict: its text is not understood
        codes, values = column.map(value_text, na_action="ignore").factorize()
    if column.dtype == object and not all(isinstance(value, str) for value in values):
        codes, values = column.map(value_text, na_action="ignore").factorize()  # else 1, 1.0 and True are one
    texts = [*map(value_text, values), ""]  # a missing value has the code -1, and so the last text
    masks, problems = np.zeros(len(texts), np.uint8), []
    for code, text in enumerate(texts):
        mask = decoder.decode(text)
        if not isinstance(mask, CellProblem):
            masks[code] = mask
        elif (rows := np.flatnonzero(codes % len(texts) == code)).size:
            problems.append(f"row {frame.index[rows[0]]}, {column.name}: {text!r}: {mask.problem}")
    target[:] = masks[codes]
    return problems
