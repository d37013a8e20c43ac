"""Statements that a person has moved: the numbers that follow, in the model and as Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.distributions import joint_distributions
from riskmodel.evidence.recording import QUANTITY as RECORDED

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors, Statement

Numbers = dict[str, dict[str, float]]
NOTHING_LEFT = 1e-12


def numbers_of(priors: Priors, moved: Mapping[str, float]) -> Numbers:
    """The numbers of a model in which some statements are moved, by id: ``value``, and ``low`` and ``high``.

    The other states of a distribution keep their proportions. An interval that does not hold the new value is widened
    as far as that.

    Raises
    ------
    UsageError
        for a statement that drives no table under any recording profile, or values that leave less than nothing to the
        other states.
    """
    ordered = priors.selected_statements
    statements = {statement.id: statement for statement in ordered}
    statements |= {statement.id: statement for statement in priors.statements if statement.quantity == RECORDED}
    for identifier in moved:
        if identifier not in statements:
            raise UsageError(f"no statement {identifier!r} drives a table{nearest(identifier, statements)}")
    numbers = {name: widened(statements[name], value) for name, value in moved.items()}
    for members in joint_distributions(ordered):
        parts = [ordered[i] for i in members]
        if any(part.id in moved for part in parts):
            numbers |= _rest(parts, moved)
    return numbers


def _rest(parts: list[Statement], moved: Mapping[str, float]) -> Numbers:
    """What the parts of a distribution that nobody moved take of what is left."""
    named = [part for part in parts if part.id in moved]
    remaining = 1 - sum(moved[part.id] for part in named)
    remaining_before = 1 - sum(part.value for part in named)
    others = [part for part in parts if part.id not in moved]
    if remaining < -NOTHING_LEFT or (remaining_before <= NOTHING_LEFT < remaining and others):
        listed = ", ".join(f"{part.id} {moved[part.id]:g}" for part in named)
        raise UsageError(f"{listed}: the states of {named[0].of.variable} must leave 0 or more, not {remaining:.3g}")
    share = max(remaining, 0.0) / remaining_before if remaining_before > NOTHING_LEFT else 0.0
    return {part.id: widened(part, part.value * share) for part in others}


def widened(statement: Statement, value: float) -> dict[str, float]:
    """A value, and the statement's interval where it must be wider to hold it."""
    low, high = statement.low, statement.high
    if low is None or high is None or low <= value <= high:
        return {"value": value}
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def as_python(numbers: Numbers, model: str = "model") -> str:
    """A line of Python that makes the same model.

    >>> as_python({"find.fever.infection": {"value": 0.55}})
    "model.with_statement('find.fever.infection', value=0.55)"
    """
    if not numbers:
        return model
    if len(numbers) == 1:
        [(name, changes)] = numbers.items()
        return f"{model}.with_statement({name!r}, {', '.join(f'{key}={value!r}' for key, value in changes.items())})"
    lines = "".join(f"    {name!r}: {changes!r},\n" for name, changes in numbers.items())
    return f"{model}.with_numbers({{\n{lines}}})"
