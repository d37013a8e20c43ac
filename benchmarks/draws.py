"""Ten thousand cases under a thousand draws, with quantiles and the confidence of the action: run as a process."""

from __future__ import annotations

import sys
import time

import numpy as np

import riskmodel as rm
from riskmodel import cohort

CASES, DRAWS = 10_000, 1_000

if __name__ == "__main__":
    model = rm.load()
    people = cohort.simulate(model, CASES, np.random.default_rng(2), setting="primary_care", missing=0.3)
    urgency = model.scoring.score(people.masks).decision.urgency
    uncertain = model.uncertain(DRAWS, seed=1)
    uncertain.assess(people.masks[:, :5].copy(), urgency[:5])  # loads the compiled code
    start = time.perf_counter()
    uncertain.assess(people.masks, urgency)
    sys.stderr.write(f"{time.perf_counter() - start}\n")
