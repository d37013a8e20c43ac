"""The compiled scorer against pyAgrum's and pgmpy's exact inference: same network, same cases."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyagrum as gum
from pgmpy.inference import VariableElimination

import riskmodel as rm
from riskmodel import cohort
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.network.export import export

CASES, AGRUM_SAMPLE, PGMPY_SAMPLE = 100_000, 1_000, 200


def compare() -> tuple[list[list[str]], float]:
    """Rows of the table, and the seconds a case of pyAgrum's best engine."""
    model = rm.load()
    people = cohort.simulate(model, CASES, np.random.default_rng(1), setting="primary_care", missing=0.3)
    names = [variable.name for variable in model.tables.conditions]
    ours, posterior = _ours(model, people.masks)
    rows = [["riskmodel, compiled, one thread", f"{CASES:,}", f"{ours * 1e6:.2f} µs", "1"]]
    evidence = [_evidence(model, people.masks[:, i]) for i in range(AGRUM_SAMPLE)]
    with tempfile.TemporaryDirectory() as folder:
        export(model.tables, Path(folder) / "network.bif", "bif")
        network = gum.loadBN(str(Path(folder) / "network.bif"))
    best = np.inf
    for engine in ("LazyPropagation", "ShaferShenoyInference", "VariableElimination"):
        seconds, worst = _agrum(network, engine, evidence, names, posterior)
        best = min(best, seconds)
        rows.append(
            [
                f"pyAgrum {engine} (differs by {worst:.0e})",
                f"{AGRUM_SAMPLE:,}",
                f"{seconds * 1e6:.0f} µs",
                f"{seconds / ours:,.0f}",
            ]
        )
    seconds, worst = _pgmpy(model, evidence[:PGMPY_SAMPLE], names, posterior)
    rows.append(
        [
            f"pgmpy VariableElimination (differs by {worst:.0e})",
            f"{PGMPY_SAMPLE:,}",
            f"{seconds * 1e6:.0f} µs",
            f"{seconds / ours:,.0f}",
        ]
    )
    return rows, best


def _ours(model, masks):
    scorer = CompiledScorer(model.scoring.scorer)
    scorer.posterior(masks[:, :10])
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        posterior = scorer.posterior(masks)
        best = min(best, (time.perf_counter() - start) / masks.shape[1])
    return best, posterior.probability


def _evidence(model, case):
    return {
        variable.name: variable.states[int(mask).bit_length() - 1]
        for variable, mask in zip(model.variables, case, strict=True)
        if variable.in_network and mask != variable.full_mask
    }


def _agrum(network, engine, evidence, names, posterior):
    worst, inference = 0.0, getattr(gum, engine)(network)
    inference.setTargets(set(names))
    start = time.perf_counter()
    for i, known in enumerate(evidence):
        inference.setEvidence(known)
        inference.makeInference()
        for c, name in enumerate(names):
            worst = max(worst, abs(inference.posterior(name)[1] - posterior[c, i]))
    return (time.perf_counter() - start) / len(evidence), worst


def _pgmpy(model, evidence, names, posterior):
    worst, inference = 0.0, VariableElimination(model.network)
    start = time.perf_counter()
    for i, known in enumerate(evidence):
        answers = inference.query(names, evidence=known, joint=False, show_progress=False)
        for c, name in enumerate(names):
            worst = max(worst, abs(answers[name].values[1] - posterior[c, i]))
    return (time.perf_counter() - start) / len(evidence), worst
