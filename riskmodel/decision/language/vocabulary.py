"""What the names in an expression mean: variables, states, conditions and thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from riskmodel.decision.language.nodes import Holds, Node
from riskmodel.decision.language.tokens import Fault, Token
from riskmodel.decision.startback import GROUPS, RISK, StartBackRows
from riskmodel.errors import nearest
from riskmodel.evidence.records import Variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OBSERVED = ("context", "risk_factor", "finding", "test", "circumstance")  # roles that a case can tell
PROGNOSIS = -1  # in place of a row: what several answers make together
DUMMY = (0, 1)  # stands for a test whose names are wrong: the faults keep it from being used


@dataclass(frozen=True)
class Vocabulary:
    """The names that an expression may use.

    ``variables`` are all of them, in the order of the rows of the masks; ``composites`` the outputs beside the
    conditions; ``flags`` what ``any_flag`` and ``no_flags`` stand for; ``enough`` the rows of what must be
    assessed for the word of that name.
    """

    variables: tuple[Variable, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[Node, ...] = ()
    composites: tuple[str, ...] = ()
    enough: tuple[int, ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables if variable.role == "condition")

    def every_flag(self) -> tuple[Node, ...]:
        """The default list of flags: every risk factor and finding, in any state but its base."""
        return tuple(
            Holds(row, variable.full_mask & ~1) for row, variable in enumerate(self.variables) if variable.is_flag
        )

    def condition_fault(self, token: Token, function: str, *, composites: bool) -> Fault | None:
        """What is wrong with the name of a condition, if anything is."""
        allowed = self.conditions + (self.composites if composites else ())
        if token.text in allowed:
            return None
        variable = next((variable for variable in self.variables if variable.name == token.text), None)
        if variable is not None:
            kind = variable.role.replace("_", " ")
            received = f"{function}({token.text}): {token.text} is a {kind}, not a condition"
        elif token.text in self.composites:
            received = f"{function}({token.text}): {function} reads one condition"
        else:
            received = f"unknown condition {token}{nearest(token.text, allowed)}"
        return Fault(token.at, received, f"one of {', '.join(allowed)}")

    def threshold_fault(self, token: Token) -> Fault | None:
        """What is wrong with the name of a threshold, if anything is."""
        if token.text in self.thresholds:
            return None
        allowed = ", ".join(self.thresholds) or "this policy has none"
        return Fault(token.at, f"unknown threshold {token}{nearest(token.text, self.thresholds)}", f"one of {allowed}")

    @cached_property
    def prognosis(self) -> StartBackRows | None:
        """Where the STarT Back answers stand, or nothing in a network without them."""
        return StartBackRows.of(self.variables)

    def test(self, name: Token, sign: str, states: Sequence[Token]) -> tuple[int, int, list[Fault]]:
        """The row and mask that a test of a variable stands for, and what is wrong with it; row -1 is the prognosis.

        ``sign`` is a comparison, ``in``, or empty where the variable stands by itself.
        """
        row, variable = self._observed(name.text)
        if variable is None:
            return *DUMMY, [self._variable_fault(name)]
        faults = [fault for state in states if (fault := self._state_fault(variable, state)) is not None]
        if not faults:
            faults = _misuse(variable, name, sign)
        if faults:
            return *DUMMY, faults
        mask = _mask(variable, sign, [variable.index(state.text) for state in states])
        if mask in (0, variable.full_mask):
            which = "no state" if mask == 0 else "every state"
            return *DUMMY, [Fault(name.at, f"holds for {which} of {variable.name}", _of(variable))]
        return row, mask, []

    def _observed(self, name: str) -> tuple[int, Variable | None]:
        """The row and variable of a name that a case can tell."""
        if name == RISK and self.prognosis:
            return PROGNOSIS, Variable(RISK, "circumstance", GROUPS, "")
        rows = [row for row, variable in enumerate(self.variables) if variable.name == name]
        if not rows or self.variables[rows[0]].role not in OBSERVED:
            return DUMMY[0], None
        return rows[0], self.variables[rows[0]]

    def _variable_fault(self, name: Token) -> Fault:
        if name.text in self.conditions + self.composites:
            return Fault(
                name.at,
                f"{name} is a condition, which no one observes",
                f"read its probability, as in p({name.text}) >= 0.02",
            )
        observed = [variable.name for variable in self.variables if variable.role in OBSERVED]
        hint = nearest(name.text, [*observed, "any_flag", "no_flags", "enough", RISK, *self.conditions])
        return Fault(name.at, f"unknown variable {name}{hint}", "a variable of the network")

    def _state_fault(self, variable: Variable, state: Token) -> Fault | None:
        if state.text in variable.states:
            return None
        if state.kind == "number":
            received = f"{variable.name} is compared with a state, not with the number {state.text}"
            if variable.lower_edges:
                band = variable.states[sum(edge <= float(state.text) for edge in variable.lower_edges[1:])]
                received += f", which lies in the band {band}"
        else:
            others = [other.name for other in self.variables if state.text in other.states]
            owner = f", but of {others[0]}" if others else nearest(state.text, variable.states)
            received = f"{state} is not a state of {variable.name}{owner}"
        return Fault(state.at, received, _of(variable))


def _of(variable: Variable) -> str:
    return f"the states are {', '.join(variable.states)}"


def _ordered(variable: Variable) -> bool:
    """Whether later states say more than earlier ones; setting and sex have no such order."""
    return variable.role != "context" or bool(variable.lower_edges)


def _misuse(variable: Variable, name: Token, sign: str) -> list[Fault]:
    if not sign and (variable.role == "context" or variable.name == RISK):
        received = f"{name} by itself says nothing: it has no state that means nothing noteworthy"
        return [Fault(name.at, received, f"compare it with a state, as in {name.text} == {variable.states[-1]}")]
    if sign in (">=", ">", "<=", "<") and not _ordered(variable):
        received = f"the states of {variable.name} have no order, so {sign} means nothing"
        return [Fault(name.at, received, "use ==, != or in {…}")]
    return []


def _mask(variable: Variable, sign: str, states: Sequence[int]) -> int:
    """The states for which a test holds, as a bitmask."""
    full = variable.full_mask
    named = sum(1 << state for state in set(states))
    masks = {"": full & ~1, "==": named, "in": named, "!=": full & ~named}
    if sign in masks:
        return masks[sign]
    below, up_to = named - 1, 2 * named - 1
    return {">=": full & ~below, ">": full & ~up_to, "<=": up_to, "<": below}[sign]
