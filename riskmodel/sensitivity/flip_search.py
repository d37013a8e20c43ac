"""The nearest value of a statement, on one side, at which the action of one case is another.

The action depends on posteriors only through the comparisons of the policy's rules. Where a posterior rises or falls
all along a statement, each comparison changes once at most. So between two points with the same action there can be
another only where two comparisons or more have changed, and there the search goes on halving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from riskmodel.evidence.limits import highest
from riskmodel.evidence.records import RATIOS, Statement
from riskmodel.evidence.scale import scale_of
from riskmodel.sensitivity.ranges import ranges

if TYPE_CHECKING:
    from riskmodel.model import Model
    from riskmodel.sensitivity.what_if import CodedCases

TOLERANCE = 1e-7  # of a flip, on the logit or log scale
IMPOSSIBLE = -1  # the action of a case that a value rules out, which counts as no change
NO_BEARING = "no bearing on this case"
FIXED = "cannot be varied: the other parts of its distribution are all 0"


class TriedValue(NamedTuple):
    """A value on the statement's scale, the action there, and as bits the comparisons that hold."""

    at: float
    action: int
    compared: int


@dataclass(slots=True, eq=False)
class Search:
    """One case, statement, kind of action and side; ``waiting`` are gaps between points, the nearest last."""

    case: int
    name: str
    kind: str
    side: str
    now: int
    waiting: list[tuple[TriedValue, TriedValue]]
    flip: TriedValue | None = None  # the nearest value known to have another action

    def wanted(self) -> float | None:
        """Where to look next; nothing once the search has ended."""
        while self.waiting:
            near, far = self.waiting[-1]
            other = far.action not in (self.now, IMPOSSIBLE)
            if not other and (near.compared ^ far.compared).bit_count() < 2:
                self.waiting.pop()
            elif abs(far.at - near.at) > TOLERANCE:
                return 0.5 * (near.at + far.at)
            elif other:
                self.flip = far
                self.waiting.clear()
            else:
                self.waiting.pop()
        return None

    def take(self, point: TriedValue) -> None:
        """What was found where it was ``wanted``."""
        near, far = self.waiting.pop()
        self.waiting += [(point, far), (near, point)]


def flip_table(model: Model, searches: Sequence[Search], people: CodedCases) -> pd.DataFrame:
    """One row a case, statement, kind and side with a flip, each case's nearest first."""
    flips = [(search, search.flip) for search in searches if search.flip]
    about = ranges(model.priors, sorted({search.name for search, _ in flips})) if flips else None
    by_name = {} if about is None else about.set_index("statement").to_dict("index")
    rows = []
    for search, end in flips:
        statement, row = model.priors.statement(search.name), by_name[search.name]
        flip = float(scale_of(statement).back(end.at))
        moved = end.at - float(scale_of(statement).to(statement.value))
        rows.append({
            "case": people.names[search.case], "statement": search.name, "kind": search.kind, "side": search.side,
            "value": statement.value, "low": row["low"], "high": row["high"], "origin": row["origin"], "flip": flip,
            "in_sd": moved / row["sd"] if row["sd"] > 0 else np.inf * np.sign(moved),
            "within": bool(row["low"] <= flip <= row["high"]),
            "now": _action_text(model, search.kind, search.now),
            "then": _action_text(model, search.kind, end.action),
        })  # fmt: skip
    columns = ["case", "statement", "kind", "side", "value", "low", "high", "origin", "flip", "in_sd", "within"]
    frame = pd.DataFrame(rows, columns=[*columns, "now", "then"])
    order = frame.assign(place=frame["case"].map(people.names.index), size=frame["in_sd"].abs())
    order = order.sort_values(["place", "size", "statement", "kind"], kind="stable", ignore_index=True)
    return order.drop(columns=["place", "size"])


def _action_text(model: Model, kind: str, action: int) -> str:
    if kind == "urgency":
        return model.policy.urgencies[action]
    tokens = [token for i, token in enumerate(model.policy.imaging_tokens) if action >> i & 1]
    return ", ".join(tokens) or "none"


def nearest_flips(
    model: Model,
    table: pd.DataFrame,
    names: Sequence[str],
    people: CodedCases,
    bearing: Mapping[str, np.ndarray | None],
) -> pd.DataFrame:
    """One row a case and statement: its nearest flip, or why there is none."""
    first = table.drop_duplicates(["case", "statement"]).set_index(["case", "statement"])
    rows = []
    for i, case in enumerate(people.names):
        for name in names:
            verdict = "" if (case, name) in first.index else _verdict(model.priors.statement(name), bearing[name], i)
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
    return f"no value in [0, {highest(statement.quantity):g}] does"
