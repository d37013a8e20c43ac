"""From rules that fire to what is asked: united, less what is done, swapped or superseded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.decision.language.evaluate import Bools
    from riskmodel.decision.rules import Rule

Levels = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Decision:
    """Actions for some cases; the last axes of every array are those of the posteriors.

    ``urgency`` indexes the policy's urgencies (0 is most urgent), ``otherwise`` its otherwise list (-1
    where a rule fired). The first axis of ``fired`` and ``undetermined`` runs over the rules, that of
    ``imaging``, ``tests`` and ``referral`` over the policy's tokens of that kind.
    """

    urgency: Levels
    otherwise: Levels
    fired: Bools
    undetermined: Bools
    imaging: Bools
    tests: Bools
    referral: Bools


def unite(
    rules: Sequence[Rule],
    tokens: Sequence[str],
    done: Bools,
    supersedes: Mapping[str, Sequence[str]],
    fired: Bools,
    undetermined: Bools,
) -> Bools:
    """What all rules that fire ask for together, one row a token.

    ``tokens`` begin with the tests whose results are known where ``done`` says so; a swap fires, in place,
    only where some rule asks for what it replaces.
    """
    row = {token: index for index, token in enumerate(tokens)}
    asked = np.zeros((len(tokens), *fired.shape[1:]), np.bool_)
    for rule, fires in zip(rules, fired, strict=True):
        if not rule.instead_of:
            for token in rule.asks:
                asked[row[token]] |= fires
    _remove_done(asked, done)
    for index, rule in enumerate(rules):
        if rule.instead_of:
            wanted = reduce(or_, [asked[row[token]] for token in rule.instead_of])
            fired[index] &= wanted
            undetermined[index] &= wanted
            for token in rule.instead_of:
                asked[row[token]] &= ~fired[index]
            for token in rule.imaging:
                asked[row[token]] |= fired[index]
            _remove_done(asked, done)
    before = asked.copy()
    for stronger, weaker in supersedes.items():
        for token in weaker:
            asked[row[token]] &= ~before[row[stronger]]
    return asked


def _remove_done(asked: Bools, done: Bools) -> None:
    for test, is_done in enumerate(done):
        asked[test] &= ~is_done
