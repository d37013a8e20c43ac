"""What to ask next, as a frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.answers.questions import ask_next, questions, scan_scorer
from riskmodel.arrays import Masks
from riskmodel.decision.costs import find_pathways
from riskmodel.errors import InferenceError
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.model import Model

__all__ = ["ask_next", "next_questions"]

NUMBERS = ("gain", "worth", "information", "change", "moves", "in_time")


def next_questions(model: Model, cases: pd.DataFrame | Masks, *, setting: str | None = None) -> pd.DataFrame:
    """Everything not yet asked, examined or tested of each case, the best first.

    Parameters
    ----------
    cases
        a frame of cases, or coded evidence of shape (variables, cases).
    setting
        of rows that name none.

    Returns
    -------
    one row a case and variable: ``case`` (its ``case_id``, else its label in the frame), ``variable``, ``way``
    (asked, examined, bedside or blood), ``gain`` and ``worth`` (quality-adjusted life years, without and with its
    cost), ``information`` (bits), ``change`` (P that the action changes, NaN of a circumstance), ``moves`` (whether
    an answer can change the action; those that cannot come last), ``cost`` (dollars), ``hours``, ``in_time``.

    Raises
    ------
    InferenceError
        where the evidence of a case has probability zero.

    Examples
    --------
    >>> import riskmodel as rm
    >>> case = pd.DataFrame({"age": [60], "iv_drug_use": ["yes"], "worsening_course": ["yes"]})
    >>> next_questions(rm.load(), case, setting="primary_care").loc[0, ["variable", "way"]].tolist()
    ['esr', 'blood']
    """
    if isinstance(cases, pd.DataFrame):
        masks = model.code(cases, setting=setting)
        labels = (cases["case_id"] if "case_id" in cases else cases.index.to_series()).tolist()
    else:
        masks, labels = cases, list(range(cases.shape[1]))
    score, pathways = CompiledScorer(scan_scorer(model.scoring)).posterior, find_pathways(model.root)
    impossible = np.nonzero(~(score(masks).evidence > 0))[0]
    if impossible.size:
        raise InferenceError(f"case {labels[int(impossible[0])]}: its evidence has probability zero")
    asked = questions(model.scoring, masks, pathways, score)
    order = asked.order.T  # (cases, variables), the best first
    case, question = np.repeat(np.arange(order.shape[0]), order.shape[1]), order.ravel()
    kept = asked.open[question, case]
    case, question = case[kept], question[kept]
    ways = [pathways.way(name) if pathways else "" for name in asked.names]
    return pd.DataFrame(
        {
            "case": np.array(labels, dtype=object)[case],
            "variable": np.array(asked.names, dtype=object)[question],
            "way": np.array(ways, dtype=object)[question],
            **{name: getattr(asked, name)[question, case] for name in NUMBERS},
            "cost": asked.cost[question],
            "hours": asked.hours[question],
        }
    )
