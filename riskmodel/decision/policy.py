"""Policies: rules from posteriors and findings to actions, applied to many cases at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.decision.actions import NEVER, Decision, Levels, earliest, unite
from riskmodel.decision.language.evaluate import Beliefs, Bools, Floats, Masks, Program, Truth
from riskmodel.decision.language.nodes import AllOf, Holds, PosteriorComparison, children, leaves
from riskmodel.decision.language.vocabulary import Vocabulary
from riskmodel.evidence.plain_readings import is_reported, settled_masks
from riskmodel.evidence.recording import heard
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskmodel.decision.rules import Otherwise, Rule, Threshold
    from riskmodel.evidence.records import Variable


@dataclass(frozen=True, eq=False)
class Findings:
    """All that the masks of some cases settle, whatever the posteriors.

    ``values`` are those of the steps that read no posterior, ``done`` says where the result of each scan and test
    is known, ``urgency`` is that of the findings-only rules (one past the last where none fires) and
    ``fallback`` the entry of the otherwise list that applies where no rule fires. ``no_result`` says of each rule
    that reads results where it is false as long as no further test is done.
    """

    values: tuple[Truth, ...]
    no_result: Mapping[str, Bools]
    done: Bools
    urgency: Levels
    fallback: Levels


@dataclass(frozen=True, repr=False)
class Policy(Shown):
    """An ordered vocabulary of urgencies, and rules; immutable, and checked when loaded.

    ``one_of`` holds the imaging tokens that any of several scans satisfies, ``supersedes`` lists a scan after those
    that it supersedes, ``enough`` are the variables that the word of that name wants assessed.
    """

    name: str
    title: str
    variables: tuple[Variable, ...]
    urgencies: tuple[str, ...]
    referral_tokens: tuple[str, ...]
    imaging_tokens: tuple[str, ...]
    test_tokens: tuple[str, ...]
    rules: tuple[Rule, ...]
    otherwise: tuple[Otherwise, ...]
    supersedes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    one_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    enough: tuple[str, ...] = ()
    text: str = ""
    digest: str = ""
    program: Program = field(init=False, repr=False)
    result_program: Program = field(init=False, repr=False)

    def sheet(self) -> Sheet:
        return Sheet(
            f"Policy {self.name}",
            {
                "title": self.title,
                "rules": len(self.rules),
                "urgencies": ", ".join(self.urgencies),
                "imaging": ", ".join(self.imaging_tokens),
                "tests": ", ".join(self.test_tokens),
                "referral": ", ".join(self.referral_tokens),
                "thresholds": ", ".join(f"{name} {item.value:.3g}" for name, item in self.thresholds.items()),
            },
        )

    def __post_init__(self) -> None:
        conditions = [rule.condition for rule in self.rules]
        cleared = [node for rule in self.rules for node in rule.cleared_by]
        fallback = [entry.condition for entry in self.otherwise if entry.condition is not None]
        object.__setattr__(self, "program", Program.of([*conditions, *cleared, *fallback]))
        object.__setattr__(self, "result_program", Program.of([rule.condition for rule in self.reading_results]))

    @cached_property
    def _on_posteriors(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.reads_posterior)

    @cached_property
    def _on_findings(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if not rule.reads_posterior)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The conditions in the order of the rows of the posteriors."""
        return Vocabulary(self.variables).conditions

    @cached_property
    def composites(self) -> tuple[str, ...]:
        """The composites whose posterior some rule reads, to be passed by name."""
        read = [leaf for rule in self.rules for leaf in leaves(rule.condition) if isinstance(leaf, PosteriorComparison)]
        return tuple(sorted({leaf.name for leaf in read} - set(self.conditions)))

    @property
    def investigations(self) -> tuple[str, ...]:
        """The scans and tests that can be done, each a variable: without the choices of which one will do."""
        return tuple(token for token in self.imaging_tokens if token not in self.one_of) + self.test_tokens

    @property
    def rule_ids(self) -> tuple[str, ...]:
        return tuple(rule.id for rule in self.rules)

    def evaluate(
        self,
        masks: Masks,
        posteriors: Floats,
        baseline: Floats,
        composites: Mapping[str, Floats] | None = None,
    ) -> Decision:
        """Apply the rules to some cases.

        Parameters
        ----------
        masks
            uint8, (variables, cases): bit s is set while state s is possible; all bits are not assessed.
        posteriors, baseline
            (conditions, cases): P(condition present) given everything known, and given the setting alone.
        composites
            P(composite present) by name, for those in :attr:`composites`.
        """
        return self.decide(self.findings(masks), posteriors, baseline, composites)

    def findings(self, masks: Masks) -> Findings:
        """Evaluate all that reads no posterior, to be used for any number of posteriors.

        What is not written down is not assessed here, whatever a recording profile makes of it.
        """
        if masks.dtype != np.uint8 or len(masks) != len(self.variables):
            raise ValueError(f"masks must be uint8 with {len(self.variables)} rows, one a variable")
        masks = heard(self.variables, masks)
        settled = settled_masks(self.variables, masks)
        values = self.program.findings(settled)
        done = self._done(masks)
        fallback = np.full(masks.shape[1:], len(self.otherwise) - 1, np.int8)
        for index in reversed(range(len(self.otherwise))):
            condition = self.otherwise[index].condition
            if condition is not None:
                np.copyto(fallback, index, where=values[self.program.slots[condition]].true)
        urgency = np.full(masks.shape[1:], len(self.urgencies), np.int8)
        self._most_urgent(urgency, values, self._on_findings)
        return Findings(tuple(values), self._no_result(settled), done, urgency, fallback)

    @cached_property
    def reading_results(self) -> list[Rule]:
        """The rules on findings that read a scan or test."""
        tests = {row for row, variable in enumerate(self.variables) if variable.role == "test"}
        return [rule for rule in self.rules if not rule.reads_posterior and rule.reads_rows & tests]

    def _no_result(self, masks: Masks) -> dict[str, Bools]:
        """Where each rule that reads results is false as long as no further test is done.

        Such a rule waits for nothing that could be asked: what tests to do is for other rules to say. For what a scan
        shows that is done it waits.
        """
        undone, reported = masks.copy(), is_reported(self.variables, masks)
        for row, variable in enumerate(self.variables):
            if variable.role == "test":
                np.copyto(undone[row], 1, where=~reported[row])
        values = self.result_program.findings(undone)
        slots = self.result_program.slots
        no_result = {rule.id: values[slots[rule.condition]].false for rule in self.reading_results}
        for name, rows in self.required_results.items():
            no_result[name] = np.asarray(~reported[rows].all(axis=0))
        return no_result

    @cached_property
    def required_results(self) -> dict[str, list[int]]:
        """The rows of the tests without a result of which a rule that reads posteriors is never true, by rule."""
        required = {}
        for rule in self._on_posteriors:
            parts = children(rule.condition) if isinstance(rule.condition, AllOf) else ()
            rows = [part.row for part in parts if isinstance(part, Holds) and self.variables[part.row].role == "test"]
            if rows:
                required[rule.id] = rows
        return required

    def _done(self, masks: Masks) -> Bools:
        """Where the result of each scan and test is known: its own, that of a part, or that of any that will do."""
        results = [self.results(name) for name in self.imaging_tokens + self.test_tokens]
        done = np.zeros((len(results), *masks.shape[1:]), np.bool_)
        for index, rows in enumerate(results):
            for row in rows:
                done[index] |= masks[row] != self.variables[row].full_mask
        return done

    def results(self, token: str) -> list[int]:
        """The rows of the results of a scan or test, its parts included; any of them tells that it is done."""
        variables = {variable.name: variable for variable in self.variables}
        names = [member for name in self.one_of.get(token, (token,)) for member in (name, *variables[name].parents)]
        rows = [row for row, variable in enumerate(self.variables) if variable.name in names]
        return [row for row in rows if self.variables[row].role == "test"]

    def decide(
        self,
        findings: Findings,
        posteriors: Floats,
        baseline: Floats,
        composites: Mapping[str, Floats] | None = None,
    ) -> Decision:
        """Apply the rules where the findings are already evaluated.

        Posteriors may have axes between conditions and cases, such as one for draws; so has the result.
        """
        values = self._values(findings, posteriors, baseline, composites)
        urgency = self._with_posteriors(findings, values, posteriors.shape[1:])
        return self._act(findings, values, urgency)

    def urgency(
        self,
        findings: Findings,
        posteriors: Floats,
        baseline: Floats,
        composites: Mapping[str, Floats] | None = None,
    ) -> Levels:
        """Only the urgency of :meth:`decide`: what the share of draws that agree is counted from."""
        values = self._values(findings, posteriors, baseline, composites)
        return self._settle(findings, self._with_posteriors(findings, values, posteriors.shape[1:]))[0]

    def comparisons(
        self, posteriors: Floats, baseline: Floats, composites: Mapping[str, Floats] | None = None
    ) -> Bools:
        """Where each comparison of a posterior is true: (comparisons, *shape). Cases alike in it are treated alike.

        Alike in their findings too, of course: the rules read nothing else.
        """
        true = self.program.comparisons(self._beliefs(posteriors, baseline, composites))
        return np.stack(true) if true else np.zeros((0, *posteriors.shape[1:]), np.bool_)

    def findings_only(self, masks: Masks) -> Decision:
        """What the safety rules ask by themselves; the whole policy never asks for less."""
        findings = self.findings(masks)
        urgency = np.full(masks.shape[1:], len(self.urgencies), np.int8)
        self._most_urgent(urgency, findings.values, [rule for rule in self.rules if rule.safety])
        return self._act(findings, findings.values, urgency, safety_only=True)

    def advice(self, decision: Decision, case: int) -> tuple[str, ...]:
        """The advice of the rules that fired for one case, or of what holds where none did."""
        given = [rule.advice for rule, row in zip(self.rules, decision.fired, strict=True) if row[case]]
        if decision.otherwise[case] >= 0:
            given.append(self.otherwise[decision.otherwise[case]].advice)
        return tuple(dict.fromkeys(filter(None, given)))

    def describe(self) -> tuple[dict[str, str], ...]:
        """One row a rule for people to read: id, when, then, reason, source; the otherwise list last."""
        rows = [
            _row(rule.id, rule.when, self._then(rule), rule.reason, f"{rule.source} {rule.locator}")
            for rule in self.rules
        ]
        for entry in self.otherwise:
            when = entry.when or "no rule fires"
            then = "; ".join([self.urgencies[entry.urgency], *filter(None, [", ".join(entry.referral)])])
            rows.append(_row("otherwise", when, then, entry.reason, f"{entry.source} {entry.locator}"))
        return tuple(rows)

    def _then(self, rule: Rule) -> str:
        if rule.instead_of:
            return f"{', '.join(rule.asks)} instead of {', '.join(rule.instead_of)}"
        later = [
            f"{token} {self.urgencies[within]}" if within != rule.urgency else token
            for token, within in rule.asks_within
        ]
        return "; ".join([self.urgencies[rule.urgency], *filter(None, [", ".join(later)])])

    def _values(
        self,
        findings: Findings,
        posteriors: Floats,
        baseline: Floats,
        composites: Mapping[str, Floats] | None,
    ) -> Sequence[Truth]:
        return self.program.complete(findings.values, self._beliefs(posteriors, baseline, composites))

    def _beliefs(self, posteriors: Floats, baseline: Floats, composites: Mapping[str, Floats] | None) -> Beliefs:
        names = self.conditions
        if not len(posteriors) == len(baseline) == len(names):
            raise ValueError(f"posteriors and baseline must have {len(names)} rows, one a condition")
        given = dict(composites or {})
        if missing := set(self.composites) - set(given):
            raise ValueError(f"policy {self.name} also reads {', '.join(sorted(missing))}: pass it in composites")
        posterior = dict(zip(names, posteriors, strict=True)) | given
        return Beliefs(posterior, dict(zip(names, baseline, strict=True)))

    def _truth(self, rule: Rule, values: Sequence[Truth]) -> tuple[Bools, Bools]:
        """Where a rule fires, and where it is undetermined; neither where a result clears it."""
        truth = values[self.program.slots[rule.condition]]
        fired, undetermined = truth.true, ~(truth.true | truth.false)
        for result in rule.cleared_by:
            cleared = values[self.program.slots[result]].true
            fired, undetermined = fired & ~cleared, undetermined & ~cleared
        return fired, undetermined

    def _most_urgent(self, urgency: Levels, values: Sequence[Truth], rules: Iterable[Rule]) -> None:
        """Raise the urgency, in place, to that of the rules that fire."""
        for rule in rules:
            if not rule.instead_of:
                fired, _ = self._truth(rule, values)
                np.copyto(urgency, rule.urgency, where=fired & (urgency > rule.urgency))

    def _with_posteriors(self, findings: Findings, values: Sequence[Truth], shape: tuple[int, ...]) -> Levels:
        urgency = np.broadcast_to(findings.urgency, shape).copy()
        self._most_urgent(urgency, values, self._on_posteriors)
        return urgency

    def _settle(self, findings: Findings, urgency: Levels) -> tuple[Levels, Levels]:
        """Urgency and index of the otherwise list, which applies where no rule fired."""
        none = urgency == len(self.urgencies)
        levels = np.array([entry.urgency for entry in self.otherwise], np.int8)[findings.fallback]
        return np.where(none, levels, urgency), np.where(none, findings.fallback, np.int8(-1))

    def _act(
        self, findings: Findings, values: Sequence[Truth], urgency: Levels, *, safety_only: bool = False
    ) -> Decision:
        fired = np.zeros((len(self.rules), *urgency.shape), np.bool_)
        undetermined = np.zeros_like(fired)
        for index, rule in enumerate(self.rules):
            if rule.safety or rule.instead_of or not safety_only:
                fired[index], undetermined[index] = self._truth(rule, values)
                if rule.id in findings.no_result:
                    undetermined[index] &= ~findings.no_result[rule.id]
        names = self.imaging_tokens + self.test_tokens
        tokens = names + self.referral_tokens
        times = unite(self.rules, tokens, findings.done, self.supersedes, fired, undetermined)
        settled, fallback = self._settle(findings, urgency)
        for index, entry in enumerate(() if safety_only else self.otherwise):
            for token in entry.referral:
                np.copyto(times[tokens.index(token)], entry.urgency, where=fallback == index)
        imaging, tests, referral = np.split(times, [len(self.imaging_tokens), len(names)])
        return Decision(
            settled,
            fallback,
            fired,
            undetermined,
            *(asked != NEVER for asked in (imaging, tests, referral)),
            *(earliest(asked) for asked in (imaging, tests, referral)),
        )


def _row(identifier: str, when: str, then: str, reason: str, source: str) -> dict[str, str]:
    texts = {"id": identifier, "when": when, "then": then, "reason": reason, "source": source}
    return {key: " ".join(text.split()) for key, text in texts.items()}
