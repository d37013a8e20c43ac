"""A fit to published tables as a source that statements can cite."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.calibration.as_prior_set import Origin, source_key
from riskmodel.calibration.provenance import printable
from riskmodel.evidence.origin import CitedSource, Fit, Informed

if TYPE_CHECKING:
    from riskmodel.synthesis.jointly.influence import Influence


@dataclass(frozen=True)
class TablesOrigin(Origin):
    """The published tables of a fit; ``people`` are those that the rows count, and ``influence`` what each told."""

    shares: int = 0
    studies: int = 0
    spreads: str = ""
    influence: Influence | None = None

    def headline(self) -> str:
        return f"Published tables {self.name}: {self.shares} shares of {self.studies} studies, {self.people:,} people"

    def title(self) -> str:
        return f"Statements and {self.shares} published shares of {self.studies} studies, fitted together"

    def informed(
        self, key: str, statement: str, people: float, share: float, was: tuple[float, float, float]
    ) -> Informed:
        tables = self.influence.tables_of(statement) if self.influence else ()
        return Informed(key, people, share, "synthesis", was, tables)

    def source(self, taken: Container[str], status: str) -> CitedSource:
        """As a source of kind synthesis, under a key that is not taken."""
        note = f"fitted by riskmodel; spread between studies on the logit scale: {self.spreads}"
        note += f"; not converged: {status}" if status else ""
        fit = Fit(self.date, __version__, self.cohort_hash, printable(self.command), "synthesis")
        where = f"{self.shares} shares of {self.studies} studies"
        return CitedSource(source_key(self.name, taken), self.title(), "synthesis", where=where, note=note, fit=fit)
