"""What may stand between a file and the columns of a case file: batches of its columns in, batches of ours out.

A mapping that works columns out of others is a preparation. Every reader of files asks it, whatever the format: see
:mod:`riskmodel.casefiles.batches`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell of the file that a preparation does not understand: its row is rejected.

    ``row`` counts from 0 in the batch; ``column`` and ``value`` are those of the file; ``problem`` says what is
    allowed.
    """

    row: int
    column: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch after a preparation: all rows of the input in their order, in columns that a case file has.

    ``counts`` say what was done, by a text of the preparation's choice; they are added up over a run.
    """

    batch: pa.RecordBatch
    faults: tuple[CellFault, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class BoundPreparation(Protocol):
    """A preparation that knows the columns of its file. It holds no state, is called from several threads, and pickles.

    Attributes
    ----------
    schema
        of every prepared batch.
    reads
        the names of the columns of the file that it needs.
    warnings
        what is to be said of the file's columns.
    """

    schema: pa.Schema
    reads: Sequence[str]
    warnings: tuple[str, ...]

    def prepare(self, batch: pa.RecordBatch) -> Prepared:
        """A batch of at least the columns in ``reads``, cells as texts or typed, blanks as null; also of no rows."""


class Preparation(Protocol):
    """What a user asked for, before the file is known."""

    def bind(self, schema: pa.Schema, file: str) -> BoundPreparation:
        """The preparation of a file with these columns, which messages call ``file``.

        Raises
        ------
        CasesError
            naming every problem of the columns.
        """
