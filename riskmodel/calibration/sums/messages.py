"""Requests for sums and their answers: small records, and the JSON that travels."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from riskmodel._version import __version__
from riskmodel.arrays import Array
from riskmodel.calibration.census import Census
from riskmodel.calibration.sums.counts import census_from_table, census_table
from riskmodel.calibration.sums.wanted import Sums, Wanted
from riskmodel.errors import CasesError

REQUEST, ANSWER = "request for sums", "answer with sums"
FORMAT = 1
DIGITS = 16  # of a hash


@dataclass(frozen=True)
class FitAsked:
    """What is fitted, the same in all rounds.

    Attributes
    ----------
    priors, recording
        the prior set and the recording profile, by name.
    model
        a hash of all statements in use and of the network.
    sites
        by name, in order; empty where anybody may answer.
    """

    name: str
    learn: tuple[str, ...]
    outcomes: str
    prior_weight: float
    priors: str
    recording: str
    model: str
    sites: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A hash of all this: the same fit has the same."""
        parts = [self.name, self.learn, self.outcomes, self.prior_weight, self.model, self.sites]
        return _hash(json.dumps([__version__, *parts]))


@dataclass(frozen=True)
class Request:
    """What one round asks of every site.

    Attributes
    ----------
    number
        of the round; the first asks for counts.
    statements
        ids of what is learnt; none in the first round.
    asked
        the sums; None in the first round.
    file
        where it was read from.
    """

    fit: FitAsked
    number: int
    statements: tuple[str, ...] = ()
    asked: Wanted | None = None
    version: str = __version__
    file: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return self.file or f"the request of round {self.number}"

    def text(self) -> str:
        """As JSON."""
        table: dict[str, Any] = {
            "riskmodel": REQUEST, "format": FORMAT, "version": self.version, "fit": self.fit.id, "round": self.number,
            "asks_for": "counts of the cohort" if self.asked is None else self.asked.describe(),
            "name": self.fit.name, "sites": list(self.fit.sites), "priors": self.fit.priors,
            "recording": self.fit.recording, "model": self.fit.model, "learn": list(self.fit.learn),
            "outcomes": self.fit.outcomes, "prior_weight": self.fit.prior_weight, "statements": list(self.statements),
        }  # fmt: skip
        if self.asked is not None:
            table |= {
                "slopes_at": self.asked.slopes_at.tolist(), "values_at": self.asked.values_at.tolist(),
                "products_at": self.asked.products_at.tolist(), "entries": list(self.asked.entries),
            }  # fmt: skip
        return json_lines(table)

    @property
    def hash(self) -> str:
        """Of its content."""
        return _hash(self.text())


@dataclass(frozen=True)
class Answer:
    """What one site, or one part of a cohort, answers in one round.

    Attributes
    ----------
    fit, number, request
        hash of the fit, number of the round, and hash of the request.
    cohort
        a hash of the rows, as they were read.
    census, withheld
        in the first round the counts, and what is said of those too small to be told, by name.
    sums
        in all other rounds.
    rejected
        how many rows could not be read and are not among the people.
    file
        where it was read from.
    """

    fit: str
    number: int
    request: str
    site: str
    model: str
    cohort: str
    people: int
    census: Census | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)
    sums: Sums | None = None
    rejected: int = 0
    version: str = __version__
    file: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return self.file or f"the answer of {self.site or 'a part'}"

    def text(self) -> str:
        """As JSON: sums in digits, products of slopes packed (base 64 of 8-byte floats, little end first)."""
        table: dict[str, Any] = {
            "riskmodel": ANSWER, "format": FORMAT, "version": self.version, "fit": self.fit, "round": self.number,
            "request": self.request, "site": self.site, "model": self.model, "cohort": self.cohort,
            "people": self.people, "rejected": self.rejected,
        }  # fmt: skip
        if self.census is not None:
            table["census"] = census_table(self.census, self.withheld)
        if self.sums is not None:
            table |= {
                "log_likelihoods": _plain(self.sums.log_likelihoods), "slopes": _plain(self.sums.slopes),
                "values": _plain(self.sums.values), "tells": self.sums.tells, "products": _packed(self.sums.products),
            }  # fmt: skip
        return json_lines(table)


