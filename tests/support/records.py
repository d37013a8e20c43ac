"""Records of the small network of tables, with a recording profile of two rates each for findings and risk factors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

import riskmodel as rm
from riskmodel.cohort import assessed
from riskmodel.evidence.load import load_priors, with_recording
from riskmodel.network.simulate import sample
from tests.support.tabular import write_priors

RATES: Mapping[str, float] = {
    "findings=present": 0.8,
    "findings=absent": 0.1,
    "risk_factors=present": 0.9,
    "risk_factors=absent": 0.3,
}


def rate_id(of: str) -> str:
    return f"notes.{of.replace('=', '.')}"


def write_notes(folder: Path, rates: Mapping[str, float] = RATES) -> Path:
    """The priors folder with the profile ``notes``."""
    write_priors(folder)
    texts = ['[profile.notes]\ntitle = "Notes"\nnote = "For a test."\n']
    texts += [
        f'[[statement]]\nid = "{rate_id(of)}"\nquantity = "recorded"\nof = "{of}"\ngiven = "notes"\nvalue = {rate}\n'
        f'low = {rate * 0.5}\nhigh = {1 - (1 - rate) * 0.5}\nbasis = "assumption"\nsource = "assumption"\nread = "no"\n'
        for of, rate in rates.items()
    ]
    (folder / "evidence" / "recording.toml").write_text("\n".join(texts))
    return folder


def noted(folder: Path, rates: Mapping[str, float] = RATES) -> rm.Model:
    """The small model under the profile."""
    priors = load_priors("seeds", write_notes(folder, rates))
    return rm.Model(with_recording(priors, "notes"), None, folder)  # type: ignore[arg-type]


def records(model: rm.Model, count: int, rng: np.random.Generator, verified: float = 1.0) -> np.ndarray:
    """Evidence of people as the model's profile has them written down, outcomes known of some."""
    states = sample(model.tables, count, rng)
    masks = assessed(model, states, rng)
    known = rng.random(count) < verified
    for row, variable in enumerate(model.variables):
        if variable.role == "condition":
            masks[row] = np.where(known, 1 << states[variable.name], variable.full_mask)
    return masks
