"""The nearest value of a statement, on one side, at which the action of one case is another.

The action depends on posteriors only through the comparisons of the policy's rules. Where a posterior rises or falls
all along a statement, each comparison changes once at most. So between two points with the same action there can be
another only where two comparisons or more have changed, and there the search goes on halving.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TOLERANCE = 1e-7  # of a flip, on the logit or log scale
IMPOSSIBLE = -1  # the action of a case that a value rules out, which counts as no change


class Point(NamedTuple):
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
    waiting: list[tuple[Point, Point]]
    found: Point | None = None

    @property
    def flip(self) -> Point:
        """The nearest point known to have another action."""
        if self.found is None:
            raise RuntimeError("the search has found nothing")
        return self.found

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
                self.found = far
                self.waiting.clear()
            else:
                self.waiting.pop()
        return None

    def take(self, point: Point) -> None:
        """What was found where it was ``wanted``."""
        near, far = self.waiting.pop()
        self.waiting += [(point, far), (near, point)]
