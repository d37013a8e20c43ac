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

from riskmodel.cohort import HISTORY, assessed
from riskmodel.decision.stakes import Stake, imaging_stakes, net_benefit
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.distributions import draw_values
from riskmodel.inference.draws import DrawScorer
from riskmodel.model import Model
from riskmodel.network.cpt import build_network
from riskmodel.network.simulate import sample_draws
from riskmodel.network.tables import Network
from riskmodel.sensitivity.regression import (
    Array,
    Responses,
    fit_group,
    fit_spline,
    folds,
    natural_spline,
    normal_scores,
)

By = Literal["statement", "source", "basis", "verified"]
GROUPS: Mapping[str, Callable[..., str]] = {
    "source": lambda statement: statement.source,
    "basis": lambda statement: statement.basis,
    "verified": lambda statement: "verified" if statement.verified else "unverified",
}
FOLDS = 5
THREADS = 2
LEAST_DRAWS = 50
NEGLIGIBLE = 0.002  # of the value of perfect information: people whose choice hardly hangs on any statement
PER = 1000  # people
CLOSEST = 1e-12  # a probability so close to 0 or 1 is as good as there
ALL = "all"


@dataclass(frozen=True, eq=False)
class Choices:
    """Choices that hang on the statements: one row a person and condition, in one setting.

    Attributes
    ----------
    given
        (choices, draws): net benefit of scanning under each draw in quality-adjusted life years, log-odds of the
        condition, and the weight of the draw for the person, by P(the person's evidence | draw).
    person
        (choices,): whose choice it is.
    people
        how many were drawn, those whose choices are settled included.
    """

    given: Responses
    person: np.ndarray
    people: int


@dataclass(frozen=True, eq=False)
class ValueStudy:
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
            masks, own = _people(model, network, setting, people, rng, missing)
            found[setting], rows = _choices(scorer, stakes, masks, own)
            perfect += [{"setting": setting, **row} for row in rows]
        return cls(model, values[1:], found, pd.DataFrame(perfect))

    def evpi(self) -> pd.DataFrame:
        """Value of perfect information about all statements; see :func:`evpi`."""
        return self.perfect.copy()

    def evppi(self, by: By = "statement") -> pd.DataFrame:
        """Value of perfect information about each statement, source, basis, or the verified; see :func:`evppi`."""
        groups = self._groups(by)
        scores = normal_scores(self.values)
        total = self.perfect[self.perfect["condition"] == ALL].set_index("setting")["value"]
        rows = []
        for setting, choices in self.choices.items():
            # The products are thin: more threads inside each would only wait for each other.
            with threadpool_limits(1), ThreadPoolExecutor(THREADS) as pool:
                found = list(pool.map(partial(_worth_knowing, choices), [scores[:, c] for c in groups.values()]))
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
    """Expected value of perfect information about each statement, source or basis by itself.

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
    for setting in settings:
        model.default_setting(setting)
    return tuple(settings)


def _people(
    model: Model, network: Network, setting: str, people: int, rng: np.random.Generator, missing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Evidence of people, each drawn under a draw of its own, and which that is; none under the stated values."""
    own = 1 + np.arange(people) % (network.draws - 1)
    known = {"setting": np.full(people, model.settings.index(setting))} if setting else {}
    states = sample_draws(network, own, rng, known)
    return assessed(model, states, rng, missing=missing, roles=HISTORY), own


def _choices(
    scorer: DrawScorer, stakes: Sequence[Stake], masks: np.ndarray, own: np.ndarray
) -> tuple[Choices, list[dict[str, object]]]:
    """The choices of people in one setting that hang on the statements, and the value of perfect information."""
    posterior = scorer.score(masks, int(scorer.scorer.settings(masks)[0]))
    names = scorer.scorer.output_names
    weights = posterior.evidence.T.copy()
    weights[np.arange(len(own)), own] = 0.0  # the draw that made a person would speak for itself
    weights = weights[:, 1:]  # without the stated values, which are no draw
    weights /= weights.sum(axis=1, keepdims=True)
    benefit = np.moveaxis(net_benefit(stakes, posterior.probability[:, 1:], names), 1, 2)  # (stakes, people, draws)
    rows = [names.index(stake.condition) for stake in stakes]
    p = np.clip(np.moveaxis(posterior.probability[rows, 1:], 1, 2), CLOSEST, 1 - CLOSEST)
    perfect: list[dict[str, object]] = []
    turns = (benefit > 0) ^ ((benefit * weights).sum(axis=2, keepdims=True) > 0)
    for i, name in [*enumerate(stake.condition for stake in stakes), (slice(None), ALL)]:
        some = turns & (np.arange(len(stakes)) == i if name != ALL else np.ones(len(stakes), dtype=bool))[:, None, None]
        stake, person, draw = np.nonzero(some)
        gain = np.abs(benefit[stake, person, draw])
        value, error = _mean(gain, weights[person, draw], (person, draw), weights.shape)
        perfect.append({"condition": name, "value": value, "se": error})
    worth = (np.abs(benefit) * turns * weights).sum(axis=2)
    stake, person = np.nonzero(_contested(worth))
    logit = np.log(p[stake, person]) - np.log1p(-p[stake, person])
    given = Responses(benefit[stake, person], logit, weights[person], tuple(folds(weights.shape[1], FOLDS)))
    return Choices(given, person, len(own)), perfect


def _contested(worth: Array) -> np.ndarray:
    """Which choices hold all but a negligible part of the value of perfect information."""
    order = np.argsort(worth, axis=None)
    small = np.cumsum(worth.ravel()[order]) <= NEGLIGIBLE * worth.sum()
    kept = np.ones(worth.size, dtype=bool)
    kept[order[small]] = False
    return kept.reshape(worth.shape)


def _worth_knowing(choices: Choices, scores: Array) -> tuple[float, float]:
    """Value of knowing the statements behind some columns of scores, and its standard error."""
    varies = np.ptp(scores, axis=0) > 0
    given = choices.given
    if not varies.any() or not len(choices.person):
        return 0.0, 0.0
    one = scores.shape[1] == 1
    fitted = fit_spline(natural_spline(scores[:, 0]), given) if one else fit_group(scores[:, varies], given)
    turns = fitted > 0
    for part, mean in zip(given.parts, given.means, strict=True):
        turns[:, part] ^= (mean > 0)[:, None]
    row, draw = np.nonzero(turns)
    gain = np.where(fitted[row, draw] > 0, 1.0, -1.0) * given.response[row, draw]
    return _mean(gain, given.weights[row, draw], (choices.person[row], draw), (choices.people, turns.shape[1]))


def _mean(gain: Array, weight: Array, at: tuple[np.ndarray, np.ndarray], shape: tuple[int, int]) -> tuple[float, float]:
    """Mean of people's weighted gains per 1,000 people, and its standard error from people and from draws.

    What a choice gains by a better rule depends on the rule only to the second order, so the rule is taken as
    given in the standard error.

    Parameters
    ----------
    gain, weight
        of each person and draw where knowing turns the choice; nothing is gained elsewhere.
    at, shape
        (person, draw) of each, and how many of both there are.
    """
    people, draws = shape
    each = np.bincount(at[0], gain * weight, people)
    by_draw = np.bincount(at[1], gain * weight, draws) / people
    error = np.sqrt(each.var() / people + draws * by_draw.var())
    return PER * float(each.mean()), PER * float(error)
