"""STarT Back: the risk of lasting disability, from nine yes-or-no items. Prognosis, not diagnosis.

The items are named, not worded: their wording is Keele University's, and is to be had there. The score
stands beside a result and never feeds a condition.

Items, total and subscale may each be known or missing. What is known leaves some pairs of a subscale score (0 to 5) and
a score of the other four items (0 to 4); each pair is of one risk group. One group left is the risk, several are
undetermined, and where no pair is left the answers contradict each other.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from riskmodel.evidence.records import Variable

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
OTHERS, PSYCHOSOCIAL = 4, 5  # items of the two parts, each scored from 0
ALL = (1 << len(GROUPS)) - 1  # every group is possible
RISK = "startback_risk"  # the word of policies, and the output column
ITEM_COLUMNS = tuple(f"startback_{number}" for number in range(1, 10))
TOTAL_COLUMN, SUBSCALE_COLUMN = "startback_total", "startback_psychosocial"
COLUMNS = (*ITEM_COLUMNS, TOTAL_COLUMN, SUBSCALE_COLUMN)


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
    possible = _possible((total - subscale, most_total - most_subscale), (subscale, most_subscale), {})
    group = np.array(["", *GROUPS])[1 + only_group(possible)]
    return StartBack(
        total=np.where(total == most_total, total, np.nan),
        subscale=np.where(subscale == most_subscale, subscale, np.nan),
        group=group,
    )


def _possible(
    others: tuple[NDArray[np.float64], NDArray[np.float64]],
    subscale: tuple[NDArray[np.float64], NDArray[np.float64]],
    allowed: Mapping[tuple[int, int], NDArray[np.bool_]],
) -> NDArray[np.uint8]:
    """The groups that are possible, one bit each; 0 where nothing is.

    Parameters
    ----------
    others, subscale
        the least and the most that the two parts can score.
    allowed
        (score of the others, of the subscale) → where a total or subscale that is stated allows this pair; all do
        where a pair is not named.
    """
    possible = np.zeros(np.shape(others[0]), np.uint8)
    for pair in product(range(OTHERS + 1), range(PSYCHOSOCIAL + 1)):
        fits = (others[0] <= pair[0]) & (pair[0] <= others[1]) & (subscale[0] <= pair[1]) & (pair[1] <= subscale[1])
        possible |= (fits & allowed.get(pair, True)).astype(np.uint8) << np.uint8(_group(*pair))
    return possible


def _group(others: int, subscale: int) -> int:
    if others + subscale <= LOW_TOTAL:
        return 0
    return 2 if subscale >= HIGH_SUBSCALE else 1


def only_group(possible: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The index of the only possible group, -1 where there are several or none.

    >>> only_group(np.array([1, 2, 4, 6, 0], np.uint8)).tolist()
    [0, 1, 2, -1, -1]
    """
    codes = np.full(ALL + 1, -1, np.int32)
    codes[[1 << group for group in range(len(GROUPS))]] = range(len(GROUPS))
    return np.asarray(codes[possible])


@dataclass(frozen=True)
class StartBackRows:
    """Where the masks of some variables hold the nine items, the total and the subscale."""

    items: tuple[int, ...]
    total: int
    subscale: int
    edges: tuple[tuple[float, ...], tuple[float, ...]]  # lower edges of the bands of total and subscale

    @classmethod
    def of(cls, variables: Sequence[Variable]) -> StartBackRows | None:
        """The rows among the variables; none where these lack some of the columns."""
        rows = {variable.name: row for row, variable in enumerate(variables)}
        if not set(COLUMNS) <= rows.keys():
            return None
        total, subscale = rows[TOTAL_COLUMN], rows[SUBSCALE_COLUMN]
        edges = (variables[total].lower_edges, variables[subscale].lower_edges)
        return cls(tuple(rows[name] for name in ITEM_COLUMNS), total, subscale, edges)

    @property
    def all(self) -> tuple[int, ...]:
        return (*self.items, self.total, self.subscale)

    def groups(self, masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The groups that are possible in each case, one bit each; 0 where the answers contradict each other."""
        groups = np.full(masks.shape[1:], ALL, np.uint8)
        full = [3] * len(self.items) + [(1 << len(edges)) - 1 for edges in self.edges]
        answered = np.zeros(masks.shape[1:], np.bool_)
        for row, mask in zip(self.all, full, strict=True):
            answered |= masks[row] != mask
        if answered.any():
            groups[answered] = self._groups(masks[:, answered])
        return groups

    def _groups(self, masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        items = masks[list(self.items)]
        least, most = (items == 2).astype(float), (items != 1).astype(float)
        subscale = least[SUBSCALE].sum(axis=0), most[SUBSCALE].sum(axis=0)
        others = least[:OTHERS].sum(axis=0), most[:OTHERS].sum(axis=0)
        allowed = {
            (first, second): self._states(masks, first, second)
            for first, second in product(range(OTHERS + 1), range(PSYCHOSOCIAL + 1))
        }
        return _possible(others, subscale, allowed)

    def _states(self, masks: NDArray[np.uint8], others: int, subscale: int) -> NDArray[np.bool_]:
        """Where the total and subscale that are stated allow two part scores."""
        total_edges, subscale_edges = self.edges
        total = masks[self.total] >> (bisect_right(total_edges, others + subscale) - 1) & 1
        part = masks[self.subscale] >> (bisect_right(subscale_edges, subscale) - 1) & 1
        return np.asarray((total & part) > 0)

    def contradiction(self, case: NDArray[np.uint8]) -> str:
        """What is wrong with one case, (variables,), whose answers contradict each other."""
        items = case[list(self.items)]
        least, most = (items == 2), (items != 1)
        return (
            f"the STarT Back answers contradict each other: the items allow a total of {least.sum()} to {most.sum()} "
            f"and a psychosocial score of {least[SUBSCALE].sum()} to {most[SUBSCALE].sum()}; allowed: a total (0 to 9) "
            "and a psychosocial score (items 5 to 9, 0 to 5) that agree with the items and with each other"
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
