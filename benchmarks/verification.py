"""What metrics say where the outcome is known of those who were scanned and of few others.

``python -m benchmarks.verification [COHORTS]`` simulates people of an emergency department, history and examination
recorded in 70 % of cells, of whom the default policy scans some. The outcome is known of 90 % of those and of 0, 2 or
20 % of the others; the truth is the model, or a model whose statements are drawn from their distributions. Printed:
the share of the diseased for whom the policy asks for imaging: true, among those whose outcome is known, model-imputed
in everyone, and weighted by the inverse probability of a known outcome; means, and root mean square errors.
"""

from __future__ import annotations

import sys

import numpy as np

import riskmodel as rm
from benchmarks.calibration import perturbed
from riskmodel.cohort import HISTORY, simulate
from riskmodel.metrics.acted import actions_of
from riskmodel.metrics.predictors import Evidence
from riskmodel.metrics.verification import expected_outcomes

PEOPLE, COHORTS, SETTING, SCANNED = 8_000, 12, "emergency", 0.9
CONDITIONS = ("malignancy", "fracture", "infection")


def shares(model: rm.Model, source, rng: np.random.Generator, others: float) -> np.ndarray:
    """(conditions, four ways) of one cohort."""
    people = simulate(source, PEOPLE, rng, setting=SETTING, missing=0.3, roles=HISTORY)
    evidence = Evidence(model, people.masks, range(PEOPLE))
    imaged = actions_of(model, evidence, "before_imaging")["any imaging"] > 0
    known = rng.random(PEOPLE) < np.where(imaged, SCANNED, others)
    weight = known / np.where(imaged, SCANNED, max(others, 1e-9))
    names = list(model.scoring.scorer.output_names)
    found = []
    for name in CONDITIONS:
        y = people.outcome(name).astype(float)
        p = np.clip(evidence.posterior("all").probability[names.index(name)], 0, 1)
        imputed = expected_outcomes(np.where(known, y, np.nan), p)
        found.append([(case * imaged).sum() / case.sum() for case in (y, y * known, imputed, y * weight)])
    return np.array(found)


def main() -> None:
    cohorts = int(sys.argv[1]) if len(sys.argv) > 1 else COHORTS
    model = rm.load()
    print("truth      others known  condition    true  known  imputed (error)  weighted (error)")
    for truth in ("the model", "another"):
        for others in (0.0, 0.02, 0.2):
            found = []
            for replicate in range(cohorts):
                rng = np.random.default_rng([3, replicate])
                source = perturbed(model, rng).model if truth == "another" else model
                found.append(shares(model, source, rng, others))
            mean = np.mean(found, axis=0)
            error = np.sqrt(np.mean((np.array(found) - np.array(found)[:, :, :1]) ** 2, axis=0))
            for name, m, e in zip(CONDITIONS, mean, error, strict=True):
                figures = f"{m[0]:5.3f}  {m[1]:5.3f}   {m[2]:5.3f}  ({e[2]:.3f})     {m[3]:5.3f}  ({e[3]:.3f})"
                print(f"{truth:<10} {100 * others:10.0f} %  {name:<11} {figures}", flush=True)


if __name__ == "__main__":
    main()
