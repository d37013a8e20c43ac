"""What the studies of a finding and a condition give: shares with their intervals, in all, by setting or by band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.evidence.records import SETTING
from riskmodel.synthesis.cutoffs import CutOffEffects, cutoff_effects, graded, has_cutoffs
from riskmodel.synthesis.designs import Settings
from riskmodel.synthesis.next_setting import DrawnEffects, correlation_of_ranks, drawn_effects

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors
    from riskmodel.synthesis.studies import StudyCounts


@dataclass(frozen=True, slots=True)
class SynthesisedShare:
    """The shares of one statement of a finding, in people with the condition and without it, or of one group.

    ``of`` is the finding, or one band of it; ``setting`` the setting whose mean this is, "" for all; ``rows`` what it
    rests on; ``intervals`` (groups, 3) value and ends; ``correlation`` between the two groups; ``effects`` for a note.
    """

    of: str
    rows: tuple[StudyCounts, ...]
    intervals: Array
    correlation: float
    effects: DrawnEffects
    setting: str = ""

    @property
    def name(self) -> str:
        """What tells it from the others of the same studies, as a part of an id."""
        return self.setting or self.of.partition("=")[2].strip()

    def people(self, group: int) -> int:
        """How many people of a group there were: those of a study count once, at however many cut-offs."""
        once = {(row.study, row.setting): row for row in self.rows}
        return int(counts_of(list(once.values()))[1][:, group].sum())


@dataclass(frozen=True, slots=True)
class FindingShares:
    """The random effects of some studies, at several cut-offs where they have these, and the shares they give."""

    effects: DrawnEffects
    shares: tuple[SynthesisedShare, ...]
    cutoffs: CutOffEffects | None = None


def studies_together(
    rows: Sequence[StudyCounts], priors: Priors | None, *, by_setting: bool, next_setting: bool, draws: int, seed: int
) -> FindingShares:
    """Random effects of the studies of one finding and condition.

    Parameters
    ----------
    by_setting
        where two or more settings are named, the mean of each setting moves by itself.
    next_setting
        whether the intervals are of the next setting, or of the mean.
    """
    variable = graded(rows[0].of, priors)
    if variable is not None and has_cutoffs(rows):
        several = cutoff_effects(rows, draws, seed)
        states, edges = variable.states[1:], variable.lower_edges[1:]
        drawn = several.bands(edges, next_setting=next_setting)
        intervals = several.band_intervals(edges, next_setting=next_setting)
        shares = [
            SynthesisedShare(
                f"{variable.name}={state}", tuple(rows), intervals[i], _of_ranks(drawn[:, i]), several.at(edges[i])
            )
            for i, state in enumerate(states)
        ]
        return FindingShares(several.effects, tuple(shares), several)
    effects = drawn_effects(*counts_of(rows), draws=draws, seed=seed)
    settings = named_settings(rows) if by_setting else []
    if len(settings) < 2:
        return FindingShares(effects, (_share(rows, effects, "", next_setting),))
    each = _by_setting(rows, settings, draws, seed)
    return FindingShares(effects, tuple(_share(of_setting, e, name, next_setting) for name, of_setting, e in each))


def named_settings(rows: Sequence[StudyCounts]) -> list[str]:
    """The settings that are named, in the order of the table; none of shares that are of one setting by themselves."""
    return [] if f"{SETTING}=" in rows[0].given else list(dict.fromkeys(row.setting for row in rows if row.setting))


def counts_of(rows: Sequence[StudyCounts]) -> tuple[Array, Array]:
    """Events and people, (studies, 2): with the condition, and without it; or (studies, 1)."""
    if not rows[0].is_two_by_two:
        return _columns(rows, ("events",)), _columns(rows, ("n",))
    positive, negative = _columns(rows, ("tp", "fp")), _columns(rows, ("fn", "tn"))
    return positive, positive + negative


def _columns(rows: Sequence[StudyCounts], keys: Sequence[str]) -> Array:
    return np.array([[row.counts[key] for key in keys] for row in rows], float)


def _share(rows: Sequence[StudyCounts], effects: DrawnEffects, setting: str, next_setting: bool) -> SynthesisedShare:  # noqa: FBT001
    intervals = effects.next_setting() if next_setting else effects.average()
    correlation = effects.together(next_setting=next_setting)
    return SynthesisedShare(rows[0].of, tuple(rows), intervals, correlation, effects, setting)


def _by_setting(
    rows: Sequence[StudyCounts], settings: Sequence[str], draws: int, seed: int
) -> list[tuple[str, list[StudyCounts], DrawnEffects]]:
    """Each setting with its studies and its effects; studies that name none count as one more setting."""
    every = [*settings, ""] if any(not row.setting for row in rows) else list(settings)
    events, totals = counts_of(rows)
    design = Settings(np.array([every.index(row.setting) for row in rows]), len(every), events.shape[1])
    effects = drawn_effects(events, totals, draws=draws, seed=seed, design=design)
    shifts = design.shifts(effects.coordinates)
    result = []
    for i, name in enumerate(settings):
        of_setting = [row for row in rows if row.setting == name]
        moved = replace(effects, mean=effects.mean + shifts[:, :, i], studies=len(of_setting))
        result.append((name, of_setting, moved))
    return result


def _of_ranks(drawn: Array) -> float:
    return correlation_of_ranks(drawn) if drawn.shape[1] == 2 else 0.0
