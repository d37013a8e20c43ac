"""Rejected rows: their file, and what happens when there is nowhere to write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from riskmodel.casefiles.options import Reason, Reject
from riskmodel.casefiles.repeats import REPEATED
from riskmodel.casefiles.write.plain import line
from riskmodel.errors import CasesError
from riskmodel.outputs.streams import Sink

REJECT_COLUMNS = ("record", "line", "case_id", "column", "value", "problem")
_MOST_KINDS = 1000
_FIRST_PLACES = 3


class RejectReasons:
    """Faults of the same kind (column, value and problem) counted together, in bounded memory."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str, str], tuple[int, tuple[str, ...]]] = {}
        self.unlisted = 0

    def add(self, reject: Reject) -> None:
        """Count one; beyond 1,000 kinds only that it came."""
        key = (reject.column, "" if reject.problem == REPEATED else reject.value, reject.problem)
        count, first = self._kinds.get(key, (0, ()))
        if not count and len(self._kinds) == _MOST_KINDS:
            self.unlisted += 1
            return
        self._kinds[key] = count + 1, (*first, reject.where) if len(first) < _FIRST_PLACES else first

    @property
    def listed(self) -> tuple[Reason, ...]:
        """The most frequent first; those as frequent in the order of the file."""
        ordered = sorted(self._kinds.items(), key=lambda kind: -kind[1][0])
        return tuple(Reason(*key, *counted) for key, counted in ordered)


class RejectTaker(Protocol):
    """Takes the rejects of a run; ``rows`` counts the rows that they are of."""

    reasons: RejectReasons
    rows: int

    def add(self, rejects: list[Reject]) -> None:
        """Those of a block, in order and in the file's own counting; a CasesError where the first ends the run."""

    @property
    def any(self) -> bool:
        """Whether a row was rejected."""


class Rejects:
    """Writes rejects as they come, one line a bad cell; the file is begun with the first.

    ``begin`` gives the sink, or is None where the first reject has to end the run.
    """

    def __init__(self, begin: Callable[[], Sink] | None, source: str) -> None:
        self._begin = begin
        self._source = source
        self._sink: Sink | None = None
        self.reasons = RejectReasons()
        self.rows = 0

    def add(self, rejects: list[Reject]) -> None:
        """Write the rejects of a block, which are in order and in the file's own counting."""
        if not rejects:
            return
        if self._begin is None:
            hint = "ended at the first bad row: --rejects FILE takes them and goes on"
            raise CasesError(f"{self._source}: {rejects[0]}\n{hint}")
        if self._sink is None:
            self._sink = self._begin()
            self._sink.write(line(REJECT_COLUMNS).encode())
        for reject in rejects:
            self.reasons.add(reject)
        self.rows += len({reject.record for reject in rejects})
        self._sink.write("".join(map(reject_line, rejects)).encode())

    @property
    def any(self) -> bool:
        """Whether a row was rejected, and so the file begun."""
        return self._sink is not None


def reject_line(reject: Reject) -> str:
    """One reject as a line of the rejects file."""
    where = "" if reject.line is None else str(reject.line)
    return line([str(reject.record), where, reject.case_id, reject.column, reject.value, reject.problem])
