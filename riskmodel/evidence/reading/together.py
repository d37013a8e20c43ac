"""``[[drawn_together]]`` of sets: read, checked, and merged along a chain of sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from riskmodel.errors import nearest
from riskmodel.evidence.limits import MOST_CORRELATED
from riskmodel.evidence.origin import DrawnPair
from riskmodel.evidence.reading.network_file import tables
from riskmodel.evidence.reading.schema import TogetherTable, read_table

if TYPE_CHECKING:
    from riskmodel.errors import Problems
    from riskmodel.evidence.records import Statement

KEY = "drawn_together"


def read_pairs(
    document: Mapping[str, object], statements: Mapping[str, Statement], faulty: frozenset[str], problems: Problems
) -> list[DrawnPair]:
    """The pairs of one file or call; those with a problem are left out.

    Parameters
    ----------
    statements, faulty
        all statements by their ids, and the ids of those that could not be read.
    """
    pairs: list[DrawnPair] = []
    for position, raw in enumerate(tables(dict(document), KEY, problems), start=1):
        of_pair = problems.at(f"{KEY} {position}")
        table = read_table(TogetherTable, raw, of_pair)
        if table is not None and _is_sound(table, statements, faulty, pairs, of_pair):
            first, second = table.statements
            pairs.append(DrawnPair((first, second), table.correlation))
    return pairs


def merged_pairs(chain: Sequence[Sequence[DrawnPair]]) -> tuple[DrawnPair, ...]:
    """The pairs of a chain of sets: a later pair ends those before that name one of its statements; 0 is none."""
    kept: list[DrawnPair] = []
    for pairs in chain:
        named = {name for pair in pairs for name in pair.statements}
        kept = [pair for pair in kept if named.isdisjoint(pair.statements)] + list(pairs)
    return tuple(pair for pair in kept if pair.correlation)


def _is_sound(
    table: TogetherTable,
    statements: Mapping[str, Statement],
    faulty: frozenset[str],
    before: Sequence[DrawnPair],
    problems: Problems,
) -> bool:
    count = len(problems.listed)
    names = table.statements
    if len(names) != 2 or len(set(names)) != 2:
        problems.note("statements", f"received {names}", "two different statements")
    if not -MOST_CORRELATED <= table.correlation <= MOST_CORRELATED:
        allowed = f"allowed: from -{MOST_CORRELATED} to {MOST_CORRELATED}; 0 ends what another set says of the two"
        problems.note("correlation", f"received {table.correlation}", allowed)
    for name in dict.fromkeys(names):
        if name not in statements and name not in faulty:
            allowed = f"a statement's id{nearest(name, list(statements))}"
            problems.note("statements", f"unknown statement {name!r}", allowed)
        elif name in statements and statements[name].is_audit:
            problems.note(
                "statements", f"{name!r} drives no table", "statements that drive a table: others are not drawn"
            )
        if any(name in pair.statements for pair in before):
            problems.note("statements", f"{name!r} stands in a pair before", "each statement in one pair")
    if len(names) == 2 and all(name in statements for name in names):
        first, second = (statements[name] for name in names)
        if (
            first.quantity == second.quantity == "probability"
            and _place(first) == _place(second)
            and first is not second
        ):
            received = f"{names[0]!r} and {names[1]!r} are parts of one distribution"
            problems.note("statements", received, "statements of two distributions: parts of one sum to 1")
    return len(problems.listed) == count and not set(names) & faulty


def _place(statement: Statement) -> tuple[object, ...]:
    """What makes statements parts of one distribution."""
    return statement.of.variable, statement.given
