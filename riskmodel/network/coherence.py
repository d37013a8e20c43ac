"""Do the statements agree with the network, and with each other?

For every statement of the register, used or not: the quantity as the network implies it, the quantity as
stated, and their distance in standard deviations of both together. For a conflict, the nearest coherent
values: the smallest joint move of the statements involved, weighted by their uncertainty, that removes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.distributions import Spread, quantile, spread
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import CRUDE_RATIOS, Priors, Statement
from riskmodel.evidence.scale import Z95, scale_of
from riskmodel.network.ask import implied
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.text import Sheet, Shown

TAIL = 0.025  # intervals are 95 %
MOVED = 0.05  # moves smaller than this many standard deviations are not listed
ROUNDS = 6  # of the search for coherent values


@dataclass(frozen=True, slots=True, repr=False)
class AuditedStatement(Shown):
    """A statement as stated and as the network implies it.

    Attributes
    ----------
    role
        ``drives`` a table, ``not selected`` (another statement drives it), or ``audit`` (drives nothing).
    stated, stated_low, stated_high, implied, implied_low, implied_high
        points and 95 % intervals; the implied interval is that of the draws.
    distance
        (implied - stated) on the logit or log scale, in standard deviations of the two together.
    """

    statement: Statement
    role: str
    stated: float
    stated_low: float
    stated_high: float
    implied: float
    implied_low: float
    implied_high: float
    distance: float

    def sheet(self) -> Sheet:
        return Sheet(
            f"Audited {self.statement.id}",
            {
                "stated": f"{self.stated:.3g} ({self.stated_low:.3g} to {self.stated_high:.3g})",
                "implied": f"{self.implied:.3g} ({self.implied_low:.3g} to {self.implied_high:.3g})",
                "distance": f"{self.distance:.2f}",
            },
        )


def audit(priors: Priors, network: Network, draws: Network) -> list[AuditedStatement]:
    """Every statement of the register but those of recording, which speak of no patient; worst disagreement first.

    Parameters
    ----------
    network
        the tables of the stated values.
    draws
        the tables of joint draws, for the implied intervals.
    """
    selected = set(priors.selected)
    reference = priors.prior_set.reference_setting
    audited = []
    for statement in priors.statements:
        if statement.quantity == QUANTITY:
            continue
        role = "drives" if statement.id in selected else "audit" if statement.is_audit else "not selected"
        point = float(implied(network, statement, reference)[0])
        if role == "drives" and statement.quantity in (
            "relative_weight",
            "probability",
            "share",
            "dependence",
        ):
            point = statement.value  # gives back what drives it (the round trip); weights only as ratios
        cloud = np.asarray(implied(draws, statement, reference))
        audited.append(_audited(priors, statement, role, point, cloud))
    return sorted(audited, key=lambda item: -abs(item.distance))


def _audited(priors: Priors, statement: Statement, role: str, point: float, cloud: Array) -> AuditedStatement:
    middle, sd, low, high = stated_scale(statement, priors)
    on_scale = scale_of(statement).to(cloud)
    spread_of_network = float(np.std(on_scale)) if len(cloud) > 1 else 0.0
    total = float(np.hypot(sd, 0.0 if role == "drives" else spread_of_network))
    gap = float(scale_of(statement).to(point) - middle)
    distance = gap / total if total > 0 else (0.0 if gap == 0 else float(np.inf))
    bounds = np.quantile(cloud, [TAIL, 1 - TAIL])
    return AuditedStatement(
        statement, role, statement.value, low, high, point, float(bounds[0]), float(bounds[1]), distance
    )


def stated_scale(statement: Statement, priors: Priors) -> tuple[float, float, float, float]:
    """A statement's value and standard deviation on its scale (logit or log), and its 95 % interval as values."""
    shape: Spread = spread(statement, priors.prior_set)
    bounds = quantile(shape, np.array([TAIL, 0.5, 1 - TAIL]))
    ends = scale_of(statement).to(bounds)
    middle = float(scale_of(statement).to(statement.value))
    return middle, float((ends[2] - ends[0]) / (2 * Z95)), float(bounds[0]), float(bounds[2])


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two statements that speak of one quantity and differ, or repeat each other's figures."""

    first: Statement
    second: Statement
    distance: float
    note: str


def disagreements(priors: Priors) -> list[Disagreement]:
    """Pairs of statements on one quantity that differ, or that share figures.

    Those that share figures come first, then by their distance in standard deviations of both, the largest first.
    """
    pairs = []
    for first, second in combinations(priors.statements, 2):
        if not _one_quantity(first, second):
            continue
        note = _shared_figures(first, second)
        comparable = first.quantity == second.quantity
        if comparable and first.value == second.value and not note:
            continue
        distance = 0.0
        if comparable:
            middle, sd, _, _ = stated_scale(first, priors)
            other, other_sd, _, _ = stated_scale(second, priors)
            distance = (middle - other) / float(np.hypot(sd, other_sd))
        if comparable or note:
            pairs.append(Disagreement(first, second, distance, note))
    return sorted(pairs, key=lambda pair: (-bool(pair.note), -abs(pair.distance)))


