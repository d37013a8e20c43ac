"""The section of a report card on data: how the file was read, and the people from row to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.pages.section import Column, Section, Table
from riskmodel.report.card.validation import outcome_words
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.report.card.validation import Record, ValidatedFit

NOT_READ = "not read"
MOST_KINDS = 12  # results or codes of a column


def preparation(v: ValidatedFit) -> Section:
    """How the file was read, and how many people each analysis has."""
    tables: tuple[Table, ...] = (Table("flow", "From rows to people in the fit", flow(v), FLOW_COLUMNS, shown=40),)
    if v.record is None:
        sentences: tuple[str, ...] = ("The people were given from Python, as they are; no file was read.",)
    else:
        sentences = (_mapping(v.record), _checked(v.record))
        tables += (_columns(v.record), *_translations(v.record), *_worked_out(v.record))
    return Section("preparation", "Data: how it was read, and the flow of people", sentences, tables)


# ---- the file ---------------------------------------------------------------------------------------------


def _mapping(record: Record) -> str:
    read = f"The cohort was read from {record.file}, {record.records:,} rows. "
    if record.dictionary:
        read += (
            f"It is the export of a REDCap project, read with its data dictionary {record.dictionary}: choices by "
            f"their codes and labels, each blank by its reason. {'. '.join(record.notes)}. "
        )
        if not record.mapping:
            return read + "No mapping file was used."
    if not record.mapping:
        return read + (
            "No mapping file was used: columns and values of the file are those of the codebook. Nothing was "
            "translated; blank cells, unknown and not_assessed count as not assessed, and no other code does."
        )
    return read + (
        f"The mapping file {record.mapping} was used. The table of columns says of each column of the file what it was "
        "read as, which values were translated, which codes count as not assessed, and the factor of a unit; what the "
        "mapping changes stands first. Blank cells, unknown and not_assessed count as not assessed too."
        + (" A column that the mapping works out of others has its rule in brackets." if record.worked_out else "")
    )


def _checked(record: Record) -> str:
    ignored = [column["file_column"] for column in record.columns if column["column"] == NOT_READ]
    return (
        "Every cell was checked against the codebook, in the same way for everybody: a value that it does not allow "
        "rejects its row, with the reason, and nothing is guessed. A number is put into its band by exact arithmetic, "
        f"each band with its lower edge. Columns of the file that were not read: {', '.join(ignored) or 'none'}."
    )


def _columns(record: Record) -> Table:
    columns = (
        Column("file_column", "Column of the file"), Column("column", "Read as"),
        Column("values", "Values translated"), Column("missing", "Codes for not assessed"),
        Column("unit", "Numbers multiplied"),
    )  # fmt: skip
    return Table("columns", "Columns of the file", pd.DataFrame(list(record.columns)), columns, shown=15)


def _translations(record: Record) -> tuple[Table, ...]:
    """What the mapping did to the cells, where it did anything."""
    if not record.translations:
        return ()
    frame = pd.DataFrame(list(record.translations))
    frame["value"] = frame["value"].where(frame["value"] != "", "any number")
    frame["read_as"] = frame["read_as"].where(frame["value"] != "any number", "the same in the codebook's unit")
    frame["read_as"] = frame["read_as"].where(frame["read_as"] != "", "not assessed")
    columns = (
        Column("column", "Column of the file"), Column("value", "In the file"), Column("read_as", "Read as"),
        Column("cells", "Cells", "whole"),
    )  # fmt: skip
    return (Table("translations", "What the mapping file translated, in the rows that were used", frame, columns),)


def _worked_out(record: Record) -> tuple[Table, ...]:
    """What the rules of the mapping made of the rows, where there are any."""
    rows = [
        {"column": column, "what": what, "rows": rows}
        for column, kinds in record.worked_out.items()
        for what, rows in list(kinds.items())[:MOST_KINDS]
    ]
    if not rows:
        return ()
    columns = Column("column", "Column"), Column("what", "Result"), Column("rows", "Rows", "whole")
    return (
        Table(
            "worked_out", "What the rules of the mapping gave, in the rows that were read", pd.DataFrame(rows), columns
        ),
    )


# ---- people -------------------------------------------------------------------------------------------------

FLOW_COLUMNS = (Column("step", "Step"), Column("people", "People", "whole"), Column("why", "Why"))


def flow(v: ValidatedFit) -> pd.DataFrame:
    """From the rows of the file to the people in each analysis: step, people, why."""
    rows = [*_rows_of_file(v.record), *_people(v), *_judged(v)]
    return pd.DataFrame(rows, columns=["step", "people", "why"])


def _rows_of_file(record: Record | None) -> list[tuple[str, int, str]]:
    if record is None:
        return []
    return [
        ("rows read", record.records, ""),
        (
            "rejected",
            record.rejected,
            "a row can have several faults" if record.rejected else "every row could be read",
        ),
        *(("faults of rejected rows", count, reason) for reason, count in record.reasons.items()),
        ("rejected as repeats", record.repeats, "an earlier row has their case_id"),
        ("got the setting of the command", record.defaulted, "their rows name no setting"),
    ]


def _people(v: ValidatedFit) -> list[tuple[str, int, str]]:
    with_outcome = _outcome_known(v)
    people, without = v.masks.shape[1], int((~with_outcome).sum())
    used = people if v.fitted.origin.outcomes == "ignorable" else people - without
    why = "everybody, with or without an outcome" if used == people else "those with an outcome"
    return [
        ("people in the cohort", people, ""),
        *((f"of these, in {words(name)}", count, "") for name, count in v.fitted.origin.settings.items()),
        ("of these, without any known outcome", without, "a blank outcome is unknown, not absent"),
        ("people in the fit", used, why),
    ]


def _outcome_known(v: ValidatedFit) -> np.ndarray:
    """Of whom at least one outcome is known; (people,)."""
    rows = [row for row, variable in enumerate(v.fitted.parent.variables) if variable.role == "condition"]
    full = np.array([[v.fitted.parent.variables[row].full_mask] for row in rows])
    return np.asarray((v.masks[rows] != full).any(axis=0))


def _judged(v: ValidatedFit) -> list[tuple[str, int, str]]:
    outcomes = v.after.outcomes
    return [
        (f"judged on {outcome_words(str(name))}", int(outcomes[name].notna().sum()), "its outcome is known")
        for name in outcomes
        if outcomes[name].notna().any()
    ]
