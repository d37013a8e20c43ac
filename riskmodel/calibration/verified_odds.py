"""The stated odds ratio of verification: how much likelier an outcome was looked for where the disease is present."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.census import known_outcomes
from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable
from riskmodel.evidence.scale import LOG

FARTHEST_ODDS = 1e4  # beyond, nobody with the disease is left among those who were not verified
REACH = 3.0  # standard deviations of the statement on either side that are looked at
NODES = 7  # odds ratios at which the cohort is fitted
STANDARD = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of a tipping table

Stated = float | Sequence[float] | str


@dataclass(frozen=True)
class VerifiedOddsRatio:
    """Odds that the outcome is known, disease present against absent, at equal recorded findings.

    Attributes
    ----------
    value
        the median, above 0; 1: who was verified depends on what is recorded alone.
    low, high
        the 95 % interval; both are the value where it is fixed. The log odds ratio is normal, split at the median.
    """

    value: float
    low: float
    high: float

    @property
    def is_fixed(self) -> bool:
        return self.low == self.high

    @property
    def says_nothing(self) -> bool:
        """Whether it is 1 without doubt, so that the rows with an unknown outcome are used as they are."""
        return self.is_fixed and self.value == 1.0

    def log_odds(self, z: Array) -> Array:
        """The log odds ratios that lie so many standard deviations from the median."""
        below, above = LOG.sd_of_interval(self.low, self.value, self.high)
        return np.asarray(math.log(self.value) + z * np.where(z < 0, below, above))

    def nodes(self) -> Array:
        """Log odds ratios over all that the statement holds possible, rising."""
        return np.unique(self.log_odds(np.linspace(-REACH, REACH, NODES)))

    def __str__(self) -> str:
        return f"{self.value:.3g}" if self.is_fixed else f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def verified_odds_ratio(stated: Stated | None) -> VerifiedOddsRatio | None:
    """The statement that a caller makes; None without one.

    Parameters
    ----------
    stated
        a number (fixed), three (median and 95 % interval), or these as text, separated by commas.

    Raises
    ------
    UsageError
        where it is none of these, not above 0, or not in order.

    Examples
    --------
    >>> verified_odds_ratio("2,0.5,8")
    VerifiedOddsRatio(value=2.0, low=0.5, high=8.0)
    >>> str(verified_odds_ratio(7))
    '7'
    """
    if stated is None:
        return None
    numbers = _numbers(stated)
    if len(numbers) not in (1, 3) or not all(1 / FARTHEST_ODDS <= number <= FARTHEST_ODDS for number in numbers):
        raise _no_odds_ratio(stated)
    if len(numbers) == 1:
        return VerifiedOddsRatio(numbers[0], numbers[0], numbers[0])
    value, low, high = numbers
    if not low <= value <= high:
        raise UsageError(
            f"verified_odds_ratio: the median {value:g} lies outside its interval {low:g} to {high:g}; the order is "
            f"median, low, high"
        )
    if low < high and not low < value < high:
        raise UsageError(
            f"verified_odds_ratio: the median {value:g} is an end of its interval {low:g} to {high:g}; "
            f"give a median between the ends, or one number where it is fixed"
        )
    return VerifiedOddsRatio(value, low, high)


def checked_odds_ratio(stated: Stated | None, outcomes: str, *, hold: bool = False) -> VerifiedOddsRatio:
    """The statement that a fit uses; 1 without one.

    Raises
    ------
    UsageError
        as :func:`verified_odds_ratio`; for any but 1 together with rows left out or weighted; and where one is to be
        held that is not stated.
    """
    if hold and stated is None:
        raise UsageError(
            "hold_verified_odds_ratio: no verified_odds_ratio is stated that could be held; give the median with its "
            "95 % interval (1,0.14,7)"
        )
    odds_ratio = verified_odds_ratio(stated) or VerifiedOddsRatio(1.0, 1.0, 1.0)
    if outcomes != "ignorable" and not odds_ratio.says_nothing:
        raise UsageError(
            f"verified_odds_ratio needs outcomes 'ignorable', which uses the people whose outcome is not known; "
            f"{outcomes!r} leaves them out"
        )
    return odds_ratio


def _numbers(stated: Stated) -> list[float]:
    parts = stated.split(",") if isinstance(stated, str) else [stated] if isinstance(stated, Real) else stated
    try:
        return [float(part) for part in parts]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        raise _no_odds_ratio(stated) from None


def _no_odds_ratio(stated: object) -> UsageError:
    return UsageError(
        f"verified_odds_ratio: {stated!r} is no odds ratio; give one (7), or the median with its 95 % interval "
        f"(1,0.14,7), each from {1 / FARTHEST_ODDS:g} to {FARTHEST_ODDS:g}"
    )


def deciding_disease(variables: Sequence[Variable], masks: Masks) -> list[str]:
    """The conditions that may have decided who was verified: the serious ones whose outcome is looked for, else all."""
    has_outcome = known_outcomes(variables, masks)
    serious = [variable.name for variable in variables if variable.name in has_outcome and variable.serious]
    return serious or list(has_outcome)
