"""People whose choices hang on the statements, and what knowing some of them would be worth to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.cohort import HISTORY, assessed
from riskmodel.decision.stakes import Stake, net_benefit
from riskmodel.inference.draws import DrawScorer
from riskmodel.model import Model
from riskmodel.network.simulate import sample_draws
from riskmodel.network.tables import Network
from riskmodel.sensitivity.regression import Array, Responses, fit_group, fit_spline, folds, natural_spline

FOLDS = 5
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


def draw_people(
    model: Model, network: Network, setting: str, people: int, rng: np.random.Generator, missing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Evidence of people, each drawn under a draw of its own, and which that is; none under the stated values."""
    own = 1 + np.arange(people) % (network.draws - 1)
    known = {"setting": np.full(people, model.settings.index(setting))} if setting else {}
    states = sample_draws(network, own, rng, known)
    return assessed(model, states, rng, missing=missing, roles=HISTORY), own


def choices_of(
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


def worth_knowing(choices: Choices, scores: Array) -> tuple[float, float]:
    """Value of knowing the statements behind some columns of scores, and its standard error.

    Knowing them does no harm: an estimate below 0, where the fits chose worse than no fit, is 0.
    """
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
    at, shape = (choices.person[row], draw), (choices.people, turns.shape[1])
    value, error = _mean(gain, given.weights[row, draw], at, shape)
    return max(value, 0.0), error


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
