"""The tables [derive] and [helper] of a mapping, read strictly: every problem is noted, nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskmodel.cases.mapping.rule_entry import KINDS, Problem, RuleEntry
from riskmodel.cases.mapping.rules.outcome import ColumnRule
from riskmodel.cases.mapping.source_columns import SourceColumns
from riskmodel.errors import nearest
from riskmodel.evidence.records import Variable

DERIVE, HELPER = "derive", "helper"


@dataclass(slots=True)
class RuleTables:
    """Reads the rules of a mapping; problems go to ``note`` with the place that they are at."""

    columns_of: SourceColumns
    note: Problem

    def derived(self, table: Mapping[str, Any]) -> dict[str, ColumnRule]:
        """The rules by the name of the variable that they give."""
        rules: dict[str, ColumnRule] = {}
        named: dict[str, str] = {}
        for name, entry in table.items():
            row = self.columns_of.contract.row(name)
            where = f"{DERIVE}.{name}"
            if row is None:
                self.note(where, f"no such column{nearest(name, self.columns_of.contract.headers)}")
                self.rule(where, entry, None)
                continue
            variable = self.columns_of.contract.variables[row]
            rule = self.rule(where, entry, variable)
            if variable.name in named:
                self.note(where, f"{variable.column} has another rule under {DERIVE}.{named[variable.name]}; keep one")
            named[variable.name] = name
            if rule is not None:
                rules[variable.name] = rule
        return rules

    def helped(self) -> dict[str, ColumnRule]:
        """The rules of the helpers, in an order in which each comes after those that it reads."""
        rules = {}
        for name, entry in self.columns_of.helpers.items():
            where = f"{HELPER}.{name}"
            if self.columns_of.contract.row(name) is not None:
                self.note(where, "the name of a column of a case file; give the helper another one")
            rule = self.rule(where, entry, None)
            if rule is not None:
                rules[name] = rule
        ordered: dict[str, ColumnRule] = {}
        while len(ordered) < len(rules):
            ready = [
                name
                for name, rule in rules.items()
                if name not in ordered and not any(s.name in rules and s.name not in ordered for s in rule.sources)
            ]
            if not ready:
                waiting = [name for name in rules if name not in ordered]
                self.note(HELPER, f"{', '.join(waiting)} read each other in a circle")
                return ordered
            ordered |= {name: rules[name] for name in ready}
        return ordered

    def unread_helpers(self) -> None:
        """Note the helpers that no rule reads."""
        for name in self.columns_of.helpers:
            if name not in self.columns_of.read_by:
                self.note(f"{HELPER}.{name}", "no rule reads it")

    def rule(self, where: str, entry: Any, variable: Variable | None) -> ColumnRule | None:
        """One rule, or None where it cannot be understood."""
        if not isinstance(entry, Mapping):
            self.note(where, f'{entry!r}; must be a table, as {{ any_of = ["a", "b"] }}')
            return None
        kinds = [kind for kind in KINDS if kind in entry]
        if len(kinds) != 1:
            several = f"{' and '.join(kinds)} are different rules" if kinds else "says no rule"
            near = nearest(next(iter(entry), ""), KINDS) if not kinds else ""
            self.note(where, f"{several}{near}; allowed is one of {', '.join(KINDS)}")
            return None
        kind = kinds[0]
        allowed = (kind, *KINDS[kind])
        for key in entry.keys() - set(allowed):
            self.note(
                f"{where}.{key}", f"unknown key beside {kind}{nearest(key, allowed)}; allowed: {', '.join(allowed)}"
            )
        return RuleEntry(self.columns_of, self.note, where, entry, kind, variable).read()
