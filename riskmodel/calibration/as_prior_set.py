"""A fit as a prior set: what it is called, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.calibration.provenance import printable, today
from riskmodel.evidence.origin import CitedSource, Fit, Informed
from riskmodel.evidence.set_text import text_of_set

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
    parts
        over how many parts of the cohort sums were made; 0 where its rows were at hand.
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
    parts: int = 0
    date: str = field(default_factory=today)

    def headline(self) -> str:
        places = ", ".join(f"{count:,} {setting}" for setting, count in self.settings.items())
        where = f" ({places})" if places else ""
        return f"Cohort {self.name}: {self.people:,} people{where}, some outcome known in {self.verified:,}"

    def title(self) -> str:
        """Of the set that holds the fit."""
        return f"Fitted to cohort {self.name}, n = {self.people}"

    def informed(  # a fit to tables says more of each statement
        self, key: str, statement: str, people: float, share: float, was: tuple[float, float, float]
    ) -> Informed:
        """What the fit, a source under ``key``, told a statement; see :class:`~riskmodel.evidence.origin.Informed`."""
        del statement
        return Informed(key, people, share, was=was)

    def source(self, taken: Container[str], status: str) -> CitedSource:
        """As a source of kind data, under a key that is not taken."""
        note = f"fitted by riskmodel: outcomes {self.outcomes}, prior weight {self.prior_weight:g}"
        note += f"; blanks read by the recording profile {self.recording}" if self.recording else ""
        note += f"; odds ratio of verification {self.verified_odds}" if self.verified_odds else ""
        note += f"; by sums over {self.parts} parts" if self.parts else ""
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
    title = origin.title()
    comments = [f"{origin.headline()}.", *([status[0].upper() + status[1:]] if status else [])]
    return text_of_set(model.priors, model.root, path, f"{title} ({status})" if status else title, comments)