def _one_quantity(first: Statement, second: Statement) -> bool:
    """Whether two statements speak of one thing: the same `of`, with givens that differ by a band at most."""
    if first.quantity in CRUDE_RATIOS and second.quantity in CRUDE_RATIOS:
        return bool(first.drives) and first.drives == second.drives
    if first.quantity != second.quantity or first.of != second.of:
        return False
    if first.quantity != "probability" or (first.given.none, first.given.no_listed_cause) != (
        second.given.none,
        second.given.no_listed_cause,
    ):
        return first.given == second.given
    these, those = set(first.given.events), set(second.given.events)
    return bool(these or first.given.none) and (these <= those or those <= these) and _about_conditions(these ^ those)


def _about_conditions(extra: set[object]) -> bool:
    """Whether what is said of only one of them is a band of age, not a setting or a condition."""
    return all(getattr(event, "variable", "") == "age" for event in extra)


def _shared_figures(first: Statement, second: Statement) -> str:
    """A note when two statements that differ in kind or value state the same figures."""
    these = {first.value, first.low, first.high} - {None}
    those = {second.value, second.low, second.high} - {None}
    shared = sorted(number for number in these & those if number is not None)
    if len(shared) >= 2 and (first.quantity, first.value) != (second.quantity, second.value):
        figures = " and ".join(f"{number:g}" for number in shared)
        return f"both state {figures}: two readings of one figure"
    return ""


@dataclass(frozen=True, slots=True)
class Move:
    """One statement's part in the nearest coherent values."""

    statement: Statement
    before: float
    after: float
    deviations: float


def nearest_coherent(priors: Priors, conflict: AuditedStatement, values: Array, draws: Network) -> list[Move]:
    """The smallest joint move of the statements, weighted by their uncertainty, that removes a conflict.

    The draws tell how the implied quantity moves with each statement (their covariance); the step that
    is smallest in standard deviations follows, and is repeated on the network it gives until the two meet.

    Parameters
    ----------
    values
        (draws, selected statements): the draws behind ``draws``.
    """
    target, chosen = conflict.statement, priors.selected_statements
    cloud = scale_of(target).to(np.asarray(implied(draws, target, priors.prior_set.reference_setting)))
    scaled = np.stack([scale_of(s).to(values[:, i]) for i, s in enumerate(chosen)], axis=1)
    sds = np.array([stated_scale(s, priors)[1] for s in chosen])
    centred = scaled - scaled.mean(axis=0)
    gain = centred.T @ (cloud - cloud.mean()) / len(cloud)  # covariance with each statement
    gain[np.abs(gain) < 3 * sds * cloud.std() / np.sqrt(len(cloud))] = 0.0  # within chance
    reference = priors.prior_set.reference_setting
    gain[[not _above(s, target, draws, reference) for s in chosen]] = 0.0
    middle, sd, _, _ = stated_scale(target, priors)
    start = np.array([scale_of(s).to(s.value) for s in chosen])
    strength, moved = 0.0, start.copy()
    implied_now = float(scale_of(target).to(conflict.implied))
    slope = float(gain @ np.divide(gain, sds**2, out=np.zeros_like(gain), where=sds > 0))
    for _ in range(ROUNDS):
        gap = (middle - sd**2 * strength) - implied_now
        if abs(gap) < 1e-6 or slope == 0:
            break
        strength += gap / (slope + sd**2)
        moved = start + gain * strength
        implied_now = _implied_at(priors, chosen, moved, target)
    moves = [
        Move(
            s,
            s.value,
            float(scale_of(s).back(moved[i])),
            float((moved[i] - start[i]) / sds[i]) if sds[i] else 0.0,
        )
        for i, s in enumerate(chosen)
    ]
    after = float(scale_of(target).back(middle - sd**2 * strength))
    of_target = Move(target, target.value, after, float(-sd * strength))
    listed = sorted((m for m in moves if abs(m.deviations) >= MOVED), key=lambda m: -abs(m.deviations))
    return [of_target, *listed]


def _above(statement: Statement, target: Statement, network: Network, reference: str) -> bool:
    """Whether a statement drives a table that the target's quantity depends on, in its setting."""
    driven, asked = statement.given.event("setting"), target.given.event("setting")
    if driven is not None and not set(driven.states) & set(asked.states if asked else (reference,)):
        return False
    names = {event.variable for event in (target.of, *target.given.events)}
    names = {member for name in names for member in network.composites.get(name, (name,))}
    return statement.subject in network.ancestors(names & {variable.name for variable in network.variables})


def _implied_at(priors: Priors, chosen: Sequence[Statement], moved: Array, target: Statement) -> float:
    """The implied quantity, on its scale, of a network with the moved values."""
    values = np.array([[float(scale_of(s).back(x)) for s, x in zip(chosen, moved, strict=True)]])
    network = build_network(priors, values)
    return float(scale_of(target).to(np.asarray(implied(network, target, priors.prior_set.reference_setting)))[0])
