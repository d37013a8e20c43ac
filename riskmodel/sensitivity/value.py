"""Which study should be done next: the value of perfect information about the statements, in net benefit.

People are drawn from the model under draws of its statements, and each has one choice for each serious condition:
scan or not (:func:`riskmodel.decision.stakes.imaging_stakes`). Knowing a statement exactly is worth what it adds to
the net benefit of the better choice, on average over what the statement may turn out to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from riskmodel.decision.stakes import imaging_stakes
from riskmodel.errors import UsageError, as_list, nearest
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.lineage import basis_shares, largest, read_shares
from riskmodel.inference.draws import DrawScorer
from riskmodel.model import Model
from riskmodel.network.cpt import build_network
from riskmodel.sensitivity.choices import ALL, Choices, choices_of, draw_people, worth_knowing
from riskmodel.sensitivity.regression import Array, normal_scores
from riskmodel.shown import Sheet, Shown

By = Literal["statement", "source", "basis", "read"]
GROUPS: Mapping[str, Callable[..., str]] = {
    "source": lambda statement: statement.source,
    "basis": lambda statement: largest(basis_shares(statement)),
    "read": lambda statement: largest(read_shares(statement)),
}
THREADS = 2
LEAST_DRAWS = 50


@dataclass(frozen=True, eq=False, repr=False)
class ValueStudy(Shown):
    """People and draws, scored once, from which every value of information is worked out.

    Attributes
    ----------
    values
        (draws, selected statements).
    perfect
        value of perfect information by setting and condition, with its standard error.
    """

    model: Model
    values: Array
    choices: Mapping[str, Choices]
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
        chosen = checked_settings(model, settings)
        rng = np.random.default_rng(seed)
        values = draw_values(model.priors, draws + 1, rng)
        values[1:] = rng.permutation(values[1:])  # parts of the draws are taken for random ones
        stakes = imaging_stakes(model.policy)
        if not stakes:
            raise UsageError(f"policy {model.policy.name} has no threshold on imaging: no net benefit")
        network = build_network(model.priors, values)
        scorer = DrawScorer(network, model.variables)
        found, perfect = {}, []
        for setting in chosen:
            masks, own = draw_people(model, network, setting, people, rng, missing)
            found[setting], rows = choices_of(scorer, stakes, masks, own)
            perfect += [{"setting": setting, **row} for row in rows]
        return cls(model, values[1:], found, pd.DataFrame(perfect))

    def evpi(self) -> pd.DataFrame:
        """Value of perfect information about all statements; see :func:`evpi`."""
        return self.perfect.copy()

    def evppi(self, by: By = "statement") -> pd.DataFrame:
        """Value of perfect information about each statement, source, basis or way of reading; see :func:`evppi`."""
        groups = self._groups(by)
        scores = normal_scores(self.values)
        total = self.perfect[self.perfect["condition"] == ALL].set_index("setting")["value"]
        rows = []
        for setting, choices in self.choices.items():
            # The products are thin: more threads inside each would only wait for each other.
            with threadpool_limits(1), ThreadPoolExecutor(THREADS) as pool:
                found = list(pool.map(partial(worth_knowing, choices), [scores[:, c] for c in groups.values()]))
            for (name, columns), (value, error) in zip(groups.items(), found, strict=True):
                share = value / total[setting] if total[setting] > 0 else float("nan")
                row = {"setting": setting, by: name, "value": value, "se": error, "share": share}
                rows.append(row | {"statements": len(columns)})
        frame = pd.DataFrame(rows)
        return frame.sort_values(["setting", "value"], ascending=[True, False], kind="stable", ignore_index=True)

    def _groups(self, by: str) -> dict[str, list[int]]:
        selected = self.model.priors.selected
        if by == "statement":
            return {name: [i] for i, name in enumerate(selected)}
        if by not in GROUPS:
            known = ["statement", *GROUPS]
            raise UsageError(f"by is {by!r}, not one of {', '.join(known)}{nearest(by, known)}")
        groups: dict[str, list[int]] = {}
        for i, name in enumerate(selected):
            groups.setdefault(GROUPS[by](self.model.priors.statement(name)), []).append(i)
        return groups


def evpi(
    model: Model, *, people: int = 1000, draws: int = 1000, seed: int = 0, settings: Sequence[str] | None = None
) -> pd.DataFrame:
    """Expected value of perfect information about all statements together.

    Returns
    -------
    one row a setting and serious condition, and one of all conditions: ``value`` and its standard error ``se``,
    in quality-adjusted life years per 1,000 people.
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
    """Expected value of perfect information about each statement, source, basis or way of reading by itself.

    Returns
    -------
    one row a setting and group, the most valuable first: ``value`` and its standard error ``se`` in
    quality-adjusted life years per 1,000 people (a little below 0 where there is nothing but noise), ``share`` of
    the value of perfect information about all, and how many ``statements``. Shares do not add up to 1.
    """
    return ValueStudy.of(model, people=people, draws=draws, seed=seed, settings=settings).evppi(by)


def checked_settings(model: Model, settings: Sequence[str] | None) -> tuple[str, ...]:
    """The settings asked for, or all; one without a name in a network that has none."""
    if settings is None:
        return model.settings or ("",)
    as_list("settings", settings)
    for setting in settings:
        model.default_setting(setting)
    return tuple(settings)
