"""Where numbers come from: documents, fitted cohorts, and what was pooled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fit:
    """How a cohort was fitted: the day, the program's version, a hash of the cohort, and the command."""

    date: str
    version: str
    cohort_hash: str
    command: str

    def __str__(self) -> str:
        return f"{self.date}, riskmodel {self.version}, cohort {self.cohort_hash[:23]}…, {self.command}"


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A document that states numbers, cited by its key.

    ``form`` says what sort of document it is, ``fit`` how a cohort was fitted.
    """

    key: str
    title: str
    kind: str
    year: int | None = None
    form: str = ""
    where: str = ""
    note: str = ""
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class Informed:
    """What one cohort told a statement.

    ``people`` is the size of a count that tells as much; ``share`` (0 to 1) the share of the variance before this fit,
    on the statement's scale, that the data took away.
    """

    cohort: str
    people: float
    share: float


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
