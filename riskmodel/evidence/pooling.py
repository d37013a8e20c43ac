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
from riskmodel.evidence.random_effects import prediction_interval, random_effects
from riskmodel.evidence.records import HOW_READ, RATIOS, PriorSet, Statement
from riskmodel.evidence.scale import scale_of

if TYPE_CHECKING:
    from riskmodel.errors import Problems
    from riskmodel.evidence.limits import Fault
    from riskmodel.evidence.random_effects import Estimator
    from riskmodel.evidence.reading.schema import PoolTable


def pooled_statement(
    into: Statement, members: Sequence[Statement], prior_set: PriorSet, method: Estimator = "paule_mandel"
) -> tuple[Statement, Pooled]:
    """The random-effects mean of some statements, as numbers for one of them.

    Parameters
    ----------
    into
        the statement that takes the pooled value, and the 95 % prediction interval as its own.
    members
        two or more statements of one quantity, values strictly inside (0, 1) or ratios above 0.
    method
        how τ² is estimated.

    Returns
    -------
    the statement, and what is behind it: τ² on the log-odds or log scale, I² in [0, 1], Cochran's Q, and the 95 %
    interval of the mean (Hartung and Knapp, not narrower than without their correction).
    """
    import numpy as np
    from scipy import stats

    effects = np.array([float(scale_of(member).to(member.value)) for member in members])
    variances = np.array([_variance(member, prior_set) for member in members])
    between = random_effects(effects, variances, method)
    mean, reach = between.mean, float(stats.t.ppf(0.975, len(members) - 1)) * between.error
    low, high = prediction_interval(effects, variances)
    points = [mean, min(low, mean), max(high, mean), mean - reach, mean + reach]
    value, low, high, mean_low, mean_high = scale_of(into).back(points).tolist()
    pooled = Pooled(
        of=tuple(member.id for member in members),
        tau2=between.tau2,
        i2=between.i2,
        q=between.q,
        mean_low=mean_low,
        mean_high=mean_high,
    )
    numbers = replace(into, value=value, low=low, high=high, level=0.95, n=None, events=None, counts="")
    worst = max(members, key=lambda member: list(HOW_READ).index(member.read))
    return replace(numbers, read=worst.read, informed=()), pooled


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
            statements[identifier], pooled[identifier] = pooled_statement(
                sources[identifier], members, prior_set, table.method
            )
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
