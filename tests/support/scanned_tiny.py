"""The tiny network with a scan, and a policy of two thresholds for it."""

from __future__ import annotations

from pathlib import Path

import riskmodel as rm
from tests.support.small_policy import policy_text, probable, threshold
from tests.support.small_priors import variant

SCAN = """

[[variable]]
name = "mri"
role = "test"
imaging = true
states = ["normal", "abnormal"]
parents = ["infection", "fracture"]
definition = "A scan."
"""
LAST = 'definition = "Pain of 8 or more out of 10."'
READINGS = tuple(
    {"id": f"find.mri.{given.partition('=')[0]}", "of": "mri=abnormal", "given": given, "value": value, "n": 100}
    for given, value in (("none", 0.05), ("infection=present alone", 0.95), ("fracture=present alone", 0.9))
)
POLICY = policy_text(
    ["within_24_hours", "routine"],
    [],
    *(probable(name, name, urgency="within_24_hours", imaging=["mri"]) for name in ("infection", "fracture")),
    head=threshold("infection", 0.2, 1.0) + threshold("fracture", 0.05, 0.2),
)


def scanned_tiny(folder: Path) -> rm.Model:
    """The model, from a copy of the tiny priors below a folder."""
    root = variant(folder, "tiny", {LAST: LAST + SCAN}, READINGS)
    (root / "policy.toml").write_text(POLICY, encoding="utf-8")
    return rm.load("seeds", root / "policy.toml", root)
