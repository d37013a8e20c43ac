"""What an expert believes of a number, as the distribution that a statement is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import Spread, quantile
from riskmodel.evidence.scale import LOG, LOGIT, Z95
from riskmodel.text import RESEARCH_ONLY, Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.arrays import Array

Kind = Literal["probability", "ratio"]


@dataclass(frozen=True, repr=False)
class Elicitation(Shown):
    """A belief and the distribution that comes nearest to it.

    Attributes
    ----------
    kind
        ``probability`` or ``ratio``.
    stated
        what was said: low, median and high, or mode and certainty.
    spread
        the fitted distribution; see :mod:`riskmodel.evidence.distributions`.
    value, low, high
        what a statement says of it: median (mean of a Beta) and 95 % interval of the fitted distribution.
    n
        of a Beta: the people it is worth; else None.
    """

    kind: Kind
    stated: tuple[tuple[str, float], ...]
    spread: Spread
    value: float
    low: float
    high: float
    n: int | None = None

    def sheet(self) -> Sheet:
        return Sheet("Elicited belief", dict(line.split(": ", 1) for line in self.lines() if ": " in line))

    def numbers(self) -> dict[str, float]:
        """For ``model.with_statement(id, **numbers)``, or a set's ``[override]``."""
        if self.n is not None:
            return {"value": self.value, "n": self.n}
        return {"value": self.value, "low": self.low, "high": self.high}

    def quantiles(self, uniform: Array) -> Array:
        """The values below which lie the given shares (0 to 1) of the belief."""
        return quantile(self.spread, np.asarray(uniform, dtype=float))

    def lines(self) -> list[str]:
        stated = ", ".join(f"{name} {number:g}" for name, number in self.stated)
        form = self.spread.kind.replace("_", "-")
        size = f", worth {self.n} people" if self.n is not None else ""
        lines = [f"Said: {stated}", f"Fitted: {form}, {self.value:.4g} (95 % {self.low:.4g} to {self.high:.4g}){size}"]
        return [*lines, RESEARCH_ONLY]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def elicit(
    low: float | None = None,
    median: float | None = None,
    high: float | None = None,
    *,
    mode: float | None = None,
    certainty: int | None = None,
    kind: Kind = "probability",
    level: float = 0.95,
) -> Elicitation:
    """The distribution of a statement from what someone believes of it.

    Either ``low``, ``median`` and ``high``: the true value is as likely above the median as below, and lies between
    low and high with probability ``level``; gives a logit-normal (log-normal, for a ratio), split at the median where
    the ends lie at unlike distances from it. Or ``mode`` and ``certainty``: the most likely value, and how many people
    one would have to have seen to be as sure; gives a Beta (of a probability only).

    Parameters
    ----------
    low, median, high
        probabilities in (0, 1) or ratios above 0, in that order.
    mode
        a probability in [0, 1].
    certainty
        1 or more people, beside a uniform prior.

    Raises
    ------
    UsageError
        numbers out of range or order, or neither or both of the two forms.

    Examples
    --------
    >>> belief = elicit(low=0.4, median=0.6, high=0.8)
    >>> belief.spread.kind, round(belief.low, 3), round(belief.high, 3)
    ('logit_normal', 0.4, 0.8)
    >>> elicit(mode=0.5, certainty=38).numbers()
    {'value': 0.5, 'n': 40}
    """
    if kind not in ("probability", "ratio"):
        raise UsageError(f"kind: {kind!r} is not one of probability, ratio")
    if mode is not None or certainty is not None:
        if (low, median, high) != (None, None, None) or mode is None or certainty is None:
            raise UsageError("elicit wants low, median and high, or mode and certainty: all of one form, and only one")
        return _from_mode(mode, certainty, kind)
    if low is None or median is None or high is None:
        raise UsageError("elicit wants low, median and high, or mode and certainty")
    return _from_quantiles(low, median, high, kind, level)


def _from_quantiles(low: float, median: float, high: float, kind: Kind, level: float) -> Elicitation:
    """Median and both ends kept: a standard deviation for each side, on the logit or log scale."""
    top = 1.0 if kind == "probability" else np.inf
    if not 0 < low < median < high < top:
        end = "1" if kind == "probability" else "infinity"
        raise UsageError(f"low, median and high must rise between 0 and {end}, not {low:g}, {median:g}, {high:g}")
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level:g}")
    scale = LOGIT if kind == "probability" else LOG
    below, above = scale.sd_of_interval(low, median, high, level)
    middle = float(scale.to(median))
    low_end, high_end = scale.back([middle - Z95 * below, middle + Z95 * above]).tolist()
    return Elicitation(
        kind,
        (("low", low), ("median", median), ("high", high)),
        Spread(scale.kind, middle, below, above),
        median,
        low_end,
        high_end,
    )


def _from_mode(mode: float, certainty: int, kind: Kind) -> Elicitation:
    """A uniform prior and so many people, of whom the mode's share had it."""
    if kind != "probability":
        raise UsageError("mode and certainty are for a probability; for a ratio say low, median and high")
    if not 0 <= mode <= 1:
        raise UsageError(f"mode must lie in [0, 1], not {mode:g}")
    if not (np.isfinite(certainty) and certainty >= 1 and certainty == int(certainty)):
        raise UsageError(f"certainty must be a whole number of people, 1 or more, not {certainty:g}")
    first, second = 1 + mode * certainty, 1 + (1 - mode) * certainty
    spread = Spread("beta", first, second)
    ends = quantile(spread, np.array([0.025, 0.975]))
    stated = (("mode", mode), ("certainty", float(certainty)))
    count = int(certainty) + 2
    return Elicitation("probability", stated, spread, first / count, float(ends[0]), float(ends[1]), count)
