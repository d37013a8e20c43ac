"""Several cut-offs of one test: its counts read from the rows, and shares at any cut-off and between two of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from riskmodel.errors import Problems
from riskmodel.synthesis.designs import CutOffs
from riskmodel.synthesis.next_setting import DRAWS, DrawnEffects, drawn_effects

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors, Variable
    from riskmodel.synthesis.studies import StudyCounts

CUTOFF = re.compile(r"\s*[>≥=]*\s*([0-9]+(?:\.[0-9]+)?)\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class CutOffEffects:
    """Draws of how often a test is at a cut-off or above it, with the condition and without it, at any cut-off.

    ``effects`` are those at the middle one; ``design`` has the counts; ``cutoffs`` are those of the studies.
    """

    effects: DrawnEffects
    design: CutOffs
    cutoffs: tuple[float, ...]

    def at(self, cutoff: float) -> DrawnEffects:
        """The effects at a cut-off."""
        moved = self.effects.mean + self.design.logits_move(self.effects.coordinates, cutoff)
        return replace(self.effects, mean=moved)

    def bands(self, edges: Sequence[float], *, next_setting: bool = True, seed: int = 0) -> Array:
        """Draws of the shares from each edge to the next, the last without end: (draws, edges, dimensions)."""
        noise = np.random.default_rng(seed) if next_setting else None
        effects = self.effects.mean if noise is None else self.effects.draw_logits(noise)
        moved = [effects + self.design.logits_move(self.effects.coordinates, edge) for edge in edges]
        above = expit(np.stack([*moved, np.full_like(effects, -np.inf)], axis=1))
        return np.asarray(above[:, :-1] - above[:, 1:])

    def band_intervals(self, edges: Sequence[float], *, next_setting: bool = True, level: float = 0.95) -> Array:
        """Value and ends of the interval of the share in each band: (edges, dimensions, 3).

        The values are differences of the medians at the edges, so that they leave room for what lies below.
        """
        drawn = self.bands(edges, next_setting=next_setting)
        above = np.cumsum(drawn[:, ::-1], axis=1)[:, ::-1]
        medians = np.median(above, axis=0)
        value = medians - np.vstack([medians[1:], np.zeros(medians.shape[1])])
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return np.stack([value, np.minimum(low, value), np.maximum(high, value)], axis=-1)


def has_cutoffs(rows: Sequence[StudyCounts]) -> bool:
    """Whether some studies have more than one cut-off between them; the same number in other words is the same."""
    return (
        len({str(number_of_cutoff(row)) if CUTOFF.fullmatch(row.cutoff) else row.cutoff for row in rows if row.cutoff})
        > 1
    )


def cutoff_effects(rows: Sequence[StudyCounts], draws: int = DRAWS, seed: int = 0) -> CutOffEffects:
    """The synthesis of some rows in which :func:`cutoff_faults` notes nothing."""
    design = CutOffs.of([_counts(study) for study in _by_study(rows).values()])
    effects = drawn_effects(design.events, design.totals, draws=draws, seed=seed, design=design)
    return CutOffEffects(effects, design, tuple(sorted({number_of_cutoff(row) for row in rows})))


def cutoff_faults(rows: Sequence[StudyCounts], priors: Priors | None, problems: Problems) -> None:
    """Note what keeps rows with several cut-offs from being taken together."""
    cutoffs = ", ".join(sorted({row.cutoff for row in rows if row.cutoff}))
    variable = graded(rows[0].of, priors)
    if variable is None:
        name, _, state = (part.strip() for part in rows[0].of.partition("="))
        allowed = "one cut-off; several need a model, and a test whose states are bands of a number"
        if priors is not None and state != "any" and graded(f"{name}=any", priors) is not None:
            allowed = f"one cut-off, or {name}=any: the number itself, whose bands are {name}'s states"
        problems.note("cutoff", f"cut-offs {cutoffs} for {rows[0].of}", allowed)
        return
    for row in rows:
        match = CUTOFF.fullmatch(row.cutoff)
        if match is None or float(match[1]) <= 0:
            problems.note("cutoff", f"{row.study}: received {row.cutoff!r}", "a number above 0 in each row, as 20 mm/h")
        elif match[2] and _bare(match[2]) != _bare(variable.unit):
            problems.note("cutoff", f"{row.study}: received {row.cutoff!r}", f"allowed: cut-offs in {variable.unit}")
    if not problems.listed:
        for name, study in _by_study(rows).items():
            _study_faults(name, study, problems)


def graded(of: str, priors: Priors | None) -> Variable | None:
    """The variable of ``variable=any``, where its states are bands of a number."""
    name, _, state = (part.strip() for part in of.partition("="))
    if priors is None or state != "any":
        return None
    return next((v for v in priors.variables if v.name == name and v.lower_edges), None)


def _study_faults(name: str, study: Sequence[StudyCounts], problems: Problems) -> None:
    people = {tuple(_people(row)) for row in study}
    if len(people) > 1:
        problems.note("cutoff", f"{name}: other people at other cut-offs", "the same people at each cut-off of a study")
        return
    for lower, upper in pairwise(study):
        if (np.array(_positives(upper)) > _positives(lower)).any():
            received = f"{name}: more people from {upper.cutoff} on than from {lower.cutoff} on"
            problems.note("cutoff", received, "counts that fall as the cut-off rises")


def _by_study(rows: Sequence[StudyCounts]) -> Mapping[str, list[StudyCounts]]:
    studies: dict[str, list[StudyCounts]] = {}
    for row in sorted(rows, key=number_of_cutoff):
        studies.setdefault(" ".join(filter(None, (row.study, row.setting))), []).append(row)
    return studies


def _counts(study: Sequence[StudyCounts]) -> tuple[Array, Array, Array]:
    positives = np.array([_positives(row) for row in study], float)
    return np.array([number_of_cutoff(row) for row in study]), positives, np.array(_people(study[0]), float)


def number_of_cutoff(row: StudyCounts) -> float:
    """The number of a row's cut-off, without its unit; not a number where it has none."""
    match = CUTOFF.fullmatch(row.cutoff)
    return float(match[1]) if match else np.nan


def _positives(row: StudyCounts) -> list[int]:
    return [row.counts["tp"], row.counts["fp"]] if row.is_two_by_two else [row.counts["events"]]


def _people(row: StudyCounts) -> list[int]:
    if not row.is_two_by_two:
        return [row.counts["n"]]
    return [row.counts["tp"] + row.counts["fn"], row.counts["fp"] + row.counts["tn"]]


def _bare(unit: str) -> str:
    return re.sub(r"[\s.]", "", unit).lower()
