"""Do 95 % intervals hold 95 % of the time? Each draw in turn is the truth, and makes its own people.

Run as a program, it measures anew what ``docs/uncertainty.md`` says of coverage and writes it there.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.inference.draws import DrawPosterior, DrawScorer
from riskmodel.inference.intervals import intervals
from riskmodel.network.network import Network
from riskmodel.network.simulate import sample
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "uncertainty.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MOST = 4  # findings counted apart: 0, 1, 2, 3, 4 or more
SETTING = "primary_care"
CHUNK = 2_000


@dataclass(frozen=True)
class Coverage:
    """Whether each interval held, shape (serious conditions, people), weighted and not; and what each person had."""

    weighted: np.ndarray
    unweighted: np.ndarray
    positive: np.ndarray

    def shares(self, *, weighted: bool) -> list[float]:
        """By number of positive findings, then over all."""
        held = self.weighted if weighted else self.unweighted
        return [*(float(held[:, self.positive == n].mean()) for n in range(MOST + 1)), float(held.mean())]


def measure(truths: int, people: int, draws: int, seed: int) -> Coverage:
    model = rm.load()
    network = model.draw(draws, np.random.default_rng(seed))
    masks, positive = [], []
    for truth in range(1, truths + 1):
        world = Network(network.variables, network.one_draw(truth).tables, network.composites)
        states = sample(world, people, np.random.default_rng([seed, truth]), {"setting": SETTING})
        own = model.scoring.scorer.blank(people, model.settings.index(SETTING))
        found = np.zeros(people, dtype=int)
        for row, variable in enumerate(model.variables):
            if variable.role in ("context", "risk_factor", "finding") and variable.name != "setting":
                own[row] = 1 << states[variable.name]
                found += (variable.role == "finding") & (states[variable.name] > 0)
        masks.append(own)
        positive.append(np.minimum(found, MOST))
    everyone = np.concatenate(masks, axis=1)
    own_draw = np.repeat(np.arange(1, truths + 1), people)
    scorer, held = DrawScorer(network, model.variables), ([], [])
    serious = [i for i, name in enumerate(model.scoring.scorer.output_names) if name in SERIOUS]
    for start in range(0, everyone.shape[1], CHUNK):
        piece = slice(start, start + CHUNK)
        found = scorer.posterior(np.ascontiguousarray(everyone[:, piece]), model.settings.index(SETTING))
        truth = own_draw[piece]
        each = np.arange(len(truth))
        target = found.probability[serious][:, truth, each]
        weight = found.evidence.copy()
        for place, weights in enumerate((weight, np.ones_like(weight))):
            weights[truth, each] = 0.0  # the truth itself is not among what the interval is made of
            some = intervals(DrawPosterior(found.probability[serious], weights, found.baseline), 0.95)
            held[place].append((some.low <= target) & (target <= some.high))
    return Coverage(*(np.concatenate(part, axis=1) for part in held), np.concatenate(positive))


SERIOUS = ("infection", "malignancy", "fracture", "cauda_equina")


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    return measure(truths=200, people=15, draws=512, seed=5)


@pytest.mark.slow
def test_weighted_intervals_hold_as_often_as_they_say(coverage: Coverage) -> None:
    assert coverage.shares(weighted=True)[-1] == pytest.approx(0.95, abs=0.015)


def lines(coverage: Coverage) -> str:
    heads = [*(str(n) for n in range(MOST)), f"{MOST} or more", "all"]
    counts = [*np.bincount(coverage.positive, minlength=MOST + 1).tolist(), coverage.positive.size]
    weighted, unweighted = (coverage.shares(weighted=kind) for kind in (True, False))
    rows = zip(heads, counts, weighted, unweighted, strict=True)
    return "\n".join([
        "| positive findings | people | weighted draws | unweighted draws |",
        "|---|---:|---:|---:|",
        *(f"| {head} | {n:,} | {100 * a:.1f} % | {100 * b:.1f} % |" for head, n, a, b in rows),
    ])  # fmt: skip


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    measured = lines(measure(truths=500, people=20, draws=1_024, seed=9))
    PAGE.write_text(f"{before}{BEGIN}\n{measured}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    sys.stdout.write(measured + "\n")
