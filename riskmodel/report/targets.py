"""What a report follows while a statement varies: targets, written as one would say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskmodel.errors import Problem, UsageError, nearest

if TYPE_CHECKING:
    from riskmodel.model import Model

FORMS = (
    (re.compile(r"p\((?P<of>[^()]*)\) of case (?P<case>.+)"), "posterior"),
    (re.compile(r"log_odds\((?P<of>[^()]*)\) of case (?P<case>.+)"), "log_odds"),
    (re.compile(r"mean p\((?P<of>[^()]*)\)"), "mean"),
    (re.compile(r"share urgency=(?P<of>.+)"), "urgency"),
    (re.compile(r"share imaging=(?P<of>.+)"), "imaging"),
)
ALLOWED = (
    "one of: p(CONDITION) of case ID, log_odds(CONDITION) of case ID, mean p(CONDITION), share urgency=URGENCY, "
    "share imaging=SCAN"
)


@dataclass(frozen=True, slots=True)
class Target:
    """``of`` is a condition, urgency or scan; ``case`` is empty for a target of simulated people."""

    kind: str
    of: str
    case: str = ""

    def __str__(self) -> str:
        known = {
            "mean": f"mean p({self.of})",
            "urgency": f"share urgency={self.of}",
            "imaging": f"share imaging={self.of}",
        }
        form = "p" if self.kind == "posterior" else self.kind
        return known.get(self.kind) or f"{form}({self.of}) of case {self.case}"


def parse(text: str) -> Target:
    """A target from its text.

    >>> str(parse("p(infection) of case S01")), parse("share urgency=immediate").of
    ('p(infection) of case S01', 'immediate')
    """
    for form, kind in FORMS:
        found = form.fullmatch(text.strip())
        if found:
            parts = found.groupdict()
            return Target(kind, parts["of"].strip(), (parts.get("case") or "").strip())
    raise UsageError(f"{text!r} is not a target; {ALLOWED}")


def target_problems(
    file: str, texts: Sequence[str], model: Model, names: Sequence[str], kept: Sequence[str]
) -> list[Problem]:
    """Every target that cannot be followed, with the nearest known names.

    Parameters
    ----------
    names, kept
        the cases of the file, and those of them that are reported on.
    """
    problems = []

    def add(received: str, allowed: str) -> None:
        problems.append(Problem(file, "key 'targets'", received, allowed))

    for text in texts:
        try:
            target = parse(text)
        except UsageError as error:
            add(*str(error).split("; ", 1))
            continue
        policy, outputs = model.policy, model.scoring.scorer.output_names
        known = {"urgency": policy.urgencies, "imaging": policy.imaging_tokens}.get(target.kind, outputs)
        if target.of not in known:
            add(f"{text!r}: unknown {target.of!r}", f"one of {', '.join(known)}{nearest(target.of, known)}")
        if target.case and target.case not in kept:
            left = "is left out by cases.ids" if target.case in names else "is not in the case file"
            add(f"{text!r}: case {target.case!r} {left}", f"one of the cases{nearest(target.case, kept)}")
    return problems


def defaults(model: Model, serious: Sequence[str], names: Sequence[str]) -> list[Target]:
    """The mean of each serious condition, the shares with MRI and of the most urgent, each case's any serious."""
    chosen = [Target("mean", name) for name in serious]
    chosen += [Target("urgency", model.policy.urgencies[0])]
    chosen += [Target("imaging", scan) for scan in model.policy.imaging_tokens if scan == "mri"]
    return chosen + [Target("posterior", serious[-1], name) for name in names]
