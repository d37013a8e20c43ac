"""Exports of REDCap projects as frames of cases, for everything that takes cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.casefiles.read.redcap import read_export_file
from riskmodel.casefiles.write.frame import frame_of_texts
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import MappingLike, load_mapping
from riskmodel.errors import CasesError, warn_caller
from riskmodel.redcap.export_file import table_of_frame
from riskmodel.redcap.project import redcap_project
from riskmodel.redcap.read import read_export

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.model.model import Model

_SHOWN = 10


def read_redcap(  # noqa: PLR0913 - all but two have defaults
    export: str | Path | pd.DataFrame,
    dictionary: str | Path,
    *,
    rows: str | None = None,
    values: str | None = None,
    missing: str | Mapping[str, str] | None = None,
    missing_as_blank: Sequence[str] = (),
    unticked: str | Mapping[str, str] | None = None,
    hidden: Mapping[str, str] | None = None,
    mapping: MappingLike = None,
    model: Model | None = None,
) -> pd.DataFrame:
    """The cases of an export of a REDCap project, for :meth:`Model.score` and all else that takes cases.

    Parameters
    ----------
    export
        the file that REDCap exported, raw or labelled, or a frame of it.
    dictionary
        the project's data dictionary, or a TOML file that names it and says what else there is to say.
    rows
        which rows are cases where a record has several: an event, a repeated form or ``event/form``, with ``#first``,
        ``#last`` or ``#2`` of the repeats; ``+`` and further kinds of rows for forms that are empty there.
    values
        ``raw`` or ``labels``, where the cells do not show it.
    missing, missing_as_blank
        the project's missing data codes, as its setup page has them (``-9, Not asked | UNK, Unknown``), which are not
        assessed; and those among them that say no more than a blank.
    unticked
        what a box that is not ticked says: ``blank`` (the default), ``not_assessed`` or ``no``; by field in a dict.
    hidden
        what a field says that branching logic hides, by field; without it, it is not assessed.
    mapping
        the mapping that the cases will be read with, if any: give it to :meth:`Model.score` too.
    model
        whose columns are read; the shipped model without it.

    Returns
    -------
    frame of texts, a row a case, blank cells missing. ``attrs["redcap"]`` holds what there is to be said of the
    reading, and how many cells of each field are blank for which reason.

    Raises
    ------
    DictionaryError
        with every problem of the dictionary, by row and field.
    CasesError
        naming cells that the dictionary does not allow, or which rows there are where that has to be said.
    """
    from riskmodel.model.loading import load

    project = redcap_project(
        dictionary,
        rows=rows,
        values=values,
        missing=missing,
        missing_as_blank=missing_as_blank,
        unticked=unticked,
        hidden=hidden,
    )
    contract = ColumnContract((model or load()).variables)
    table = read_export_file(export) if isinstance(export, str | Path) else table_of_frame(export)
    cases = read_export(table, project, contract, load_mapping(mapping, contract), known_outcomes=True)
    if cases.faults:
        faults = [f"line {cases.lines[f.row]}, {f.column}: {f.value!r}: {f.problem}" for f in cases.faults[:_SHOWN]]
        more = f"\n  … and {len(cases.faults) - _SHOWN} more" if len(cases.faults) > _SHOWN else ""
        counted = "1 cell is" if len(cases.faults) == 1 else f"{len(cases.faults)} cells are"
        raise CasesError(f"{counted} not understood:" + "".join(f"\n  {fault}" for fault in faults) + more)
    for warning in cases.warnings:
        warn_caller(warning)
    frame = frame_of_texts(cases.names, cases.columns)
    frame.attrs["redcap"] = {"notes": list(cases.notes), "blank": dict(cases.counts)}
    return frame
