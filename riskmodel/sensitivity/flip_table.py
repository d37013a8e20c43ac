"""Flips as tables: where the action of a case changes along a statement, and why it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.evidence.records import RATIOS, Statement
from riskmodel.evidence.scale import scale_of
from riskmodel.sensitivity.ranges import ranges

if TYPE_CHECKING:
    from riskmodel.model import Model
    from riskmodel.sensitivity.flip_search import Search
    from riskmodel.sensitivity.what_if import People

NO_BEARING = "no bearing on this case"
FIXED = "cannot be varied: the other parts of its distribution are all 0"


def flip_table(model: Model, found: Sequence[Search], people: People) -> pd.DataFrame:
    """One row a case, statement, kind and side with a flip, each case's nearest first."""
    about = ranges(model.priors, sorted({search.name for search in found})) if found else None
    by_name = {} if about is None else about.set_index("statement").to_dict("index")
    rows = []
    for search in found:
        statement, own = model.priors.statement(search.name), by_name[search.name]
        flip = float(scale_of(statement).back(search.flip.at))
        moved = search.flip.at - float(scale_of(statement).to(statement.value))
        rows.append({
            "case": people.names[search.case], "statement": search.name, "kind": search.kind, "side": search.side,
            "value": statement.value, "low": own["low"], "high": own["high"], "origin": own["origin"], "flip": flip,
            "in_sd": moved / own["sd"] if own["sd"] > 0 else np.inf * np.sign(moved),
            "within": bool(own["low"] <= flip <= own["high"]),
            "now": _said(model, search.kind, search.now),
            "then": _said(model, search.kind, search.flip.action),
        })  # fmt: skip
    columns = ["case", "statement", "kind", "side", "value", "low", "high", "origin", "flip", "in_sd", "within"]
    frame = pd.DataFrame(rows, columns=[*columns, "now", "then"])
    order = frame.assign(place=frame["case"].map(people.names.index), size=frame["in_sd"].abs())
    order = order.sort_values(["place", "size", "statement", "kind"], kind="stable", ignore_index=True)
    return order.drop(columns=["place", "size"])


def _said(model: Model, kind: str, action: int) -> str:
    if kind == "urgency":
        return model.policy.urgencies[action]
    tokens = [token for i, token in enumerate(model.policy.imaging_tokens) if action >> i & 1]
    return ", ".join(tokens) or "none"


def nearest_flips(
    model: Model, table: pd.DataFrame, names: Sequence[str], people: People, bearing: Mapping[str, np.ndarray | None]
) -> pd.DataFrame:
    """One row a case and statement: its nearest flip, or why there is none."""
    first = table.drop_duplicates(["case", "statement"]).set_index(["case", "statement"])
    rows = []
    for i, case in enumerate(people.names):
        for name in names:
            own = bearing[name]
            verdict = "" if (case, name) in first.index else _verdict(model.priors.statement(name), own, i)
            rows.append({"case": case, "statement": name, "verdict": verdict})
    frame = pd.DataFrame(rows).join(first, on=["case", "statement"])
    return frame[[*(c for c in frame if c != "verdict"), "verdict"]]


def _verdict(statement: Statement, bearing: np.ndarray | None, case: int) -> str:
    if bearing is None:
        return FIXED
    if not bearing[case]:
        return NO_BEARING
    if statement.quantity in RATIOS:
        return "no ratio from 1/10,000 to 10,000 does"
    return "no value in [0, 1] does"
