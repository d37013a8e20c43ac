"""Several statements on one quantity, pooled: random effects on the log-odds or log scale.

The statement that a table is filled from speaks of the population that the model is used in: another one than those
studied. It takes the prediction interval. The interval of the mean (Hartung and Knapp) is kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from riskmodel.errors import nearest
from riskmodel.evidence.distributions import equivalent_sample_size, interval_sd
from riskmodel.evidence.origin import Pooled
from riskmodel.evidence.records import HOW_READ, RATIOS, PriorSet, Statement
from riskmodel.evidence.scale import scale_of

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.errors import Problems
    from riskmodel.evidence.limits import Fault
    from riskmodel.evidence.reading.schema import PoolTable

LARGEST_TAU = 4.0  # standard deviations of the prior for τ: beyond it nothing is left
TAUS = 401


def pooled_statement(into: Statement, members: Sequence[Statement], prior_set: PriorSet) -> tuple[Statement, Pooled]:
    """The random-effects mean of some statements (Paule-Mandel), as numbers for one of them.

    Parameters
    ----------
    into
        the statement that takes the pooled value, and the 95 % prediction interval as its own.
    members
        two or more statements of one quantity, values strictly inside (0, 1) or ratios above 0.

    Returns
    -------
    the statement, and what is behind it: τ² on the log-odds or log scale, I² in [0, 1], Cochran's Q, and the 95 %
    interval of the mean (Hartung and Knapp, not narrower than without their correction).
    """
    import numpy as np
    from scipy import stats
    from statsmodels.stats.meta_analysis import combine_effects

    effects = np.array([float(scale_of(member).to(member.value)) for member in members])
    variances = np.array([_variance(member, prior_set) for member in members])
    with np.errstate(divide="ignore"):  # statements that agree to the last digit have a Q of 0
        combined = combine_effects(effects, variances, method_re="iterated")
    mean, degrees = float(combined.mean_effect_re), len(members) - 1
    error = max(float(combined.sd_eff_w_re), float(combined.sd_eff_w_re_hksj))
    reach, q = float(stats.t.ppf(0.975, degrees)) * error, float(combined.q)
    low, high = prediction_interval(effects, variances)
    points = [mean, min(low, mean), max(high, mean), mean - reach, mean + reach]
    value, low, high, mean_low, mean_high = scale_of(into).back(points).tolist()
    pooled = Pooled(
        of=tuple(member.id for member in members),
        tau2=float(combined.tau2),
        i2=max(0.0, (q - degrees) / q) if q > 0 else 0.0,
        q=q,
        mean_low=mean_low,
        mean_high=mean_high,
    )
    numbers = replace(into, value=value, low=low, high=high, level=0.95, n=None, events=None, counts="")
    worst = max(members, key=lambda member: list(HOW_READ).index(member.read))
    return replace(numbers, read=worst.read, informed=()), pooled


def prediction_interval(effects: Array, variances: Array) -> tuple[float, float]:
    """Where the effect in a new population lies with 95 % probability, given the effects in some.

    Normal effects around a mean of which nothing is known; their standard deviation τ has a half-normal prior of
    scale 1, which is weak on a log-odds or log scale (Röver C et al. Res Synth Methods 2021;12:448). With a handful of
    studies an estimate of τ is mostly chance, and an interval that takes it for certain holds too rarely.

    >>> import numpy as np
    >>> low, high = prediction_interval(np.array([0.0, 0.5, 1.0]), np.array([0.05, 0.1, 0.05]))
    >>> round(low, 1), round(high, 1)
    (-1.4, 2.4)
    """
    import numpy as np
    from scipy import optimize, special

    tau = np.linspace(0, LARGEST_TAU, TAUS)
    weight = 1 / (variances + tau[:, None] ** 2)
    total = weight.sum(axis=1)
    mean = weight @ effects / total
    misfit = (weight * (effects - mean[:, None]) ** 2).sum(axis=1)
    log_density = 0.5 * (np.log(weight).sum(axis=1) - np.log(total) - misfit - tau**2)
    density = np.exp(log_density - log_density.max())
    sd = np.sqrt(tau**2 + 1 / total)

    def excess(x: float, tail: float) -> float:
        return float(density @ special.ndtr((x - mean) / sd) / density.sum() - tail)

    ends = float((mean - 10 * sd).min()), float((mean + 10 * sd).max())
    low, high = (float(optimize.brentq(excess, *ends, args=(tail,))) for tail in (0.025, 0.975))
    return low, high


def pool_all(
    statements: dict[str, Statement],
    pools: Mapping[str, PoolTable],
    prior_set: PriorSet,
    problems: Problems,
) -> dict[str, Pooled]:
    """Put pooled numbers into the statements that a set asks it for; what was pooled, by the statement's id."""
    sources = dict(statements)  # pools read the statements' own numbers, not each other's
    pooled = {}
    for identifier, table in pools.items():
        faults = list(_faults(identifier, table.of, sources))
        for fault in faults:
            problems.at(f"pool {identifier!r}").note(*fault)
        if not faults:
            members = [sources[name] for name in table.of]
            statements[identifier], pooled[identifier] = pooled_statement(sources[identifier], members, prior_set)
    return pooled


def _faults(identifier: str, of: Sequence[str], statements: Mapping[str, Statement]) -> Iterator[Fault]:
    unknown = [name for name in dict.fromkeys([identifier, *of]) if name not in statements]
    for name in unknown:
        yield "", f"unknown statement {name!r}", f"a statement's id{nearest(name, statements)}"
    if unknown:
        return
    into = statements[identifier]
    if into.is_audit:
        yield "", f"{identifier!r} drives no table", "a statement that drives a table"
    if len(set(of)) < 2 or len(set(of)) != len(of):
        yield "of", f"received {list(of)}", "two or more different statements"
    for name in of:
        member = statements[name]
        if (member.quantity, member.of.variable) != (into.quantity, into.of.variable):
            received = f"{name!r} states {member.quantity} of {member.of.variable}"
            yield "of", received, f"{into.quantity} of {into.of.variable}"
        elif member.quantity not in RATIOS and not 0 < member.value < 1:
            yield "of", f"{name!r} states {member.value:g}", "a probability between 0 and 1"


def _variance(statement: Statement, prior_set: PriorSet) -> float:
    sd = interval_sd(statement)
    if sd is not None and statement.events is None:
        return sd**2
    return 1 / (equivalent_sample_size(statement, prior_set) * statement.value * (1 - statement.value))
