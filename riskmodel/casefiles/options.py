"""How a run over a case file is asked for, and what it reports when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from riskmodel.cases.header import Layout
from riskmodel.cases.preparation import Preparation
from riskmodel.redcap.project import RedcapProject

if TYPE_CHECKING:
    from riskmodel.fhir.risk import AssessedBy

Engine = Literal["auto", "small", "compiled"]
SMALL_RECORDS = 10_000  # up to here plain Python is quicker than loading a compiler


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the records of a case file, one after the other: see :mod:`riskmodel.shards`.

    ``start`` and ``stop`` count rows of a table, or bytes of a CSV from its beginning, decompressed; ``lines`` are the
    lines before it, and ``sha256`` the hash of these bytes (empty for a table).
    """

    start: int
    stop: int
    lines: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is asked of a run; every field has the default of the command line.

    ``default_setting`` is the setting of rows that name none; without it such rows are rejected, and a file
    without a column of settings is refused. ``mapping`` is a mapping file, or the same content as a dict.
    ``keep`` names columns of the case file to pass through. ``rejects`` says where rejected rows go (default:
    beside the output). ``threads`` 0 takes the processors there are, at most four. ``engine`` and
    ``block_bytes`` never change a byte of the result. ``preparation`` makes the columns of a case file out of other
    ones. ``assessments`` says that the result is written as FHIR's RiskAssessments, and how. ``sheet`` names the
    sheet of a workbook that has several. ``codes`` reads the codes of a statistics file and not their labels.
    ``redcap`` says how the export of a REDCap project is to be read. ``part`` reads no more of the file than that.
    """

    default_setting: str | None = None
    mapping: Path | Mapping[str, Any] | None = None
    keep: tuple[str, ...] = ()
    known_outcomes: bool = False
    allow_repeats: bool = False
    rejects: Path | None = None
    threads: int = 0
    engine: Engine = "auto"
    block_bytes: int = 2 << 20
    preparation: Preparation | None = None
    assessments: AssessedBy | None = None
    sheet: str | None = None
    codes: bool = False
    redcap: RedcapProject | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """One bad cell, or one fault of a whole row (``column`` is then empty or where it was found).

    ``record`` counts records from 1 (header and blank lines are none); ``line`` is the physical line
    where the record begins (in a sheet its row), None where a file has no lines.
    """

    record: int
    line: int | None
    case_id: str
    column: str
    value: str
    problem: str

    def __str__(self) -> str:
        cell = f", column {self.column}: {self.value!r}" if self.column else ""
        return f"{self.where}{cell}: {self.problem}"

    @property
    def where(self) -> str:
        """Where it is: the line (in Parquet the record) and the case."""
        where = f"record {self.record}" if self.line is None else f"line {self.line}"
        return f"{where} (case {self.case_id})" if self.case_id else where


@dataclass(frozen=True, slots=True)
class Reason:
    """A fault that one or more rows share: how many, and where the first of them are."""

    column: str
    value: str
    problem: str
    count: int
    first: tuple[str, ...]

    def __str__(self) -> str:
        cell = f"{self.column} {self.value!r}" if self.value else self.column or "rows"
        more = ", …" if self.count > len(self.first) else ""
        return f"{self.count:,} × {cell} ({', '.join(self.first)}{more}): {self.problem}"


@dataclass(frozen=True, slots=True)
class Translation:
    """What a mapping did to the cells of one column: ``value`` is the text in the file, empty where a unit changed."""

    column: str
    value: str
    read_as: str
    cells: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping was, and what it did to the accepted rows."""

    sha256: str
    columns: Mapping[str, str]
    translations: tuple[Translation, ...]


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Records read, scored (or otherwise used) and rejected; ``scored + rejected == read`` is checked on every run."""

    read: int
    scored: int
    rejected: int

    def __post_init__(self) -> None:
        if self.scored + self.rejected != self.read:
            raise RuntimeError(f"scored {self.scored} + rejected {self.rejected} is not read {self.read}")


@dataclass(frozen=True, slots=True)
class Summary:
    """RunCounts over the scored rows.

    ``assessed``: variable to rows that say something about it. ``states``: variable to state to rows
    that say exactly this state. ``default_setting``: rows that got the run's setting. ``labels``: tallied
    output column to label to rows. ``means``: probability column to its mean (empty without rows).
    ``low``: column with a floor to rows below it.
    """

    rows: int = 0
    assessed: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    default_setting: int = 0
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)
    low: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did: print it, or write it into ``run.json``.

    ``reasons`` are the faults of the rejected rows, the most frequent first, and ``unlisted`` how many further
    faults there are, of kinds too many to remember. ``mapped`` is None without a mapping. ``rejects`` names the
    file of rejected rows where one was asked for and there are any. ``notes`` say how the file was read where that is
    not plain: value labels, cells that it declares missing. ``prepared`` counts what a preparation did.
    """

    counts: RunCounts
    summary: Summary
    warnings: tuple[str, ...]
    reasons: tuple[Reason, ...]
    unlisted: int
    mapped: Mapped | None
    engine: str
    source_sha256: str
    layout: Layout
    rejects: str | None
    notes: tuple[str, ...] = ()
    prepared: Mapping[str, int] = field(default_factory=dict)
