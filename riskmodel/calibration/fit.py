"""Fit a model's statements to a cohort: the most probable values, with the statements as the prior."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskmodel.arrays import Masks
from riskmodel.calibration.as_prior_set import Origin
from riskmodel.calibration.census import census_of
from riskmodel.calibration.cohort_checks import check_identifiers, check_possible, person_weights
from riskmodel.calibration.conclude import fitted_calibration, marginals_at
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.optimise import TOLERANCE, LogPosterior, Progress, check_prior_weight, maximise
from riskmodel.calibration.plan import plan_fit, requested
from riskmodel.calibration.provenance import check_name, cohort_hash
from riskmodel.calibration.result import Calibration
from riskmodel.calibration.verified_odds import Stated, VerifiedOddsRatio, checked_odds_ratio
from riskmodel.calibration.who_was_verified import VerifiedCohort, VerifiedFit
from riskmodel.casefiles.read.frame import as_frame, identifiers
from riskmodel.errors import UsageError
from riskmodel.evidence.records import IGNORABLE
from riskmodel.model import Cases, Model, checked_model

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike

RECALIBRATION_WEIGHT = 0.1  # of the priors on base rates: three times their sd, for they differ 10 to 100 times


def calibrate(  # noqa: PLR0913
    model: Model,
    cohort: Cases,
    learn: str | Sequence[str] = "all",
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    prior_weight: float = 1.0,
    name: str = "cohort",
    outcomes: str = "ignorable",
    verified_odds_ratio: Stated | None = None,
    hold_verified_odds_ratio: bool = False,
    progress: Progress | None = None,
) -> Calibration:
    """Fit statements of a model to a cohort whose outcomes are known, at least in part.

    Maximum a posteriori: P(findings and known outcomes | setting) of every row, times the statements' own
    distributions. Any pattern of blank cells is taken as it is; no row is dropped.

    Parameters
    ----------
    cohort
        one row a person, columns as in a case file, with at least one condition column. A blank outcome is
        unknown, not absent.
    learn
        what to learn; see :func:`riskmodel.calibration.learnable.requested_statements`; what is stated of settings
        that the cohort has nobody from stays as it is.
    setting
        of the rows that name none; needed where there is no column ``setting``.
    mapping
        a mapping file, or the same content as a dict, as of :meth:`riskmodel.model.Model.code`.
    prior_weight
        0 or more, times the log of the prior: 1 weighs it as stated, 0 leaves it out (maximum likelihood;
        for statements of which the cohort has nobody or nothing, a trace of it remains).
    name
        of the cohort, in the fitted set.
    outcomes
        ``ignorable`` uses every row, and is right where whether an outcome is known depends on what is recorded
        in the row; ``weighted`` uses only rows with an outcome, each for all those like it by a logistic model of
        who has one, and is refused where some people had hardly any chance to have one; ``complete`` uses these
        rows as they are (biased where findings decide who is examined).
    verified_odds_ratio
        with ``ignorable``: how many times as high the odds of a known outcome are in people with a serious condition
        as in others with the same recorded findings. A number is taken as it is; three (median and 95 % interval) are
        a distribution over which the fit is averaged. None and 1: it depends on what is recorded alone.
    hold_verified_odds_ratio
        average over the distribution as it was stated; else the cohort has a say in it, as in any statement.
    progress
        called with the number of steps taken, and None.

    Returns
    -------
    the fitted model, prior and posterior of each statement, and :meth:`Calibration.write`.

    Raises
    ------
    CasesError
        cells that are not understood, a person who is there twice, no outcome or one with a single class, no
        modelled finding, rows that are impossible under the model.
    UsageError
        something to learn that does not exist, or on which the cohort says nothing.

    Examples
    --------
    >>> import numpy as np, riskmodel as rm
    >>> from riskmodel.cohort import simulate, to_cases
    >>> model = rm.load()
    >>> people = simulate(model, 400, np.random.default_rng(1), setting="spine_clinic")
    >>> fitted = calibrate(model, to_cases(model, people, with_outcomes=True), "base_rates", name="clinic")
    >>> fitted.converged, fitted.model.statement("base.fracture.spine_clinic").informed[0].source
    (True, 'clinic')
    """
    checked_model(model, "calibrate")
    asked: dict[str, Any] = {"known_outcomes": True, "mapping": mapping}
    cohort = as_frame(cohort)
    masks = model.code(cohort, setting=setting, allow_repeats=True, **asked)  # repeats are refused below
    model.warn_of_blanks(cohort, masks, setting, **asked)
    names = identifiers(cohort, model.variables, mapping)
    return fit_coded(
        model, list(cohort.index if names is None else names), masks, learn,
        prior_weight=prior_weight, name=name, outcomes=outcomes, verified_odds_ratio=verified_odds_ratio,
        hold_verified_odds_ratio=hold_verified_odds_ratio, progress=progress,
    )  # fmt: skip


def recalibrate(  # noqa: PLR0913
    model: Model,
    cohort: Cases,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    prior_weight: float = RECALIBRATION_WEIGHT,
    name: str = "cohort",
    outcomes: str = "ignorable",
    verified_odds_ratio: Stated | None = None,
    hold_verified_odds_ratio: bool = False,
    progress: Progress | None = None,
) -> Calibration:
    """Recalibration in the large: only the base rates, in the settings of the cohort; few outcomes will do.

    As :func:`calibrate` with ``learn="base_rates"``, but the stated base rates weigh a tenth: base rates differ
    10 to 100 times between settings, more than the intervals around most of them allow for.
    """
    return calibrate(
        model, cohort, "base_rates",
        setting=setting, mapping=mapping, prior_weight=prior_weight, name=name, outcomes=outcomes,
        verified_odds_ratio=verified_odds_ratio, hold_verified_odds_ratio=hold_verified_odds_ratio, progress=progress,
    )  # fmt: skip


def fit_coded(  # noqa: PLR0913
    model: Model,
    names: Sequence[Hashable],
    masks: Masks,
    learn: str | Sequence[str] = "all",
    *,
    prior_weight: float = 1.0,
    name: str = "cohort",
    outcomes: str = "ignorable",
    verified_odds_ratio: Stated | None = None,
    hold_verified_odds_ratio: bool = False,
    tipping: bool = False,
    progress: Progress | None = None,
    notes: Sequence[str] = (),
    command: str = "",
    tolerance: float = TOLERANCE,
) -> Calibration:
    """As :func:`calibrate`, of coded evidence.

    Parameters
    ----------
    names
        of the rows; each must be there once.
    masks
        evidence with outcomes, (variables, rows).
    tipping
        whether to work out how the estimates would move at other odds ratios of verification, where the one stated is
        fixed and some outcome is unknown; seven further searches.
    notes
        on how the cohort was read, to be shown before those on the cohort.
    command
        what the set says that it was made by; the call from Python by default.
    tolerance
        rise of the log posterior that the search takes as none, above 0.
    """
    check_prior_weight(prior_weight)
    check_name(name)
    stated = checked_odds_ratio(verified_odds_ratio, outcomes, hold=hold_verified_odds_ratio)
    requested(model, learn)
    if masks.shape[1]:
        check_identifiers(names, masks)
    census = census_of(model.priors, masks)
    plan = plan_fit(model, learn, census)
    coordinates, notes = plan.coordinates, [*notes, *plan.notes]
    weights, weighting = person_weights(outcomes, model.variables, masks)
    notes += weighting.lines() if weighting is not None else []
    likelihood = Likelihood(coordinates, masks[:, weights > 0], weights[weights > 0])
    check_possible(names, likelihood.evidence(masks))
    start = likelihood.at(coordinates.start)
    if start is None:
        raise UsageError("the model cannot be evaluated at its stated values")
    posterior = LogPosterior(likelihood, coordinates, prior_weight)
    if not likelihood.is_informative(start):
        raise plan.nothing_can_move()
    cohort = VerifiedCohort(model.variables, masks, coordinates, prior_weight, tolerance, progress)
    everybody = census.verified == census.people
    if stated.says_nothing or everybody:
        fitted = maximise(posterior, start, tolerance, progress)
        end = VerifiedFit(fitted, posterior, marginals_at(posterior, fitted), None)
    elif stated.is_fixed:
        end = cohort.at(stated)
    else:
        end = cohort.over(stated, learnt=not hold_verified_odds_ratio)
    verification = end.verification
    if tipping and stated.is_fixed and outcomes == "ignorable" and not everybody and not end.fitted.interrupted:
        verification = cohort.tipping(end.fitted.point.x, end.marginals, stated)
    notes += verification.notes() if verification is not None and not stated.says_nothing else []
    origin = Origin(
        name=name,
        people=census.people,
        verified=census.verified,
        settings=plan.settings,
        outcomes=outcomes,
        prior_weight=prior_weight,
        cohort_hash=cohort_hash(model.variables, masks),
        recording=profile_in_use(model),
        verified_odds="" if stated.says_nothing else _odds_text(stated, hold=hold_verified_odds_ratio),
        command=command or _call(learn, prior_weight, name, outcomes, verified_odds_ratio),
    )
    result = fitted_calibration(model, end.posterior, end.fitted, plan.ids, origin, notes, end.marginals)
    return replace(result, weighting=weighting, verification=verification)


def profile_in_use(model: Model) -> str:
    """The recording profile by which blanks are read; nothing where they say nothing."""
    return "" if model.priors.recording == IGNORABLE else model.priors.recording


def _call(
    learn: str | Sequence[str], prior_weight: float, name: str, outcomes: str, verified_odds_ratio: Stated | None
) -> str:
    """The call from Python, as text."""
    what = learn if isinstance(learn, str) else list(learn)
    odds = "" if verified_odds_ratio is None else f", {verified_odds_ratio=}"
    return f"riskmodel.calibrate(learn={what!r}, {prior_weight=:g}, {name=}, {outcomes=}{odds})"


def _odds_text(stated: VerifiedOddsRatio, *, hold: bool) -> str:
    return str(stated) if stated.is_fixed else f"{stated}, {'held' if hold else 'learnt'}"
