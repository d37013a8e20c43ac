"""One case of a file, by its identifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from riskmodel.answers.blank_warning import Notice
from riskmodel.arrays import Masks
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.block import reject_of_file
from riskmodel.casefiles.read.open import open_reader
from riskmodel.casefiles.second_look import warnings_of_piece
from riskmodel.errors import CasesError, nearest
from riskmodel.evidence.records import Variable

MOST_NAMES = 10_000  # identifiers remembered for a hint


def find_case(
    source: str | Path,
    case_id: str,
    variables: Sequence[Variable],
    options: RunOptions,
    notice: Notice | None = None,
) -> tuple[Masks, tuple[str, ...]]:
    """The coded evidence of the first case of that identifier, shape (variables, 1), and what to say of the file.

    ``notice`` says what there is to be said of the blanks of the cases around it.

    Raises
    ------
    CasesError
        when the file has no such case, or its row is bad.
    """
    seen: list[str] = []
    with open_reader(source, variables, replace(options, engine="small")) as reader:
        records, lines = 0, reader.header_lines
        for item in reader.items():
            coded = reader.read(item)
            if coded.fault is not None:
                raise CasesError(f"{reader.name}: line {lines + coded.fault.line + 1}: {coded.fault.problem}")
            names = coded.words()[0]
            if case_id in names:
                warned = reader.coder.layout.warnings + warnings_of_piece(reader, item, coded, notice)
                lines_to_say = (*(f"warning: {text}" for text in warned), *(f"note: {text}" for text in reader.notes()))
                return np.ascontiguousarray(coded.masks[:, [names.index(case_id)]]), lines_to_say
            for reject in coded.rejects:
                if reject.case_id == case_id:
                    raise CasesError(f"{reader.name}: {reject_of_file(reject, records, lines)}")
            records, lines = records + coded.records, lines + coded.line_count
            seen += names[: MOST_NAMES - len(seen)]
    raise CasesError(f"{source}: no case {case_id!r}{nearest(case_id, seen)}")
