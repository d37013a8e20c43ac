"""Published rows beside the network's answers: inside what chance allows, or missed, and what would explain it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd
from scipy import special, stats

from riskmodel.arrays import Array
from riskmodel.evidence.scale import LOGIT, Z95
from riskmodel.network.build import build_network
from riskmodel.sensitivity.ranges import Varying, ranges
from riskmodel.text import Sheet, Shown
from riskmodel.validation.ask import answer
from riskmodel.validation.load import load_published
from riskmodel.validation.records import PublishedRow

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors
    from riskmodel.model import Model
    from riskmodel.network.network import Network

TAIL = 0.025  # of each side of a 95 % interval
DRAWS = 500
EDGE = 1e-3  # a share nearer to 0 or 1 counts as this far from it
PIECE = 64  # statements whose networks are built together


class Nearest(TypedDict):
    """The statement that explains a miss best, and the answer that it gives at an end of its 95 % range."""

    nearest: str
    at_nearest: float


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """A published share and the model's answer to it; shares from 0 to 1.

    Attributes
    ----------
    study_low, study_high
        the study's 95 % interval; NaN where it has none.
    model, low, high
        the model's answer with its 95 % interval: at the study's base rate where that is known, else the setting's.
    at_setting
        the answer at the setting's base rate.
    verdict
        ``inside``, ``too low`` or ``too high``: the model, beside what a study of this size would see.
    used
        whether a table of the network rests on the same study, so that the row is no test.
    nearest, at_nearest
        of a row that is missed: the statement that, at an end of its 95 % range, brings the answer nearest to the
        published share, and that answer.
    """

    row: PublishedRow
    study_low: float
    study_high: float
    model: float
    low: float
    high: float
    at_setting: float
    verdict: str
    used: bool
    nearest: str = ""
    at_nearest: float = float("nan")


@dataclass(frozen=True, repr=False)
class PublishedValidation(Shown):
    """Published rows and the model's answers to them."""

    answers: tuple[RowAnswer, ...]
    priors: str
    draws: int
    seed: int

    def count(self, *, used: bool = False) -> tuple[int, int]:
        """How many rows are inside, of how many: of the tests, or of the rows whose study drives a table."""
        verdicts = [answered.verdict for answered in self.answers if answered.used == used]
        return verdicts.count("inside"), len(verdicts)

    def frame(self) -> pd.DataFrame:
        """One row a published share, with the columns of :class:`RowAnswer` and of the row itself."""
        return pd.DataFrame([
            {
                "id": c.row.id, "question": c.row.question, "setting": c.row.setting, "published": c.row.published,
                "published_low": c.study_low, "published_high": c.study_high, "events": c.row.events, "n": c.row.n,
                "model": c.model, "low": c.low, "high": c.high, "prior": c.row.prior, "at_setting": c.at_setting,
                "verdict": c.verdict, "used": c.used, "nearest": c.nearest, "at_nearest": c.at_nearest,
                "source": c.row.source, "locator": c.row.locator, "read": c.row.read, "figures": c.row.figures,
                "note": c.row.note,
            }
            for c in self.answers
        ])  # fmt: skip

    def sheet(self) -> Sheet:
        (inside, tests), (inside_used, used) = self.count(), self.count(used=True)
        facts = {"prior set": self.priors, "inside": f"{inside} of {tests}", "used": f"{inside_used} of {used}"}
        columns = ["id", "published", "model", "low", "high", "verdict", "nearest"]
        return Sheet("Published tables", facts, {"rows": self.frame()[columns]} if self.answers else {})


