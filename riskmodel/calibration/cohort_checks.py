"""The cohort: is it fit to be learnt from, and how much does each person count?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.census import Census, is_verified, known_outcomes
from riskmodel.calibration.outcome_weights import Weighting, inverse_probabilities
from riskmodel.cases.recorded import POSITIVES_ONLY
from riskmodel.errors import CasesError, UsageError, nearest
from riskmodel.evidence.records import IGNORABLE, Priors, Variable

SHOWN = 10
OUTCOMES = ("ignorable", "weighted", "complete")


def check_identifiers(names: Sequence[Hashable], masks: Masks) -> None:
    """Refuse a person who is there twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if not twice:
        return
    problems = []
    for name in twice[:SHOWN]:
        rows = masks[:, [i for i, other in enumerate(names) if other == name]]
        same = bool(np.all(rows == rows[:, :1]))
        what = "all the same" if same else "which contradict each other"
        problems.append(f"{name!r} stands in {rows.shape[1]} rows, {what}")
    raise CasesError(_listed("a case_id must name one row", problems, len(twice)))


def check_outcomes(variables: Sequence[Variable], census: Census) -> list[str]:
    """Refuse a cohort without outcomes to learn from; notes on outcomes that tell little."""
    has_outcome = {name: pair for name, pair in census.outcomes.items() if pair[0]}
    if not has_outcome:
        columns = ", ".join(v.column for v in variables if v.role == "condition")
        raise CasesError(f"no outcome is known: the cohort needs at least one of the columns {columns}, with values")
    always = [name for name, (count, present) in has_outcome.items() if present == count]
    if always:
        raise CasesError(
            f"the outcome {always[0]} has one class: it is present in all {has_outcome[always[0]][0]} people in whom "
            f"it is known. Blank cells are unknown: write absent where it was looked for and not found"
        )
    never = [name for name, (_, present) in has_outcome.items() if not present]
    if len(never) == len(has_outcome):
        listed = ", ".join(f"{name} (known in {has_outcome[name][0]})" for name in never)
        raise CasesError(f"every outcome has one class: nobody has {listed}")
    notes = [
        f"nobody has {name}: its base rate is learnt from {has_outcome[name][0]:,} people without it" for name in never
    ]
    unknown = [name for name in census.outcomes if name not in has_outcome]
    if unknown:
        notes.append(f"no outcome is known of {', '.join(unknown)}: what is learnt of these rests on findings alone")
    return notes


def check_findings(census: Census) -> None:
    """Refuse a cohort in which nothing was assessed but outcomes."""
    if not census.assessed:
        raise CasesError(
            "no modelled finding is known: the cohort needs columns of risk factors, findings or tests "
            "(`riskmodel codebook` lists them); to learn base rates from outcomes alone, learn base_rates"
        )


def warning_of_positives_only(census: Census, recording: str) -> str:
    """What to tell where hardly anything is written down as absent, and blanks are fitted as if they said nothing."""
    if recording != IGNORABLE or not census.only_positives:
        return ""
    return (
        f"in the yes-or-no columns with blanks {census.yes:,} cells say yes and {census.no:,} say no: it "
        f"seems that hardly anything but what is present was written down. Blanks were taken to say nothing (recording "
        f"profile {IGNORABLE}), and what is learnt of findings and risk factors is then far too high. Look at the "
        f"recording profile {POSITIVES_ONLY}"
    )


def notes_on_blanks(priors: Priors, census: Census) -> list[str]:
    """What a reader should know of how blanks were taken."""
    warning = warning_of_positives_only(census, priors.recording)
    read = (
        f"{census.blanks:,} blank cells were read by the recording profile {priors.recording} ({priors.profile.title})"
    )
    return [warning] if warning else [read] if priors.recording != IGNORABLE else []


def check_possible(names: Sequence[Hashable], evidence: Array) -> None:
    """Refuse rows that cannot be under the model."""
    impossible = np.nonzero(~(evidence > 0))[0]
    if impossible.size:
        shown = [f"{names[int(i)]!r}" for i in impossible[:SHOWN]]
        raise CasesError(_listed("what these rows say cannot be, under the model", shown, impossible.size))


def person_weights(outcomes: str, variables: Sequence[Variable], masks: Masks) -> tuple[Array, Weighting | None]:
    """How much each person counts, (rows,); 0 for those who are left out. And of ``weighted``, how these are spread.

    Raises
    ------
    UsageError
        for a word that is none of ``ignorable``, ``weighted`` and ``complete``.
    CasesError
        for ``weighted`` where outcomes are known of different people, or some people had hardly any chance that their
        outcome became known.
    """
    if outcomes not in OUTCOMES:
        hint = nearest(str(outcomes), OUTCOMES)
        raise UsageError(f"outcomes: {outcomes!r} is not one of {', '.join(OUTCOMES)}{hint}")
    if outcomes == "ignorable":
        return np.ones(masks.shape[1]), None
    verified = is_verified(variables, masks)
    if outcomes == "complete":
        return np.asarray(verified, dtype=float), None
    has_outcome = known_outcomes(variables, masks)
    if any(np.any(rows != verified) for rows in has_outcome.values()):
        counts = ", ".join(f"{name} in {int(rows.sum()):,}" for name, rows in has_outcome.items())
        raise CasesError(
            f"outcomes: 'weighted' has one weight for each person, and so needs all outcomes known in the same people; "
            f"they are known of different ones ({counts} of {masks.shape[1]:,}): take 'ignorable' where the rows hold "
            f"what decided who was examined, or leave out the columns of the other outcomes"
        )
    weights, weighting = inverse_probabilities(variables, masks, verified)
    if weighting is not None:
        weighting.check()
    return weights, weighting


def _listed(head: str, problems: Sequence[str], count: int) -> str:
    more = f"\n  … and {count - SHOWN} more" if count > SHOWN else ""
    return f"{head}:" + "".join(f"\n  {problem}" for problem in problems) + more
