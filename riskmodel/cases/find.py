"""One case of a file, by its identifier; or all of them, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from riskmodel.cases.coded import moved
from riskmodel.cases.header import Layout
from riskmodel.cases.inputs import open_reader
from riskmodel.cases.options import Reject, RunOptions
from riskmodel.cases.scored import Masks
from riskmodel.errors import CasesError, nearest
from riskmodel.evidence.records import Variable

MOST_NAMES = 10_000  # identifiers remembered for a hint
SHOWN = 10  # refused rows named in an error


def find_case(source: str | Path, case_id: str, variables: Sequence[Variable], options: RunOptions) -> Masks:
    """The coded evidence of the first case of that identifier, shape (variables, 1).

    Raises
    ------
    CasesError
        when the file has no such case, or its row is bad.
    """
    known: list[str] = []
    with open_reader(source, variables, replace(options, engine="small")) as reader:
        records, lines = 0, reader.header_lines
        for item in reader.items():
            coded = reader.read(item)
            if coded.fault is not None:
                raise CasesError(f"{reader.name}: line {lines + coded.fault.line + 1}: {coded.fault.problem}")
            names = [coded.case_id(row) for row in range(len(coded.rows))]
            if case_id in names:
                return np.ascontiguousarray(coded.masks[:, [names.index(case_id)]])
            for reject in coded.rejects:
                if reject.case_id == case_id:
                    raise CasesError(f"{reader.name}: {moved(reject, records, lines)}")
            records, lines = records + coded.records, lines + coded.line_count
            known += names[: MOST_NAMES - len(known)]
    raise CasesError(f"{source}: no case {case_id!r}{nearest(case_id, known)}")


def read_all(
    source: str | Path, variables: Sequence[Variable], options: RunOptions, rejected: list[str] | None = None
) -> tuple[list[str], Masks]:
    """The identifiers and the coded evidence (variables, cases) of every good row of a file of moderate size.

    What is wrong with the other rows is added to ``rejected``.
    """
    names: list[str] = []
    parts: list[Masks] = []
    with open_reader(source, variables, replace(options, engine="small")) as reader:
        records, lines = 0, reader.header_lines
        for item in reader.items():
            coded = reader.read(item)
            if coded.fault is not None:
                raise CasesError(f"{reader.name}: line {lines + coded.fault.line + 1}: {coded.fault.problem}")
            if rejected is not None:
                rejected += [f"{reader.name}: {moved(reject, records, lines)}" for reject in coded.rejects]
            records, lines = records + coded.records, lines + coded.line_count
            names += [coded.case_id(row) for row in range(len(coded.rows))]
            parts.append(coded.masks)
    if not names:
        raise CasesError(f"{source}: no case that can be scored")
    return names, np.concatenate(parts, axis=1)


@dataclass(frozen=True, eq=False)
class Reading:
    """Every row of a file in memory, and how it was read.

    Attributes
    ----------
    names, masks
        identifiers, and the coded evidence (variables, rows), of the rows that were accepted.
    records
        rows of the file.
    rejects
        what is wrong with the others; a row may be named more than once.
    defaulted
        rows that got the run's setting.
    layout
        which column of the file was read as which variable.
    file, sha256
        the file, and the hash of its bytes.
    """

    names: list[str]
    masks: Masks
    records: int
    rejects: tuple[Reject, ...]
    defaulted: int
    layout: Layout
    file: str
    sha256: str

    @property
    def rejected(self) -> int:
        """How many rows were rejected."""
        return len({reject.record for reject in self.rejects})


def read_every(source: str | Path, variables: Sequence[Variable], options: RunOptions) -> Reading:
    """As :func:`read_all`, but a bad row ends it.

    Raises
    ------
    CasesError
        naming every bad row, in the words of a run that would reject it.
    """
    names: list[str] = []
    parts: list[Masks] = []
    rejects: list[Reject] = []
    defaulted = 0
    with open_reader(source, variables, options) as reader:
        records, lines = 0, reader.header_lines
        for item in reader.items():
            coded = reader.read(item)
            if coded.fault is not None:
                raise CasesError(f"{reader.name}: line {lines + coded.fault.line + 1}: {coded.fault.problem}")
            rejects += [moved(reject, records, lines) for reject in coded.rejects]
            records, lines = records + coded.records, lines + coded.line_count
            names += [coded.case_id(row) for row in range(len(coded.rows))]
            parts.append(coded.masks)
            defaulted += int(coded.defaulted.sum())
        if rejects:
            more = f"\n  … and {len(rejects) - SHOWN} more" if len(rejects) > SHOWN else ""
            shown = "".join(f"\n  {reject}" for reject in rejects[:SHOWN])
            raise CasesError(f"{reader.name}: {len(rejects)} faults, each of which would reject its row:{shown}{more}")
        if not names:
            raise CasesError(f"{source}: no row")
        masks = np.concatenate(parts, axis=1)
        return Reading(names, masks, records, (), defaulted, reader.layout, reader.name, reader.sha256())
