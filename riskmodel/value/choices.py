"""People whose choices hang on the statements, and what knowing some of them would be worth to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.cohort import HISTORY, assessed
from riskmodel.decision.stakes import Option, Scan, option_benefit
from riskmodel.evidence.scale import LOGIT, expit
from riskmodel.inference.draws import DrawPosterior, DrawScorer
from riskmodel.model import Model
from riskmodel.network.network import Network
from riskmodel.network.simulate import sample_draws
from riskmodel.value.additive import Additive, Array, Star

NEGLIGIBLE = 0.002  # of the value of perfect information: people whose choice hardly hangs on any statement
PER = 1000  # people
NOTHING = 1e-3  # a range of log-odds on which no choice hangs that is worth anything
LOGISTIC = np.pi / 8  # a logistic averaged over a normal of variance v is one at x / sqrt(1 + v pi / 8), nearly
ALL = "all"


@dataclass(frozen=True, eq=False)
class Choices:
    """The choices about one scan that hang on the statements, in one setting: a row a person.

    Attributes
    ----------
    benefit
        (options, rows, draws): net benefit of each option under each draw, in quality-adjusted life years.
    outputs
        names of the conditions, and of any of some, whose log-odds follow.
    log_odds
        (outputs, rows, draws).
    mean
        (outputs, rows, 1): of the probabilities over the draws.
    additive
        the log-odds as sums of what single statements do, of the same outputs and rows.
    weights
        (rows, draws): of each draw for the person, by P(the person's evidence | draw); they sum to 1 over draws.
    person
        (rows,): whose choice it is.
    """

    scan: Scan
    benefit: Array
    outputs: tuple[str, ...]
    log_odds: Array
    mean: Array
    additive: Additive
    weights: Array
    person: np.ndarray

    def gains(self, columns: Sequence[int]) -> Array:
        """What the choice made knowing some statements gains over that made now: (rows, draws)."""
        index = self.additive.of(columns)
        gains = np.zeros(self.weights.shape)
        rows = np.ptp(index, axis=-1).max(axis=0) > NOTHING
        if rows.any():
            part = self if rows.all() else self._of(rows)
            gains[rows] = chosen_gain(part.benefit, part.expected(index[:, rows]), part.weights)
        return gains

    def _of(self, rows: np.ndarray) -> Choices:
        return replace(
            self, benefit=self.benefit[:, rows], log_odds=self.log_odds[:, rows], mean=self.mean[:, rows],
            weights=self.weights[rows], person=self.person[rows],
        )  # fmt: skip

    def expected(self, index: Array) -> Array:
        """Net benefit of each option that an index of the log-odds lets expect: (options, rows, draws).

        What is not in the index is taken for normal, and the mean over draws is that of the posteriors themselves.
        """
        rest = self.log_odds - index
        mean = _mean(rest, self.weights)
        variance = _mean(rest**2, self.weights) - mean**2
        probability = expit((index + mean) / np.sqrt(1 + LOGISTIC * variance))
        probability *= self.mean / _mean(probability, self.weights)
        return np.array([option_benefit(option, probability, self.outputs) for option in self.scan.options])


def chosen_gain(benefit: Array, expected: Array, weights: Array) -> Array:
    """Net benefit of the option expected to be best in each draw, over that of the best one now: (rows, draws)."""
    now = (benefit * weights).sum(axis=-1)
    return _taken(benefit, _best(expected)) - _taken(benefit, _best(now)[:, None])


def _best(benefit: Array) -> np.ndarray:
    """Which option is best, -1 where not scanning is."""
    return np.where(benefit.max(axis=0) > 0, benefit.argmax(axis=0), -1)


def _taken(benefit: Array, option: np.ndarray) -> Array:
    return np.asarray(sum(np.where(option == number, worth, 0.0) for number, worth in enumerate(benefit)))


def draw_people(
    model: Model, network: Network, setting: str, people: int, rng: np.random.Generator, missing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Evidence of people, each drawn under a draw of its own, and which that is; none under the stated values."""
    draw = 1 + np.arange(people) % (network.draws - 1)
    given = {"setting": np.full(people, model.settings.index(setting))} if setting else {}
    states = sample_draws(network, draw, rng, given)
    return assessed(model, states, rng, missing=missing, roles=HISTORY), draw


@dataclass(frozen=True, eq=False)
class Drawn:
    """All draws of the statements, and the networks that are scored under them and along each statement alone."""

    values: Array
    points: Array
    weights: Array
    scores: Array
    star: Star
    draws: DrawScorer
    along: DrawScorer


def choices_of(
    drawn: Drawn, scans: Sequence[Scan], masks: np.ndarray, draw: np.ndarray
) -> tuple[tuple[Choices, ...], Array]:
    """The choices of people in one setting that hang on the statements.

    Returns
    -------
    and what perfect information would gain each person about each scan: (scans, people, draws), weighted.
    """
    setting = int(drawn.draws.scorer.settings(masks)[0])
    posterior, names = drawn.draws.posterior(masks, setting), drawn.draws.scorer.output_names
    weights = posterior.evidence.T.copy()
    weights[np.arange(len(draw)), draw] = 0.0  # the draw that made a person would speak for itself
    weights = weights[:, 1:]  # without the stated values, which are no draw
    weights /= weights.sum(axis=1, keepdims=True)
    probability = np.moveaxis(posterior.probability[:, 1:], 1, 2)  # (outputs, people, draws)
    benefits = [np.array([option_benefit(o, probability, names) for o in scan.options]) for scan in scans]
    gains = np.array([chosen_gain(benefit, benefit, weights) * weights for benefit in benefits])
    rows = [np.nonzero(kept)[0] for kept in _contested(gains.sum(axis=2))]
    everyone = np.unique(np.concatenate(rows))
    along = drawn.along.posterior(np.ascontiguousarray(masks[:, everyone]), setting) if len(everyone) else None
    choices = []
    for scan, benefit, members in zip(scans, benefits, rows, strict=True):
        outputs = tuple(dict.fromkeys(name for option in scan.options for name in _outputs(option)))
        places = [names.index(name) for name in outputs]
        log_odds = LOGIT.to(probability[places][:, members])
        additive = _additive(drawn, along, places, np.searchsorted(everyone, members)) if len(members) else None
        if additive is not None:
            mean = _mean(probability[places][:, members], weights[members])
            choices.append(
                Choices(scan, benefit[:, members], outputs, log_odds, mean, additive, weights[members], members)
            )
    return tuple(choices), gains


def _outputs(option: Option) -> tuple[str, ...]:
    return (*option.conditions, option.any_of)


def _additive(drawn: Drawn, along: DrawPosterior | None, places: Sequence[int], rows: np.ndarray) -> Additive | None:
    if along is None:
        return None
    log_odds = LOGIT.to(np.moveaxis(along.probability[places][:, 1:][:, :, rows], 1, 2))
    return Additive(drawn.star.curves(log_odds), drawn.weights, drawn.scores, drawn.star.blocks)


def _mean(values: Array, weights: Array) -> Array:
    return np.asarray(np.einsum("...d,...d->...", values, weights)[..., None])


def _contested(worth: Array) -> np.ndarray:
    """Which choices hold all but a negligible part of the value of perfect information."""
    order = np.argsort(worth, axis=None)
    small = np.cumsum(worth.ravel()[order]) <= NEGLIGIBLE * worth.sum()
    kept = np.ones(worth.size, dtype=bool)
    kept[order[small]] = False
    return kept.reshape(worth.shape)


def mean_gain(gains: Array) -> tuple[float, float]:
    """Mean of people's weighted gains per 1,000 people, and its standard error from people and from draws.

    What a choice gains by a better rule depends on the rule only to the second order, so the rule is taken as
    given in the standard error.

    Parameters
    ----------
    gains
        (people, draws): what each draw adds to the mean of each person.
    """
    people, draws = gains.shape
    each, by_draw = gains.sum(axis=1), gains.sum(axis=0) / people
    return PER * float(each.mean()), PER * float(np.sqrt(each.var() / people + draws * by_draw.var()))
