"""One-way curves of all statements for two thousand cases, and flips of eight: run as a process."""

from __future__ import annotations

import sys
import time

import numpy as np

import riskmodel as rm
from riskmodel import cohort
from riskmodel.sensitivity import flips, one_way, sobol

CASES, FLIPPED, POINTS = 2_000, 8, 2**9


def measured() -> list[tuple[str, float]]:
    model = rm.load()
    people = cohort.simulate(model, CASES, np.random.default_rng(2), setting="primary_care", roles=cohort.HISTORY).masks
    few = np.ascontiguousarray(people[:, :FLIPPED])
    targets = ["mean p(any_serious)", "share imaging=mri", "share urgency=immediate"]
    one_way(model, few, targets, statements=model.priors.selected[:1])  # loads the compiled code
    count = len(model.priors.selected)
    jobs = {
        f"one-way curves of {count} statements, {CASES:,} cases": lambda: one_way(model, people, targets),
        f"flips of {FLIPPED} cases in {count} statements": lambda: flips(model, few),
        f"Sobol' indices of a cohort of {CASES:,} by basis, {POINTS} points": lambda: sobol(
            model, people, targets[0], n=POINTS
        ),
    }
    rows = []
    for name, job in jobs.items():
        start = time.perf_counter()
        job()
        rows.append((name, time.perf_counter() - start))
    return rows


if __name__ == "__main__":
    for name, seconds in measured():
        sys.stderr.write(f"{name}\t{seconds}\n")
