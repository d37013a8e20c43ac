"""Which study should be done next: the value of perfect information about the statements, in net benefit.

People are drawn from the model under draws of its statements, and each has one choice for each scan
(:func:`riskmodel.decision.stakes.scans`). Knowing a statement exactly is worth what it adds to the net benefit of the
better choice, on average over what the statement may turn out to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from riskmodel.arrays import Masks
from riskmodel.decision.stakes import scan_composites, scans
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.design import latin_hypercube
from riskmodel.evidence.distributions import dimensions, values_at
from riskmodel.evidence.lineage import basis_shares, largest_share, read_shares
from riskmodel.evidence.question import question_of
from riskmodel.inference.draws import DrawScorer
from riskmodel.model import Model, checked_settings
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.text import Sheet, Shown
from riskmodel.value.additive import Array, Star, knot_weights, normal_scores
from riskmodel.value.choices import ALL, Choices, Drawn, choices_of, draw_people, mean_gain

By = Literal["statement", "question", "source", "basis", "read"]
GROUPS: Mapping[str, Callable[..., str]] = {
    "question": question_of,
    "source": lambda statement: statement.source,
    "basis": lambda statement: largest_share(basis_shares(statement)),
    "read": lambda statement: largest_share(read_shares(statement)),
}
THREADS = 2
LEAST_DRAWS = 50
TOO_MUCH = 0.5  # of the value of perfect information that sums of single effects may miss, before a figure is given
FAILED = "not worked out: the sum of single effects misses {missed:.0%} of the value of perfect information"


@dataclass(frozen=True, eq=False, repr=False)
class ValueStudy(Shown):
    """People and draws, scored once, from which every value of information is worked out.

    Attributes
    ----------
    values
        (draws, selected statements).
    people
        evidence of the people of each setting, (variables, people).
    choices
        by setting: one for each scan about which some choice hangs on the statements.
    perfect
        value of perfect information by setting and scan, with its standard error.
    """

    model: Model
    values: Array
    people: Mapping[str, Masks]
    choices: Mapping[str, tuple[Choices, ...]]
    perfect: pd.DataFrame

    def sheet(self) -> Sheet:
        facts = {"draws": len(self.values), "settings": ", ".join(self.choices)}
        return Sheet("Value of information", facts, {"Of perfect information": self.perfect})

    @classmethod
    def of(
        cls,
        model: Model,
        *,
        people: int = 1000,
        draws: int = 1000,
        seed: int = 0,
        settings: Sequence[str] | None = None,
        missing: float = 0.0,
    ) -> ValueStudy:
        """Draw people and score them under every draw.

        Parameters
        ----------
        people
            of each setting; history and examination are known of them.
        draws
            of all statements, 50 or more.
        settings
            by default all of the model.
        missing
            share of what could be known of people that is not, 0 to 1.
        """
        if draws < LEAST_DRAWS or people < 1:
            raise UsageError(f"value of information needs {LEAST_DRAWS} draws and 1 person or more")
        chosen, choice = checked_settings(model, settings), scans(model.policy)
        if not choice:
            raise UsageError(f"policy {model.policy.name} has no threshold on imaging: no net benefit")
        rng = np.random.default_rng(seed)
        drawn = _drawn(model, draws, rng)
        evidence, choices, perfect = {}, {}, []
        for setting in chosen:
            evidence[setting], draw = draw_people(model, drawn.draws.network, setting, people, rng, missing)
            choices[setting], gains = choices_of(drawn, choice, evidence[setting], draw)
            names = [*(scan.name for scan in choice), ALL]
            for name, gained in zip(names, [*gains, gains.sum(axis=0)], strict=True):
                value, error = mean_gain(gained)
                perfect.append({"setting": setting, "scan": name, "value": value, "se": error})
        return cls(model, drawn.values, evidence, choices, pd.DataFrame(perfect))

    def evpi(self) -> pd.DataFrame:
        """Value of perfect information about all statements; see :func:`evpi`."""
        return self.perfect.copy()

    def evppi(self, by: By = "statement") -> pd.DataFrame:
        """Value of perfect information about each group of statements; see :func:`evppi`."""
        groups = self.columns(by)
        total = self.perfect[self.perfect["scan"] == ALL].set_index("setting")
        rows = []
        for setting in self.choices:
            whole = float(total["value"][setting]), float(total["se"][setting])
            missed = self._missed(setting, whole[0])
            # The products are thin: more threads inside each would only wait for each other.
            with threadpool_limits(1), ThreadPoolExecutor(THREADS) as pool:
                worth = list(pool.map(lambda columns, at=setting: self.worth(at, columns), groups.values()))
            for (name, columns), estimate in zip(groups.items(), worth, strict=True):
                everything = len(columns) == self.values.shape[1]  # nothing is left to average over
                value, error = whole if everything else _with_bias(*estimate, missed)
                rows.append({
                    "setting": setting, by: name, "value": value, "se": error,
                    "share": value / whole[0] if whole[0] > 0 else float("nan"), "statements": len(columns),
                    "warning": FAILED.format(missed=missed) if np.isnan(value) else "",
                })  # fmt: skip
        frame = pd.DataFrame(rows)
        return frame.sort_values(["setting", "value"], ascending=[True, False], kind="stable", ignore_index=True)

    def worth(self, setting: str, columns: Sequence[int]) -> tuple[float, float]:
        """Value of knowing some statements, by their places, and its standard error from people and draws.

        Knowing them does no harm: an estimate below 0, where the rule chose worse than no rule, is 0.
        """
        if not np.ptp(self.values[:, columns], axis=0).any():
            return 0.0, 0.0
        gains = np.zeros((self.people[setting].shape[1], len(self.values)))
        for choices in self.choices[setting]:
            gains[choices.person] += choices.gains(columns) * choices.weights
        value, error = mean_gain(gains)
        return max(value, 0.0), error

    def _missed(self, setting: str, perfect: float) -> float:
        """The share of the value of perfect information that the sum of all single effects does not find."""
        if perfect <= 0:
            return 0.0
        return max(0.0, 1 - self.worth(setting, range(self.values.shape[1]))[0] / perfect)

    def columns(self, by: str) -> dict[str, list[int]]:
        """The places of the statements of each group among those selected."""
        selected = self.model.priors.selected
        if by == "statement":
            return {name: [i] for i, name in enumerate(selected)}
        if by not in GROUPS:
            kinds = ["statement", *GROUPS]
            raise UsageError(f"by is {by!r}, not one of {', '.join(kinds)}{nearest(by, kinds)}")
        groups: dict[str, list[int]] = {}
        for i, name in enumerate(selected):
            groups.setdefault(GROUPS[by](self.model.priors.statement(name)), []).append(i)
        return groups


def _with_bias(value: float, error: float, missed: float) -> tuple[float, float]:
    """The standard error with the share of value that the method misses; no figure where that is too much."""
    if missed > TOO_MUCH:
        return float("nan"), float("nan")
    return value, float(np.hypot(error, missed * value))


def _drawn(model: Model, draws: int, rng: np.random.Generator) -> Drawn:
    points = latin_hypercube(draws, len(dimensions(model.priors)), rng)
    values, star = values_at(model.priors, points), Star.of(model.priors)
    return Drawn(
        values, points, knot_weights(points), normal_scores(values), star,
        _scorer(model, values), _scorer(model, star.values),
    )  # fmt: skip


def _scorer(model: Model, values: Array) -> DrawScorer:
    """Networks of rows of values, after that of the stated ones, with what the policy's scans need to know."""
    stated = [statement.value for statement in model.priors.selected_statements]
    network: Network = build_network(model.priors, np.vstack([stated, values]))
    composites = {**network.composites, **scan_composites(model.policy)}
    return DrawScorer(replace(network, composites=composites), model.variables)


def evpi(
    model: Model, *, people: int = 1000, draws: int = 1000, seed: int = 0, settings: Sequence[str] | None = None
) -> pd.DataFrame:
    """Expected value of perfect information about all statements together.

    Returns
    -------
    one row a setting and scan, and one of all scans: ``value`` and its standard error ``se``, in quality-adjusted
    life years per 1,000 people.
    """
    return ValueStudy.of(model, people=people, draws=draws, seed=seed, settings=settings).evpi()


def evppi(
    model: Model,
    by: By = "statement",
    *,
    people: int = 1000,
    draws: int = 1000,
    seed: int = 0,
    settings: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Expected value of perfect information about each statement, question, source, basis or way of reading by itself.

    Returns
    -------
    one row a setting and group, the most valuable first: ``value`` and its standard error ``se`` in
    quality-adjusted life years per 1,000 people, ``share`` of the value of perfect information about all, how many
    ``statements``, and a ``warning`` where the value could not be worked out. Shares do not add up to 1. The standard
    error holds the noise of people and draws, and how far the method misses the value of knowing everything.
    """
    return ValueStudy.of(model, people=people, draws=draws, seed=seed, settings=settings).evppi(by)
