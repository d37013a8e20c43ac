"""What every form is given, a variable whose table is to be built, and what it gives back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from riskmodel.arrays import Array, Ints
from riskmodel.evidence.records import CRUDE_RATIOS, SETTING, Event, Priors, Statement, Variable
from riskmodel.network.elimination import Factor, eliminate

Valued = tuple[Statement, Array]  # a statement and its value in each draw, (draws,)


@dataclass(frozen=True, slots=True)
class StatementValues:
    """Statements that drive tables, and an array (draws, statements) of their values."""

    statements: tuple[Statement, ...]
    values: Array

    @classmethod
    def of(cls, priors: Priors, values: Array | None = None) -> StatementValues:
        """The selected statements of a prior set; without ``values``, the stated ones as a single draw."""
        statements = priors.selected_statements
        if values is None:
            values = np.array([[statement.value for statement in statements]])
        return cls(statements, values)

    @property
    def draws(self) -> int:
        return int(self.values.shape[0])

    def about(self, variable: str, quantity: str) -> list[Valued]:
        """Statements of a quantity that drive a variable's table."""
        return [
            (statement, self.values[:, i])
            for i, statement in enumerate(self.statements)
            if statement.quantity == quantity and statement.subject == variable
        ]

    def of_variable(self, variable: str, *, varies: bool) -> StatementValues:
        """The statements that drive a table: in a single draw where neither its parents vary nor they do."""
        columns = [i for i, statement in enumerate(self.statements) if statement.subject == variable]
        varies = varies or bool((self.values[1:, columns] != self.values[:1, columns]).any())
        values = self.values if varies else self.values[:1]
        return StatementValues(tuple(self.statements[i] for i in columns), values[:, columns])


@dataclass(frozen=True, slots=True)
class Building:
    """A variable whose table is to be built.

    Attributes
    ----------
    parents
        in the order of the table's axes.
    probabilities, adjusted, crude, weights, shares
        the statements that drive the table, by quantity: probabilities, adjusted odds ratios, crude ratios of any
        kind, relative weights, and shares without a listed cause.
    draws
        the length of the table's first axis.
    variables
        every variable of the network, by name.
    tables
        those built so far: of its parents at least.
    reference
        the setting at which a statement holds that names none.
    hold
        whether values beyond reach are held at what can be reached in draw 0 too, and not refused there.
    parts
        of a plain reading, the tests among its parents; whoever has none of them is left to the statements.
    """

    variable: Variable
    parents: tuple[Variable, ...]
    probabilities: Sequence[Valued]
    adjusted: Sequence[Valued]
    crude: Sequence[Valued]
    weights: Sequence[Valued]
    shares: Sequence[Valued]
    draws: int
    variables: Mapping[str, Variable]
    tables: Mapping[str, Factor]
    reference: str
    hold: bool = False
    parts: tuple[Variable, ...] = ()

    @classmethod
    def of(
        cls,
        variable: Variable,
        stated: StatementValues,
        variables: Mapping[str, Variable],
        tables: Mapping[str, Factor],
        reference: str,
        *,
        hold: bool = False,
    ) -> Building:
        """``stated`` are the variable's statements alone."""
        by_quantity: defaultdict[str, list[Valued]] = defaultdict(list)
        for statement, values in zip(stated.statements, stated.values.T, strict=True):
            quantity = "crude" if statement.quantity in CRUDE_RATIOS else statement.quantity
            by_quantity[quantity].append((statement, values))
        return cls(
            variable,
            parents=tuple(variables[name] for name in variable.parents),
            probabilities=by_quantity["probability"],
            adjusted=by_quantity["adjusted_odds_ratio"],
            crude=by_quantity["crude"],
            weights=by_quantity["relative_weight"],
            shares=by_quantity["share"],
            draws=stated.draws,
            variables=variables,
            tables=tables,
            reference=reference,
            hold=hold,
        )

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that the table tells apart; one without a name, where it has no arc from the setting."""
        return self.variables[SETTING].states if SETTING in self.variable.parents else ("",)

    def settings_of(self, statement: Statement) -> tuple[str, ...]:
        """The settings, of those told apart, that a base rate speaks of: if it names none, the reference."""
        named = statement.given.event(SETTING)
        if named is not None:
            return named.states
        return (self.reference,) if SETTING in self.variable.parents else ("",)

    def events(self, statement: Statement) -> tuple[Event, ...]:
        """What a probability is given; a condition's rate that names no setting holds at the reference."""
        events = statement.given.events
        if statement.given.event(SETTING) or self.variable.role != "condition" or SETTING not in self.variable.parents:
            return events
        return (*events, Event(SETTING, (self.reference,)))

    def of_present(self, statement: Statement, values: Array) -> Array:
        """P(the condition is present) from a statement on either of its states."""
        return 1.0 - values if statement.of.states == (self.variable.base,) else values

    def joint(self, names: Sequence[str], absent: Sequence[Variable] = ()) -> Array:
        """P(states of variables whose tables are built): (draws, states of the first, states of the second, …).

        With ``absent``, P(these states, and all of these variables in their base state).
        """
        waiting = [*names, *(variable.name for variable in absent)]
        above = set(waiting)
        while waiting:
            for parent in self.tables[waiting.pop()].scope[:-1]:
                if parent not in above:
                    above.add(parent)
                    waiting.append(parent)
        factors = [self.tables[name] for name in self.tables if name in above]
        at_base = [Factor((v.name,), np.array([[float(state == v.base) for state in v.states]])) for v in absent]
        return eliminate([*factors, *at_base], names)

    def within_settings(self, names: Sequence[str]) -> Array:
        """P(states of some parents | setting): (draws, settings, combinations), in each setting that is told apart.

        Without an arc from the setting, at the reference.
        """
        if SETTING not in self.tables:
            joint = self.joint(names)[:, None] if names else np.ones((1, 1, 1))
        else:
            joint = self.joint([SETTING, *names])
            if SETTING not in self.variable.parents:
                joint = joint.take([self.variables[SETTING].index(self.reference)], axis=1)
        joint = joint.reshape(joint.shape[0], joint.shape[1], -1)
        return np.asarray(joint / joint.sum(axis=2, keepdims=True))

    def in_order_of_parents(self, table: Array, names: Sequence[str]) -> Array:
        """A table of these parents, (draws, …, states), with its axes in the order of the variable's parents."""
        return np.transpose(table, [0, *(names.index(name) + 1 for name in self.variable.parents), table.ndim - 1])


@dataclass(frozen=True, slots=True)
class BuiltTable:
    """A finished table.

    Attributes
    ----------
    table
        P(state | parents): (draws, states of each parent …, states).
    held
        by the id of a statement, (draws,): how many entries were held at what can be reached, in each draw.
    clipped
        (draws,): how many entries left the simplex and were brought back.
    rarer
        the conditions that make a finding rarer.
    """

    table: Array
    held: Mapping[str, Ints] = field(default_factory=dict)
    clipped: Ints = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    rarer: tuple[str, ...] = ()
