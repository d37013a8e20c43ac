"""Every selected statement asked of the finished network.

Does it come back? Each is asked by exact inference wherever the network must give it back: a probability in
every band that it speaks of and that no finer statement takes, an odds ratio in every cell, a share in every
setting. A statement that does not come back is a fault of the network or a conflict among the statements.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.finding_rates import is_caused, whatever_else
from riskmodel.evidence.recording import QUANTITY, WRITTEN, RecordingRates, used_rates
from riskmodel.evidence.records import CRUDE_RATIOS, SETTING, Event, Priors, Statement, Variable, recording_node
from riskmodel.network.ask import conditional, implied, odds_ratios, restrictions
from riskmodel.network.forms.building import StatementValues
from riskmodel.network.network import Network

CLOSED_FORM, SOLVED = 1e-9, 1e-6  # how closely a statement must come back

HeldStates = dict[str, str]  # variable → the one state it is held at


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement asked of the network, some variables held at a state each.

    Attributes
    ----------
    statement
        its id.
    where
        what was held when it was asked.
    stated, implied
        (draws,): what the statement says and what the network says.
    tolerance
        how closely the two must agree in the point values, by :attr:`worst`.
    """

    statement: str
    where: str
    stated: Array
    implied: Array
    tolerance: float

    @property
    def residual(self) -> Array:
        """(draws,): implied / stated - 1; where 0 is stated, the implied value itself."""
        zero = self.stated == 0
        return np.where(zero, self.implied, self.implied / np.where(zero, 1.0, self.stated) - 1.0)

    @property
    def worst(self) -> float:
        """The largest residual of all draws, without its sign; infinite where the network gives no answer."""
        return float(np.max(np.nan_to_num(np.abs(self.residual), nan=np.inf)))

    @property
    def holds(self) -> bool:
        return self.worst <= self.tolerance


def round_trip(priors: Priors, network: Network, values: Array | None = None) -> list[Reading]:
    """Ask a network for every statement that drives one of its tables.

    Parameters
    ----------
    network
        built from these priors.
    values
        the draws it was built from, shape (draws, selected statements); without them, its point values
        (draw 0) are compared with the stated ones.

    Returns
    -------
    at least one reading a statement, in the order of the statements; none where finer statements replace
    it everywhere, or what it is given never happens.

    Examples
    --------
    >>> from riskmodel.evidence.load import load_priors
    >>> from riskmodel.network.build import build_network
    >>> seeds = load_priors("seeds")
    >>> readings = round_trip(seeds, build_network(seeds))
    >>> all(reading.holds for reading in readings)
    True
    >>> [reading.where for reading in readings if reading.statement == "test.xray_fracture.fracture.older"]
    ['age=from_50_to_69; setting=as_reported', 'age=from_70; setting=as_reported']
    """
    if values is None:
        network = network.one_draw(0)
    stated = StatementValues.of(priors, values)
    variables = {variable.name: variable for variable in priors.network_variables}
    asked = _Asked(network, stated, priors.prior_set.reference_setting, used_rates(priors), variables)
    return [
        Reading(
            statement.id,
            where,
            stated.values[:, i],
            np.broadcast_to(answer, stated.draws),
            _tolerance(network, statement),
        )
        for i, statement in enumerate(stated.statements)
        for where, answer in asked.answers(statement)
    ]


def _tolerance(network: Network, statement: Statement) -> float:
    """Base rates, crude ratios of conditions and correlations are solved for; all else is in closed form."""
    names = (statement.of.variable, *(event.variable for event in statement.given.events))
    conditions = {condition.name for condition in network.conditions}
    if statement.quantity in ("probability", "share"):
        return SOLVED if names[0] in conditions else CLOSED_FORM
    return SOLVED if statement.quantity in (*CRUDE_RATIOS, "dependence") else CLOSED_FORM


