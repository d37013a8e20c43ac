"""Several statements on one quantity, pooled: random effects on the log-odds or log scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from riskmodel.errors import Problem, nearest
from riskmodel.evidence.distributions import interval_sd, logit, size
from riskmodel.evidence.records import HOW_READ, RATIOS, Pooled, PriorSet, Statement

if TYPE_CHECKING:
    from riskmodel.evidence.schema import PoolTable

Z95 = 1.959963984540054


def pooled_statement(into: Statement, members: Sequence[Statement], prior_set: PriorSet) -> tuple[Statement, Pooled]:
    """The random-effects mean of some statements (Paule-Mandel), as numbers for one of them.

    Parameters
    ----------
    into
        the statement that takes the pooled value and its 95 % interval.
    members
        two or more statements of one quantity, values strictly inside (0, 1) or ratios above 0.

    Returns
    -------
    the statement, and the heterogeneity behind it: τ² on the log-odds or log scale, I² in [0, 1], Cochran's Q.
    """
    import numpy as np
    from statsmodels.stats.meta_analysis import combine_effects

    effects = np.array([_on_scale(member) for member in members])
    variances = np.array([_variance(member, prior_set) for member in members])
    found = combine_effects(effects, variances, method_re="iterated")
    mean, error = float(found.mean_effect_re), float(found.sd_eff_w_re)
    low, value, high = (_from_scale(into, mean + side * Z95 * error) for side in (-1, 0, 1))
    q, degrees = float(found.q), len(members) - 1
    pooled = Pooled(
        of=tuple(member.id for member in members),
        tau2=float(found.tau2),
        i2=max(0.0, (q - degrees) / q) if q > 0 else 0.0,
        q=q,
    )
    numbers = replace(into, value=value, low=low, high=high, level=0.95, n=None, events=None, counts="")
    worst = max(members, key=lambda member: list(HOW_READ).index(member.read))
    return replace(numbers, read=worst.read, informed=()), pooled


def pool_all(
    statements: dict[str, Statement],
    pools: Mapping[str, PoolTable],
    prior_set: PriorSet,
    file: str,
    problems: list[Problem],
) -> dict[str, Pooled]:
    """Put pooled numbers into the statements that a set asks it for; what was pooled, by the statement's id."""
    sources = dict(statements)  # pools read the statements' own numbers, not each other's
    found = {}
    for identifier, table in pools.items():
        faults = list(_faults(identifier, table.of, sources, file))
        problems.extend(faults)
        if not faults:
            members = [sources[name] for name in table.of]
            statements[identifier], found[identifier] = pooled_statement(sources[identifier], members, prior_set)
    return found


def _faults(identifier: str, of: Sequence[str], statements: Mapping[str, Statement], file: str) -> list[Problem]:
    where = f"pool {identifier!r}"
    unknown = [name for name in dict.fromkeys([identifier, *of]) if name not in statements]
    if unknown:
        return [
            Problem(file, where, f"unknown statement {name!r}", f"a statement's id{nearest(name, statements)}")
            for name in unknown
        ]
    into = statements[identifier]
    faults = []
    if into.is_audit:
        faults.append(Problem(file, where, f"{identifier!r} drives no table", "a statement that drives a table"))
    if len(set(of)) < 2 or len(set(of)) != len(of):
        faults.append(Problem(file, f"{where}, key 'of'", f"received {list(of)}", "two or more different statements"))
    for name in of:
        member = statements[name]
        if (member.quantity, member.of.variable) != (into.quantity, into.of.variable):
            received = f"{name!r} states {member.quantity} of {member.of.variable}"
            faults.append(Problem(file, f"{where}, key 'of'", received, f"{into.quantity} of {into.of.variable}"))
        elif member.quantity not in RATIOS and not 0 < member.value < 1:
            received = f"{name!r} states {member.value:g}"
            faults.append(Problem(file, f"{where}, key 'of'", received, "a probability between 0 and 1"))
    return faults


def _on_scale(statement: Statement) -> float:
    return math.log(statement.value) if statement.quantity in RATIOS else logit(statement.value)


def _from_scale(statement: Statement, value: float) -> float:
    return math.exp(value) if statement.quantity in RATIOS else 1 / (1 + math.exp(-value))


def _variance(statement: Statement, prior_set: PriorSet) -> float:
    sd = interval_sd(statement)
    if sd is not None and statement.events is None:
        return sd**2
    return 1 / (size(statement, prior_set) * statement.value * (1 - statement.value))
