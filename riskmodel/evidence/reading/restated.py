"""The same priors with statements of other studies: added, or in place of what stands there."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskmodel.errors import Problems, nearest
from riskmodel.evidence.reading.bibliography import check_citations, read_sources
from riskmodel.evidence.reading.coverage import check_coverage, check_register, filling_tables
from riskmodel.evidence.reading.grammar import DeclaredNames
from riskmodel.evidence.reading.sets import Parameters
from riskmodel.evidence.reading.statements import Register
from riskmodel.evidence.reading.together import KEY, merged_pairs, read_pairs
from riskmodel.evidence.records import AUDIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.evidence.records import Priors, Statement

FILE = "statements"  # where a problem is reported, and what stands as the file of a statement from Python


def add_statements(
    priors: Priors,
    tables: Sequence[Mapping[str, Any]],
    sources: Mapping[str, Mapping[str, Any]],
    together: Sequence[Mapping[str, Any]],
) -> Priors:
    """Priors with further statements, each with the keys of a ``[[statement]]``; one that drives a table is taken.

    ``together`` has the keys of a ``[[drawn_together]]``.
    """
    problems = Problems(file=FILE)
    register = Register({statement.id: statement for statement in priors.statements})
    stated = _restated(priors, register, [dict(table) for table in tables], sources, problems)
    by_id = {statement.id: statement for statement in stated.statements}
    pairs = read_pairs({KEY: [dict(table) for table in together]}, by_id, frozenset(), problems)
    problems.refuse()
    if not pairs:
        return stated
    digest = hashlib.sha256(f"{stated.digest}{[pair.as_table() for pair in pairs]}".encode()).hexdigest()
    return replace(stated, drawn_pairs=merged_pairs([stated.drawn_pairs, pairs]), digest=digest)


def replace_statement(
    priors: Priors, identifier: str, changes: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]]
) -> Priors:
    """Priors in which one statement has another source and its numbers; what is not named stays, but for the numbers.

    The old interval, people and counts belong to the old source, and so do its locator, how it was read and its note.
    """
    problems = Problems(file=FILE)
    statements = {statement.id: statement for statement in priors.statements}
    if identifier not in statements:
        problems.note("", f"unknown statement {identifier!r}", f"a statement's id{nearest(identifier, statements)}")
        problems.refuse()
    old = statements.pop(identifier)
    table: dict[str, Any] = {"id": identifier, "quantity": old.quantity, "of": str(old.of), "given": old.given_text}
    table |= {"read": "no", "drives": old.drives, **changes}
    events, n = changes.get("events"), changes.get("n")
    if "value" not in changes and isinstance(events, int) and isinstance(n, int) and n > 0:
        table["value"] = events / n
    kept = tuple(pair for pair in priors.drawn_pairs if identifier not in pair.statements)  # of the old source
    return _restated(replace(priors, drawn_pairs=kept), Register(statements), [table], sources, problems, before=old)


def _restated(
    priors: Priors,
    register: Register,
    tables: Sequence[dict[str, Any]],
    sources: Mapping[str, Mapping[str, Any]],
    problems: Problems,
    before: Statement | None = None,
) -> Priors:
    cited = dict(priors.sources)
    read_sources({"sources": {key: dict(source) for key, source in sources.items()}}, cited, problems)
    variables = {variable.name: variable for variable in priors.variables}
    declared = DeclaredNames(variables, priors.composites, groups=priors.groups)
    new = register.read_all(tables, declared, problems)
    check_citations(new, [], cited, problems)
    parameters = Parameters(register.statements.values(), variables)
    _check_apart(new, parameters, problems)
    problems.refuse()
    statements = _in_order(priors, register, before)
    selected = _selected(priors, new, statements, parameters)
    _check_tables(priors, statements, selected, declared, problems)
    problems.refuse()
    pins = dict.fromkeys([*priors.prior_set.pins, *(s.id for s in new if not s.is_audit)])
    overrides = {name: table for name, table in priors.prior_set.overrides.items() if name not in {s.id for s in new}}
    text = repr([sorted(table.items()) for table in tables])
    return replace(
        priors,
        statements=tuple(statements.values()),
        selected=selected,
        sources=cited,
        prior_set=replace(priors.prior_set, pins=tuple(pins), overrides=overrides),
        digest=hashlib.sha256(f"{priors.digest}{text}".encode()).hexdigest(),
        pooled={name: pool for name, pool in priors.pooled.items() if name in selected and name not in overrides},
    )


def _check_apart(new: Sequence[Statement], parameters: Parameters, problems: Problems) -> None:
    """No two new statements state one parameter: neither could be taken."""
    first: dict[object, str] = {}
    for statement in new:
        key = parameters.key(statement)
        if not statement.is_audit and first.setdefault(key, statement.id) != statement.id:
            received = f"{first[key]} and {statement.id} state one parameter"
            allowed = f'one of them, or both pooled; drives = "{AUDIT}" in the other compares it'
            problems.at(f"statement {statement.id!r}").note("given", received, allowed)


def _in_order(priors: Priors, register: Register, before: Statement | None) -> dict[str, Statement]:
    """All statements, one that was replaced where it stood."""
    order = [statement.id for statement in priors.statements] if before else list(register.statements)
    return {name: register.statements[name] for name in order}


def _selected(
    priors: Priors, new: Sequence[Statement], statements: Mapping[str, Statement], parameters: Parameters
) -> tuple[str, ...]:
    taken = {parameters.key(statement) for statement in new if not statement.is_audit}
    fresh = {statement.id for statement in new if not statement.is_audit}
    former = set(priors.selected)
    return tuple(
        name
        for name, statement in statements.items()
        if name in fresh or (name in former and not statement.is_audit and parameters.key(statement) not in taken)
    )


def _check_tables(
    priors: Priors,
    statements: Mapping[str, Statement],
    selected: Sequence[str],
    declared: DeclaredNames,
    problems: Problems,
) -> None:
    check_register(filling_tables(statements.values()), frozenset(), declared, problems)
    check_coverage(
        filling_tables(statements[name] for name in selected), frozenset(), declared, priors.prior_set, problems
    )
