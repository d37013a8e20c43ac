"""How often what is shown beside a metric holds the truth.

``python -m benchmarks.intervals curve [COHORTS]``: cohorts of an emergency department whose outcomes are drawn from
the model's own probabilities, so that the diagonal is the true calibration curve. Printed: the share of the length of
the smooth curve (in log-odds) at which its 95 % band holds the diagonal, mean over the cohorts.

``python -m benchmarks.intervals auc [SAMPLES]``: how often the 95 % intervals of an area under the ROC curve hold the
true one, by three methods, for normal scores and for predictions of the model, with few events.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import special, stats

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate
from riskmodel.metrics import smooth_reliability
from riskmodel.metrics.area import auc_interval

SAMPLES, RESAMPLES, SIZE = 250, 100, 500
COHORTS, PEOPLE, SETTING = 200, 2000, "emergency"
ASSESSED = {"history": HISTORY, "history and tests": (*HISTORY, "test")}
OUTCOMES = ("any_serious", "infection", "fracture")


def predictions(model: rm.Model, roles: tuple[str, ...], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The probabilities of simulated people in whom 30 % of the cells are blank."""
    masks = simulate(model, PEOPLE, rng, setting=SETTING, missing=0.3, roles=roles).masks
    found = np.clip(model.scoring.compiled()(masks).posterior.probability, 0, 1)
    return dict(zip(model.scoring.scorer.output_names, found, strict=True))


def curve(cohorts: int) -> None:
    model, rng = rm.load(), np.random.default_rng(1)
    print("assessed            outcome       band holds the diagonal")
    for what, roles in ASSESSED.items():
        held: dict[str, list[float]] = {name: [] for name in OUTCOMES}
        for _ in range(cohorts):
            for name, p in predictions(model, roles, rng).items():
                if name in held:
                    line = smooth_reliability((rng.random(len(p)) < p).astype(float), p)
                    inside = (line["low"] <= line["predicted"]) & (line["predicted"] <= line["high"])
                    held[name].append(float(inside.mean()))
        for name, shares in held.items():
            print(f"{what:<19} {name:<12} {100 * np.mean(shares):6.1f} %")


def area_of(cases: np.ndarray, others: np.ndarray) -> float:
    ranks = stats.rankdata(np.concatenate([cases, others]))[: len(cases)]
    return float((ranks.sum() - len(cases) * (len(cases) + 1) / 2) / (len(cases) * len(others)))


def newcombe(cases: np.ndarray, others: np.ndarray, _: np.random.Generator) -> tuple[float, float]:
    return auc_interval(area_of(cases, others), len(cases), len(others))


def delong(cases: np.ndarray, others: np.ndarray, _: np.random.Generator) -> tuple[float, float]:
    """On the log-odds; Newcombe's where all cases are ranked above all others."""
    area = area_of(cases, others)
    if area in (0, 1):
        return auc_interval(area, len(cases), len(others))
    above = (others < cases[:, None]) + (others == cases[:, None]) / 2
    variance = above.mean(axis=1).var(ddof=1) / len(cases) + above.mean(axis=0).var(ddof=1) / len(others)
    half = 1.96 * np.sqrt(variance) / (area * (1 - area))
    return tuple(special.expit(special.logit(area) + np.array([-half, half])))


def bootstrap(cases: np.ndarray, others: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Percentiles over people, those with and without the condition together."""
    people, count = np.concatenate([cases, others]), len(cases)
    drawn = (rng.integers(0, len(people), len(people)) for _ in range(RESAMPLES))
    areas = [area_of(people[i[i < count]], people[i[i >= count]]) for i in drawn if (i < count).any()]
    return tuple(np.quantile(areas, [0.025, 0.975]))


def scores(rng: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Large pools of predictions of people with and without a condition, to sample from."""
    model = rm.load()
    people = simulate(model, 30_000, rng, setting=SETTING, missing=0.3, roles=HISTORY)
    found = dict(zip(model.scoring.scorer.output_names,
                     model.scoring.compiled()(people.masks).posterior.probability, strict=True))  # fmt: skip
    pools = {f"normal, {shift} sd": (rng.normal(shift, 1, 20_000), rng.normal(0, 1, 20_000)) for shift in (1.5, 2.5)}
    for name in ("infection", "malignancy", "fracture"):
        pools[name] = (found[name][people.outcome(name)], found[name][~people.outcome(name)])
    return pools


def auc(samples: int) -> None:
    rng = np.random.default_rng(3)
    methods = (newcombe, delong, bootstrap)
    print("scores          true  events", *(f"{method.__name__:>10}" for method in methods))
    for name, (cases, others) in scores(rng).items():
        truth = area_of(cases, others)
        for events in (8, 15, 30):
            held = np.zeros(len(methods))
            for _ in range(samples):
                some = rng.choice(cases, events), rng.choice(others, SIZE - events)
                ends = [method(*some, rng) for method in methods]
                held += [low <= truth <= high for low, high in ends]
            print(
                f"{name:<14} {truth:.3f} {events:>7}",
                *(f"{100 * share:8.1f} %" for share in held / samples),
                flush=True,
            )


def main() -> None:
    what, *count = sys.argv[1:]
    ask, usual = {"curve": (curve, COHORTS), "auc": (auc, SAMPLES)}[what]
    ask(int(count[0]) if count else usual)


if __name__ == "__main__":
    main()
