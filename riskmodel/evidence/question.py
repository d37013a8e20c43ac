"""The question that one study could answer, which several statements may share."""

from __future__ import annotations

from riskmodel.evidence.records import SETTING, Statement
from riskmodel.text import words


def question_of(statement: Statement) -> str:
    """What a study that replaced a statement would count: the variable, and in which people.

    All states of a finding in people with one condition are one question, and so are all ages at which a condition is
    frequent or rare; the frequency in each setting is a question of its own.

    >>> from riskmodel.evidence.load import load_priors
    >>> priors = load_priors("seeds")
    >>> for name in ("find.fever.infection", "find.fever.none", "base.infection.emergency"):
    ...     print(question_of(priors.statement(name)))
    fever given infection
    fever given none
    infection given emergency
    """
    if statement.quantity == "dependence":
        return words(f"correlation within {statement.of.variable}")
    parents = sorted({parent for parent, _ in statement.arcs} - {SETTING})
    if not parents and (setting := statement.given.event(SETTING)):
        parents = list(setting.states)
    return words(f"{statement.subject} given {' and '.join(parents) or 'none'}")