@dataclass(frozen=True, slots=True)
class _Asked:
    """A network under question, and the statements it was built from."""

    network: Network
    stated: StatementValues
    reference: str
    rates: tuple[RecordingRates, ...]
    variables: Mapping[str, Variable]  # as they are declared, before groups add parents

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings, or one without a name where the network has none."""
        names = [variable.states for variable in self.network.variables if variable.name == SETTING]
        return names[0] if names else ("",)

    def answers(self, statement: Statement) -> Iterator[tuple[str, Array]]:
        """Everywhere the statement must hold: (what is held there, what the network says there)."""
        if statement.quantity == "probability":
            yield from self._probability(statement)
        elif statement.quantity == "adjusted_odds_ratio":
            yield from self._adjusted(statement)
        elif statement.quantity == "relative_weight":
            yield from self._weight(statement)
        elif statement.quantity == QUANTITY:
            yield from self._recorded(statement)
        elif statement.quantity == "share":
            for setting in self.settings:
                yield _label({SETTING: setting}), implied(self.network, statement, self.reference, setting)
        else:
            answer = implied(self.network, statement, self.reference)
            if not np.isnan(answer).all():  # of findings that never or always happen no correlation shows
                yield statement.given_text or "all", answer

    def _recorded(self, statement: Statement) -> Iterator[tuple[str, Array]]:
        """How often each state that it speaks of is written down, of every variable for which no other one holds."""
        for rates in self.rates:
            for setting, row in zip(rates.settings, rates.statements, strict=True):
                for state, identifier in zip(self.network.variable(rates.variable).states, row, strict=True):
                    if identifier == statement.id:
                        held = {rates.variable: (state,)} | ({SETTING: (setting,)} if setting else {})
                        written = Event(recording_node(rates.variable), (WRITTEN,))
                        where = {name: states[0] for name, states in held.items()}
                        yield _label(where), conditional(self.network, written, held)

    def _probability(self, statement: Statement) -> Iterator[tuple[str, Array]]:
        given = restrictions(self.network, statement)
        fixed = {event.variable for event in statement.given.events if len(event.states) == 1}
        several = len(fixed) < len(statement.given.events)
        finer = self._finer(statement)
        for held in self._combinations(statement, finer):
            allowed = {**given, **{name: (state,) for name, state in held.items()}}
            varied = {name: state for name, state in held.items() if name not in fixed}
            where = _label(varied) if several or finer else statement.given_text
            answer = conditional(self.network, statement.of, allowed)
            if not np.isnan(answer).all():  # of what never happens nothing can be asked
                yield where or "all", answer

    def _finer(self, statement: Statement) -> list[Statement]:
        """Statements of the same thing, given more: they go first where all that they are given holds."""
        given = statement.given
        states = {event.variable: set(event.states) for event in given.events}
        return [
            other
            for other in self.stated.statements
            if other.quantity == "probability"
            and other.of == statement.of
            and other.given.none == given.none
            and _alone(other) == _alone(statement)
            and self._people(other) == self._people(statement)
            and len(other.given.events) > len(given.events)
            and all(
                states[event.variable] & set(event.states) for event in other.given.events if event.variable in states
            )
        ]

    def _people(self, statement: Statement) -> Event | None:
        """The condition of people who may have others too, where their rate is solved for."""
        name = statement.of.variable
        about = [other for other, _ in self.stated.about(name, "probability")]
        solved = name in self.variables and is_caused(self.variables[name], about, self.variables)
        return whatever_else(statement, self.variables) if solved else None

    def _combinations(self, statement: Statement, finer: Sequence[Statement]) -> list[HeldStates]:
        """Every combination of single states in which a probability holds.

        That is every band of what it is given, at the reference setting if it names none; where finer
        statements take the whole of that setting, the others.
        """
        axes = {event.variable: event.states for event in statement.given.events}
        for other in finer:
            for event in other.given.events:
                axes.setdefault(event.variable, self.network.variable(event.variable).states)
        if self.settings != ("",):
            axes.setdefault(SETTING, (self.reference,))
        cells = [dict(zip(axes, states, strict=True)) for states in itertools.product(*axes.values())]
        cells = [cell for cell in cells if not any(_covers(other, cell) for other in finer)]
        at_reference = [cell for cell in cells if cell.get(SETTING) == self.reference]
        return cells if statement.given.event(SETTING) or not at_reference else at_reference

    def _adjusted(self, statement: Statement) -> Iterator[tuple[str, Array]]:
        """In each setting the odds ratio farthest from the stated one, of all cells with the rest equal.

        Where a setting's rates are stated by bands of the exposure, those rule.
        """
        exposure = statement.given.events[0].variable
        value = self.stated.values[:, self.stated.statements.index(statement)]
        parents = self.network.variable(statement.of.variable).parents
        banded: set[str] = set()
        for other, _ in self.stated.about(statement.of.variable, "probability"):
            if other.given.event(exposure):
                named = other.given.event(SETTING)
                banded |= set(named.states if named else (self.reference,))
        for setting in self.settings if SETTING in parents else ("",):
            if setting not in banded:
                at = {SETTING: (setting,)} if setting else {}
                ratios = odds_ratios(self.network, statement, at)
                with np.errstate(divide="ignore", invalid="ignore"):
                    off = np.nan_to_num(np.abs(np.log(ratios / value[:, None])), nan=np.inf)
                worst = ratios[np.arange(len(ratios)), off.argmax(axis=1)]
                yield _label({SETTING: setting}) or statement.given_text, worst

    def _weight(self, statement: Statement) -> Iterator[tuple[str, Array]]:
        """In each setting the link's share among all links of the condition, times the sum of its weights.

        Only ratios of links are stated; on this scale equal ratios are equal values.
        """
        weights = self.stated.about(statement.of.variable, "relative_weight")
        total = np.sum([values for _, values in weights], axis=0)
        for setting in self.settings:
            links = [implied(self.network, other, self.reference, setting) for other, _ in weights]
            link = links[[other.id for other, _ in weights].index(statement.id)]
            yield _label({SETTING: setting}), link * total / np.sum(links, axis=0)


def _alone(statement: Statement) -> str:
    return next((event.variable for event in statement.given.events if event.alone), "")


def _covers(statement: Statement, cell: HeldStates) -> bool:
    return all(cell[event.variable] in event.states for event in statement.given.events)


def _label(held: HeldStates) -> str:
    return "; ".join(f"{name}={state}" for name, state in held.items() if state)
