"""The same priors with other numbers in some statements."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskmodel.errors import PriorsError, Problem, nearest
from riskmodel.evidence.limits import what_if_faults
from riskmodel.evidence.reading.assemble import cited, report
from riskmodel.evidence.reading.coverage import check_coverage
from riskmodel.evidence.reading.grammar import Vocabulary
from riskmodel.evidence.reading.schema import OverrideTable, read_table
from riskmodel.evidence.reading.statements import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskmodel.evidence.records import Priors, Source


def overridden(priors: Priors, overrides: Mapping[str, Mapping[str, Any]], sources: Mapping[str, Source]) -> Priors:
    """Priors with other numbers in some statements, checked like a set's overrides; ``sources`` are new ones."""
    file = f"overrides of {priors.prior_set.name}"
    problems: list[Problem] = []
    sources = {**priors.sources, **sources}
    statements = {statement.id: statement for statement in priors.statements}
    merged = {identifier: dict(numbers) for identifier, numbers in priors.prior_set.overrides.items()}
    for identifier, raw in overrides.items():
        table = read_table(OverrideTable, dict(raw), file, f"override {identifier!r}", problems)
        if identifier not in statements:
            allowed = f"a statement's id{nearest(identifier, statements)}"
            problems.append(Problem(file, "", f"unknown statement {identifier!r}", allowed))
        elif table is not None:
            problems.extend(cited(identifier, table, sources, file))
            numbers = table.model_dump(exclude_none=True)
            statements[identifier], faults = override(statements[identifier], numbers, what_if_faults)
            report(statements[identifier], faults, file, problems, "override")
            merged[identifier] = {**merged.get(identifier, {}), **numbers}
    vocabulary = Vocabulary({variable.name: variable for variable in priors.variables}, priors.composites)
    taken = set(priors.selected)
    chosen = [statement for statement in statements.values() if statement.id in taken]
    check_coverage(chosen, frozenset(), vocabulary, priors.prior_set, file, problems)
    if problems:
        raise PriorsError(problems)
    digest = hashlib.sha256(f"{priors.digest}{sorted(merged.items())}".encode()).hexdigest()
    prior_set = replace(priors.prior_set, overrides=merged)
    pooled = {identifier: pool for identifier, pool in priors.pooled.items() if identifier not in overrides}
    return replace(
        priors,
        statements=tuple(statements.values()),
        sources=sources,
        prior_set=prior_set,
        digest=digest,
        pooled=pooled,
    )
