"""How sure: credible intervals of posteriors, and how many draws agree on the urgency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from riskmodel.answers.cache import drawn_values
from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Array, Masks
from riskmodel.decision.actions import Decision
from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import joint_distributions
from riskmodel.evidence.lineage import HOW_FITTED, basis_shares, narrowed_draws, read_shares, reading_words
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import ALL_BASES, HOW_READ, Priors, Variable
from riskmodel.inference.draws import CASES_AT_ONCE, DrawPosterior, DrawScorer, agreement
from riskmodel.inference.intervals import Intervals, intervals
from riskmodel.inference.scorer import FEWEST_EFFECTIVE
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.text import Sheet, Shown, percent, share_of_variance

DEFAULT_LEVEL = 0.95
CASES_IN_CACHE = 128
ROUNDING = 1e-12  # a share of the variance this small


@dataclass(frozen=True)
class Sureness:
    """Intervals of each output, and the weighted share of draws that give the point's urgency; by case."""

    intervals: Intervals
    confidence: Array


@dataclass(frozen=True)
class SameAction:
    """The weighted shares of draws that give what the stated values give; (cases,) each."""

    imaging: Array
    both: Array  # urgency and imaging


@dataclass(frozen=True, repr=False)
class Uncertain(Shown):
    """A scoring under all draws of its statements.

    Attributes
    ----------
    network
        the tables of all draws; draw 0 is the stated values.
    level
        of the credible intervals, between 0 and 1.
    """

    scoring: Scoring
    network: Network
    level: float = DEFAULT_LEVEL
    threads: int = 2

    def sheet(self) -> Sheet:
        return Sheet(
            "Scoring under draws",
            {"draws": self.network.draws, "level": f"{100 * self.level:g} %", "model": self.scoring.model_hash},
        )

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise UsageError(f"level must lie between 0 and 1, not {self.level}")

    @cached_property
    def scorer(self) -> DrawScorer:
        return DrawScorer(self.network, self.scoring.variables)

    def assess(self, masks: Masks, urgency: np.ndarray) -> Sureness:
        """Intervals and confidence of cases whose urgency from the stated values is given, shape (cases,)."""
        outputs, count = len(self.scoring.scorer.output_names), masks.shape[1]
        low, high, mean = (np.empty((outputs, count)) for _ in range(3))
        effective, confidence = np.empty(count), np.empty(count)
        for rows, posterior in self.posteriors(masks):
            limits = intervals(posterior, self.level, self.threads)
            low[:, rows], high[:, rows], mean[:, rows] = limits.low, limits.high, limits.mean
            effective[rows] = limits.effective
            confidence[rows] = self._confidence(masks[:, rows], posterior, urgency[rows])
        return Sureness(Intervals(low, high, mean, effective), confidence)

    def _confidence(self, masks: Masks, posterior: DrawPosterior, urgency: np.ndarray) -> Array:
        """The weighted share of draws that give each case's urgency; few cases at a time stay in the cache."""

        def share_of(first: int) -> Array:
            rows = slice(first, first + CASES_IN_CACHE)
            chunk = replace(
                posterior, probability=posterior.probability[:, :, rows], evidence=posterior.evidence[:, rows]
            )
            return agreement(self.urgency(masks[:, rows], chunk), urgency[rows], chunk.evidence)

        with ThreadPoolExecutor(self.threads) as pool:
            return np.concatenate(list(pool.map(share_of, range(0, masks.shape[1], CASES_IN_CACHE))))

    def posteriors(self, masks: Masks) -> Iterator[tuple[np.ndarray, DrawPosterior]]:
        """Posteriors under all draws, some cases of one setting at a time: (their places, posteriors)."""
        settings = self.scoring.scorer.settings(masks)
        for setting in np.unique(settings):
            members = np.nonzero(settings == setting)[0]
            for start in range(0, len(members), CASES_AT_ONCE):
                rows = members[start : start + CASES_AT_ONCE]
                chunk = np.ascontiguousarray(masks[:, rows])
                yield rows, self.scorer.posterior(chunk, int(setting), self.threads)

    def urgency(self, masks: Masks, posterior: DrawPosterior) -> np.ndarray:
        """The urgency that each draw gives, an index into the policy's urgencies: (draws, cases)."""
        policy = self.scoring.policy
        return policy.urgency(policy.findings(masks), *self._beliefs(posterior))

    def same_action(self, masks: Masks, stated: Decision) -> SameAction:
        """How many draws agree with what is done under the stated values, on imaging and on the whole."""
        policy = self.scoring.policy
        imaging, both = np.empty(masks.shape[1]), np.empty(masks.shape[1])
        for rows, posterior in self.posteriors(masks):
            drawn = policy.decide(policy.findings(masks[:, rows]), *self._beliefs(posterior))
            scans = (drawn.imaging == stated.imaging[:, None, rows]).all(axis=0)
            whole = scans & (drawn.urgency == stated.urgency[rows])
            yes = np.ones(len(rows), dtype=bool)
            imaging[rows] = agreement(scans, yes, posterior.evidence)
            both[rows] = agreement(whole, yes, posterior.evidence)
        return SameAction(imaging, both)

    def _beliefs(self, posterior: DrawPosterior) -> tuple[Array, Array, dict[str, Array]]:
        """What a policy reads of posteriors under draws: conditions, their baselines, composites."""
        scorer = self.scoring.scorer
        conditions = len(scorer.conditions)
        probability = posterior.probability  # impossible evidence was rejected before
        baseline = np.broadcast_to(posterior.baseline[:, :, None], probability.shape)
        composites = dict(zip(scorer.output_names[conditions:], probability[conditions:], strict=True))
        return probability[:conditions], baseline[:conditions], composites


