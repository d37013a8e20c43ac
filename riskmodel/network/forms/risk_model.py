"""The table of a condition that factors make more or less frequent: a logistic risk model.

log-odds of P(present | parents) = intercept(setting) + adjusted coefficients + crude coefficients. Adjusted odds ratios
enter as they are. Crude ratios are solved together with the intercept at the reference setting; then each setting's
intercept (and each band's, where a source states bands) is solved so that the stated rate comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Ints
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING, Event, Statement, Variable
from riskmodel.evidence.scale import logit
from riskmodel.network.forms.building import Building, BuiltTable, Valued
from riskmodel.network.forms.logistic import exposed_share, hold, logistic_coefficients, sigmoid
from riskmodel.network.forms.stated import Cell, cells, most_specific, stated_table

TOLERANCE = 1e-9  # of a solved target, relative
Candidates = list[tuple[tuple[Event, ...], Array]]


@dataclass(slots=True)
class Risk:
    """One condition under construction: cells are the combinations of all parents but the setting."""

    variable: Variable
    parents: tuple[Variable, ...]  # without the setting
    settings: tuple[str, ...]
    cells: tuple[Cell, ...]
    weights: Array  # (draws, settings, cells): P(cell | setting)
    offset: Array  # (draws, cells): adjusted coefficients
    crude: Array  # (draws, cells): crude coefficients
    gradient: Array  # (draws, cells): from bands stated in one setting, used in those without bands
    intercept: Array  # (draws, settings, cells)
    held: dict[str, Ints] = field(default_factory=dict)
    hold: bool = False  # in draw 0 too

    @classmethod
    def of(cls, building: Building) -> Risk:
        """A risk model whose coefficients are all still 0."""
        parents = tuple(parent for parent in building.parents if parent.name != SETTING)
        weights = building.within_settings([parent.name for parent in parents])
        weights = np.broadcast_to(weights, (building.draws, *weights.shape[1:]))
        offset, crude, gradient = np.zeros((3, building.draws, weights.shape[2]))
        each = tuple(cells(parents))
        intercept = np.zeros(weights.shape)
        risk = cls(building.variable, parents, building.settings, each, weights, offset, crude, gradient, intercept)
        risk.hold = building.hold
        return risk

    def mask(self, event: Event) -> Array:
        """1 for the cells in which the event holds, else 0; shape (cells,)."""
        return np.array([float(cell.states[event.variable] in event.states) for cell in self.cells])

    def parent(self, name: str) -> Variable:
        return next(parent for parent in self.parents if parent.name == name)


def condition_table(building: Building) -> BuiltTable:
    """P(state | parents), and where each crude ratio was held."""
    risk = Risk.of(building)
    rates = _rates(building)
    if not building.adjusted and not building.crude and _is_whole(risk, rates):
        return stated_table(building)
    _adjusted(risk, building.adjusted)
    bands = [setting for setting in risk.settings if any(events for events, _ in rates[setting])]
    band = _band(risk, rates)
    by_ratios = any(statement.given.events[0].variable == band for statement, _ in building.adjusted)
    takes_gradient = bool(bands) and not by_ratios
    at = risk.settings.index(building.reference) if building.reference in risk.settings else 0
    if building.crude:
        if risk.settings[at] in bands or takes_gradient:
            raise InferenceError(
                f"{risk.variable.name}: crude ratios and rates by {band} cannot be solved together; state "
                f"adjusted odds ratios, or base rates of whole settings"
            )
        _solve_crude(risk, building.crude, at, _overall(risk, rates[risk.settings[at]]))
    for setting in bands:
        _solve_bands(risk, risk.settings.index(setting), band, rates[setting])
    if takes_gradient:
        source = building.reference if building.reference in bands else bands[0]
        _take_gradient(risk, risk.settings.index(source), band)
    for i, setting in enumerate(risk.settings):
        if setting not in bands:
            _solve_intercept(risk, i, _overall(risk, rates[setting]))
    return BuiltTable(_table(risk, building), risk.held)


def _adjusted(risk: Risk, ratios: Sequence[Valued]) -> None:
    """Add the log of each adjusted odds ratio to the cells of its first group (over its second group's)."""
    waiting = list(ratios)
    for statement, _ in waiting:
        _check_ratio(statement, statement.of, risk.variable)
    level: dict[tuple[str, str], Array] = {}
    while waiting:
        pending = {(s.given.events[0].variable, state) for s, _ in waiting for state in s.given.events[0].states}
        ready = [(s, v) for s, v in waiting if not pending & {(_versus(s).variable, x) for x in _versus(s).states}]
        if not ready:
            raise InferenceError(
                f"{risk.variable.name}: the adjusted odds ratios {waiting[0][0].id} … go round in a circle"
            )
        for statement, values in ready:
            base = level.get((_versus(statement).variable, _versus(statement).states[0]), np.zeros(len(values)))
            for state in statement.given.events[0].states:
                level[statement.given.events[0].variable, state] = base + np.log(values)
        waiting = [item for item in waiting if item not in ready]
    for (name, state), coefficient in level.items():
        risk.offset += coefficient[:, None] * risk.mask(Event(name, (state,)))


def _versus(statement: Statement) -> Event:
    if statement.given.versus is None:
        raise InferenceError(f"{statement.id}: a ratio needs 'A vs B'")
    return statement.given.versus


def _check_ratio(statement: Statement, event: Event, condition: Variable) -> None:
    if condition.base in event.states:
        raise InferenceError(f"{statement.id}: state the ratio of {condition.name}={condition.states[1]}")


def _rates(building: Building) -> dict[str, Candidates]:
    """For each setting that is told apart, the rates that speak of it: (events beside the setting, values)."""
    rates: dict[str, Candidates] = {setting: [] for setting in building.settings}
    for statement, values in building.probabilities:
        events = tuple(event for event in statement.given.events if event.variable != SETTING)
        for setting in building.settings_of(statement):
            if any(events == others for others, _ in rates[setting]):
                raise InferenceError(f"{statement.id}: another selected statement gives this rate too")
            rates[setting].append((events, building.of_present(statement, values)))
    for setting, candidates in rates.items():
        if not candidates:
            raise InferenceError(
                f"{building.variable.name}: no selected statement gives its base rate in {setting or 'all'}"
            )
    return rates


def _is_whole(risk: Risk, rates: Mapping[str, Candidates]) -> bool:
    """Whether the rates of every setting speak of all other parents: a table stated cell by cell."""
    names = {parent.name for parent in risk.parents}
    return all(
        {event.variable for events, _ in candidates for event in events} == names for candidates in rates.values()
    )


def _band(risk: Risk, rates: Mapping[str, Candidates]) -> str:
    """The variable by whose bands the rates of any setting are stated, or nothing."""
    names = {event.variable for candidates in rates.values() for events, _ in candidates for event in events}
    if len(names) > 1:
        raise InferenceError(
            f"{risk.variable.name}: rates by {' and '.join(sorted(names))} at once need every cell stated, "
            f"and no ratios"
        )
    return names.pop() if names else ""


def _overall(risk: Risk, rates: Candidates) -> Array:
    for events, values in rates:
        if not events:
            return values
    raise InferenceError(f"{risk.variable.name}: a base rate for the whole setting is missing")


def _solve_crude(risk: Risk, crude: Sequence[Valued], at: int, prevalence: Array) -> None:
    """Solve the crude coefficients with the reference setting's intercept."""
    weights = risk.weights[:, at]
    shares: dict[frozenset[tuple[str, str]], Array] = {}
    held: dict[str, NDArray[np.bool_]] = {}
    columns, targets, starts = [np.ones(weights.shape[1])], [prevalence], [logit(prevalence)]
    for statement, ratio in sorted(crude, key=lambda item: -_width(item[0], risk)):
        first, second = exposure_sides(statement, risk)
        group = risk.mask(first)
        both = group + risk.mask(second)
        within, parent = (weights * both).sum(axis=1), np.ones(len(prevalence))
        if not np.all(both == 1):
            key = frozenset((first.variable, state) for state in (*first.states, *second.states))
            if key not in shares:
                raise InferenceError(f"{statement.id}: its two groups together need a ratio against the rest")
            parent = shares[key]
        exposure = (weights * group).sum(axis=1) / within
        inner, held[statement.id] = _share(risk, statement, ratio, exposure, prevalence * parent / within)
        share = inner * parent
        shares[frozenset((first.variable, state) for state in first.states)] = share
        columns.append(group)
        targets.append(prevalence * share)
        starts.append(logit(inner) - logit(exposure))
    design, target = np.stack(columns, axis=1), np.stack(targets, axis=1)
    beta = logistic_coefficients(weights, risk.offset, design, target, np.stack(starts, axis=1))
    risk.crude = beta[:, 1:] @ design[:, 1:].T
    missed = np.abs((weights * sigmoid(risk.offset + beta @ design.T)) @ design - target) > TOLERANCE * target
    if missed[0].any() and not risk.hold:
        raise InferenceError(f"{risk.variable.name}: {', '.join(held)} cannot all hold at once")
    for column, (identifier, draws) in enumerate(held.items(), start=1):
        short = draws | missed[:, column]
        risk.held |= {identifier: short.astype(np.int64)} if short.any() else {}


def _width(statement: Statement, risk: Risk) -> int:
    first, second = exposure_sides(statement, risk)
    return len(first.states) + len(second.states)


def exposure_sides(statement: Statement, risk: Risk) -> tuple[Event, Event]:
    """The exposed and the unexposed group of a crude ratio, as events of one variable.

    Of a likelihood ratio they are the states that it is about, and all others.
    """
    if statement.quantity != "likelihood_ratio_positive":
        _check_ratio(statement, statement.of, risk.variable)
        return statement.given.events[0], _versus(statement)
    _check_ratio(statement, statement.given.events[0], risk.variable)
    of = statement.of
    states = risk.parent(of.variable).states
    return of, Event(of.variable, tuple(state for state in states if state not in of.states))


def _share(
    risk: Risk, statement: Statement, ratio: Array, exposure: Array, prevalence: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """P(exposed | condition) that a ratio asks for, and which draws are held at their limit.

    A stated value beyond reach (draw 0) is refused, unless it is to be held as any other.
    """
    share, lowest, highest = exposed_share(statement.quantity, ratio, exposure, prevalence)
    if risk.hold:
        return hold(share, exposure, prevalence)
    if not lowest[0] < ratio[0] < highest[0]:
        raise InferenceError(
            f"{statement.id}: {statement.quantity} {ratio[0]:g} is beyond reach; "
            f"with P(exposed) = {exposure[0]:.4g} and P({risk.variable.name}) = {prevalence[0]:.4g} "
            f"it must lie above {lowest[0]:.4g} and below {highest[0]:.4g}"
        )
    shares, held = hold(share, exposure, prevalence)
    shares[0], held[0] = share[0], False
    return shares, held


def _solve_bands(risk: Risk, at: int, band: str, rates: Candidates) -> None:
    """An intercept for each band, so that each band's stated rate comes back."""
    for state in risk.parent(band).states:
        inside = risk.mask(Event(band, (state,)))
        value = most_specific(rates, Cell({band: state}, ()))
        if value is None:
            raise InferenceError(f"{risk.variable.name}: no rate for {band}={state} in {risk.settings[at]}")
        within = risk.weights[:, at] * inside
        empty = within.sum(axis=1, keepdims=True) == 0  # a band that nobody is in: any weights do
        intercept = _solve_rate(risk, np.where(empty, inside, within), value)
        risk.intercept[:, at] += intercept[:, None] * inside


def _take_gradient(risk: Risk, at: int, band: str) -> None:
    """The bands' log-odds, relative to the first band, serve in the settings where no bands are stated."""
    lowest = Event(band, risk.parent(band).states[:1])
    first = risk.intercept[:, at][:, risk.mask(lowest) == 1][:, :1]
    risk.gradient = risk.intercept[:, at] - first


def _solve_intercept(risk: Risk, at: int, rate: Array) -> None:
    risk.intercept[:, at] = _solve_rate(risk, risk.weights[:, at], rate, risk.gradient)[:, None] + risk.gradient


def _solve_rate(risk: Risk, weights: Array, rate: Array, extra: Array | float = 0.0) -> Array:
    """The intercept at which the weighted mean risk equals a rate; shape (draws,)."""
    if not np.all((rate > 0) & (rate < 1)):
        raise InferenceError(f"{risk.variable.name}: a base rate of 0 or 1 cannot be combined with ratios")
    weights = weights / weights.sum(axis=1, keepdims=True)
    design = np.ones((weights.shape[1], 1))
    offset = risk.offset + risk.crude + extra
    highest = offset.max(axis=1)
    mean_odds = highest + np.log((weights * np.exp(offset - highest[:, None])).sum(axis=1))
    start = logit(rate) - mean_odds  # exact where the condition is rare in every cell
    return logistic_coefficients(weights, offset, design, rate[:, None], start[:, None])[:, 0]


def _table(risk: Risk, building: Building) -> Array:
    """The finished table, its axes in the order of the variable's parents."""
    p = sigmoid(risk.intercept + (risk.offset + risk.crude)[:, None, :])
    p = p.reshape(p.shape[0], len(risk.settings), *(len(parent.states) for parent in risk.parents))
    table = np.stack([1 - p, p], axis=-1)
    if SETTING not in risk.variable.parents:
        return table[:, 0]
    return building.in_order_of_parents(table, [SETTING, *(parent.name for parent in risk.parents)])
