"""The statements that studies make: whom each is of, with its interval, its note and the studies behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from riskmodel.evidence.limits import MOST_CORRELATED, RAREST, WIDEST
from riskmodel.evidence.records import AUDIT, HOW_READ, SETTING
from riskmodel.synthesis.behind import fit_of_studies, studies_behind
from riskmodel.synthesis.cutoffs import has_cutoffs
from riskmodel.synthesis.groups import APART, ShareOf, groups_of, most_people_drive, rate_of, why_compared
from riskmodel.synthesis.two_by_two import StudyStatements

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors
    from riskmodel.synthesis.parts import FindingShares, SynthesisedShare
    from riskmodel.synthesis.studies import StudyCounts

DIGITS = 3
RESULTS = {"next": "of the next setting", "mean": "of the mean; the next setting is less sure"}


class StatedShares:
    """The statements of a synthesis, gathered finding by finding.

    Parameters
    ----------
    priors
        of the model that will take the statements; without it, nothing is known of what could drive its tables.
    command
        what was called, for the record in the sources.
    next_setting
        whether the intervals are of the next setting, or of the mean.
    """

    def __init__(self, priors: Priors | None, command: str, *, next_setting: bool) -> None:
        self._priors, self._command = priors, command
        self._result = "next" if next_setting else "mean"
        self._statements: list[Mapping[str, Any]] = []
        self._sources: dict[str, dict[str, Any]] = {}
        self._pairs: list[Mapping[str, Any]] = []
        self._refused: list[str] = []
        self._people: dict[str, int] = {}  # behind each statement
        self._setting: dict[str, str] = {}  # of each statement

    def add(self, rows: Sequence[StudyCounts], synthesised: FindingShares) -> None:
        """What the studies of one finding and condition state."""
        claim = _claim(rows)
        for share in synthesised.shares:
            name = f".{share.name}" if len(synthesised.shares) > 1 else ""
            self._add_share(share, claim, f"{claim['source']}{name}")
        self._add_sources(rows, claim["source"], synthesised.effects.studies)

    def statements_of_studies(self) -> StudyStatements:
        """All of them. Of several for one number, that of most people drives the table; the others are compared."""
        statements, reasons = most_people_drive(self._statements, self._people, self._priors)
        stated = tuple(_where(statement, self._setting[statement["id"]]) for statement in statements)
        drive = {statement["id"] for statement in stated if "drives" not in statement}
        pairs = tuple(pair for pair in self._pairs if drive >= set(pair["statements"]))
        return StudyStatements(stated, self._sources, (*self._refused, *reasons), pairs)

    def _add_share(self, share: SynthesisedShare, claim: Mapping[str, Any], name: str) -> None:
        targets = _shares_of(share, self._priors)
        pair = [f"{name}.{target.key}" for target in targets]
        for i, target in enumerate(targets):
            if target.compared:
                self._refused.append(f"{share.of} given {target.given}: {target.compared}; compared only")
            self._people[pair[i]], self._setting[pair[i]] = share.people(i), share.setting
            self._statements.append(
                {"id": pair[i], "quantity": "probability", "of": share.of, "given": target.given,
                 **_numbers(share.intervals[i]), **claim, "note": _note(share, i, self._result),
                 "studies": studies_behind(share.rows, i), **({"drives": AUDIT} if target.compared else {})}
            )  # fmt: skip
        if len(targets) == 2:
            correlation = float(np.clip(round(share.correlation, 2), -MOST_CORRELATED, MOST_CORRELATED))
            self._pairs.append({"statements": pair, "correlation": correlation})

    def _add_sources(self, rows: Sequence[StudyCounts], source: str, studies: int) -> None:
        names = ", ".join(dict.fromkeys(row.study for row in rows))
        title = f"Random effects of {_studies(studies)}: {names}"
        self._sources[source] = {"title": title, "kind": "synthesis", "fit": fit_of_studies(rows, self._command)}
        for row in rows:
            if self._priors is None or row.source not in self._priors.sources:
                year = {"year": row.year} if row.year else {}
                self._sources.setdefault(row.source, {"title": _title(row.source, rows), "kind": "study", **year})


def _where(statement: Mapping[str, Any], setting: str) -> Mapping[str, Any]:
    """What is only compared is compared in its setting."""
    if not setting or "drives" not in statement or f"{SETTING}=" in statement["given"]:
        return statement
    return {**statement, "given": f"{statement['given']}; {SETTING}={setting}"}


def _title(source: str, rows: Sequence[StudyCounts]) -> str:
    """A source is called by its study; one of several studies, such as a review, names them."""
    return ", ".join(dict.fromkeys(row.study for row in rows if row.source == source))


def _shares_of(share: SynthesisedShare, priors: Priors | None) -> list[ShareOf]:
    """Whom the shares of some studies are of, and which of them drive a table."""
    of, rows = share.of, share.rows
    given = rows[0].given
    settings = {row.setting for row in rows}  # one that names none is of another, or of several
    setting = settings.pop() if len(settings) == 1 else ""
    apart = next((row.design for row in rows if row.design in APART), "")
    if rows[0].is_two_by_two:
        shares: Sequence[ShareOf] = groups_of(of, given, setting, rows[0].others, apart)
    else:
        shares = (rate_of(of, given, setting, priors),)
    why = "" if priors is None else why_compared(of, given, priors)
    return [replace(each, compared=why or each.compared) for each in shares]


def synthesis_source(of: str, given: str) -> str:
    """The key of the synthesis of a finding and a condition."""
    return f"synthesis_{'_'.join(re.findall(r'[a-z0-9_]+', f'{of} {given}'.lower()))}"


def _claim(rows: Sequence[StudyCounts]) -> dict[str, Any]:
    return {
        "basis": "study",
        "source": synthesis_source(rows[0].of, rows[0].given),
        "locator": "; ".join(f"{row.source}: {row.locator}" for row in rows),
        "read": max((row.read for row in rows), key=list(HOW_READ).index),
    }


def _note(share: SynthesisedShare, i: int, result: str) -> str:
    effects = share.effects
    value, low, high = effects.average()[i]
    spread = float(np.median(effects.spread[:, i]))
    together = f"; correlation {np.median(effects.correlation):.2f}" if effects.mean.shape[1] == 2 else ""
    cutoffs = len({row.cutoff for row in share.rows}) if has_cutoffs(share.rows) else 0
    several = f" at {cutoffs} cut-offs" if cutoffs else ""
    mean = "mean from its lower edge on" if cutoffs else "mean"
    of = f"of the next {share.setting}" if share.setting and result == "next" else RESULTS[result]
    return (
        f"Random effects of {_studies(effects.studies)}{several}, {of}: {mean} {value:.3g} ({low:.3g} to {high:.3g}), "
        f"spread on the logit scale {spread:.2g}{together}."
    )


def _studies(number: int) -> str:
    return "1 study" if number == 1 else f"{number} studies"


def _numbers(interval: Array) -> dict[str, float]:
    """Value and interval with the digits that they deserve, inside what a statement may say."""
    middle, low, high = logit(np.clip(interval, 10 * RAREST, 1 - 10 * RAREST))
    excess = max(0.0, high - low - np.log(WIDEST / 10))
    low, high = (low + excess, high) if middle - low > high - middle else (low, high - excess)
    return {key: _rounded(float(expit(x))) for key, x in (("value", middle), ("low", low), ("high", high))}


def _rounded(p: float) -> float:
    """Three digits of the probability or of what it lacks to 1, whichever is smaller."""
    return round(p, DIGITS - 1 - floor(log10(min(p, 1 - p))))
