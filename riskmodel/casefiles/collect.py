"""All good cases of a file in memory: read, checked and rejected as a run over the file would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.blank_warning import Notice
from riskmodel.answers.column_types import OutputColumn, Score, ScoredBlock
from riskmodel.arrays import Masks
from riskmodel.casefiles.options import RunOptions, RunResult
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.run import run
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable

SHOWN = 10  # reasons named in an error


@dataclass(frozen=True, slots=True)
class CaseRows:
    """The accepted cases of a file: their identifiers, their evidence (variables, cases), and what was read how."""

    names: tuple[str, ...]
    masks: Masks
    result: RunResult


def all_possible(_masks: Masks) -> ScoredBlock:
    """A scorer that refuses no row."""
    return ScoredBlock(())


def read_cases(
    source: str | Path,
    variables: Sequence[Variable],
    options: RunOptions,
    possible: Score = all_possible,
    notice: Notice | None = None,
) -> CaseRows:
    """Read a file of moderate size as :func:`riskmodel.casefiles.run.run` does.

    Parameters
    ----------
    possible
        names the rows whose evidence is impossible; it has no columns.
    notice
        says what there is to be said of a file whose blanks seem to have a meaning.

    Raises
    ------
    CasesError
        The file is unreadable or structurally broken, or no row of it is good.
    """
    rows = _Evidence()
    result = run(source, None, variables, possible, options, rows=rows, notice=notice)
    if not rows.names:
        file = result.layout.file
        if not result.counts.read:
            raise CasesError(f"{file}: there is no row below the header")
        listed = "".join(f"\n  {reason}" for reason in result.reasons[:SHOWN])
        raise CasesError(f"{file}: no row can be used, all {result.counts.read:,} are rejected:{listed}")
    return CaseRows(tuple(rows.names), np.concatenate(rows.masks, axis=1), result)


@dataclass(slots=True)
class _Evidence:
    """Takes the place of a writer, and keeps identifiers and evidence."""

    names: list[str] = field(default_factory=list)
    masks: list[Masks] = field(default_factory=list)

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        """Nothing is written."""

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> tuple[list[str], Masks]:  # noqa: ARG002
        return block.words()[0], block.masks

    def write(self, rendered: tuple[list[str], Masks], repeated: NDArray[np.bool_]) -> None:
        names, masks = rendered
        self.names += [name for name, again in zip(names, repeated.tolist(), strict=True) if not again]
        self.masks.append(np.ascontiguousarray(masks[:, ~repeated]))

    def finish(self) -> None:
        """Nothing is written."""
