"""What several parts of a report count: counted here once, so that they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.report.sensitivity.study import Study


def fragile(study: Study) -> pd.DataFrame:
    """The cases whose urgency and imaging too few of the draws give, the most fragile first."""
    return study.actions[study.actions["same_action"] < study.fragile]


def flips_within(study: Study) -> pd.DataFrame:
    """The flips that lie within the 95 % range of their statement."""
    return study.flips[study.flips["within"].astype(bool)]


def flipping(study: Study) -> list[str]:
    """The cases whose action a single statement changes within its 95 % range, of those that were looked at."""
    names = set(flips_within(study)["case"])
    return [name for name in study.least_sure if name in names]


def answers(study: Study) -> pd.DataFrame:
    """The questions of each case whose single answer can change its action, the best first."""
    return study.next_questions[study.next_questions["moves"].astype(bool)]


def open_answers(study: Study) -> pd.DataFrame:
    """Those of them that the policy does not ask for in that case already; the best of each case first."""
    frame = answers(study)
    return frame[~frame["ordered"].astype(bool)]
