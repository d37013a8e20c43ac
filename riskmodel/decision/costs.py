"""What pathways cost and how long they take: statements beside the network, read from ``pathways.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.decision.reading.table import TomlTable
from riskmodel.errors import PriorsError, Problem, UsageError, nearest
from riskmodel.evidence.distributions import Spread, quantile
from riskmodel.evidence.reading.files import PATHWAYS as FILE
from riskmodel.evidence.reading.files import priors_root
from riskmodel.evidence.records import BASES, HOW_READ
from riskmodel.evidence.scale import LOG, LOGIT, inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASKED = "asked"  # the way of whatever no list names
UNITS = {
    "cost": "dollars",
    "hours": "hours",
    "wait": "days",
    "window": "days",
    "unaided": "days",
    "share": "share",
    "worth": "dollars",
}
EXAMPLE = "kind.subject with a kind of " + ", ".join(UNITS)


@dataclass(frozen=True, slots=True)
class Assumed:
    """One number about pathways as its source states it, with the interval in which it lies 95 times in 100."""

    id: str
    value: float
    low: float
    high: float
    basis: str
    source: str
    locator: str = ""
    read: str = "no"
    note: str = ""

    @property
    def unit(self) -> str:
        return UNITS[self.id.partition(".")[0]]

    @property
    def spread(self) -> Spread:
        """Logit-normal for shares, log-normal for the rest, split at the value, which is the median."""
        scale = LOGIT if self.unit == "share" else LOG
        return Spread(scale.kind, float(scale.to(self.value)), *scale.sd_of_interval(self.low, self.value, self.high))


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure that a document states of pathways, shown beside what simulated people give; nothing reads it."""

    value: float
    source: str
    locator: str = ""
    note: str = ""


@dataclass(frozen=True)
class Pathways:
    """All numbers about pathways.

    ``shows`` says which serious conditions each scan, or part of what it shows, finds, ``ways`` which variables are
    examined or taken from the blood or at the bedside; the others are asked. ``emergency`` are the referrals that are
    a visit to an emergency department, ``emergency_scan`` the scans that some get there unasked; ``elsewhere`` the
    diseases outside the spine that are as serious.
    """

    statements: tuple[Assumed, ...]
    shows: Mapping[str, tuple[str, ...]]
    ways: Mapping[str, tuple[str, ...]]
    emergency: tuple[str, ...] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    emergency_scan: tuple[str, ...] = ()

    def way(self, variable: str) -> str:
        """How a variable is assessed.

        >>> load_pathways().way("crp"), load_pathways().way("fever"), load_pathways().way("night_pain")
        ('blood', 'examined', 'asked')
        """
        return next((way for way, names in self.ways.items() if variable in names), ASKED)

    def of(self, kind: str, variable: str) -> float:
        """Cost or hours of assessing a variable: its own number, or that of its way."""
        stated = {statement.id for statement in self.statements}
        subject = variable if f"{kind}.{variable}" in stated else self.way(variable)
        return self.value(f"{kind}.{subject}")

    def value(self, identifier: str) -> float:
        """The stated value of one number.

        >>> load_pathways().value("window.cauda_equina")
        2.0
        """
        return self.statement(identifier).value

    def statement(self, identifier: str) -> Assumed:
        statements = {statement.id: statement for statement in self.statements}
        if identifier not in statements:
            raise UsageError(f"{FILE}: no statement {identifier!r}{nearest(identifier, statements)}")
        return statements[identifier]

    def draw(self, draws: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
        """Each number in ``draws`` joint draws, shape (draws,); draw 0 is the stated values."""
        drawn = {}
        for statement in self.statements:
            values = quantile(statement.spread, inside(rng.random(draws)))
            values[:1] = statement.value
            drawn[statement.id] = values
        return drawn

    def require(self, identifiers: Sequence[str]) -> None:
        """Raise an error that names every statement that is missing."""
        stated = {statement.id for statement in self.statements}
        missing = [Problem(FILE, "", f"no statement {name!r}", EXAMPLE) for name in identifiers if name not in stated]
        if missing:
            raise PriorsError(missing)


def load_pathways(root: Path | None = None) -> Pathways:
    """Read ``pathways.toml`` of a priors folder, by default the shipped one.

    Raises
    ------
    PriorsError
        With every problem of the file.
    """
    path = (root or priors_root()) / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriorsError([Problem(FILE, "", f"cannot be read: {error.strerror}", str(path))]) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriorsError([Problem(FILE, "", f"is not TOML: {error}", "")]) from None
    return read_pathways(data)


def find_pathways(root: Path | None = None) -> Pathways | None:
    """As :func:`load_pathways`; None where the folder has no such file."""
    return load_pathways(root) if ((root or priors_root()) / FILE).exists() else None


def read_pathways(data: Mapping[str, Any]) -> Pathways:
    """The record of a parsed ``pathways.toml``, checked."""
    problems: list[Problem] = []
    top = TomlTable(dict(data), FILE, "", problems)
    shows, ways, visits, serious = (_lists(top, key, problems) for key in ("shows", "ways", "visits", "serious"))
    claims = {name: _claim(values, name, problems) for name, values in top.named("claim").items()}
    statements = [_statement(values, number, problems) for number, values in enumerate(top.tables("statement"), 1)]
    top.finish()
    identifiers = [statement.id for statement in statements if statement]
    for repeated in sorted({name for name in identifiers if identifiers.count(name) > 1}):
        top.problem("", f"the id {repeated!r} is used twice", "each id once")
    if problems:
        raise PriorsError(problems)
    emergency, scan, elsewhere = visits.get("emergency", ()), visits.get("scan", ()), serious.get("elsewhere", ())
    kept = tuple(statement for statement in statements if statement)
    return Pathways(kept, shows, ways, emergency, claims, elsewhere, scan)


def _lists(top: TomlTable, key: str, problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    named = top.named(key)
    table = TomlTable(named, FILE, key, problems)
    return {name: table.texts(name) for name in named}


def _claim(values: object, name: str, problems: list[Problem]) -> Claim:
    table = TomlTable(values, FILE, f"claim {name!r}", problems)
    source, locator, note = table.text("source", required=True), table.text("locator"), table.text("note")
    claim = Claim(table.positive("value"), source, locator, note)
    table.finish()
    return claim


def _statement(values: object, number: int, problems: list[Problem]) -> Assumed | None:
    name = values.get("id", number) if isinstance(values, dict) else number
    table, before = TomlTable(values, FILE, f"statement {name!r}", problems), len(problems)
    identifier = table.text("id", required=True)
    kind, _, subject = identifier.partition(".")
    if identifier and (kind not in UNITS or not subject):
        table.problem("id", f"received {identifier!r}{nearest(kind, UNITS)}", EXAMPLE)
    value, low, high = table.positive("value"), table.positive("low"), table.positive("high")
    if not low <= value <= high:
        table.problem("", f"the range {low:g} to {high:g} excludes its value {value:g}", "low <= value <= high")
    if kind == "share" and high >= 1:
        table.problem("high", f"received {high:g}", "a share lies between 0 and 1")
    basis = table.text("basis", required=True)
    if basis:
        table.is_known("basis", basis, BASES)
    source, locator, read = table.text("source", required=True), table.text("locator"), table.text("read") or "no"
    table.is_known("read", read, tuple(HOW_READ))
    note = table.text("note")
    table.finish()
    if len(problems) > before:
        return None
    return Assumed(identifier, value, low, high, basis, source, locator, read, note)