def uncertain_of_cases(
    scoring: Scoring, priors: Priors, masks: Masks, draws: int, seed: int, level: float = DEFAULT_LEVEL
) -> Uncertain:
    """Scoring under draws, for these cases alone: tables of findings and tests that they know nothing of are left out.

    The draws, and what they give these cases, are those of :meth:`riskmodel.model.Model.uncertain`.
    """
    network = build_network(without_silent(priors, masks), drawn_values(priors, draws, seed))
    return Uncertain(scoring.under_draws(draws, seed, level), network, level)


def shares(
    priors: Priors, variables: Sequence[Variable], masks: Masks, draws: int, seed: int
) -> dict[str, dict[str, Array]]:
    """Shares of the variance of the posteriors' log-odds by what the statements rest on.

    Each kind of statement is drawn alone, all others held at their stated values; its share is the variance it
    gives over the sum of all kinds (exact where the log-odds are additive, near it elsewhere). Variances are
    averaged over cases; draws are weighted by each case's evidence.

    Parameters
    ----------
    masks
        evidence of one case or of a cohort; all in one setting.

    Returns
    -------
    "basis" → kind (seed, study, assumption, cohort, synthesis) → (outputs,) and "read" → likewise, by how the figure
    was read; the kinds of each sum to 1. A fitted statement counts in part as what it was, in part as what its fit was.
    """
    values = drawn_values(priors, draws, seed)
    priors = without_silent(priors, masks)
    chosen = priors.selected_statements
    kinds = {
        "basis": {basis: [basis_shares(s).get(basis, 0.0) for s in chosen] for basis in ALL_BASES},
        "read": {read: [read_shares(s).get(read, 0.0) for s in chosen] for read in (*HOW_READ, *HOW_FITTED)},
    }
    whole = {
        i: members for members in joint_distributions(chosen) for i in members
    }  # parts of one distribution stay together
    subjects = {v.name for v in priors.network_variables} | set(priors.groups)
    heard = np.array([s.subject in subjects or s.quantity == QUANTITY for s in chosen])  # the others change no table

    @cache
    def variances(weights: tuple[float, ...]) -> Array:
        return _variances(priors, variables, masks, values, whole, weights)

    result = {}
    for name, groups in kinds.items():
        by_kind = {kind: variances(tuple(heard * weights)) for kind, weights in groups.items() if any(weights)}
        total = np.maximum(np.sum(list(by_kind.values()), axis=0), np.finfo(float).tiny)
        result[name] = {kind: _no_rounding(variance / total) for kind, variance in by_kind.items()}
    return result


def _no_rounding(shares: Array) -> Array:
    """Shares of which nothing but rounding is there are none."""
    return np.where(shares < ROUNDING, 0.0, shares)


