"""Which statements to learn."""

from __future__ import annotations

from collections.abc import Container, Sequence

from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import Priors, Statement

KINDS = ("base_rates", "findings", "risk_factors", "all")


def asked_for(priors: Priors, learn: str | Sequence[str]) -> list[str]:
    """The ids of the selected statements that are asked for.

    Parameters
    ----------
    learn
        ``base_rates`` (how common each condition is, by setting and age), ``findings`` (findings and tests
        given each condition), ``risk_factors`` (how common these are, the mix of ages and sexes, and the ratios
        and weights by which they and other conditions raise a risk), ``all`` (these and how strongly findings
        go together), or ids of statements; several joined by commas or as a sequence.

    Raises
    ------
    UsageError
        for a name that is neither a kind nor a statement that drives a table.

    Examples
    --------
    >>> from riskmodel.evidence.load import load_priors
    >>> asked_for(load_priors(), ["find.fever.none", "find.fever.infection"])
    ['find.fever.none', 'find.fever.infection']
    """
    names = learn.split(",") if isinstance(learn, str) else list(learn)
    names = [name.strip() for name in names if name.strip()]
    if not names:
        raise UsageError(f"say what to learn: {', '.join(KINDS)}, or ids of statements")
    selected = set(priors.selected)
    known = [*KINDS, *priors.selected]
    for name in names:
        if name in known:
            continue
        if any(statement.id == name for statement in priors.statements):
            raise UsageError(f"learn: {name!r} drives no table in the set {priors.prior_set.name}")
        raise UsageError(f"learn: {name!r} is neither {', '.join(KINDS)} nor a statement's id{nearest(name, known)}")
    return [s.id for s in priors.statements if s.id in selected and _asked(s, priors, names)]


def _asked(statement: Statement, priors: Priors, names: Sequence[str]) -> bool:
    return "all" in names or statement.id in names or kind_of(statement, priors) in names


def here(priors: Priors, ids: Sequence[str], learn: str | Sequence[str], settings: Container[str]) -> list[str]:
    """Those of the ids that can be learnt from people of these settings.

    What is stated of another setting stays as it is, unless its id is asked for: base rates elsewhere enter only
    where ratios hold at the reference setting, and what moved them would be no knowledge about it.
    """
    named = learn.split(",") if isinstance(learn, str) else list(learn)
    found = []
    for identifier in ids:
        place = priors.statement(identifier).given.event("setting")
        if identifier in named or place is None or any(setting in settings for setting in place.states):
            found.append(identifier)
    return found


def kind_of(statement: Statement, priors: Priors) -> str:
    """The kind of a statement: base_rates, findings, risk_factors or dependence."""
    if statement.quantity == "dependence":
        return "dependence"
    roles = {variable.name: variable.role for variable in priors.variables}
    role = roles.get(statement.of.variable)
    if statement.quantity == "probability" and role in ("finding", "test"):
        return "findings"
    given = {roles.get(event.variable) for event in statement.given.events}
    if statement.quantity == "probability" and role == "condition" and given <= {"context"}:
        return "base_rates"
    return "risk_factors"
