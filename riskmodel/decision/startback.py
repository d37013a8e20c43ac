"""STarT Back: the risk of lasting disability, from nine yes-or-no items. Prognosis, not diagnosis.

The items are named, not worded: their wording is Keele University's, and is to be had there. The score
stands beside a result and never feeds a condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

ITEMS = (
    "leg_pain",
    "shoulder_neck_pain",
    "walking",
    "dressing",
    "fear",
    "worry",
    "catastrophising",
    "low_mood",
    "bothersomeness",
)
SUBSCALE = slice(4, 9)  # the psychosocial items, fear to bothersomeness
GROUPS = ("low", "medium", "high")
HIGH_SUBSCALE = 4  # of 5
LOW_TOTAL = 3  # of 9


@dataclass(frozen=True, eq=False)
class StartBack:
    """Scores of one or many people, with the shape of the answers less the item axis.

    ``total`` (0 to 9) and ``subscale`` (0 to 5) are NaN where an item they need is missing. ``group`` is
    low, medium or high, or empty where the missing items could change it.
    """

    total: NDArray[np.float64]
    subscale: NDArray[np.float64]
    group: NDArray[np.str_]


def score_startback(answers: Mapping[str, ArrayLike]) -> StartBack:
    """Score the nine items: a total of 0 to 3 is low, a subscale of 4 or 5 high, all else medium.

    Parameters
    ----------
    answers
        For each of :data:`ITEMS` a boolean (or 0 or 1), or an array of them, all of one shape; ``None`` or
        NaN, or no entry, where it was not answered. The last item, bothersomeness, is true only for very or
        extremely.

    Raises
    ------
    UsageError
        If an item is unknown, or an answer is neither true, false nor missing.

    Examples
    --------
    >>> people = [[0, 0, 0, 0, 1, 1, 1, 1, 0], [1] * 9, [1, 1, 1, 1, 1, 1, 1, 0, 0]]
    >>> result = score_startback(dict(zip(ITEMS, zip(*people))))
    >>> result.total.tolist(), result.subscale.tolist(), result.group.tolist()
    ([4.0, 9.0, 7.0], [4.0, 5.0, 3.0], ['high', 'high', 'medium'])

    A group is given where the missing items cannot change it:

    >>> result = score_startback({item: None if item in ("fear", "worry") else False for item in ITEMS})
    >>> float(result.total), str(result.group)
    (nan, 'low')

    Source: Keele University, scoring of the STarT Back tool.
    """
    for unknown in set(answers.keys()) - set(ITEMS):
        raise UsageError(f"STarT Back has no item {unknown!r}{nearest(unknown, ITEMS)}: {', '.join(ITEMS)}")
    columns = np.broadcast_arrays(*(_numbers(item, answers.get(item)) for item in ITEMS))
    table = np.stack(columns)
    missing = np.isnan(table)
    least = np.where(missing, 0.0, table)
    most = np.where(missing, 1.0, table)
    total, most_total = least.sum(axis=0), most.sum(axis=0)
    subscale, most_subscale = least[SUBSCALE].sum(axis=0), most[SUBSCALE].sum(axis=0)
    medium = (total > LOW_TOTAL) & (most_subscale < HIGH_SUBSCALE)
    group = np.select([most_total <= LOW_TOTAL, medium, subscale >= HIGH_SUBSCALE], GROUPS, default="")
    return StartBack(
        total=np.where(total == most_total, total, np.nan),
        subscale=np.where(subscale == most_subscale, subscale, np.nan),
        group=group,
    )


def _numbers(item: str, answers: ArrayLike | None) -> NDArray[np.float64]:
    """One item's answers as 0, 1 or NaN."""
    allowed = f"STarT Back, {item}: an answer is true or false, 1 or 0, or missing (None or NaN)"
    given = np.asarray(answers)
    try:
        numbers = given.astype(np.float64)
    except (TypeError, ValueError):
        raise UsageError(allowed) from None
    if given.dtype.kind in "US" or not np.all(np.isnan(numbers) | (numbers == 0) | (numbers == 1)):
        raise UsageError(allowed)
    return numbers
