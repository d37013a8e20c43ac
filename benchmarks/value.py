"""Values of information beside two-level Monte Carlo on the same people: run as a process.

For each draw of the statements of a group (outer) all others are drawn many times (inner), every network is built and
every person scored under each: nothing is approximated but by the number of draws. Taking the best of noisy means
errs upward; choosing with one half of the inner draws and valuing with the other errs downward: both are shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np

import riskmodel as rm
from riskmodel.decision.stakes import option_benefit, scan_composites, scans
from riskmodel.evidence.distributions import draw_values
from riskmodel.inference.draws import DrawScorer
from riskmodel.network.build import build_network
from riskmodel.sensitivity import ValueStudy

SETTING, PEOPLE, DRAWS, SEED = "emergency", 500, 1000, 1
GROUPS = ("basis", "assumption"), ("basis", "study")
SINGLE = ("base.infection.emergency", "base.fracture.emergency", "find.fever.none", "find.spinal_tenderness.none")
AT_ONCE = 2000  # networks
OF_GROUP, OF_ONE = (150, 100), (60, 250)  # outer and inner draws


def two_level(
    model: rm.Model, masks: np.ndarray, columns: Sequence[int], outer: int, inner: int
) -> tuple[float, float]:
    """The value of knowing some statements, per 1,000 people, erring downward and upward: any masks of one setting."""
    fixed = draw_values(model.priors, outer + 1, np.random.default_rng(101))[1:]
    rest = draw_values(model.priors, inner + 1, np.random.default_rng(102))[1:]
    rest = np.random.default_rng(103).permutation(rest)
    values = np.repeat(rest[None], outer, axis=0)
    values[:, :, columns] = fixed[:, None, columns]
    sums, evidence = [], np.zeros(masks.shape[1])
    for benefit, weight in _scored(model, masks, values.reshape(outer * inner, -1)):
        sums.append(benefit)
        evidence += weight.sum(axis=0) / (outer * inner)
    halves = np.concatenate(sums, axis=1)  # (options, outer · inner, people)
    halves = halves.reshape(len(halves), outer, 2, inner // 2, -1).mean(axis=3)
    low = high = 0.0
    for places in _options(model):
        some = halves[places]
        every = some.mean(axis=2)
        now = np.maximum(every.mean(axis=1).max(axis=0), 0)
        high += np.mean((np.maximum(every.max(axis=0), 0).mean(axis=0) - now) / evidence)
        for mine, other in ((0, 1), (1, 0)):
            best, worth = some[:, :, mine].argmax(axis=0), some[:, :, mine].max(axis=0)
            taken = np.take_along_axis(some[:, :, other], best[None], axis=0)[0]
            low += np.mean((np.where(worth > 0, taken, 0.0).mean(axis=0) - now) / evidence) / 2
    return 1000 * float(low), 1000 * float(high)


def _options(model: rm.Model) -> list[list[int]]:
    """The places of each scan's options among all options."""
    counts = [len(scan.options) for scan in scans(model.policy)]
    return [list(range(sum(counts[:i]), sum(counts[: i + 1]))) for i in range(len(counts))]


def _scored(model: rm.Model, masks: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """P(evidence) times the net benefit of each option, (options, draws, people), and P(evidence), some at a time."""
    from dataclasses import replace

    stated = [[model.priors.statement(name).value for name in model.priors.selected]]
    options = [option for scan in scans(model.policy) for option in scan.options]
    for first in range(0, len(values), AT_ONCE):
        network = build_network(model.priors, np.vstack([stated, values[first : first + AT_ONCE]]))
        composites = {**network.composites, **scan_composites(model.policy)}
        scorer = DrawScorer(replace(network, composites=composites), model.variables)
        found = scorer.posterior(masks, int(scorer.scorer.settings(masks)[0]))
        names, weight = scorer.scorer.output_names, found.evidence[1:]
        probability = found.probability[:, 1:]
        yield np.array([option_benefit(option, probability, names) * weight for option in options]), weight


def measured() -> Iterator[tuple[str, float, float, float, float, float]]:
    """Each group's name, value and standard error by the study, both ends by two-level Monte Carlo, and seconds."""
    model = rm.load()
    study = ValueStudy.of(model, people=PEOPLE, draws=DRAWS, seed=SEED, settings=[SETTING])
    frames = {by: study.evppi(by).set_index(by) for by in ("basis", "statement")}
    contested = np.unique(np.concatenate([choices.person for choices in study.choices[SETTING]]))
    masks = np.ascontiguousarray(study.people[SETTING][:, contested])
    for by, name in (*GROUPS, *(("statement", name) for name in SINGLE)):
        start = time.perf_counter()
        columns = study.columns(by)[name]
        outer, inner = OF_GROUP if by == "basis" else OF_ONE
        low, high = two_level(model, masks, columns, outer, inner)
        scale = len(contested) / PEOPLE  # of the others no choice hangs on any statement
        row = frames[by].loc[name]
        yield name, row["value"], row["se"], scale * low, scale * high, time.perf_counter() - start


if __name__ == "__main__":
    for name, value, error, low, high, seconds in measured():
        sys.stderr.write(f"{name}\t{value:.3f}\t{error:.3f}\t{low:.3f}\t{high:.3f}\t{seconds:.0f}\n")