def read_request(text: str, file: str = "the request") -> Request:
    """A request from its JSON.

    Raises
    ------
    CasesError
        for a text that is none.
    """
    table = _table(text, file, REQUEST)
    with _Reading(file, "a request"):
        fit = FitAsked(
            table["name"], tuple(table["learn"]), table["outcomes"], float(table["prior_weight"]), table["priors"],
            table["recording"], table["model"], tuple(table["sites"]),
        )  # fmt: skip
        asked = None
        if "slopes_at" in table:
            size = max(len(row) for row in [*table["slopes_at"], *table["values_at"], table["products_at"]])
            asked = Wanted(
                np.array(table["slopes_at"], dtype=float).reshape(-1, size),
                np.array(table["values_at"], dtype=float).reshape(-1, size),
                np.array(table["products_at"], dtype=float),
                (int(table["entries"][0]), int(table["entries"][1])),
            )
        return Request(fit, int(table["round"]), tuple(table["statements"]), asked, table["version"], file)


def read_answer(text: str, file: str = "") -> Answer:
    """An answer from its JSON.

    Raises
    ------
    CasesError
        for a text that is none.
    """
    table = _table(text, file or "the answer", ANSWER)
    with _Reading(file, "an answer"):
        census, withheld = census_from_table(table["census"]) if "census" in table else (None, {})
        sums = None
        if "slopes" in table:
            slopes = table["slopes"]
            sums = Sums(
                _floats(table["log_likelihoods"]),
                np.array([_floats(row) for row in slopes]) if slopes else np.empty((0, 0)),
                _floats(table["values"]),
                _unpacked(table["products"]),
                bool(table["tells"]),
            )
        return Answer(
            table["fit"], int(table["round"]), table["request"], table["site"], table["model"], table["cohort"],
            int(table["people"]), census, withheld, sums, int(table["rejected"]), table["version"], file,
        )  # fmt: skip


def kind_of_message(text: str) -> str:
    """Whether a text is a request, an answer, or neither (empty)."""
    try:
        table = json.loads(text)
    except ValueError:
        return ""
    kind = table.get("riskmodel") if isinstance(table, dict) else ""
    return kind if kind in (REQUEST, ANSWER) else ""


def json_lines(table: Mapping[str, Any]) -> str:
    """A table as JSON, a key a line, and a row of numbers a line."""
    lines = []
    for key, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], list):
            rows = ",\n  ".join(json.dumps(row) for row in value)
            lines.append(f" {json.dumps(key)}: [\n  {rows}\n ]")
        elif isinstance(value, Mapping):
            rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(inner)}" for name, inner in value.items())
            lines.append(f" {json.dumps(key)}: {{\n{rows}\n }}")
        else:
            lines.append(f" {json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def renamed(answer: Answer, request: str) -> Answer:
    """An answer to a request that differs in its last digits alone."""
    return replace(answer, request=request)


class _Reading:
    """Turns what a message lacks into an error that names its file."""

    def __init__(self, file: str, what: str) -> None:
        self.file, self.what = file, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyError):
            raise CasesError(f"{self.file}: {self.what} has the key {error.args[0]!r}, which is missing") from None
        if isinstance(error, TypeError | ValueError | IndexError | AttributeError):
            raise CasesError(f"{self.file}: not {self.what} that riskmodel wrote: {error}") from None


def _table(text: str, file: str, kind: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except ValueError as error:
        raise CasesError(f"{file}: is no JSON ({error}); allowed: a {kind} that riskmodel wrote") from None
    received = table.get("riskmodel") if isinstance(table, dict) else None
    if received != kind:
        raise CasesError(f"{file}: holds {received!r}; expected a {kind!r}")
    if table.get("format") != FORMAT:
        raise CasesError(f"{file}: format {table.get('format')!r}; this version reads format {FORMAT}")
    return dict(table)


def _plain(values: Array) -> list[Any]:
    """Numbers in digits; null where there is none."""
    if values.ndim > 1:
        return [_plain(row) for row in values]
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124


def _floats(values: Sequence[Any]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _packed(values: Array) -> str:
    return base64.b64encode(values.astype("<f8").tobytes()).decode()


def _unpacked(text: str) -> Array:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f8").astype(float)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
