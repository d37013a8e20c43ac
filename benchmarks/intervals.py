"""How often what is shown beside a metric holds the truth.

``python -m benchmarks.intervals curve [COHORTS]``: cohorts of an emergency department whose outcomes are drawn from
the model's own probabilities, so that the diagonal is the true calibration curve. Printed: the share of the length of
the smooth curve (in log-odds) at which its 95 % band holds the diagonal, mean over the cohorts.
"""

from __future__ import annotations

import sys

import numpy as np

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate
from riskmodel.metrics import smooth_reliability

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


def main() -> None:
    what, *count = sys.argv[1:]
    {"curve": curve}[what](int(count[0]) if count else COHORTS)


if __name__ == "__main__":
    main()
