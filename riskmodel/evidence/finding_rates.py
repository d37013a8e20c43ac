"""Of whom the rate of a finding or test is stated, and so which number of its noisy-MAX it gives.

Nobody with a condition (``none``) gives the leak; one condition ``alone`` gives its link. What studies report is of
everybody with a condition, whatever else they have (``malignancy=present``), and of everybody without it
(``malignancy=absent``), in a setting: the first gives the link too, the second the leak, both by solving for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from riskmodel.evidence.plain_readings import ANY_OF
from riskmodel.evidence.records import SETTING, Event, Statement, Variable

Variables = Mapping[str, Variable]
FINDINGS = ("finding", "test")  # roles of what conditions cause


def conditions_given(statement: Statement, variables: Variables) -> list[Event]:
    """The conditions that a statement is given, present or absent."""
    events = statement.given.events
    return [e for e in events if e.variable in variables and variables[e.variable].role == "condition"]


def whatever_else(statement: Statement, variables: Variables) -> Event | None:
    """The condition that a finding's rate is given, present or absent, where its people may have others too.

    >>> from riskmodel.evidence.load import load_priors
    >>> seeds = load_priors("seeds")
    >>> variables = {variable.name: variable for variable in seeds.variables}
    >>> str(whatever_else(seeds.statement("find.saddle_anaesthesia.cauda_equina"), variables))
    'cauda_equina=present'
    >>> whatever_else(seeds.statement("find.fever.infection"), variables)  # alone
    """
    given, of = conditions_given(statement, variables), variables.get(statement.of.variable)
    if of is None or of.role not in FINDINGS or statement.quantity != "probability":
        return None
    if statement.given.none or len(given) != 1 or given[0].alone:
        return None
    return given[0]


def is_without(event: Event, variables: Variables) -> bool:
    """Whether an event says that a condition is absent."""
    return event.states == (variables[event.variable].base,)


def gives_leak(statement: Statement, variables: Variables) -> bool:
    """Whether a rate of a finding that conditions cause is of people without: of none, or not of this one."""
    event = whatever_else(statement, variables)
    return statement.given.none or (event is not None and is_without(event, variables))


def link_of(statement: Statement, variables: Variables) -> str:
    """The condition whose link a rate gives; "" where it gives the leak, or speaks of several conditions."""
    given = conditions_given(statement, variables)
    if len(given) != 1 or statement.given.none or is_without(given[0], variables):
        return ""
    return given[0].variable


def is_caused(variable: Variable, statements: Iterable[Statement], variables: Variables) -> bool:
    """Whether a table is a noisy-MAX of conditions, and not stated cell by cell.

    It is where a rate is given none or one condition alone, and where rates of people who may have other conditions too
    do not name all that the table depends on.

    Parameters
    ----------
    statements
        that drive the variable's table.
    """
    if variable.role not in FINDINGS:
        return False
    if variable.form == ANY_OF:
        return True
    rates = [s for s in statements if s.quantity == "probability" and s.of.variable == variable.name]
    if any(s.given.none or any(event.alone for event in s.given.events) for s in rates):
        return True
    given = [whatever_else(statement, variables) for statement in rates]
    if any(len(conditions_given(statement, variables)) > 1 for statement in rates):
        return False
    elsewhere = SETTING not in variable.parents and any(s.given.event(SETTING) for s in rates)
    return elsewhere or len({event.variable for event in given if event is not None}) > 1


def holds_where(statement: Statement, variable: Variable, variables: Variables) -> tuple[Event, ...]:
    """What a rate's number of the noisy-MAX depends on: what it is given beside the condition.

    A rate of people who may have other conditions too is of a setting, where these have their frequencies; its number
    holds in every setting: a link always, a leak where the finding has no arc from the setting.
    """
    event = whatever_else(statement, variables)
    everywhere = event is not None and (SETTING not in variable.parents or not is_without(event, variables))
    condition = {given.variable for given in conditions_given(statement, variables)}
    return tuple(
        given
        for given in statement.given.events
        if given.variable not in condition and not (everywhere and given.variable == SETTING)
    )
