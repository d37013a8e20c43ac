"""From rules that fire to what is asked and by when: united, less what is done, swapped or superseded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.decision.language.evaluate import Bools
    from riskmodel.decision.rules import Rule

Levels = NDArray[np.int8]
Times = NDArray[np.uint8]  # by when a token is asked for, an index into the urgencies
NEVER = np.uint8(255)  # the time of what is not asked for


@dataclass(frozen=True, eq=False)
class Decision:
    """Actions for some cases; the last axes of every array are those of the posteriors.

    ``urgency`` indexes the policy's urgencies (0 is most urgent), ``otherwise`` its otherwise list (-1
    where a rule fired). The first axis of ``fired`` and ``undetermined`` runs over the rules, that of
    ``imaging``, ``tests`` and ``referral`` over the policy's tokens of that kind. ``imaging_within``,
    ``tests_within`` and ``referral_within`` index the urgencies: the most urgent time of what is asked for of
    that kind, -1 where nothing is.
    """

    urgency: Levels
    otherwise: Levels
    fired: Bools
    undetermined: Bools
    imaging: Bools
    tests: Bools
    referral: Bools
    imaging_within: Levels
    tests_within: Levels
    referral_within: Levels


def earliest(times: Times) -> Levels:
    """The most urgent time over the tokens of one kind, (tokens, …); -1 where nothing is asked for.

    >>> earliest(np.array([[3, 255], [1, 255]], np.uint8)).tolist()
    [1, -1]
    """
    return np.asarray(times.min(axis=0, initial=NEVER).view(np.int8))  # 255 is -1


def differs(before: Decision, after: Decision, case: NDArray[np.int64] | slice = slice(None)) -> Bools:
    """Whether urgency, imaging, referral or their times differ; (cases,) of ``after``.

    Tests are left out: they are themselves what could be asked next.

    Parameters
    ----------
    case
        which case of ``before`` each of ``after`` is compared with; by default the same, or its only one.
    """
    changed = np.asarray(before.urgency[case] != after.urgency)
    for kind in ("imaging", "referral"):
        changed |= (getattr(before, kind)[:, case] != getattr(after, kind)).any(axis=0)
        changed |= getattr(before, f"{kind}_within")[case] != getattr(after, f"{kind}_within")
    return changed


def unite(
    rules: Sequence[Rule],
    tokens: Sequence[str],
    done: Bools,
    supersedes: Mapping[str, Sequence[str]],
    fired: Bools,
    undetermined: Bools,
) -> Times:
    """By when all rules that fire want each token, one row a token: the most urgent of their times, or ``NEVER``.

    What takes the place of another (a swap, or a stronger scan) takes over its time where that is more urgent: the
    more telling scan does not become later because it saves a weaker one.

    ``supersedes`` lists a token after those that it supersedes. ``tokens`` begin with the tests whose results are
    known where ``done`` says so; a swap fires, in place, only where some rule asks for what it replaces.
    """
    row = {token: index for index, token in enumerate(tokens)}
    times = np.full((len(tokens), *fired.shape[1:]), NEVER, np.uint8)
    for rule, fires in zip(rules, fired, strict=True):
        if not rule.instead_of and rule.asks:
            silent = fires.view(np.uint8) - np.uint8(1)  # all bits where it does not fire: no time is less
            due = {within: silent | np.uint8(within) for _, within in rule.asks_within}
            for token, within in rule.asks_within:
                np.minimum(times[row[token]], due[within], out=times[row[token]])
    _remove_done(times, done)
    for index, rule in enumerate(rules):
        if rule.instead_of:
            replaced = times[[row[token] for token in rule.instead_of]].min(axis=0)
            fired[index] &= replaced != NEVER
            undetermined[index] &= replaced != NEVER
            silent = fired[index].view(np.uint8) - np.uint8(1)
            for token in rule.instead_of:
                times[row[token]] |= ~silent
            for token in rule.asks:
                np.minimum(times[row[token]], silent | replaced, out=times[row[token]])
            _remove_done(times, done)
    _supersede(times, row, supersedes)
    return times


def _supersede(times: Times, row: Mapping[str, int], supersedes: Mapping[str, Sequence[str]]) -> None:
    asked = times != NEVER
    for stronger, weaker in supersedes.items():  # weaker ones come first, so that times are handed on
        wanted = asked[row[stronger]]
        for token in weaker:
            np.minimum(times[row[stronger]], times[row[token]], out=times[row[stronger]], where=wanted)
    for stronger, weaker in supersedes.items():
        for token in weaker:
            times[row[token]] |= asked[row[stronger]].view(np.uint8) * NEVER


def _remove_done(times: Times, done: Bools) -> None:
    for test, is_done in enumerate(done):
        times[test] |= is_done.view(np.uint8) * NEVER
