"""Calibration: how long a large fit takes, and whether fits find the truth.

``python -m benchmarks.calibration`` fits all statements to 100,000 people (run as a process, so that its peak is
its own). ``python -m benchmarks.calibration recovery [REPLICATES [PROFILE]]`` draws a truth from the statements' own
distributions again and again, simulates 5,000 people of it, outcomes known of half, and counts how often the 95 %
intervals hold it. Without a profile 30 % of cells are not assessed; with one (``positives_only``) people of an
emergency department are written down as often as it says, and fitted by the same rates.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd

import riskmodel as rm
from riskmodel import cohort
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.likelihood.coordinates import prior_sd
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import IGNORABLE
from riskmodel.evidence.scale import Z95, scale_of
from riskmodel.network.build import build_network

PEOPLE, MISSING, VERIFIED = 100_000, 0.3, 0.5
RECOVERY_PEOPLE, REPLICATES = 5_000, 20
WELL_INFORMED = 0.5  # posterior over prior sd


@dataclass(frozen=True)
class Truth:
    """A network to simulate from, and the statements' values in it by id."""

    model: SimpleNamespace
    values: dict[str, float]


def perturbed(model: rm.Model, rng: np.random.Generator) -> Truth:
    """A network whose statements are drawn from their distributions."""
    values = draw_values(model.priors, 2, rng)
    rates = [s.quantity == QUANTITY for s in model.priors.selected_statements]
    values[1, rates] = values[0, rates]  # a recording profile is known
    drawn = SimpleNamespace(
        tables=build_network(model.priors, values).one_draw(1),
        variables=model.variables,
        named_setting=model.named_setting,
    )
    chosen = set(model.priors.selected)
    ids = [statement.id for statement in model.priors.statements if statement.id in chosen]
    return Truth(drawn, dict(zip(ids, values[1], strict=True)))


def people(source, count: int, rng: np.random.Generator, setting: str, missing: float, verified: float) -> np.ndarray:
    """Coded evidence of simulated people, outcomes known of some at random."""
    simulated = cohort.simulate(source, count, rng, setting=setting, missing=missing)
    masks = simulated.masks.copy()
    known = rng.random(count) < verified
    for row, variable in enumerate(source.variables):
        if variable.role == "condition":
            masks[row] = np.where(known, 1 << simulated.states[variable.name], variable.full_mask)
    return masks


def recovery(
    replicates: int, setting: str = "spine_clinic", seed: int = 1, recording: str = IGNORABLE, first: int = 0
) -> pd.DataFrame:
    """One row a replicate and statement: the truth, the fit, and how far apart in prior sd."""
    model, missing = rm.load(recording=recording), MISSING if recording == IGNORABLE else 0.0
    frames = []
    for replicate in range(first, first + replicates):
        rng = np.random.default_rng([seed, replicate])
        truth = perturbed(model, rng)
        masks = people(truth.model, RECOVERY_PEOPLE, rng, setting, missing, VERIFIED)
        fitted = fit_coded(model, range(RECOVERY_PEOPLE), masks, "all")
        frame = fitted.table.copy()
        statements = [model.priors.statement(name) for name in frame["statement"]]
        frame["truth"] = [truth.values[name] for name in frame["statement"]]
        prior = np.array([prior_sd(s, model.priors.prior_set) for s in statements])
        at = {
            c: np.array([scale_of(s).to(v) for s, v in zip(statements, frame[c], strict=True)])
            for c in ("truth", "posterior", "low", "high")
        }
        frame["held"] = (frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"])
        frame["error"] = (at["posterior"] - at["truth"]) / prior
        frame["narrowed"] = (at["high"] - at["low"]) / (2 * Z95 * prior)
        frame["replicate"], frame["converged"] = replicate, fitted.converged
        frames.append(frame)
        well = frame["narrowed"] < WELL_INFORMED
        sys.stderr.write(
            f"replicate {replicate}: held {frame['held'].mean():.3f}, well informed {well.sum()} "
            f"held {frame.loc[well, 'held'].mean():.3f} bias {frame.loc[well, 'error'].mean():+.3f} "
            f"converged {fitted.converged} in {fitted.steps} steps\n"
        )
    return pd.concat(frames, ignore_index=True)


def summary(found: pd.DataFrame) -> str:
    """Coverage and bias over all replicates."""
    well, told = found[found["narrowed"] < WELL_INFORMED], found[found["verdict"] != "unchanged"]
    each = well.groupby("statement")["error"].mean()
    return (
        f"{found['replicate'].nunique()} replicates: 95 % intervals hold the truth in {found['held'].mean():.1%} "
        f"of all {len(found)} statements, {told['held'].mean():.1%} of the {len(told)} that were told of, "
        f"{well['held'].mean():.1%} of the {len(well)} well informed (interval less than half as wide); "
        f"their mean bias {well['error'].mean():+.3f} prior sd (mean size by statement {each.abs().mean():.3f})"
    )


def large() -> None:
    model = rm.load()
    rng = np.random.default_rng(3)
    masks = people(perturbed(model, rng).model, PEOPLE, rng, "primary_care", MISSING, VERIFIED)
    start = time.perf_counter()
    fitted = fit_coded(model, range(PEOPLE), masks, "all")
    sys.stderr.write(f"{fitted.steps} {fitted.converged} {time.perf_counter() - start}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["recovery"]:
        how = {"recording": sys.argv[3], "setting": "emergency"} if len(sys.argv) > 3 else {}
        found = recovery(int(sys.argv[2]) if len(sys.argv) > 2 else REPLICATES, **how)
        sys.stdout.write(summary(found) + "\n")
    else:
        large()
