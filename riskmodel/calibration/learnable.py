"""Which statements to learn."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.finding_rates import holds_where
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import SETTING, Event, Priors, Statement, Variable

KINDS = ("base_rates", "findings", "risk_factors", "recording", "all")


def requested_statements(priors: Priors, learn: str | Sequence[str]) -> list[str]:
    """The ids of the selected statements that are asked for.

    Parameters
    ----------
    learn
        ``base_rates`` (how common each condition is, by setting and age), ``findings`` (findings and tests
        given each condition), ``risk_factors`` (how common these are, the mix of ages and sexes, the ratios
        and weights by which they and other conditions raise a risk, and base rates by age, for a setting without
        them takes its rise with age from there), ``all`` (these and how strongly findings go together), ``recording``
        (how often each state is written down, by the recording profile in use; no part of ``all``), or ids of
        statements; several joined by commas or as a sequence.

    Raises
    ------
    UsageError
        for a value that is no text and no sequence of texts, or a name that is neither a kind nor a statement that
        drives a table.

    Examples
    --------
    >>> from riskmodel.evidence.load import load_priors
    >>> requested_statements(load_priors(), ["find.fever.none", "find.fever.infection"])
    ['find.fever.none', 'find.fever.infection']
    """
    names = requested_names(learn)
    if not names:
        raise UsageError(f"say what to learn: {', '.join(KINDS)}, or ids of statements")
    selected = set(priors.selected)
    possible = [*KINDS, *priors.selected]
    for name in names:
        if name in possible:
            continue
        if any(statement.id == name for statement in priors.statements):
            raise UsageError(f"learn: {name!r} drives no table in the set {priors.prior_set.name}")
        raise UsageError(f"learn: {name!r} is neither {', '.join(KINDS)} nor a statement's id{nearest(name, possible)}")
    return [s.id for s in priors.statements if s.id in selected and _is_requested(s, priors, names)]


def requested_names(learn: object) -> list[str]:
    """The names in what a caller asked to learn.

    Raises
    ------
    UsageError
        for a value that is no text and no sequence of texts.

    Examples
    --------
    >>> requested_names("base_rates, find.fever.none")
    ['base_rates', 'find.fever.none']
    """
    names = learn.split(",") if isinstance(learn, str) else learn
    if not isinstance(names, Iterable):
        raise _no_names(learn)
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            raise _no_names(name)
    return [name.strip() for name in names if name.strip()]


def _no_names(value: object) -> UsageError:
    allowed = f"{', '.join(KINDS)}, or ids of statements such as 'find.fever.none'"
    return UsageError(f"learn: {value!r} is no text; give {allowed}, joined by commas or as a list")


def _is_requested(statement: Statement, priors: Priors, names: Sequence[str]) -> bool:
    kind = kind_of(statement, priors)
    if statement.id in names or kind in names or ("all" in names and kind != "recording"):
        return True
    return "risk_factors" in names and is_subgroup_rate(statement, priors)


def learnable_in(priors: Priors, ids: Sequence[str], learn: str | Sequence[str], settings: Container[str]) -> list[str]:
    """Those of the ids that can be learnt from people of these settings.

    What is stated of another setting stays as it is, unless its id is asked for: base rates elsewhere enter only
    where ratios hold at the reference setting, and what moved them would be no knowledge about it. Base rates by age
    are the exception: a setting without them takes its rise with age from there. They are learnt together with
    the risk factors that rise with age too, which would be learnt wrong beside a rise that is held. A study's share of
    a finding gives a number that holds in every setting, whichever setting the study was in.
    """
    names = requested_names(learn)
    with_gradients = "all" in names or "risk_factors" in names
    variables = {variable.name: variable for variable in priors.variables}
    kept = []
    for identifier in ids:
        statement = priors.statement(identifier)
        setting = _setting_of_number(statement, variables)
        if (
            identifier in names
            or setting is None
            or any(state in settings for state in setting.states)
            or (with_gradients and is_subgroup_rate(statement, priors))
        ):
            kept.append(identifier)
    return kept


def _setting_of_number(statement: Statement, variables: Mapping[str, Variable]) -> Event | None:
    """The setting that what a statement drives is of; of a leak or link that holds in all of them none."""
    variable = variables.get(statement.of.variable)
    events = statement.given.events if variable is None else holds_where(statement, variable, variables)
    return next((event for event in events if event.variable == SETTING), None)


def is_subgroup_rate(statement: Statement, priors: Priors) -> bool:
    """Whether a statement is a base rate of one setting in a part of its people, such as an age group."""
    return kind_of(statement, priors) == "base_rates" and {event.variable for event in statement.given.events} > {
        "setting"
    }


def kind_of(statement: Statement, priors: Priors) -> str:
    """The kind of a statement: base_rates, findings, risk_factors, dependence or recording."""
    if statement.quantity == QUANTITY:
        return "recording"
    if statement.quantity == "dependence":
        return "dependence"
    roles = {variable.name: variable.role for variable in priors.variables}
    role = roles.get(statement.of.variable)
    if statement.quantity == "probability" and role in ("finding", "test", "manifestation"):
        return "findings"
    given = {roles.get(event.variable) for event in statement.given.events}
    if statement.quantity == "probability" and role == "condition" and given <= {"context"}:
        return "base_rates"
    return "risk_factors"
