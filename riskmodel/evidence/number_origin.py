"""Where one number comes from, for a reader: what it says, who says it, what it replaced, what informed it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskmodel.evidence.lineage import basis_shares, informed_words, reading_words
from riskmodel.evidence.reading.sets import Parameters
from riskmodel.text import listed, plain_figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskmodel.evidence.origin import StudyBehind
    from riskmodel.evidence.records import Priors, Statement


@dataclass(frozen=True, slots=True)
class NumberOrigin:
    """The origin of a statement's number; ``subject`` is the variable whose table it drives.

    ``low`` and ``high`` are its interval, ``events`` of ``n`` its counts, None where it has none. ``basis`` are the
    shares, with a sum of 1, in which it is seed, study, assumption, cohort and synthesis. ``informed`` says what it was
    and which fits informed it; ``instead_of`` the statements of the same quantity that a pinned one replaces;
    ``studies`` those behind a synthesised number.
    """

    statement: str
    subject: str
    says: str
    value: float
    low: float | None
    high: float | None
    events: int | None
    n: int | None
    basis: Mapping[str, float]
    read: str
    source: str
    title: str
    locator: str
    informed: str = ""
    instead_of: tuple[str, ...] = ()
    studies: tuple[StudyBehind, ...] = field(default=())

    @property
    def headline(self) -> str:
        """The number and who says it, in one line."""
        return f"{self.says} = {self.number}: {self.who}"

    @property
    def number(self) -> str:
        """The value with its interval or its counts."""
        if self.events is not None:
            return f"{plain_figure(self.value)} ({self.events} of {self.n})"
        if self.low is not None and self.high is not None:
            return f"{plain_figure(self.value)} ({plain_figure(self.low)} to {plain_figure(self.high)})"
        return f"{plain_figure(self.value)} (n = {self.n})" if self.n is not None else f"{plain_figure(self.value)}"

    @property
    def who(self) -> str:
        """The basis, with its shares where there are several, the source, and how it was read."""
        kinds = [kind if share == 1 else f"{kind} {100 * share:.0f} %" for kind, share in self.basis.items()]
        if self.source == "assumption":
            return listed(kinds)
        where = "studies taken together" if self.studies else f"{self.source} {self.locator}".strip()
        return f"{listed(kinds)}, {where}, {reading_words(self.read)}"

    @property
    def history(self) -> tuple[str, ...]:
        """What it replaced, what informed it, and the studies behind it, a sentence each."""
        replaced = f"in place of {listed(self.instead_of)}" if self.instead_of else ""
        behind = f"{len(self.studies)} {'study' if len(self.studies) == 1 else 'studies'}: " if self.studies else ""
        studies = behind + "; ".join(map(str, self.studies))
        return tuple(filter(None, (replaced, self.informed, studies)))


def origin_of(priors: Priors, statement: Statement) -> NumberOrigin:
    """Where a statement's number comes from.

    >>> from riskmodel.evidence.load import load_priors
    >>> seeds = load_priors("seeds")
    >>> origin_of(seeds, seeds.statement("find.fever.malignancy")).headline
    'P(fever=present | malignancy=present alone) = 0.07 (0.03 to 0.15): assumption'
    """
    source = priors.sources.get(statement.source)
    return NumberOrigin(
        statement=statement.id,
        subject=statement.subject,
        says=short_label(statement),
        value=statement.value,
        low=statement.low,
        high=statement.high,
        events=statement.events,
        n=statement.n,
        basis=basis_shares(statement),
        read=statement.read,
        source=statement.source,
        title=source.title if source else "",
        locator=statement.locator,
        informed=informed_words(statement),
        instead_of=_instead_of(priors, statement),
        studies=statement.studies,
    )


def _instead_of(priors: Priors, statement: Statement) -> tuple[str, ...]:
    if statement.id not in priors.prior_set.pins:
        return ()
    parameters = Parameters(priors.statements, {variable.name: variable for variable in priors.variables})
    rivals = [s for s in priors.statements if not s.is_audit and s.of.variable == statement.of.variable]
    same = [s for s in rivals if s.id != statement.id and parameters.key(s) == parameters.key(statement)]
    return tuple(f"{s.id}, {plain_figure(s.value)} ({s.basis})" for s in same)


def short_label(statement: Statement) -> str:
    """What a statement speaks of, in short."""
    given = f" | {statement.given_text}" if statement.given_text else ""
    if statement.quantity == "probability":
        return f"P({statement.of}{given})"
    if statement.quantity == "dependence":
        return f"correlation within {statement.of.variable}{given}"
    return f"{statement.quantity.replace('_', ' ')} of {statement.of}{given}"
