"""Which rates of the recording profile a cohort can say anything of, and why not of the others."""

from __future__ import annotations

from collections.abc import Sequence

from riskmodel.calibration.census import Census
from riskmodel.calibration.learnable import requested_names
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.recording import QUANTITY, lineage_of, used_rates
from riskmodel.evidence.records import IGNORABLE, Priors

LEAST = 20  # people with a known outcome: written down as present, as absent; with a condition, without it
MOST_NAMED = 3  # statements in a sentence


def check_asked(priors: Priors, learn: str | Sequence[str]) -> None:
    """Refuse to learn recording rates where a blank says nothing.

    Raises
    ------
    UsageError
        for ``recording`` without a recording profile.
    """
    if "recording" in requested_names(learn) and priors.recording == IGNORABLE:
        raise UsageError(
            f"learn: 'recording' needs a recording profile whose rates are to be learnt; allowed: "
            f"{', '.join(priors.profiles)}, or a file"
        )


def learnable_rates(
    priors: Priors, ids: Sequence[str], learn: str | Sequence[str], census: Census
) -> tuple[list[str], list[str]]:
    """Those of the ids that can be learnt of this cohort, and notes on recording rates that cannot.

    How often a finding is written down where it is present cannot be told apart from how common it is by those in whom
    it is written down as present alone. It can where absence is written down too and outcomes are known: among people
    with a disease and without it both states are then seen as often as four numbers allow, two rates and two
    probabilities.

    Parameters
    ----------
    census
        the cohort's counts.

    Raises
    ------
    CasesError
        for a rate that was asked for by its id, or where none of those asked for can be learnt.
    """
    rates = [i for i in ids if priors.statement(i).quantity == QUANTITY]
    if not rates:
        return list(ids), []
    _refuse_those_of_a_file(priors, rates)
    if not _outcomes_suffice(census):
        raise CasesError(
            f"no recording rate can be learnt: no condition is known to be present in {LEAST} people and absent in "
            f"{LEAST}. Without outcomes, how often something is written down and how common it is cannot be told apart"
        )
    seen = _both_written(priors, census)
    silent = [identifier for identifier in rates if not seen.get(identifier)]
    named = [identifier for identifier in silent if identifier in requested_names(learn)]
    if named or len(silent) == len(rates):
        raise CasesError(f"{_reason(named or silent)}; allowed: recording rates of what is written down either way")
    notes = [_reason(silent)] if silent else []
    return [identifier for identifier in ids if identifier not in silent], notes


def _refuse_those_of_a_file(priors: Priors, rates: Sequence[str]) -> None:
    """A prior set holds other numbers of statements of the priors, and a profile's own file is none of these."""
    for profile in lineage_of(priors.profiles, priors.recording):
        if not profile.file.startswith("evidence/") and set(rates) & set(profile.statements):
            raise UsageError(
                f"the rates of the profile {profile.name} stand in a file of its own ({profile.file}), and a prior set "
                f"cannot hold what is learnt of them; put the profile into evidence/recording.toml of the priors"
            )


def _reason(silent: Sequence[str]) -> str:
    more = f" and {len(silent) - MOST_NAMED} more" if len(silent) > MOST_NAMED else ""
    speaking = "this rate speaks" if len(silent) == 1 else "these rates speak"
    return (
        f"nothing can be learnt of {', '.join(silent[:MOST_NAMED])}{more}: nothing that {speaking} of is written down "
        f"as absent in {LEAST} people and as present in {LEAST} whose outcome is known. From what is written down in "
        f"one state alone, how often that happens and how common it is cannot be told apart"
    )


def _outcomes_suffice(census: Census) -> bool:
    return any(min(present, count - present) >= LEAST for count, present in census.outcomes.values())


def _both_written(priors: Priors, census: Census) -> dict[str, list[str]]:
    """For each rate the variables that it speaks of and that are written down either way often enough."""
    seen: dict[str, list[str]] = {}
    for rates in used_rates(priors):
        if min(census.written.get(rates.variable, (0, 0))) >= LEAST:
            for identifier in rates.ids:
                seen.setdefault(identifier, []).append(rates.variable)
    return seen
