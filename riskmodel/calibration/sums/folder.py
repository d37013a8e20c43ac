"""The folder of a fit by sums: requests and answers as files, which are all that is known of how far it has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from riskmodel.calibration.result import Calibration
from riskmodel.calibration.sums.fit import fit_by_sums
from riskmodel.calibration.sums.messages import (
    ANSWER,
    Answer,
    FitAsked,
    Request,
    kind_of_message,
    read_answer,
    read_request,
    renamed,
)
from riskmodel.calibration.sums.piece import check_model, model_hash_of
from riskmodel.errors import CasesError, UsageError
from riskmodel.model import Model
from riskmodel.outputs.files import write_files

NEAR = 1e-6  # of a coordinate: the steps of another machine differ by less, those of another fit by more


class NextRound(Exception):  # noqa: N818
    """What the fit asks next; no error."""

    def __init__(self, request: Request) -> None:
        super().__init__(f"round {request.number}")
        self.request = request


class FitFolder:
    """The requests and answers that lie in a folder.

    Answers are told by what they hold; the names of their files are of no account.

    Attributes
    ----------
    requests
        by the number of the round.
    answers
        by the number of the round.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: dict[int, Request] = {}
        self.answers: dict[int, list[Answer]] = defaultdict(list)
        problems = []
        for path in sorted(folder.glob("*.json")):
            try:
                self._take(path)
            except CasesError as error:
                problems.append(str(error))
        if not problems:
            problems = self._of_no_round()
        if problems:
            raise CasesError("\n".join([f"{folder} cannot be used:", *(f"  {problem}" for problem in problems)]))

    def _take(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CasesError(f"{path}: cannot be read: {error}") from None
        kind = kind_of_message(text)
        if kind == ANSWER:
            answer = read_answer(text, str(path))
            self.answers[answer.number].append(answer)
            return
        request = read_request(text, str(path))
        if request.number in self.requests:
            raise CasesError(f"{path}: a second request of round {request.number}; keep the one that was sent")
        self.requests[request.number] = request

    def _of_no_round(self) -> list[str]:
        """Answers to what was not asked yet, and requests that do not belong together."""
        problems, last = [], max(self.requests, default=0)
        fits = {request.fit.id for request in self.requests.values()}
        if len(fits) > 1:
            listed = ", ".join(f"{request.file}: fit {request.fit.id}" for request in self.requests.values())
            problems.append(f"requests of several fits ({listed}); a fit has a folder of its own")
        missing = [number for number in range(1, last) if number not in self.requests]
        problems += [
            f"the request of round {number} is missing, though there is one of round {last}" for number in missing
        ]
        for number, answers in self.answers.items():
            if number > last:
                problems += [f"{a.label}: answers round {number}; the fit is at round {last}" for a in answers]
        return problems

    @property
    def fit(self) -> FitAsked:
        """What is fitted."""
        if not self.requests:
            raise UsageError(f"{self.folder}: holds no request; begin a fit with `riskmodel sums begin {self.folder}`")
        return self.requests[1].fit

    def ask(self, request: Request) -> Sequence[Answer]:
        """The answers to a request that lie here.

        Raises
        ------
        NextRound
            where it has not been asked yet.
        """
        before = self.requests.get(request.number)
        if before is None:
            raise NextRound(request)
        if not _same(before, request):
            raise UsageError(
                f"{before.file}: is not what the fit asks in round {request.number}, worked out anew from the answers "
                f"before it; an answer or a request was changed, or another version of a library is at work here"
            )
        answers = self.answers[request.number]
        return [renamed(a, request.hash) if a.request == before.hash else a for a in answers]

    def write(self, request: Request) -> Path:
        """Write a request into the folder."""
        path = self.folder / f"request_{request.number}.json"
        write_files({path: request.text()})
        return path


def begin_fit(folder: Path, fit: FitAsked) -> Path:
    """Make the folder of a fit, with its first request.

    Raises
    ------
    UsageError
        where another fit lies there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    already = FitFolder(folder)
    if already.requests and already.fit.id != fit.id:
        raise UsageError(f"{folder}: holds the fit {already.fit.id} ({already.fit.name}); take another folder")
    return already.write(Request(fit, 1))


def combine(folder: FitFolder, model: Model, command: str = "") -> Calibration | Request:
    """The fitted model, or what must be asked next, from all that lies in a folder.

    Raises
    ------
    CasesError
        answers are missing or do not belong to their round.
    UsageError
        for another model or version.
    """
    check_model(folder.requests[max(folder.requests)], model, model_hash_of(model))
    try:
        return fit_by_sums(model, folder.fit, folder.ask, command=command)
    except NextRound as following:
        return following.request


def _same(before: Request, request: Request) -> bool:
    """Whether two requests ask for the same, but for the last digits."""
    first, second = before.asked, request.asked
    if (before.fit.id, before.statements) != (request.fit.id, request.statements):
        return False
    if first is None or second is None:
        return first is second
    pairs = [(first.slopes_at, second.slopes_at), (first.values_at, second.values_at)]
    pairs.append((first.products_at, second.products_at))
    return first.entries == second.entries and all(
        a.size == b.size and np.allclose(a.ravel(), b.ravel(), rtol=0, atol=NEAR) for a, b in pairs
    )