def validate(model: Model, *, draws: int = DRAWS, seed: int = 0) -> PublishedValidation:
    """Ask the network every published row.

    A row is *inside* when what the study saw is among the central 95 % of what a study of its size would see,
    were the model right: the uncertainty of the statements and the study's own chance together. A row whose study
    has neither a count nor an interval is compared with the statements' uncertainty alone.

    Parameters
    ----------
    draws
        joint draws of all statements, for the model's interval.

    Raises
    ------
    PriorsError
        with every problem of validation.toml.

    Examples
    --------
    >>> import riskmodel as rm
    >>> result = validate(rm.load(), draws=20)
    >>> set(result.frame()["verdict"]) <= {"inside", "too low", "too high"}
    True
    """
    tables = load_published(model.priors, model.root)
    network = model.draw(draws, np.random.default_rng(seed))
    driving = {key for statement in model.priors.selected_statements for key in statement.rests_on}
    answers = [_answered(network, row, driving) for row in tables.rows]
    missed = [answered.row for answered in answers if answered.verdict != "inside"]
    nearest = nearest_statements(model.priors, missed)
    return PublishedValidation(
        tuple(replace(c, **nearest[c.row.id]) if c.row.id in nearest else c for c in answers),
        model.priors.prior_set.name,
        draws,
        seed,
    )


def _answered(network: Network, row: PublishedRow, driving: Set[str]) -> RowAnswer:
    answers = answer(network, row, at_prior=True)
    low, high = np.nanquantile(answers[1:], [TAIL, 1 - TAIL])
    return RowAnswer(
        row,
        *study_interval(row),
        model=float(answers[0]),
        low=float(low),
        high=float(high),
        at_setting=float((answers if row.prior is None else answer(network, row))[0]),
        verdict=verdict(row, answers[1:]),
        used=not driving.isdisjoint((row.source, *row.same_data)),
    )


def study_interval(row: PublishedRow) -> tuple[float, float]:
    """The study's 95 % interval: its own, else of its count (Clopper and Pearson 1934); NaN where it has neither."""
    if row.low is not None and row.high is not None:
        return row.low, row.high
    if row.n is None:
        return float("nan"), float("nan")
    interval = stats.binomtest(events_seen(row), row.n).proportion_ci(method="exact")
    return float(interval.low), float(interval.high)


def events_seen(row: PublishedRow) -> int:
    """How many the study saw: as printed, else worked back from the share and the number of people."""
    return row.events if row.events is not None else round(row.published * (row.n or 0))


def verdict(row: PublishedRow, answers: Array) -> str:
    """Where the published share lies among what such studies would see, given the model's draws.

    Parameters
    ----------
    answers
        (draws,): the model's answer under each draw.
    """
    answers = answers[np.isfinite(answers)]
    if row.low is not None and row.high is not None:
        sd = (LOGIT.to(row.high) - LOGIT.to(row.low)) / (2 * Z95)
        as_low = np.mean(special.ndtr((LOGIT.to(row.published) - LOGIT.to(answers)) / sd))
        as_high = 1 - as_low
    elif row.n is not None:
        as_low = np.mean(stats.binom.cdf(events_seen(row), row.n, answers))
        as_high = np.mean(stats.binom.sf(events_seen(row) - 1, row.n, answers))
    else:
        as_low, as_high = np.mean(answers <= row.published), np.mean(answers >= row.published)
    if as_high < TAIL:
        return "too low"
    return "too high" if as_low < TAIL else "inside"


def nearest_statements(priors: Priors, rows: Sequence[PublishedRow]) -> dict[str, Nearest]:
    """For each row the statement that, moved to an end of its 95 % range, brings the answer nearest to the study's."""
    if not rows:
        return {}
    varying = Varying(priors)
    table = ranges(priors).set_index("statement")
    names = [name for name in table.index if varying.can_vary(name)]
    ends = table.loc[names, ["low", "high"]].to_numpy()
    least = dict.fromkeys((row.id for row in rows), np.inf)
    best: dict[str, Nearest] = {}
    for start in range(0, len(names), PIECE):
        piece = names[start : start + PIECE]
        values = np.concatenate([varying.rows(name, ends[start + i]) for i, name in enumerate(piece)])
        network = build_network(priors, np.concatenate([varying.stated[None], values]))
        for row in rows:
            answers = answer(network, row, at_prior=True)[1:]
            distance = np.abs(LOGIT.to(answers) - LOGIT.to(np.clip(row.published, EDGE, 1 - EDGE)))
            i = int(np.nanargmin(distance))
            if distance[i] < least[row.id]:
                least[row.id] = distance[i]
                best[row.id] = {"nearest": piece[i // 2], "at_nearest": float(answers[i])}
    return best
