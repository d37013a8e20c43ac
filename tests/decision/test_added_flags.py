"""One more red flag: what it may never take away, and how often it explains a rule on a posterior away.

Run as a program, it measures anew what ``docs/safety.md`` says of added flags and writes it there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from riskmodel.arrays import Masks
from riskmodel.cohort import simulate
from riskmodel.decision.language.nodes import PosteriorComparison, Raised, leaves
from riskmodel.decision.policy import Policy
from riskmodel.evidence.records import Variable
from tests.support.masks import MODEL, SCORER, random_cases
from tests.support.models import POLICIES
from tests.support.paths import ROOT

SAFETY_PAGE = ROOT / "docs" / "safety.md"


def raised_flags(masks: Masks) -> Iterator[tuple[Variable, np.ndarray, Masks]]:
    """Each flag raised to each higher state: the variable, the cases it applies to, and those cases after.

    What was absent or not assessed becomes present; a state of an ordered flag becomes a higher one.
    """
    for row, variable in enumerate(MODEL.variables):
        if not variable.is_flag:
            continue
        highest = np.array([int(mask).bit_length() - 1 for mask in masks[row]])
        for state in range(1, len(variable.states)):
            where = np.nonzero((masks[row] == variable.full_mask) | (highest < state))[0]
            if where.size:
                after = masks[:, where].copy()
                after[row] = 1 << state
                yield variable, where, after


@pytest.mark.parametrize("name", POLICIES)
def test_one_more_flag_never_lowers_what_the_safety_rules_ask(name: str) -> None:
    policy = MODEL.with_policy(name).policy
    masks = random_cases(3000, np.random.default_rng(11))
    before = policy.findings_only(masks)
    steps = 0
    for variable, where, raised in raised_flags(masks):
        after = policy.findings_only(raised)
        steps += where.size
        assert (after.urgency <= before.urgency[where]).all(), variable.name
        assert not (before.fired[:, where] & ~after.fired).any(), variable.name
        assert not (before.tests[:, where] & ~after.tests).any(), variable.name
        assert not (before.referral[:, where] & ~after.referral).any(), variable.name
        lost = before.imaging[:, where] & ~after.imaging & ~superseded(policy, after.imaging)
        assert not lost.any(), variable.name
    assert steps > 30_000


def superseded(policy: Policy, imaging: np.ndarray) -> np.ndarray:
    """Where an imaging token is left out because a better one is asked for."""
    found = np.zeros_like(imaging)
    for stronger, weaker in policy.supersedes.items():
        for token in weaker:
            found[policy.imaging_tokens.index(token)] |= imaging[policy.imaging_tokens.index(stronger)]
    return found


@dataclass(frozen=True)
class Loss:
    """What one more flag took away from one person."""

    setting: str
    flag: str
    rules: tuple[str, ...]
    less_urgent: bool
    by_condition: bool  # each rule's condition fell and another one rose
    by_sign: bool  # each rule's condition fell, and another sign of the flag's group was there already


@dataclass(frozen=True)
class Losses:
    """Every loss in a simulated cohort, and how many flags were added in each setting."""

    tried: Mapping[str, int]
    found: tuple[Loss, ...]

    def shares(self, setting: str = "") -> tuple[float, float]:
        """Share (0 to 1) of added flags that take a posterior rule away, and that lower the urgency."""
        tried = self.tried[setting] if setting else sum(self.tried.values())
        found = [loss for loss in self.found if setting in ("", loss.setting)]
        return len(found) / tried, sum(loss.less_urgent for loss in found) / tried


def measure(people: int = 2500, missing: float = 0.3, seed: int = 1) -> Losses:
    """Add every flag, one at a time, to everyone of a cohort of each setting, under ``consensus``."""
    rng = np.random.default_rng(seed)
    tried: dict[str, int] = {}
    found: list[Loss] = []
    for setting in MODEL.settings:
        masks = simulate(MODEL, people, rng, setting=setting, missing=missing).masks
        before = SCORER.posterior(masks)
        decided = MODEL.scoring.decide(masks, before)
        tried[setting] = 0
        for variable, where, raised in raised_flags(masks):
            tried[setting] += where.size
            after = SCORER.posterior(raised)
            decision = MODEL.scoring.decide(raised, after)
            gone = decided.fired[:, where] & ~decision.fired
            less = decision.urgency > decided.urgency[where]
            for k in np.nonzero(gone.any(axis=0) | less)[0]:
                ended = [MODEL.policy.rules[r] for r in np.nonzero(gone[:, k])[0]]
                rules = tuple(rule.id for rule in ended if not rule.instead_of)  # a swap ends with what it replaces
                change = after.probability[:, k] - before.probability[:, where[k]]
                fell = all(reads_what_fell(rule, change) for rule in rules)
                rose = all(another_rose(rule, change) for rule in rules)
                tied = other_sign(variable.name, masks[:, where[k]])
                found.append(Loss(setting, variable.name, rules, bool(less[k]), fell and rose, fell and tied))
    return Losses(tried, tuple(found))


def read_by(identifier: str) -> list[int]:
    """The outputs, conditions or composites, whose posterior a rule reads."""
    rule = next(rule for rule in MODEL.policy.rules if rule.id == identifier)
    names = {leaf.name for leaf in leaves(rule.condition) if isinstance(leaf, PosteriorComparison | Raised)}
    return [output for output, name in enumerate(SCORER.output_names) if name in names]


def reads_what_fell(identifier: str, change: np.ndarray) -> bool:
    """Whether a rule reads posteriors, some of which fell (one of two is enough where the rule says or)."""
    return bool((change[read_by(identifier)] < 0).any())


def another_rose(identifier: str, change: np.ndarray) -> bool:
    others = [c for c in range(len(SCORER.conditions)) if c not in read_by(identifier)]
    return bool((change[others] > 0).any())


def other_sign(flag: str, mask: np.ndarray) -> bool:
    """Whether another sign of the group that the flag belongs to was present already."""
    rows = {variable.name: row for row, variable in enumerate(MODEL.variables)}
    group = next((members for members in MODEL.priors.groups.values() if flag in members), ())
    return any(not mask[rows[name]] & 1 for name in group if name != flag)


@pytest.fixture(scope="module")
def losses() -> Losses:
    return measure()


@pytest.mark.slow
def test_what_one_more_flag_takes_away_is_explained_away(losses: Losses) -> None:
    assert [loss for loss in losses.found if not (loss.by_condition or loss.by_sign)] == []
    assert [loss for loss in losses.found if loss.less_urgent and not loss.rules] == []
    rules, urgency = losses.shares()
    assert 0.001 < rules < 0.03
    assert 0.0002 < urgency < 0.004


BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def measured_lines(losses: Losses) -> str:
    rows = [(name, losses.tried[name], *losses.shares(name)) for name in losses.tried]
    rows.append(("all four", sum(losses.tried.values()), *losses.shares()))
    lines = [
        "| setting | flags added | take a posterior rule away | lower the urgency |",
        "|---|---:|---:|---:|",
        *(f"| {name} | {n:,} | {100 * rules:.2f} % | {100 * less:.2f} % |" for name, n, rules, less in rows),
    ]
    tied = sum(not loss.by_condition for loss in losses.found)
    told = (
        f"Of these {len(losses.found):,} losses, {len(losses.found) - tied:,} are explained by another condition that "
        f"became more likely, and {tied:,} by another sign of the flag's group alone."
    )
    return "\n".join(["", *lines, "", told, ""])


def test_the_safety_page_says_what_is_measured(losses: Losses) -> None:
    text = SAFETY_PAGE.read_text(encoding="utf-8")
    written = text.partition(BEGIN)[2].partition(END)[0]
    assert written == measured_lines(losses) + "\n", "docs/safety.md is stale: renew it with make docs"


def write_safety_page() -> None:
    before, _, rest = SAFETY_PAGE.read_text(encoding="utf-8").partition(BEGIN)
    measured = measured_lines(measure())
    after = rest.partition(END)[2]
    SAFETY_PAGE.write_text(f"{before}{BEGIN}{measured}\n{END}{after}", encoding="utf-8")
    sys.stdout.write(measured + "\n")


if __name__ == "__main__":
    write_safety_page()
