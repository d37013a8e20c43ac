"""Where numbers come from: documents, fits to cohorts and published tables, what was pooled, what goes together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FitKind = Literal["cohort", "synthesis"]
HASHED = {"cohort": "cohort_hash", "synthesis": "tables_hash"}  # in the file, what the hash is of
SOURCE_KEYS = ("title", "kind", "year", "form", "where", "note")


@dataclass(frozen=True, slots=True)
class Fit:
    """How numbers were fitted: the day, the program's version, a hash of the cohort or tables, and the command."""

    date: str
    version: str
    data_hash: str
    command: str
    kind: FitKind = "cohort"

    def __str__(self) -> str:
        data = "cohort" if self.kind == "cohort" else "tables"
        return f"{self.date}, riskmodel {self.version}, {data} {self.data_hash[:23]}…, {self.command}"

    def as_table(self) -> dict[str, str]:
        """As ``[sources.KEY.fit]`` of a set has it."""
        hashed = {HASHED[self.kind]: self.data_hash}
        return {"date": self.date, "version": self.version, **hashed, "command": self.command}

    @classmethod
    def of_table(cls, table: Mapping[str, str]) -> Fit:
        """Of what :meth:`as_table` gives."""
        kind: FitKind = "synthesis" if HASHED["synthesis"] in table else "cohort"
        return cls(table["date"], table["version"], table[HASHED[kind]], table["command"], kind)


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A document that states numbers, cited by its key.

    ``form`` says what sort of document it is, ``fit`` how a cohort or published tables were fitted.
    """

    key: str
    title: str
    kind: str
    year: int | None = None
    form: str = ""
    where: str = ""
    note: str = ""
    fit: Fit | None = None

    def as_table(self) -> dict[str, Any]:
        """As ``[sources.KEY]`` of a set has it, without what is empty."""
        facts = {key: value for key in SOURCE_KEYS if (value := getattr(self, key))}
        return facts | ({"fit": self.fit.as_table()} if self.fit else {})


@dataclass(frozen=True, slots=True)
class Informed:
    """What one fit, to a cohort or to published tables, told a statement.

    ``source`` is the fit's key among the sources. ``people`` is the size of a count that tells as much; ``share``
    (0 to 1) the share of the variance before this fit, on the statement's scale, that the data took away; ``was`` the
    value before it and the ends of its 95 % interval. ``tables`` are the published tables, each with its share of what
    this fit told, the largest first; small ones may be left out.
    """

    source: str
    people: float
    share: float
    kind: FitKind = "cohort"
    was: tuple[float, float, float] | None = None
    tables: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        tables = "".join(f"; {name} {100 * part:.0f} %" for name, part in self.tables)
        was = f", before {self.was[0]:.4g} ({self.was[1]:.4g} to {self.was[2]:.4g})" if self.was else ""
        return f"{100 * self.share:.0f} % from {self.kind} {self.source} ({self.people:,.0f} people{tables}){was}"

    def as_table(self) -> dict[str, Any]:
        """As ``informed`` of an override has it."""
        table: dict[str, Any] = {self.kind: self.source, "people": self.people, "share": self.share}
        table |= {"was": list(self.was)} if self.was else {}
        return table | ({"tables": dict(self.tables)} if self.tables else {})

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> Informed:
        """Of what :meth:`as_table` gives."""
        kind: FitKind = "synthesis" if "synthesis" in table else "cohort"
        before = table.get("was")
        was = (before[0], before[1], before[2]) if before else None
        shares = sorted(table.get("tables", {}).items(), key=lambda item: (-item[1], item[0]))
        return cls(table[kind], table["people"], table["share"], kind, was, tuple(shares))


@dataclass(frozen=True, slots=True)
class StudyBehind:
    """One study behind a synthesised number: what it counted, and where that stands.

    ``source`` is its key among the sources; ``events`` of ``n`` people are its count of what the number is of.
    """

    study: str
    source: str
    locator: str
    events: int
    n: int
    read: str = "no"
    setting: str = ""
    cutoff: str = ""

    def __str__(self) -> str:
        more = "".join(f", {text}" for text in (self.setting.replace("_", " "), self.cutoff) if text)
        return f"{self.study} {self.events}/{self.n}{more} ({self.source}: {self.locator})"

    def as_table(self) -> dict[str, Any]:
        """As ``studies`` of a statement has it, without what is empty."""
        return {key: value for key in self.__slots__ if (value := getattr(self, key)) != ""}


@runtime_checkable
class Stating(Protocol):
    """What studies state: statements, the sources that they cite, and the pairs that are drawn together."""

    @property
    def statements(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def sources(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def drawn_together(self) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Pooled:
    """What stands behind a pooled number: the statements, and how much they differ.

    ``tau2`` is the variance between studies on the log-odds or log scale, ``i2`` (0 to 1) the share of the
    variance that is between them, ``q`` Cochran's Q; ``mean_low`` and ``mean_high`` the 95 % interval of the mean.
    """

    of: tuple[str, ...]
    tau2: float
    i2: float
    q: float
    mean_low: float
    mean_high: float

    def __str__(self) -> str:
        mean = f"95 % interval of the mean {self.mean_low:.3g} to {self.mean_high:.3g}"
        return f"pooled of {', '.join(self.of)}; tau² {self.tau2:.3g}, I² {100 * self.i2:.0f} %; {mean}"


@dataclass(frozen=True, slots=True)
class DrawnPair:
    """The ids of two statements, and the correlation of their normal scores, from -0.99 to 0.99."""

    statements: tuple[str, str]
    correlation: float

    def renamed(self, names: Mapping[str, str]) -> DrawnPair:
        """The same pair where statements are called otherwise."""
        first, second = self.statements
        return DrawnPair((names.get(first, first), names.get(second, second)), self.correlation)

    def as_table(self) -> dict[str, object]:
        """As ``[[drawn_together]]`` of a set has it."""
        return {"statements": list(self.statements), "correlation": self.correlation}
