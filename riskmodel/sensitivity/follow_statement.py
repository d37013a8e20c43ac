"""One statement at several values: the probabilities given the setting alone, and each case's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.errors import UsageError
from riskmodel.evidence.limits import highest
from riskmodel.sensitivity.ranges import Varying, checked_statements, refuse
from riskmodel.sensitivity.what_if import coded_cases, what_ifs

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model


def follow(
    model: Model,
    statement: str,
    cases: Cases,
    values: Sequence[float],
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
) -> pd.DataFrame:
    """What becomes of some cases as one statement takes other values.

    Parameters
    ----------
    statement
        the id of a selected statement.
    values
        that it is to take: probabilities strictly between 0 and 1, or ratios above 0.

    Returns
    -------
    one row a value and case: ``value``, ``case``; ``prior_…`` and ``p_…`` of the serious conditions (given the
    setting alone, and given the case); ``urgency`` and ``imaging``.

    Raises
    ------
    UsageError
        a statement that is not known or not selected, or a value out of range.

    Examples
    --------
    >>> import riskmodel as rm
    >>> febrile = pd.DataFrame({"setting": ["emergency"], "fever": ["yes"]})
    >>> frame = follow(rm.load(), "find.fever.infection", febrile, [0.3, 0.6, 0.9])
    >>> frame["p_infection"].is_monotonic_increasing
    True
    """
    _, problems = checked_statements(model.priors, [statement])
    refuse(problems)
    taken = np.asarray(values, dtype=float)
    top = highest(model.priors.statement(statement).quantity)
    wrong = taken[~((taken > 0) & (taken < top))]
    if wrong.size or not taken.size:
        problem = f"not {wrong[0]:g}" if wrong.size else "and there must be one"
        raise UsageError(f"values of {statement} must lie between 0 and {top:g}, {problem}")
    people = coded_cases(model, cases, setting=setting, mapping=mapping)
    scorer = model.scoring.scorer
    blank = np.repeat(scorer.blank(1), people.count, axis=1)
    if scorer.setting_row >= 0:
        blank[scorer.setting_row] = people.masks[scorer.setting_row]
    both = np.concatenate([people.masks, blank], axis=1)
    serious = [i for i, condition in enumerate(scorer.conditions) if model.priors.variable(condition).serious]
    rows = Varying(model.priors).rows(statement, taken)
    probability = np.empty((len(serious), len(taken), both.shape[1]))
    urgency = np.empty(probability.shape[1:], dtype=int)
    imaging = np.empty((len(model.policy.imaging_tokens), *probability.shape[1:]), dtype=bool)
    for batch in what_ifs(model, rows, both):
        row, case = np.ix_(batch.rows, batch.cases)
        probability[:, row, case] = batch.probability[serious]
        urgency[row, case], imaging[:, row, case] = batch.urgency, batch.imaging
    columns: dict[str, object] = {
        "value": np.repeat(taken, people.count),
        "case": np.tile(np.array(people.names, dtype=object), len(taken)),
    }
    for start, prefix in ((people.count, "prior_"), (0, "p_")):
        for k, i in enumerate(serious):
            part = probability[k, :, start : start + people.count]
            columns[f"{prefix}{scorer.conditions[i]}"] = part.ravel()
    tokens = np.array(model.policy.imaging_tokens, dtype=object)
    scans = np.ascontiguousarray(imaging[:, :, : people.count]).reshape(len(tokens), -1)
    columns["urgency"] = [model.policy.urgencies[level] for level in urgency[:, : people.count].ravel()]
    columns["imaging"] = ["|".join(tokens[bits]) for bits in scans.T]
    return pd.DataFrame(columns)
