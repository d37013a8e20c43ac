"""How much of the uncertainty rests on what kind of statement, in simulated people of every setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.answers.uncertainty import shares

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

DRAWS, PEOPLE = 200, 250  # shares are averages over many people: few draws of few people tell them


def rests_on(study: Study) -> pd.DataFrame:
    """Shares of the variance of each posterior's log-odds by basis and by how the figure was read.

    Returns
    -------
    one row a setting and output, with a column for each kind of :func:`riskmodel.answers.uncertainty.shares`, and in
    ``kinds`` of its ``attrs`` which there are of each: those of the basis sum to 1, those of reading too.
    """
    model, draws = study.model, min(DRAWS, study.spec.draws)
    rows, kinds = [], {}
    for setting in study.settings:
        masks = np.ascontiguousarray(study.cohort(setting).masks[:, :PEOPLE])
        found = shares(model.priors, model.variables, masks, draws, study.spec.seed)
        kinds = {name: list(group) for name, group in found.items()}
        for i, output in enumerate(study.outputs):
            own = {kind: float(share[i]) for group in found.values() for kind, share in group.items()}
            rows.append({"setting": setting, "condition": output, **own})
    frame = pd.DataFrame(rows)
    frame.attrs["kinds"] = kinds
    return frame