def without_silent(priors: Priors, masks: Masks) -> Priors:
    """The priors without the findings and tests of which no case knows anything: they change no posterior.

    Examples
    --------
    >>> from riskmodel.model import load
    >>> model = load()
    >>> left = without_silent(model.priors, model.scoring.scorer.blank(1)).network_variables
    >>> {variable.role for variable in left}.isdisjoint({"finding", "test"})
    True
    """
    rows = zip(priors.case_variables, masks, strict=True)
    parents = {v.name: v.parents for v in priors.network_variables}
    waiting = [v.name for v, row in rows if v.name in parents and (v.role == "condition" or (row != v.full_mask).any())]
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        waiting += [parent for parent in parents[name] if parent not in kept]
        kept.add(name)
    groups = {name: tuple(member for member in members if member in kept) for name, members in priors.groups.items()}
    return replace(
        priors,
        variables=tuple(v for v in priors.variables if not v.in_network or v.name in kept),
        groups={name: members for name, members in groups.items() if len(members) > 1},
    )


def _variances(
    priors: Priors,
    variables: Sequence[Variable],
    masks: Masks,
    values: Array,
    whole: Mapping[int, Sequence[int]],
    weights: Sequence[float],
) -> Array:
    """Mean variance over cases of each output's log-odds when of each statement's variance only a share is left."""
    shares = [weights[whole[i][0]] if i in whole else weights[i] for i in range(len(weights))]
    chosen = priors.selected_statements
    network = build_network(priors, narrowed_draws(chosen, values, shares), constant_once=True)
    scorer = DrawScorer(network, variables)
    setting = int(scorer.scorer.settings(masks)[0])
    posterior = scorer.posterior(masks, setting)
    p = np.clip(posterior.probability, 1e-300, 1 - 1e-16)
    logit = np.log(p) - np.log1p(-p)
    weights = posterior.evidence / posterior.evidence.sum(axis=0)
    mean = (weights * logit).sum(axis=1, keepdims=True)
    return np.asarray(((logit - mean) ** 2 * weights).sum(axis=1).mean(axis=1))


def sureness_data(uncertain: Uncertain, case: Masks) -> dict[str, object]:
    """How sure the answer for one case is, as numbers; ``case`` is (variables, 1)."""
    scoring = uncertain.scoring
    sure = uncertain.assess(case, scoring.score(case).decision.urgency)
    low, high = sure.intervals.low[:, 0], sure.intervals.high[:, 0]
    return {
        "draws": uncertain.network.draws,
        "effective_sample_size": float(sure.intervals.effective[0]),
        "level": uncertain.level,
        "same_urgency": float(sure.confidence[0]),
        "intervals": {name: [float(low[i]), float(high[i])] for i, name in enumerate(scoring.scorer.output_names)},
    }


def describe(uncertain: Uncertain, priors: Priors, case: Masks, about: str, seed: int) -> Iterator[str]:
    """How certain the answer for one case is, and where the uncertainty comes from; ``case`` is (variables, 1)."""
    scoring = uncertain.scoring
    names = scoring.scorer.output_names
    point = scoring.score(case)
    sure = uncertain.assess(case, point.decision.urgency)
    limits, level = sure.intervals, f"{100 * uncertain.level:g} %"
    draws = uncertain.network.draws
    effective = f"{limits.effective[0]:.0f}"
    yield f"Uncertainty ({draws} draws of all statements; effective sample size of the weighted draws: {effective})"
    for i, name in enumerate(names):
        p = percent(float(point.posterior.probability[i, 0]))
        low, high = percent(float(limits.low[i, 0])), percent(float(limits.high[i, 0]))
        yield f"  {name:20}  {p:>10}   {level} interval {low} to {high}"
    urgency = scoring.policy.urgencies[point.decision.urgency[0]]
    yield f"  {percent(float(sure.confidence[0]))} of the weighted draws give the same urgency, {urgency}"
    if limits.effective[0] < FEWEST_EFFECTIVE:
        yield f"  warning: effective sample size below {FEWEST_EFFECTIVE}: the intervals are rough, use more draws"
    output = names.index(about)
    yield f"Where the uncertainty in P({about}) comes from (shares of the variance of its log-odds)"
    for kinds in shares(priors, scoring.variables, case, draws, seed).values():
        yield "  " + ", ".join(
            f"{reading_words(kind)} {share_of_variance(float(share[output]))}" for kind, share in kinds.items()
        )
