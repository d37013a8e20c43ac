"""Rules of a policy file: read strictly, and checked to be safe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskmodel.decision.language.expression import parse
from riskmodel.decision.language.monotone import falls_with_posterior, violations
from riskmodel.decision.language.nodes import Holds, Node, leaves, reads_posterior
from riskmodel.decision.reading.table import NAME, TomlTable, line_of
from riskmodel.decision.rules import Otherwise, Rule
from riskmodel.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskmodel.decision.language.vocabulary import Vocabulary
    from riskmodel.errors import Problem
    from riskmodel.evidence.records import Variable

CLEARS_SAFETY = ("mri",)  # a normal X-ray, CT, bladder scan or blood test does not exclude disease
UNREADABLE = Holds(0, 1)  # stands for an expression with faults; the problems keep it from being used
POSITIVE = (
    "a safety rule reads red flags and test results only in the positive, so that adding one never takes it"
    " away; rewrite it, or mark it safety = false (no imaging, at most routine)"
)
RISING = (
    "a rule that asks for imaging or for more than routine reads posteriors upwards (p(…) >= …, raised(…)), so that a"
    " higher one never takes it away"
)


@dataclass(frozen=True)
class Context:
    """The file being read, the names it may use, and the problems found so far."""

    file: str
    text: str
    problems: list[Problem]
    vocabulary: Vocabulary
    imaging: tuple[str, ...]
    tests: tuple[str, ...]
    sources: tuple[str, ...]
    urgencies: tuple[str, ...] = ()
    referrals: tuple[str, ...] = ()

    @property
    def routine(self) -> int:
        """The index of ``routine`` among the urgencies."""
        if "routine" in self.urgencies:
            return self.urgencies.index("routine")
        return max(len(self.urgencies) - 1, 0)

    def table(self, values: object, where: str) -> TomlTable:
        return TomlTable(values, self.file, where, self.problems)

    def expression(self, table: TomlTable, text: str, where: str) -> Node:
        """A tree, or ``UNREADABLE`` where problems were noted."""
        node, faults = parse(text, self.vocabulary)
        for fault in faults:
            table.problem(f"{where}, {fault.position(text)}", fault.received, fault.allowed)
        return UNREADABLE if node is None else node


def read_rule(context: Context, number: int, values: object) -> Rule:
    """One rule, the ``number``-th of the file; its problems are noted in the context."""
    identifier = values.get("id", "") if isinstance(values, dict) else ""
    line = line_of(context.text, "rule", number)
    table = context.table(values, f"rule {identifier or number + 1} (line {line})")
    if not NAME.fullmatch(table.text("id", required=True)):
        table.problem("id", f"found {identifier!r}", "a name of letters, digits, _, . and -")
    swap = "instead_of" in table
    when, where, condition = _when(context, table, "rule", number)
    stated = table.truth("safety")
    reason, source, locator, advice = _sources(context, table)
    urgency = len(context.urgencies) - 1 if swap else _urgency(context, table)
    rule = Rule(
        id=str(identifier),
        when=when,
        condition=condition,
        urgency=urgency,
        imaging=table.choices("imaging", context.imaging),
        tests=() if swap else table.choices("tests", context.tests),
        referral=table.choices("referral", context.referrals),
        imaging_within=urgency if swap else _within(context, table, "imaging", urgency),
        tests_within=urgency if swap else _within(context, table, "tests", urgency),
        referral_within=urgency if swap else _within(context, table, "referral", urgency),
        advice=advice,
        reason=reason,
        source=source,
        locator=locator,
        cleared_by=() if swap else _results(context, table),
        instead_of=table.choices("instead_of", context.imaging + context.referrals),
        safety=not (swap or stated is False or reads_posterior(condition)),
    )
    table.finish()
    if condition is not UNREADABLE:
        _check(context, table, rule, where, stated=stated)
    return rule


def read_otherwise(context: Context, entries: Sequence[object]) -> list[Otherwise]:
    """The entries that say what holds where no rule fires, in order; the last holds always."""
    otherwise: list[Otherwise] = []
    for number, values in enumerate(entries):
        line = line_of(context.text, "otherwise", number)
        table = context.table(values, f"otherwise {number + 1} (line {line})")
        when, where, condition = "", "", None
        if "when" in table:
            when, where, condition = _when(context, table, "otherwise", number)
        urgency = _urgency(context, table)
        reason, source, locator, advice = _sources(context, table)
        referral = table.choices("referral", context.referrals)
        table.finish()
        if (condition is None) != (number == len(entries) - 1):
            table.problem("when", "missing" if condition is None else "given", "all entries but the last have one")
        if otherwise and urgency > otherwise[-1].urgency:
            table.problem("urgency", "less urgent than the entry before", "list the least urgent first")
        if condition is not None:
            _check_fallback(context, table, condition, where, urgency)
        otherwise.append(Otherwise(urgency, reason, source, locator, advice, when, condition, referral))
    return otherwise


def _when(context: Context, table: TomlTable, header: str, number: int) -> tuple[str, str, Node]:
    """The text of a condition, where it stands, and its tree."""
    text = table.text("when", required=True)
    where = f"when (line {line_of(context.text, header, number, 'when')})"
    return text, where, context.expression(table, text, where) if text.strip() else UNREADABLE


def _urgency(context: Context, table: TomlTable) -> int:
    urgency = table.text("urgency", required=True)
    if urgency and table.is_known("urgency", urgency, context.urgencies):
        return context.urgencies.index(urgency)
    return 0


def _within(context: Context, table: TomlTable, kind: str, urgency: int) -> int:
    """By when a rule wants its imaging, tests or referral: by default with its urgency, and never before it."""
    key = f"{kind}_within"
    text = table.text(key)
    if not text or not table.is_known(key, text, context.urgencies):
        return urgency
    within = context.urgencies.index(text)
    if kind not in table:
        table.problem(key, f"given without {kind}", f"a time for what the rule asks for as {kind}")
    elif not urgency <= within <= max(urgency, context.routine):
        allowed = ", ".join(context.urgencies[urgency : context.routine + 1]) or context.urgencies[urgency]
        table.problem(key, f"{text!r}, where the rule's urgency is {context.urgencies[urgency]!r}", f"one of {allowed}")
    return within


def _sources(context: Context, table: TomlTable) -> tuple[str, str, str, str]:
    """Reason, source, locator and advice."""
    source = table.text("source", required=True)
    if source and source not in context.sources:
        received = f"unknown {source!r}{nearest(source, context.sources)}"
        table.problem("source", received, "a key of sources.toml is expected")
    return table.text("reason", required=True), source, table.text("locator"), table.text("advice")


def _results(context: Context, table: TomlTable) -> tuple[Holds, ...]:
    """The results that clear a rule, each written ``test=state``."""
    results = []
    tests = {variable.name: row for row, variable in enumerate(context.vocabulary.variables) if _is_test(variable)}
    for text in table.texts("cleared_by"):
        name, _, state = (part.strip() for part in text.partition("="))
        if not re.fullmatch(r"[^=]+=[^=]+", text):
            table.problem("cleared_by", f"found {text!r}", "a test and its result, as in mri=normal")
        elif table.is_known("cleared_by", name, tuple(tests)):
            variable = context.vocabulary.variables[tests[name]]
            if table.is_known("cleared_by", state, variable.states):
                results.append(Holds(tests[name], variable.mask(state)))
    return tuple(results)


def _is_test(variable: Variable) -> bool:
    return variable.role == "test"


def _check(context: Context, table: TomlTable, rule: Rule, where: str, *, stated: bool | None) -> None:
    """Note where a rule would not be safe, or is not what it is marked to be."""
    variables = context.vocabulary.variables
    read = [variables[leaf.row] for leaf in leaves(rule.condition) if isinstance(leaf, Holds)]
    if rule.instead_of:
        if rule.reads_posterior or any(variable.is_flag for variable in read):
            table.problem(where, "reads red flags or posteriors", "a rule with instead_of reads neither")
        _check_swap(context, table, rule)
        if stated is not None:
            table.problem("safety", "given", "a rule with instead_of only swaps what others ask")
    elif rule.safety:
        for fault in violations(rule.condition, variables):
            table.problem(f"{where}, {fault.position(rule.when)}", fault.received, POSITIVE)
        for name in [variables[result.row].name for result in rule.cleared_by]:
            if name not in CLEARS_SAFETY:
                allowed = f"a safety rule is cleared by {' or '.join(CLEARS_SAFETY)} alone"
                table.problem("cleared_by", f"a result of {name} does not exclude disease", allowed)
    elif rule.reads_posterior:
        _check_posteriors(context, table, rule, where, stated=stated)
    elif rule.imaging or rule.urgency < context.routine:
        received = "safety = false, but it asks for imaging or for more than routine"
        table.problem("safety", received, "only safety rules and rules on posteriors may")


def _check_posteriors(context: Context, table: TomlTable, rule: Rule, where: str, *, stated: bool | None) -> None:
    """A rule on posteriors is no safety rule, and what it asks for urgently no higher posterior takes away."""
    if stated:
        table.problem("safety", "true, but the rule reads a posterior", "safety rules read findings only")
    if rule.imaging or rule.urgency < context.routine:
        for fault in falls_with_posterior(rule.condition):
            table.problem(f"{where}, {fault.position(rule.when)}", fault.received, RISING)


def _check_swap(context: Context, table: TomlTable, rule: Rule) -> None:
    """A swap asks for other tokens of the kind that it replaces."""
    scans = [token for token in rule.instead_of if token in context.imaging]
    if scans and len(scans) < len(rule.instead_of):
        table.problem("instead_of", f"found {list(rule.instead_of)}", "either scans or referrals, not both")
        return
    kind, other = ("imaging", "referral") if scans else ("referral", "imaging")
    instead = rule.imaging if scans else rule.referral
    if not instead or set(instead) & set(rule.instead_of):
        table.problem(kind, f"found {list(instead)}", "what to ask for instead is expected")
    if other in table:
        table.problem(other, "given", f"a rule that replaces {kind} asks for {kind}")


def _check_fallback(context: Context, table: TomlTable, condition: Node, where: str, urgency: int) -> None:
    """An entry with a condition must end, and never begin, to hold when a flag is added."""
    if condition is UNREADABLE:
        return
    if reads_posterior(condition):
        table.problem(where, "reads a posterior", "what holds where no rule fires reads findings only")
    variables = context.vocabulary.variables
    if any(True for _ in violations(condition, variables, rising=False)):
        table.problem(where, "holds because of a red flag", "reading flags as absent, as in no_flags, is expected")
    if urgency < context.routine:
        table.problem("urgency", f"{context.urgencies[urgency]!r} where flags are absent", "at most routine")
