"""What a fit learns of a cohort, from its counts: the statements, their coordinates, and what a reader should know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskmodel.calibration.census import Census
from riskmodel.calibration.cohort_checks import check_findings, check_outcomes, notes_on_blanks
from riskmodel.calibration.learnable import kind_of, learnable_in, requested_statements
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.recording_rates import check_asked, learnable_rates
from riskmodel.errors import CasesError, UsageError
from riskmodel.model import Model


@dataclass(frozen=True)
class FitPlan:
    """What is to be learnt.

    Attributes
    ----------
    ids
        of the statements that are asked for and that the cohort could tell of.
    coordinates
        of those that can move.
    settings
        people by setting, those that nobody is from left out.
    notes
        on the cohort.
    """

    ids: Sequence[str]
    coordinates: Coordinates
    settings: Mapping[str, int]
    notes: Sequence[str]

    def nothing_can_move(self) -> UsageError:
        """The error where no row depends on what is asked for."""
        return _nothing_can_move(list(self.settings), self.ids)


def requested(model: Model, learn: str | Sequence[str]) -> list[str]:
    """The ids that are asked for, before anything is known of the cohort."""
    check_asked(model.priors, learn)
    return requested_statements(model.priors, learn)


def plan_fit(model: Model, learn: str | Sequence[str], census: Census) -> FitPlan:
    """Choose what to learn of a cohort with these counts.

    Raises
    ------
    CasesError, UsageError
        where the cohort cannot be learnt from.
    """
    priors = model.priors
    ids = requested(model, learn)
    if not census.people:
        raise CasesError("the cohort has no row")
    notes = check_outcomes(model.variables, census)
    if {kind_of(priors.statement(i), priors) for i in ids} != {"base_rates"}:
        check_findings(census)
    ids, silent = learnable_rates(priors, ids, learn, census)
    notes += [*silent, *notes_on_blanks(priors, census)]
    settings = {setting: count for setting, count in census.settings.items() if count}
    coordinates = Coordinates(priors, learnable_in(priors, ids, learn, settings) if settings else ids)
    if not coordinates.size:
        raise _nothing_can_move(list(settings), ids)
    return FitPlan(ids, coordinates, settings, notes)


def _nothing_can_move(settings: Sequence[str], ids: Sequence[str]) -> UsageError:
    where = f"; its people are of {', '.join(settings)}" if settings else ""
    shown = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    return UsageError(
        f"nothing can move: the cohort says nothing about {shown}, or they are fixed (at 0, at 1, or by an interval "
        f"of no width){where}"
    )
