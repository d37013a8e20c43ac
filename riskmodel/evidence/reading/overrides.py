"""The same priors with other numbers in some statements."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskmodel.errors import Problems, nearest
from riskmodel.evidence.limits import what_if_faults
from riskmodel.evidence.reading.assemble import check_fits
from riskmodel.evidence.reading.coverage import check_coverage
from riskmodel.evidence.reading.grammar import DeclaredNames
from riskmodel.evidence.reading.schema import OverrideTable, read_table
from riskmodel.evidence.reading.statements import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskmodel.evidence.origin import CitedSource
    from riskmodel.evidence.records import Priors


def apply_overrides(
    priors: Priors, overrides: Mapping[str, Mapping[str, Any]], sources: Mapping[str, CitedSource]
) -> Priors:
    """Priors with other numbers in some statements, checked like a set's overrides; ``sources`` are new ones."""
    problems = Problems(file=f"overrides of {priors.prior_set.name}")
    sources = {**priors.sources, **sources}
    statements = {statement.id: statement for statement in priors.statements}
    merged = {identifier: dict(numbers) for identifier, numbers in priors.prior_set.overrides.items()}
    for identifier, raw in overrides.items():
        of_entry = problems.at(f"override {identifier!r}")
        table = read_table(OverrideTable, dict(raw), of_entry)
        if identifier not in statements:
            problems.note("", f"unknown statement {identifier!r}", f"a statement's id{nearest(identifier, statements)}")
        elif table is not None:
            check_fits(table, sources, of_entry)
            numbers = table.model_dump(exclude_none=True)
            statements[identifier] = override(statements[identifier], numbers, of_entry, what_if_faults)
            merged[identifier] = {**merged.get(identifier, {}), **numbers}
    declared = DeclaredNames({variable.name: variable for variable in priors.variables}, priors.composites)
    selected = set(priors.selected)
    chosen = [statement for statement in statements.values() if statement.id in selected]
    check_coverage(chosen, frozenset(), declared, priors.prior_set, problems)
    problems.refuse()
    digest = hashlib.sha256(f"{priors.digest}{sorted(merged.items())}".encode()).hexdigest()
    return replace(
        priors,
        statements=tuple(statements.values()),
        sources=sources,
        prior_set=replace(priors.prior_set, overrides=merged),
        digest=digest,
        pooled={identifier: pool for identifier, pool in priors.pooled.items() if identifier not in overrides},
    )
