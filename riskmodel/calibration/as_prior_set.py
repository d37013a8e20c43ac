"""A fit as a prior set in TOML: what differs from the set it extends, and where it came from."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from riskmodel._version import __version__
from riskmodel.calibration.provenance import printable, today
from riskmodel.errors import UsageError
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.origin import CitedSource, Fit
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import Priors, Statement
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from riskmodel.model import Model


@dataclass(frozen=True)
class Origin:
    """The cohort of a fit.

    Attributes
    ----------
    people, verified
        how many, and of how many at least one outcome is known.
    settings
        people by setting.
    recording
        the profile by which blanks were read; empty where they say nothing.
    verified_odds
        the odds ratio of verification that was stated; empty where it is 1.
    cohort_hash
        the same for the same people, in whatever order and file format.
    command
        what was called.
    date
        the day of the fit, in universal time.
    """

    name: str
    people: int
    verified: int
    settings: Mapping[str, int] = field(default_factory=dict)
    outcomes: str = "ignorable"
    prior_weight: float = 1.0
    recording: str = ""
    verified_odds: str = ""
    cohort_hash: str = ""
    command: str = ""
    date: str = field(default_factory=today)

    def headline(self) -> str:
        places = ", ".join(f"{count:,} {setting}" for setting, count in self.settings.items())
        where = f" ({places})" if places else ""
        return f"Cohort {self.name}: {self.people:,} people{where}, some outcome known in {self.verified:,}"

    def source(self, taken: Container[str], status: str) -> CitedSource:
        """As a source of kind data, under a key that is not taken."""
        note = f"fitted by riskmodel: outcomes {self.outcomes}, prior weight {self.prior_weight:g}"
        note += f"; blanks read by the recording profile {self.recording}" if self.recording else ""
        note += f"; odds ratio of verification {self.verified_odds}" if self.verified_odds else ""
        if status:
            note += f"; not converged: {status}"
        where = f"n = {self.people}, of whom {self.verified} have some outcome"
        fit = Fit(self.date, __version__, self.cohort_hash, printable(self.command))
        return CitedSource(source_key(self.name, taken), f"Cohort {self.name}", "data", where=where, note=note, fit=fit)


def source_key(name: str, taken: Container[str]) -> str:
    """A key for a cohort among the sources: lower case, digits and underscores.

    >>> source_key("St. Elsewhere 2024", {})
    'st_elsewhere_2024'
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    key = plain if re.match(r"[a-z]", plain) else f"cohort_{plain}".rstrip("_")
    number, free = 2, key
    while free in taken:
        free, number = f"{key}_{number}", number + 1
    return free


def set_text(model: Model, origin: Origin, path: Path, status: str) -> str:
    """The TOML of a set that extends the fitted model's own and gives the model again."""
    priors = model.priors
    extends, parent = _parent(model, path)
    _check_sources(priors, parent)
    document = tomlkit.document()
    document.add(tomlkit.comment(f"{origin.headline()}."))
    document.add(tomlkit.comment(RESEARCH_ONLY))
    if status:
        document.add(tomlkit.comment(status[0].upper() + status[1:]))
    title = f"Fitted to cohort {origin.name}, n = {origin.people}"
    document["title"] = f"{title} ({status})" if status else title
    document["extends"] = extends
    document["reference_setting"] = priors.prior_set.reference_setting
    sources = tomlkit.table(is_super_table=True)
    for key, source in priors.sources.items():
        if key not in parent.sources:
            sources[key] = _table(source.as_table())
    document["sources"] = sources
    overrides = tomlkit.table(is_super_table=True)
    before = {statement.id: statement for statement in parent.statements}
    for statement in priors.statements:
        if statement.id in before and statement != before[statement.id]:
            overrides[statement.id] = _table(_numbers(statement, before[statement.id]))
    document["override"] = overrides
    return tomlkit.dumps(document)


def _check_sources(priors: Priors, parent: Priors) -> None:
    """Refuse statements that were stated from Python: a set that extends the parent would lose their sources.

    Those of a recording profile in a file of its own stay there.
    """
    before = {statement.id: statement for statement in parent.statements}
    inside = [s for s in priors.statements if s.id in before or s.quantity != QUANTITY]
    stated = [s.id for s in inside if s.id not in before or s.source != before[s.id].source]
    if stated:
        raise UsageError(
            f"{', '.join(stated)} of this model stand in no prior set: write them into a set of your own, "
            "with their sources, and fit the model of that set"
        )


def _table(values: Mapping[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in values.items():
        table[key] = _table(value) if isinstance(value, Mapping) else value
    return table


def _numbers(statement: Statement, before: Statement) -> dict[str, object]:
    """What an override says to make the statement out of the one before it."""
    numbers: dict[str, object] = {"value": statement.value}
    if statement.n is not None:
        numbers["n"] = statement.n
    elif statement.low is not None and statement.high is not None:
        numbers |= {"low": statement.low, "high": statement.high}
    if statement.informed:
        numbers["informed"] = _inline(statement)
    if statement.note != before.note:
        numbers["note"] = statement.note
    return numbers


def _inline(statement: Statement) -> tomlkit.items.Array:
    """What each fit told, as a list of tables."""
    steps = tomlkit.array()
    for step in statement.informed:
        table = tomlkit.inline_table()
        table.update(step.as_table())
        steps.append(table)
    return steps


def _parent(model: Model, path: Path) -> tuple[str, Priors]:
    """How the set to extend is named from the new file, and what it holds."""
    prior_set = model.priors.prior_set
    inside = model.root / prior_set.file
    if prior_set.file.startswith("sets/") and inside.is_file():
        if path.resolve() == inside.resolve():
            raise UsageError(f"{path} is the set that was fitted: write to another file")
        return inside.stem, load_priors(inside.stem, model.root)
    file = Path(prior_set.file).resolve()
    if path.resolve() == file:
        raise UsageError(f"{path} is the set that was fitted: write to another file")
    return Path(os.path.relpath(file, path.resolve().parent)).as_posix(), load_priors(file, model.root)
