"""The warning on a file whose blanks seem to have a meaning, with what a recording profile would make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Array, Masks
from riskmodel.cases.recorded import POSITIVES_ONLY, RecordedCells
from riskmodel.evidence.recording import heard
from riskmodel.evidence.records import ANY_SERIOUS, Variable
from riskmodel.text import figure

MOST_LOOKED_AT = 4096  # cases that are scored a second time
ON_COMMAND_LINE, IN_PYTHON = "--recording {}", 'model.with_recording("{}")'  # how a profile is named

Recode = Callable[[Sequence[Variable]], Masks]
Notice = Callable[["Suspicion"], "str | None"]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A file that looks as if a blank had a meaning of its own.

    ``first_cases`` codes its first cases, up to 4,096, for the variables of another model: (variables, cases).
    """

    cells: RecordedCells
    first_cases: Recode


def blank_notice(now: Scoring, under: Callable[[str], Scoring | None], naming: str = ON_COMMAND_LINE) -> Notice:
    """What is to be said of a suspicion.

    Parameters
    ----------
    now
        what the file is scored with: blanks say nothing.
    under
        the same under a recording profile, by its name; None where there is no such profile.
    naming
        how a profile is named, with braces for its name.

    Returns
    -------
    from a suspicion to a sentence, or None where the profile to look at, or a serious condition, does not exist.
    """

    def notice(suspicion: Suspicion) -> str | None:
        other = under(suspicion.cells.suspected)
        if other is None or ANY_SERIOUS not in now.scorer.output_names:
            return None
        return _sentence(suspicion, now, other, naming)

    return notice


def _sentence(suspicion: Suspicion, now: Scoring, other: Scoring, naming: str) -> str:
    cells, masks = suspicion.cells, suspicion.first_cases(other.variables)
    before, after, aside = _means(masks, now, other)
    of_first = f" of the first {masks.shape[1]:,} cases" if masks.shape[1] < cells.rows else ""
    of_first += ", outcomes left aside," if aside else ""
    profile = naming.format(cells.suspected)
    means = f"would be {_percent(after)} instead of {_percent(before)}"
    other_way = f"with {profile}, the mean probability of a serious condition{of_first} {means}"
    if _percent(after) == _percent(before):
        other_way = f"look at {profile}"
    quiet = f"{naming.format('ignorable')}: as now, without this warning"
    if cells.suspected == POSITIVES_ONLY:
        doubtful = cells.with_blanks
        return (
            f'hardly any "no" is written down: {doubtful.no:,} of {doubtful.filled:,} answers in {_columns(doubtful)}, '
            f"where {_share(doubtful)} of the cells are blank. A blank is taken as unknown. If it mostly means that "
            f"the finding was not there, probabilities are too high: {other_way}. {quiet}."
        )
    return (
        f"hardly any cell is blank: {cells.blank:,} of {cells.filled + cells.blank:,} in {_columns(cells)}. If these "
        f"are slips on a form that asked everything: {other_way}. If unanswered questions were stored "
        f'as "no", probabilities are too low: export them as blank. {quiet}.'
    )


def _means(masks: Masks, now: Scoring, other: Scoring) -> tuple[float, float, bool]:
    """The mean probability of any serious condition now and under the profile, and whether outcomes were left aside."""
    outcomes = [row for row, variable in enumerate(other.variables) if variable.role == "condition"]
    unknown = now.scorer.blank(1)[outcomes]
    aside = bool((masks[outcomes] != unknown).any())  # a cohort's: where they are evidence, blanks tell nothing more
    masks[outcomes] = unknown
    before, after = _any_serious(now, heard(now.variables, masks)), _any_serious(other, masks)
    possible = ~(np.isnan(before) | np.isnan(after))
    return float(before[possible].mean()), float(after[possible].mean()), aside


def _any_serious(scoring: Scoring, masks: Masks) -> Array:
    """P(any serious condition) of each case; NaN where its evidence is impossible."""
    posterior = scoring.scorer.posterior(np.ascontiguousarray(masks))
    probability = posterior.probability[scoring.scorer.output_names.index(ANY_SERIOUS)]
    return np.where(posterior.evidence > 0, probability, np.nan)


def _columns(cells: RecordedCells) -> str:
    count = len(cells.columns)
    return "1 yes-or-no column" if count == 1 else f"{count} yes-or-no columns"


def _share(cells: RecordedCells) -> str:
    return f"{figure(100 * cells.blank / (cells.blank + cells.filled), '.0f')} %"


def _percent(share: float) -> str:
    return f"{figure(100 * share, '.3g')} %"
