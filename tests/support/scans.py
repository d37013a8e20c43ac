"""Random cases in which no scan contradicts its own parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskmodel.evidence.records import Variable

SCANS = [
    "xray", "xray_fracture", "ct", "ct_fracture", "mri", "mri_tumour", "mri_infection", "mri_fracture",
    "mri_compression", "mri_nerve_compression",
]  # fmt: skip


def without_contradictions(variables: Sequence[Variable], masks: np.ndarray) -> np.ndarray:
    """The same cases; the plain reading is taken away where it is normal beside a part that is present."""
    rows = {variable.name: row for row, variable in enumerate(variables)}
    result = masks.copy()
    for variable in variables:
        if variable.form == "any_of":
            parts = [name for name in variable.parents if name in rows and variables[rows[name]].role == "test"]
            shown = np.any([(masks[rows[part]] & 1) == 0 for part in parts], axis=0)
            result[rows[variable.name], shown & (masks[rows[variable.name]] == 1)] = variable.full_mask
    return result
