"""One finding and condition of a synthesis: its studies and what they say together, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import expit

from riskmodel.synthesis.cutoffs import number_of_cutoff
from riskmodel.synthesis.influence import WithoutStudies, leave_one_out
from riskmodel.synthesis.study_estimates import exact_interval, shrunken

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.arrays import Array
    from riskmodel.synthesis.cutoffs import CutOffEffects
    from riskmodel.synthesis.next_setting import DrawnEffects
    from riskmodel.synthesis.regions import DensityRegion
    from riskmodel.synthesis.studies import StudyCounts

PAIR, RATE = ("sensitivity", "false_positive_rate"), ("rate",)
LEVELS = (0.5, 0.025, 0.975)
INTERVAL = ("value", "low", "high")
RATIOS = ("positive_likelihood_ratio", "negative_likelihood_ratio", "diagnostic_odds_ratio")


@dataclass(frozen=True, eq=False)
class FindingStudies:
    """The studies of one finding and condition, ordered by setting and year, and the effects drawn of them.

    With a ``cutoff`` they are those of several at this one, and no study is left out by itself.
    """

    of: str
    given: str
    rows: tuple[StudyCounts, ...]
    effects: DrawnEffects
    seed: int = 0
    cutoff: float | None = None

    @property
    def is_pair(self) -> bool:
        """Whether sensitivity and false-positive rate were drawn together; else it is one rate."""
        return self.rows[0].is_two_by_two

    @property
    def measures(self) -> tuple[str, ...]:
        return PAIR if self.is_pair else RATE

    @cached_property
    def counts(self) -> tuple[Array, Array]:
        """Events and people of each study, (studies, measures)."""
        if not self.is_pair:
            return self._columns(("events",)), self._columns(("n",))
        positive, negative = self._columns(("tp", "fp")), self._columns(("fn", "tn"))
        return positive, positive + negative

    def _columns(self, keys: Sequence[str]) -> Array:
        return np.array([[row.counts[key] for key in keys] for row in self.rows], float)

    @cached_property
    def labels(self) -> list[str]:
        """What each study is called: its name, with the year and the cut-off where the name does not say them."""
        several = len({row.cutoff for row in self.rows}) > 1
        names = []
        for row in self.rows:
            year = f" {row.year}" if row.year and str(row.year) not in row.study else ""
            names.append(f"{row.study}{year}{f' ({row.cutoff})' if row.cutoff and several else ''}")
        return names

    @cached_property
    def studies(self) -> pd.DataFrame:
        """One row a study and measure.

        Columns: number, study, source, year, setting, cutoff, design, measure, events, n; share with its exact interval
        (low, high); and ``shrunken`` with its interval, the study in the light of the others.
        """
        import pandas as pd

        events, totals = self.counts
        exact = exact_interval(events, totals)
        together = shrunken(events, totals, self.effects, seed=self.seed)
        records = []
        for k, row in enumerate(self.rows):
            for i, measure in enumerate(self.measures):
                records.append({
                    "number": k + 1, "study": self.labels[k], "source": row.source, "year": row.year,
                    "setting": row.setting, "cutoff": row.cutoff, "design": row.design, "measure": measure,
                    "events": int(events[k, i]), "n": int(totals[k, i]), "share": _share(events[k, i], totals[k, i]),
                    "low": exact[k, i, 0], "high": exact[k, i, 1], "shrunken": together[k, i, 0],
                    "shrunken_low": together[k, i, 1], "shrunken_high": together[k, i, 2],
                })  # fmt: skip
        return pd.DataFrame(records)

    @cached_property
    def together(self) -> pd.DataFrame:
        """One row a measure, for the mean and for the next setting: measure, which, value, low, high."""
        import pandas as pd

        intervals = {"mean": self.effects.average(), "next": self.effects.next_setting()}
        return pd.DataFrame([
            {"measure": measure, "which": which, **dict(zip(INTERVAL, ends[i], strict=True))}
            for i, measure in enumerate(self.measures) for which, ends in intervals.items()
        ])  # fmt: skip

    @cached_property
    def spread(self) -> pd.DataFrame:
        """One row a measure: how much settings differ.

        Columns: measure; the spread between settings on the logit scale (spread, low, high); and between what two
        thirds of the settings lie (from, to).
        """
        import pandas as pd

        records = []
        for i, measure in enumerate(self.measures):
            value, low, high = np.quantile(self.effects.spread[:, i], LEVELS)
            middle = float(np.median(self.effects.mean[:, i]))
            records.append({"measure": measure, "spread": value, "low": low, "high": high,
                            "from": expit(middle - value), "to": expit(middle + value)})  # fmt: skip
        return pd.DataFrame(records)

    @cached_property
    def likelihood_ratios(self) -> pd.DataFrame:
        """One row a ratio, for the mean and the next setting, of the joint draws: ratio, which, value, low, high."""
        import pandas as pd

        rng = np.random.default_rng(self.seed)
        drawn = {"mean": expit(self.effects.mean), "next": self.effects.draw(rng)}
        records = []
        for which, pairs in drawn.items():
            sensitivity, false = np.clip(pairs, 1e-12, 1 - 1e-12).T
            positive, negative = sensitivity / false, (1 - sensitivity) / (1 - false)
            for ratio, values in zip(RATIOS, (positive, negative, positive / negative), strict=True):
                ends = np.quantile(values, LEVELS)
                records.append({"ratio": ratio, "which": which, **dict(zip(INTERVAL, ends, strict=True))})
        return pd.DataFrame(records).sort_values("ratio", key=lambda names: names.map(RATIOS.index), kind="stable")

    @cached_property
    def regions(self) -> tuple[DensityRegion, DensityRegion]:
        """The regions of 95 % of the mean, and of the next setting, for a pair."""
        from riskmodel.synthesis.regions import region_of_mean, region_of_next_setting

        return region_of_mean(self.effects), region_of_next_setting(self.effects, seed=self.seed)

    @cached_property
    def without(self) -> WithoutStudies | None:
        """The synthesis without each study; nothing where there is only one, or a cut-off of several."""
        if len(self.rows) < 2 or self.cutoff is not None:
            return None
        return leave_one_out(*self.counts, self.effects, seed=self.seed)

    @cached_property
    def influence(self) -> pd.DataFrame:
        """One row a study left out and measure; no row where there is only one study.

        Columns: number, study, measure; the mean without it (value, low, high), the next setting without it (next,
        next_low, next_high), the shift of the mean in standard deviations, and whether the others were fitted anew.
        """
        import pandas as pd

        without = self.without
        if without is None:
            return pd.DataFrame()
        records = []
        for k, label in enumerate(self.labels):
            for i, measure in enumerate(self.measures):
                records.append({
                    "number": k + 1, "study": label, "measure": measure,
                    **dict(zip(INTERVAL, without.average[k, i], strict=True)),
                    **dict(zip(("next", "next_low", "next_high"), without.next_setting[k, i], strict=True)),
                    "shift": without.shift[k, i], "refitted": bool(without.refitted[k]),
                })  # fmt: skip
        return pd.DataFrame(records)


class DrawnStudies(Protocol):
    """What a synthesis has of each finding and condition."""

    @property
    def drawn(self) -> Mapping[tuple[str, str], DrawnEffects]: ...
    @property
    def studies(self) -> Mapping[tuple[str, str], tuple[StudyCounts, ...]]: ...
    @property
    def seed(self) -> int: ...
    @property
    def cutoffs(self) -> Mapping[tuple[str, str], CutOffEffects]: ...


def finding_studies(synthesis: DrawnStudies) -> tuple[FindingStudies, ...]:
    """Each finding and condition of a synthesis, in the order of the table; of several cut-offs each by itself."""
    result = []
    for (of, given), rows in synthesis.studies.items():
        ordered, seed = tuple(sorted(rows, key=_order)), synthesis.seed
        several = synthesis.cutoffs.get((of, given))
        if several is None:
            result.append(FindingStudies(of, given, ordered, synthesis.drawn[of, given], seed))
            continue
        for cutoff in several.cutoffs:
            of_cutoff = tuple(row for row in ordered if number_of_cutoff(row) == cutoff)
            result.append(FindingStudies(of, given, of_cutoff, several.at(cutoff), seed, cutoff))
    return tuple(result)


def _order(row: StudyCounts) -> tuple[str, str, int, str]:
    return row.setting, row.cutoff, row.year or 0, row.study


def _share(events: float, n: float) -> float:
    return events / n if n else float("nan")
