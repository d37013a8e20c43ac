"""What a site has sent: a file of its own that a person can read, and that a second, other answer is measured by."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from riskmodel.calibration.provenance import today
from riskmodel.calibration.sums.messages import Answer, Request
from riskmodel.errors import CasesError, UsageError
from riskmodel.outputs.files import write_files
from riskmodel.outputs.toml_text import toml_text

MOST_ROUNDS = 60
HEAD = "What was sent of this site's cohorts: sums over people, never a row. Kept by riskmodel; do not edit."


class SentLog:
    """The answers that a site has given.

    Parameters
    ----------
    path
        of the file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[dict[str, Any]] = []
        if path.exists():
            try:
                self.entries = tomllib.loads(path.read_text(encoding="utf-8"))["sent"]
            except (OSError, ValueError, KeyError) as error:
                raise CasesError(f"{path}: is no log of what was sent: {error}") from None

    def check(self, request: Request, cohort: str, most_rounds: int = MOST_ROUNDS) -> None:
        """Refuse what would send other sums than the fit needs.

        Raises
        ------
        UsageError
            for a round that was answered with other rows or to another request, that comes too early, or is one too
            many.
        """
        rounds = [entry for entry in self.entries if entry["fit"] == request.fit.id]
        if rounds and rounds[0]["cohort"] != cohort:
            raise UsageError(
                f"the cohort has changed: round 1 of the fit {request.fit.id} was answered with {rounds[0]['cohort']}, "
                f"these rows are {cohort} ({self.path}). Answer with the same rows, or ask for a fit under another name"
            )
        again = [entry for entry in rounds if entry["round"] == request.number]
        if again and again[0]["request"] != request.hash:
            raise UsageError(
                f"{request.label}: round {request.number} was answered on {again[0]['day']} to another request "
                f"({again[0]['request']}, this is {request.hash}); a round is answered to one request ({self.path})"
            )
        last = max((entry["round"] for entry in rounds), default=0)
        if request.number > last + 1:
            raise UsageError(
                f"{request.label}: is of round {request.number}; by {self.path} this site has answered up to round "
                f"{last}, so that round {last + 1} is next"
            )
        if request.number > most_rounds:
            raise UsageError(
                f"{request.label}: is of round {request.number}; a fit is answered for at most {most_rounds} rounds "
                f"(--most-rounds)"
            )

    def add(self, request: Request, answer: Answer, file: str) -> str:
        """The text of the log with one answer more; the same where it was given before."""
        entries = self.entries
        if not any((entry["fit"], entry["round"]) == (answer.fit, answer.number) for entry in entries):
            entries = [*entries, _entry(request, answer, file)]
        return toml_text({}, {"sent": entries}, HEAD)


def write_answer(answer: Answer, request: Request, log: SentLog, output: Path) -> None:
    """Write an answer and the log of what was sent, both or neither."""
    write_files({output: answer.text(), log.path: log.add(request, answer, output.name)})


def contents(request: Request, answer: Answer) -> str:
    """What an answer holds, in words."""
    if answer.census is None:
        held = "" if request.asked is None else request.asked.describe()
        return f"{held}, over {answer.people:,} people"
    withheld = f", {len(answer.withheld)} of them too small to be told" if answer.withheld else ""
    return f"counts of {answer.people:,} people{withheld}"


def _entry(request: Request, answer: Answer, file: str) -> dict[str, Any]:
    return {
        "day": today(),
        "fit": answer.fit,
        "name": request.fit.name,
        "site": answer.site,
        "round": answer.number,
        "request": answer.request,
        "answer": file,
        "answer_sha256": hashlib.sha256(answer.text().encode()).hexdigest(),
        "holds": contents(request, answer),
        "cohort": answer.cohort,
        "version": answer.version,
    }
