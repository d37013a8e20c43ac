"""A fit by sums: the same search as over rows, which asks for what it wants of them round by round."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from riskmodel._version import __version__
from riskmodel.calibration.as_prior_set import Origin
from riskmodel.calibration.census import Census, total
from riskmodel.calibration.cohort_checks import OUTCOMES
from riskmodel.calibration.conclude import fitted_calibration, marginals_at
from riskmodel.calibration.fit import profile_in_use
from riskmodel.calibration.learnable import requested_names
from riskmodel.calibration.optimise import LogPosterior, Progress, check_prior_weight, maximise
from riskmodel.calibration.plan import plan_fit, requested
from riskmodel.calibration.provenance import check_name
from riskmodel.calibration.result import Calibration
from riskmodel.calibration.sums.likelihood import SummedLikelihood
from riskmodel.calibration.sums.messages import Answer, FitAsked, Request, read_answer
from riskmodel.calibration.sums.piece import model_hash_of
from riskmodel.calibration.sums.wanted import Sums, Wanted, added, cut, joined
from riskmodel.errors import CasesError, UsageError, nearest
from riskmodel.model import Model, checked_model

Ask = Callable[[Request], Sequence[Answer | str]]
BY_SUMS = ("ignorable", "complete")


def calibrate_sums(  # noqa: PLR0913
    model: Model,
    ask: Ask,
    learn: str | Sequence[str] = "all",
    *,
    prior_weight: float = 1.0,
    name: str = "cohort",
    outcomes: str = "ignorable",
    sites: Sequence[str] = (),
    progress: Progress | None = None,
    command: str = "",
) -> Calibration:
    """Fit statements of a model to a cohort whose rows lie in several places, by sums over the rows of each.

    The result is that of :func:`riskmodel.calibration.fit.calibrate` of all rows together, but for rounding.

    Parameters
    ----------
    ask
        gives the answers of all parts to a request (:func:`cohort_sums`), or their texts, in any order; called once a
        round.
    learn, prior_weight, name, progress
        as of :func:`riskmodel.calibration.fit.calibrate`.
    outcomes
        ``ignorable`` or ``complete``. ``weighted`` needs a model of all rows together, and so does an odds ratio of
        verification.
    sites
        the names of those who answer; without them each part may have any name of its own, or none.
    command
        what the set says that it was made by; the call from Python by default.

    Raises
    ------
    CasesError
        an answer is missing, of another round or cohort, or there twice; or what was counted cannot be learnt from.
    UsageError
        as of :func:`riskmodel.calibration.fit.calibrate`.

    Examples
    --------
    >>> import numpy as np, riskmodel as rm
    >>> from riskmodel.cohort import simulate, to_cases
    >>> model = rm.load()
    >>> people = simulate(model, 400, np.random.default_rng(1), setting="spine_clinic")
    >>> frame = to_cases(model, people, with_outcomes=True)
    >>> def ask(request):
    ...     return [rm.cohort_sums(model, part, request) for part in (frame[:150], frame[150:])]
    >>> by_sums = calibrate_sums(model, ask, "base_rates")
    >>> whole = rm.calibrate(model, frame, "base_rates")
    >>> bool(np.abs(by_sums.table["posterior"] - whole.table["posterior"]).max() < 1e-9)
    True
    """
    fit = asked_fit(model, learn, prior_weight=prior_weight, name=name, outcomes=outcomes, sites=sites)
    return fit_by_sums(model, fit, ask, progress, command)


def asked_fit(
    model: Model, learn: str | Sequence[str], *, prior_weight: float, name: str, outcomes: str, sites: Sequence[str]
) -> FitAsked:
    """What is to be fitted, checked as far as it can be without a row."""
    checked_model(model, "calibrate_sums")
    check_prior_weight(prior_weight)
    check_name(name)
    requested(model, learn)
    if outcomes not in BY_SUMS:
        reason = f"{nearest(str(outcomes), BY_SUMS)}"
        if outcomes in OUTCOMES:
            reason = ": its weights come of a model of all rows together, which sums do not give"
        raise UsageError(f"outcomes: {outcomes!r} cannot be fitted by sums{reason}; allowed: {', '.join(BY_SUMS)}")
    plain = all(re.fullmatch(r"[\w][\w .-]*", site) for site in sites)
    if len(set(sites)) < len(sites) or not plain:
        raise UsageError(
            f"sites: each needs a name of its own, of letters, digits, '-', '_', '.' and blanks; received "
            f"{', '.join(map(repr, sites))}"
        )
    return FitAsked(
        name, tuple(requested_names(learn)), outcomes, float(prior_weight), model.priors.prior_set.name,
        model.priors.recording, model_hash_of(model), tuple(sites),
    )  # fmt: skip


def fit_by_sums(
    model: Model, fit: FitAsked, ask: Ask, progress: Progress | None = None, command: str = ""
) -> Calibration:
    """The fit, by asking round after round; whatever ``ask`` raises ends it."""
    rounds = _Rounds(fit, ask)
    census = rounds.census()
    plan = plan_fit(model, fit.learn, census)
    coordinates = plan.coordinates
    rounds.statements = tuple(coordinates.statements[column].id for column in coordinates.columns)
    likelihood = SummedLikelihood(coordinates, rounds.sums)
    posterior = LogPosterior(likelihood, coordinates, fit.prior_weight)
    start = likelihood.at(coordinates.start)
    if start is None:
        raise UsageError("the model cannot be evaluated at its stated values")
    if not likelihood.is_informative(start):
        raise plan.nothing_can_move()
    fitted = maximise(posterior, start, progress=progress)
    origin = Origin(
        name=fit.name,
        people=census.people,
        verified=census.verified,
        settings=plan.settings,
        outcomes=fit.outcomes,
        prior_weight=fit.prior_weight,
        cohort_hash=rounds.cohort_hash(),
        recording=profile_in_use(model),
        parts=len(rounds.parts),
        command=command or f"riskmodel.calibrate_sums(learn={list(fit.learn)!r}, name={fit.name!r})",
    )
    notes = [*rounds.notes(), *plan.notes]
    return fitted_calibration(model, posterior, fitted, plan.ids, origin, notes, marginals_at(posterior, fitted))


@dataclass
class _Rounds:
    """The rounds so far: what to ask next, and who answers.

    Attributes
    ----------
    parts
        the answers of the first round, by site, or by their order.
    """

    fit: FitAsked
    ask: Ask
    number: int = 0
    statements: tuple[str, ...] = ()
    parts: list[Answer] = field(default_factory=list)

    def census(self) -> Census:
        """The counts of the cohort, of the first round."""
        self.parts = list(self._answers(None))
        if not self.parts:
            raise CasesError("nobody answers: the cohort has no part")
        return total([answer.census for answer in self.parts if answer.census is not None])

    def sums(self, asked: Wanted) -> Sums:
        """The sums over all rows, in as many rounds as they need."""
        rounds = []
        for part in cut(asked):
            answers = self._answers(part)
            rounds.append(added([answer.sums for answer in answers if answer.sums is not None]))
        return joined(rounds)

    def _answers(self, asked: Wanted | None) -> Sequence[Answer]:
        self.number += 1
        request = Request(self.fit, self.number, self.statements, asked)
        answers = [read_answer(answer) if isinstance(answer, str) else answer for answer in self.ask(request)]
        check_answers(request, answers, self.parts)
        return answers

    def cohort_hash(self) -> str:
        """Of all parts, whatever their order; of a single part its own."""
        hashes = sorted(answer.cohort for answer in self.parts)
        if len(hashes) == 1:
            return hashes[0]
        return f"sha256:{hashlib.sha256(','.join(hashes).encode()).hexdigest()}"

    def notes(self) -> list[str]:
        """What a reader should know of the parts."""
        people = [f"{answer.site} {answer.people:,}" for answer in self.parts if answer.site]
        notes = [f"fitted by sums over {len(self.parts)} parts" + (f" ({', '.join(people)})" if people else "")]
        rejected = [f"{answer.site or 'a part'} {answer.rejected:,}" for answer in self.parts if answer.rejected]
        if rejected:
            notes.append(f"rows were rejected and are not learnt from ({', '.join(rejected)})")
        withheld = [f"{answer.site or 'a part'} {len(answer.withheld)}" for answer in self.parts if answer.withheld]
        if withheld:
            notes.append(
                f"small counts were withheld and taken as small as they can be ({', '.join(withheld)}); the estimates "
                f"do not rest on these counts"
            )
        notes.append("whether anybody stands in the rows of two parts could not be seen")
        return notes


def check_answers(request: Request, answers: Sequence[Answer], parts: Sequence[Answer]) -> None:
    """Refuse answers that do not fit the request or the first round's, all problems together.

    Raises
    ------
    CasesError
        naming each answer, what it is, and what is expected.
    """
    problems = [problem for answer in answers for problem in problems_of(request, answer)]
    named = [answer.site for answer in answers]
    expected = list(request.fit.sites) or [answer.site for answer in parts] or named
    for site in dict.fromkeys(named):
        files = [answer.label for answer in answers if answer.site == site]
        if len(files) > expected.count(site) and expected.count(site):
            problems.append(f"{', '.join(files)}: {site or 'a part'} answers round {request.number} twice; keep one")
    missing = [site for site in dict.fromkeys(expected) if named.count(site) < expected.count(site)]
    if missing:
        have = ", ".join(site or "a part" for site in named) or "nobody"
        listed = ", ".join(site or "a part" for site in missing)
        problems.append(f"round {request.number}: no answer of {listed}; there are those of {have}")
    if not problems and parts:
        before = sorted((answer.site, answer.cohort) for answer in parts)
        changed = sorted((answer.site, answer.cohort) for answer in answers)
        for old, new in zip(before, changed, strict=True):
            if old != new:
                label = next(answer.label for answer in answers if (answer.site, answer.cohort) == new)
                problems.append(
                    f"{label}: the rows of {new[0] or 'a part'} are not those of round 1 ({new[1]} against {old[1]}); "
                    f"each site answers all rounds with the same cohort, or the fit begins anew"
                )
    if problems:
        raise CasesError("\n".join(["the answers cannot be used:", *(f"  {problem}" for problem in problems)]))


def problems_of(request: Request, answer: Answer) -> list[str]:
    """What is wrong with one answer to a request: the first of all that can be."""
    fit, sites = request.fit, request.fit.sites
    checks = (
        (answer.fit == fit.id, f"is of the fit {answer.fit}; expected {fit.id} ({fit.name})"),
        (answer.number == request.number, f"answers round {answer.number}; expected round {request.number}"),
        (answer.version == __version__, f"is of riskmodel {answer.version}; expected {__version__}"),
        (
            answer.request == request.hash,
            f"answers another request of round {answer.number} ({answer.request}; expected {request.hash})",
        ),
        (answer.site in sites or not sites, f"is of the site {answer.site!r}; expected one of {', '.join(sites)}"),
        (_has_the_shape(request, answer), f"holds other sums than round {request.number} asks for"),
    )
    return [f"{answer.label}: {problem}" for good, problem in checks if not good][:1]


def _has_the_shape(request: Request, answer: Answer) -> bool:
    asked, sums = request.asked, answer.sums
    if asked is None or sums is None:
        return asked is None and sums is None and answer.census is not None
    slopes = sums.slopes.shape == asked.slopes_at.shape or not (sums.slopes.size or asked.slopes_at.size)
    counts = (len(sums.log_likelihoods), len(sums.values), len(sums.products))
    entries = asked.entries[1] - asked.entries[0]
    possible = np.isfinite(sums.log_likelihoods)
    numbers = not sums.slopes.size or bool(np.isfinite(sums.slopes[possible]).all())
    return slopes and numbers and counts == (len(asked.slopes_at), len(asked.values_at), entries)
