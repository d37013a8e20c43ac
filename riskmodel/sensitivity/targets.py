"""What is followed while statements vary: targets, written as one would say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import UsageError, as_list, nearest

if TYPE_CHECKING:
    from riskmodel.model import Model
    from riskmodel.sensitivity.what_if import Batch

FORMS = (
    (re.compile(r"p\((?P<of>[^()]*)\) of case (?P<case>.+)"), "posterior"),
    (re.compile(r"log_odds\((?P<of>[^()]*)\) of case (?P<case>.+)"), "log_odds"),
    (re.compile(r"mean p\((?P<of>[^()]*)\)"), "mean"),
    (re.compile(r"share urgency=(?P<of>.+)"), "urgency"),
    (re.compile(r"share imaging=(?P<of>.+)"), "imaging"),
)
KINDS = tuple(kind for _, kind in FORMS)
ALLOWED = (
    "one of: p(CONDITION) of case ID, log_odds(CONDITION) of case ID, mean p(CONDITION), share urgency=URGENCY, "
    "share imaging=SCAN"
)
CLOSEST = 1e-300


@dataclass(frozen=True, slots=True)
class Target:
    """A number that follows from the statements.

    Attributes
    ----------
    kind
        ``posterior`` or ``log_odds`` of a case; of a cohort the ``mean`` posterior, or the share of cases with an
        ``urgency`` or with an ``imaging``.
    of
        a condition or composite, an urgency, or a scan.
    case
        the case's name; empty for a target of the cohort.

    Examples
    --------
    >>> str(Target.posterior("infection", "S01")), str(Target.share(urgency="immediate"))
    ('p(infection) of case S01', 'share urgency=immediate')
    """

    kind: str
    of: str
    case: str = ""

    @classmethod
    def posterior(cls, condition: str, case: str) -> Target:
        return cls("posterior", condition, case)

    @classmethod
    def log_odds(cls, condition: str, case: str) -> Target:
        return cls("log_odds", condition, case)

    @classmethod
    def cohort_mean(cls, condition: str) -> Target:
        return cls("mean", condition)

    @classmethod
    def share(cls, *, urgency: str = "", imaging: str = "") -> Target:
        if bool(urgency) == bool(imaging):
            raise UsageError("a share is of an urgency or of an imaging: name one of them")
        return cls("urgency", urgency) if urgency else cls("imaging", imaging)

    def __str__(self) -> str:
        form = {"posterior": "p({}) of case {}", "log_odds": "log_odds({}) of case {}", "mean": "mean p({})"}
        return form.get(self.kind, "share " + self.kind + "={}").format(self.of, self.case)


def parse_target(text: str) -> Target:
    """A target from its text.

    Raises
    ------
    UsageError
        when the text has none of the five forms.

    Examples
    --------
    >>> parse_target("p(infection) of case S01")
    Target(kind='posterior', of='infection', case='S01')
    """
    for form, kind in FORMS:
        match = form.fullmatch(text.strip())
        if match:
            parts = match.groupdict()
            return Target(kind, parts["of"].strip(), (parts.get("case") or "").strip())
    raise UsageError(f"{text!r} is not a target; {ALLOWED}")


def checked_targets(
    targets: Sequence[Target | str], model: Model, cases: Sequence[str]
) -> tuple[list[Target], list[str]]:
    """The targets, and what is wrong with any that cannot be followed; ``cases`` are the names there are."""
    as_list("targets", targets)
    parsed, problems = [], []
    for target in targets:
        try:
            parsed.append(parse_target(target) if isinstance(target, str) else target)
        except UsageError as error:
            problems.append(str(error))
    if not targets:
        problems.append(f"no target was asked for; {ALLOWED}")
    for target in parsed:
        problems += target_problems(target, model, cases)
    return parsed, problems


def target_problems(target: Target, model: Model, cases: Sequence[str]) -> list[str]:
    """What is wrong with a target, with the nearest known names; nothing where it can be followed."""
    if target.kind not in KINDS:
        return [f"target kind {target.kind!r} is not one of {', '.join(KINDS)}{nearest(target.kind, KINDS)}"]
    problems = []
    allowed_names = possible_values(target.kind, model)
    if target.of not in allowed_names:
        allowed = f"one of {', '.join(allowed_names)}{nearest(target.of, allowed_names)}"
        problems.append(f"target '{target}': unknown {target.of!r}; {allowed}")
    if target.kind in ("posterior", "log_odds") and target.case not in cases:
        problems.append(f"target '{target}': no case {target.case!r}{nearest(target.case, cases)}")
    return problems


def possible_values(kind: str, model: Model) -> tuple[str, ...]:
    """What a kind of target can be of."""
    if kind == "urgency":
        return model.policy.urgencies
    return model.policy.imaging_tokens if kind == "imaging" else model.scoring.scorer.output_names


def target_sums(target: Target, batch: Batch, model: Model, cases: Sequence[str]) -> Array | None:
    """The target's sum over the cases of a batch, by what-if; None where the batch does not hold its case."""
    index = possible_values(target.kind, model).index(target.of)
    if target.kind == "urgency":
        return np.asarray((batch.urgency == index).sum(axis=1), dtype=float)
    if target.kind == "imaging":
        return np.asarray(batch.imaging[index].sum(axis=1), dtype=float)
    p = batch.probability[index]
    if target.kind == "mean":
        return np.asarray(p.sum(axis=1))
    at = np.nonzero(batch.cases == cases.index(target.case))[0]
    if not at.size:
        return None
    posterior = p[:, int(at[0])]
    return finite_log_odds(posterior) if target.kind == "log_odds" else posterior


def finite_log_odds(p: Array) -> Array:
    """Natural log of p / (1 - p), finite also at 0 and 1."""
    return np.asarray(np.log(np.maximum(p, CLOSEST)) - np.log(np.maximum(1 - p, CLOSEST)))
