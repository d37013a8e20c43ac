"""What to ask next, as a frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.answers.questions import ask_next, questions, scan_scorer
from riskmodel.arrays import Masks
from riskmodel.casefiles.read.frame import as_frame, identifiers
from riskmodel.cases.mapping import MappingLike
from riskmodel.decision.costs import find_pathways
from riskmodel.errors import InferenceError
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.model import Cases, Model

__all__ = ["ask_next", "next_questions"]

NUMBERS = ("gain", "worth", "information", "change", "moves", "in_time")


def next_questions(
    model: Model, cases: Cases | Masks, *, setting: str | None = None, mapping: MappingLike = None
) -> pd.DataFrame:
    """Everything not yet asked, examined or tested of each case, the best first.

    Parameters
    ----------
    cases
        as of :meth:`riskmodel.model.Model.score`, or coded evidence of shape (variables, cases).
    setting
        of rows that name none.
    mapping
        a mapping file, or the same content as a dict: other names of columns and values.

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
    >>> case = pd.DataFrame({"age": [60], "iv_drug_use": ["yes"], "spinal_tenderness": ["yes"]})
    >>> next_questions(rm.load(), case, setting="primary_care").loc[0, "way"]
    'blood'
    """
    if isinstance(cases, np.ndarray):
        masks, labels = cases, list(range(cases.shape[1]))
    else:
        frame = as_frame(cases)
        masks, names = model.code(frame, setting=setting, mapping=mapping), identifiers(frame, model.variables, mapping)
        labels = (frame.index if names is None else names).tolist()
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
