"""What base rates a fit finds when an outcome is known of some people only, and who decides of whom.

``python -m benchmarks.selection [REPLICATES [SCENARIO …]]`` simulates people of an emergency department, history and
examination recorded in 70 % of cells, and lets the chance of a work-up depend on: the red flags that are recorded;
these and something unrecorded that goes with disease; the recorded flags again, but where the findings' own numbers
are not those of the model; the policy alone, which examines those for whom it asks for imaging and nobody else; and
that something unrecorded together with findings that differ. Some fits state an odds ratio of verification.
Printed: the fitted over the true base rate of the serious conditions, geometric means.
"""

from __future__ import annotations

import re
import sys

import numpy as np
import pandas as pd

import riskmodel as rm
from benchmarks.calibration import perturbed
from riskmodel import cohort
from riskmodel.calibration.fit import fit_coded

PEOPLE, STATED_PEOPLE, REPLICATES, SETTING = 10_000, 5_000, 10, "emergency"
SERIOUS = ("infection", "malignancy", "fracture", "cauda_equina")
RARELY, PER_FLAG, UNRECORDED = -2.5, 0.8, 2.0  # log-odds of a work-up
WAYS = ("ignorable", "weighted", "complete")
STATED = ("7", "7 (3 to 16)", "1 (0.1 to 10)")  # odds ratios of verification
RATES = [("base rates", "base_rates", 0.1, way) for way in WAYS]  # what is learnt, the prior's weight, and how
OF_FOUR = [f"base.{name}.{SETTING}" for name in SERIOUS]
OPEN = [("four base rates", OF_FOUR, 0.1, way) for way in ("ignorable", *STATED)]
FITS = {
    "recorded": RATES,
    "unrecorded": RATES,
    "policy": [rate for rate in RATES if rate[-1] != "weighted"],  # refused: nobody stands for the others
    "findings differ": [*RATES, *(("all", "all", 1.0, way) for way in ("ignorable", "weighted"))],
    "unrecorded, stated": OPEN,
    "recorded, stated": [OPEN[0], OPEN[-1]],
    "both, stated": [OPEN[0], OPEN[-1]],
    "findings differ, stated": [OPEN[0], OPEN[-1]],
}


def people_in(scenario: str) -> int:
    return STATED_PEOPLE if scenario.endswith("stated") else PEOPLE


def cohort_of(source, model: rm.Model, rng: np.random.Generator, scenario: str) -> tuple[np.ndarray, dict]:
    """Coded evidence with the outcomes of those who were worked up, and the true share of each condition."""
    people = cohort.simulate(source, people_in(scenario), rng, setting=SETTING, missing=0.3, roles=cohort.HISTORY)
    masks = people.masks.copy()
    known = worked_up(people, model, rng, UNRECORDED if scenario.startswith(("unrecorded", "both")) else 0.0)
    if scenario == "policy":
        known = (model.score(cohort.to_cases(model, people))["imaging"].astype(str) != "").to_numpy()
    for row, variable in enumerate(model.variables):
        if variable.role == "condition":
            masks[row] = np.where(known, 1 << people.states[variable.name], variable.full_mask)
    return masks, {name: people.outcome(name).mean() for name in SERIOUS}


def worked_up(people, model: rm.Model, rng: np.random.Generator, unrecorded: float) -> np.ndarray:
    """Who is worked up by chance, the more likely the more red flags are recorded."""
    flags = np.zeros(people.masks.shape[1])
    for row, variable in enumerate(model.variables):
        if variable.is_flag:
            flags += (people.masks[row] & 1) == 0  # the base state is ruled out
    serious = np.any([people.outcome(name) for name in SERIOUS], axis=0)
    chance = 1 / (1 + np.exp(-(RARELY + PER_FLAG * flags + unrecorded * serious)))
    return rng.random(len(chance)) < chance


def how(way: str) -> dict:
    """The arguments of a fit, from its name in the table."""
    if way in WAYS:
        return {"outcomes": way}
    numbers = [float(number) for number in re.findall(r"[\d.]+", way)]
    return {"verified_odds_ratio": numbers if len(numbers) == 3 else numbers[0]}


def tables_of(fitted, way: str) -> dict[str, pd.DataFrame]:
    """What is learnt, by statement; of an odds ratio with an interval where it was learnt, and where it was held."""
    table = fitted.table.set_index("statement")
    if fitted.verification is None or fitted.verification.otherwise is None:
        return {way: table}
    return {f"{way} learnt": table, f"{way} held": fitted.verification.otherwise.set_index("statement")}


def one(model: rm.Model, scenario: str, replicate: int) -> list[dict]:
    """The fitted over the true base rates of one simulated cohort, by what is learnt and how."""
    rng = np.random.default_rng([7, replicate])
    source = perturbed(model, rng).model if scenario.startswith(("findings differ", "both")) else model
    masks, truth = cohort_of(source, model, rng, scenario)
    rows = []
    for learnt, what, weight, way in FITS[scenario]:
        fitted = fit_coded(model, range(masks.shape[1]), masks, what, prior_weight=weight, **how(way))
        for told, table in tables_of(fitted, way).items():
            for name in SERIOUS:
                found = table.loc[f"base.{name}.{SETTING}"]
                held = found["low"] <= truth[name] <= found["high"]
                ratio = np.log(found["posterior"] / truth[name])
                width = np.log(found["high"] / found["low"])
                row = {"scenario": scenario, "learnt": learnt, "way": told}
                rows.append({**row, "ratio": ratio, "held": held, "width": width})
    return rows


def main(replicates: int, *scenarios: str) -> None:
    model = rm.load()
    rows: list[dict] = []
    for scenario in scenarios or FITS:
        for replicate in range(replicates):
            rows += one(model, scenario, replicate)
            sys.stderr.write(f"{scenario} {replicate}\n")
        sys.stdout.write(shown([row for row in rows if row["scenario"] == scenario]) + "\n\n")
        sys.stdout.flush()


def shown(rows: list[dict]) -> str:
    """Fitted over true base rates, geometric means; how often the interval holds; how wide it is."""
    frame = pd.DataFrame(rows).groupby(["scenario", "learnt", "way"], sort=False)
    table = pd.DataFrame(
        {
            "fitted over true": np.exp(frame["ratio"].mean()),
            "held": frame["held"].mean(),
            "spread": np.exp(frame["ratio"].std()),
            "high over low": np.exp(frame["width"].mean()),
        }
    )
    return table.round(2).to_string()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES, *sys.argv[2:])
