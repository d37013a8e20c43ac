"""A table of studies made into statements for the next setting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, log10
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import expit, logit

from riskmodel.errors import Problems, StudiesError, UsageError
from riskmodel.evidence.limits import RAREST, WIDEST
from riskmodel.evidence.records import AUDIT, HOW_READ
from riskmodel.synthesis.behind import fit_of_studies, studies_behind
from riskmodel.synthesis.groups import APART, ShareOf, groups_of, most_people_drive, rate_of, why_compared
from riskmodel.synthesis.next_setting import DRAWS, DrawnEffects, drawn_effects
from riskmodel.synthesis.sheet import SheetOptions
from riskmodel.synthesis.sheet_file import SheetReading
from riskmodel.synthesis.studies import StudyCounts, read_sheet
from riskmodel.synthesis.two_by_two import StudyStatements
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors
    from riskmodel.model import Model
    from riskmodel.synthesis.finding_studies import FindingStudies

DIGITS = 3
RESULTS = {"next": "of the next setting", "mean": "of the mean; the next setting is less sure"}
Group = tuple[str, str, bool]  # finding, condition, and whether its studies are two-by-two tables


@dataclass(frozen=True, slots=True, repr=False)
class Synthesis(Shown):
    """The statements of a table of studies, and the draws behind them; ``Model.with_statements`` takes it whole.

    ``stated`` has the statements, their sources, what is refused, and the text for a set file. ``drawn`` is by ``of``
    and ``given`` of the table: the effects are sensitivity and false-positive rate, drawn together, or one rate.
    ``studies`` are the rows behind each of them, in the order of the table; ``result`` and ``seed`` as they were asked.
    ``readings`` are what the table says in other words than the program's.
    """

    stated: StudyStatements
    drawn: Mapping[tuple[str, str], DrawnEffects]
    studies: Mapping[tuple[str, str], tuple[StudyCounts, ...]]
    result: str = "next"
    seed: int = 0
    readings: tuple[SheetReading, ...] = ()

    @property
    def statements(self) -> tuple[Mapping[str, Any], ...]:
        """Those of ``stated``; so are the sources, and the pairs that are drawn together."""
        return self.stated.statements

    @property
    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        return self.stated.sources

    @property
    def drawn_together(self) -> tuple[Mapping[str, Any], ...]:
        return self.stated.drawn_together

    @property
    def findings(self) -> tuple[FindingStudies, ...]:
        """Each finding and condition with its studies, as tables for figures."""
        from riskmodel.synthesis.finding_studies import finding_studies

        return finding_studies(self)

    def sheet(self) -> Sheet:
        import pandas as pd

        columns = {"of": "of", "given": "given", "value": "value", "low": "low", "high": "high"}
        rows = [
            {**{name: s[key] for name, key in columns.items()}, "studies": len(s["studies"]),
             "use": "compared only" if "drives" in s else "drives a table"}
            for s in self.statements
        ]  # fmt: skip
        facts = {
            "findings": len(self.drawn), "statements": len(rows),
            "drive tables": sum("drives" not in s for s in self.statements),
            "result": RESULTS[self.result], "not supported": "; ".join(self.stated.refused) or "nothing is refused",
        }  # fmt: skip
        return Sheet("Synthesis", facts, {"Statements": pd.DataFrame(rows)})


def synthesise(  # noqa: PLR0913
    table: str | Path | pd.DataFrame,
    model: Model | None = None,
    *,
    result: Literal["next", "mean"] = "next",
    draws: int = DRAWS,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    command: str = "",
) -> Synthesis:
    """Random effects of the studies of each finding and condition, as statements with an interval of 95 %.

    Parameters
    ----------
    table
        as of :func:`~riskmodel.synthesis.studies.read_sheet`. Where ``given`` is a condition "alone", its table
        drives P(finding | condition alone) and P(finding | none); otherwise P(finding | condition, whatever else) and
        P(finding | not the condition), in the setting of the studies if it is the same, or in the reference setting.
        Settings of one finding are taken together: how much they differ is in the interval.
    model
        with it, names of variables and states are checked, what cannot drive its tables is compared only, and its
        sources can be cited.
    result
        ``next``: the probability in the next setting; ``mean``: in the middle one.
    draws, seed
        of each random-effects model.
    columns, defaults, ignore
        of :class:`~riskmodel.synthesis.sheet.SheetOptions`: the table's names of columns, as ``{"tp": "TruePos"}``;
        texts for what it leaves out, as ``{"of": "fever=present"}``; and columns to leave out.
    command
        what was called, for the record in the sources; without it, this call.

    Raises
    ------
    StudiesError
        with every problem of the table.
    """
    if result not in RESULTS:
        raise UsageError(f"result is {result!r}; allowed: {', '.join(RESULTS)}")
    command = command or f"riskmodel.synthesise(result={result!r}, draws={draws}, seed={seed})"
    options = SheetOptions(columns or {}, defaults or {}, ignore)
    sheet = read_sheet(table, None if model is None else model.priors, options)
    studies = sheet.studies
    groups: dict[Group, list[StudyCounts]] = {}
    for study in studies:
        groups.setdefault((study.of, study.given, study.is_two_by_two), []).append(study)
    _check_groups(groups)
    known_sources = {} if model is None else model.priors.sources
    statements: list[Mapping[str, Any]] = []
    sources: dict[str, dict[str, Any]] = {}
    together: list[Mapping[str, Any]] = []
    refused, drawn, people = [], {}, dict[str, int]()
    for (of, given, _), rows in groups.items():
        effects = drawn_effects(*_counts(rows), draws=draws, seed=seed)
        drawn[of, given] = effects
        targets = _shares_of(of, given, rows, None if model is None else model.priors)
        refused += [
            f"{of} given {target.given}: {target.compared}; compared only" for target in targets if target.compared
        ]
        claim = _claim(of, given, rows)
        intervals = effects.next_setting() if result == "next" else effects.average()
        for i, target in enumerate(targets):
            identifier = f"{claim['source']}.{target.key}"
            people[identifier] = int(_counts(rows)[1][:, i].sum())
            statements.append(
                {"id": identifier, "quantity": "probability", "of": of, "given": target.given,
                 **_numbers(intervals[i]), **claim, "note": _note(effects, i, len(rows), result),
                 "studies": studies_behind(rows, i), **({"drives": AUDIT} if target.compared else {})}
            )  # fmt: skip
        if len(targets) == 2:
            correlation = round(effects.together(next_setting=result == "next"), 2)
            pair = [f"{claim['source']}.{target.key}" for target in targets]
            together.append({"statements": pair, "correlation": float(np.clip(correlation, -0.99, 0.99))})
        names = ", ".join(dict.fromkeys(row.study for row in rows))
        title = f"Random effects of {_studies(len(rows))}: {names}"
        sources[claim["source"]] = {"title": title, "kind": "synthesis", "fit": fit_of_studies(rows, command)}
        for row in rows:
            if row.source not in known_sources:
                year = {"year": row.year} if row.year else {}
                sources.setdefault(row.source, {"title": _title(row.source, rows), "kind": "study", **year})
    by_finding = {(of, given): tuple(rows) for (of, given, _), rows in groups.items()}
    statements, reasons = most_people_drive(statements, people, None if model is None else model.priors)
    drive = {statement["id"] for statement in statements if "drives" not in statement}
    pairs = tuple(pair for pair in together if drive >= set(pair["statements"]))
    stated = StudyStatements(tuple(statements), sources, (*refused, *reasons), pairs)
    return Synthesis(stated, drawn, by_finding, result, seed, sheet.readings)


def _title(source: str, rows: Sequence[StudyCounts]) -> str:
    """A source is called by its study; one of several studies, such as a review, names them."""
    return ", ".join(dict.fromkeys(row.study for row in rows if row.source == source))


def _check_groups(groups: Mapping[Group, Sequence[StudyCounts]]) -> None:
    problems = Problems(file="studies")
    for (of, given, two_by_two), rows in groups.items():
        if two_by_two and (of, given, False) in groups:
            received = f"two-by-two tables and shares of {of}"
            problems.at(f"{of} given {given}").note("", received, "one of the two: they are not taken together")
        others = sorted({row.others or "blank" for row in rows})
        if len(others) > 1:
            received = f"others {', '.join(others)} for {of}"
            problems.at(f"{of} given {given}").note("", received, "one; people suspected and all others differ")
        cutoffs = sorted({row.cutoff for row in rows if row.cutoff})
        if len(cutoffs) > 1:
            received = f"cut-offs {', '.join(cutoffs)} for {of}"
            problems.at(f"{of} given {given}").note("", received, "one cut-off; several are not taken together")
    if problems.listed:
        raise StudiesError(problems.listed)


def _counts(rows: Sequence[StudyCounts]) -> tuple[Array, Array]:
    """Events and people, (studies, 2): with the condition, and without it; or (studies, 1)."""
    if not rows[0].is_two_by_two:
        return _columns(rows, ("events",)), _columns(rows, ("n",))
    positive, negative = _columns(rows, ("tp", "fp")), _columns(rows, ("fn", "tn"))
    return positive, positive + negative


def _columns(rows: Sequence[StudyCounts], keys: Sequence[str]) -> Array:
    return np.array([[row.counts[key] for key in keys] for row in rows], float)


def _shares_of(of: str, given: str, rows: Sequence[StudyCounts], priors: Priors | None) -> list[ShareOf]:
    """Whom the shares of some studies are of, and which of them drive a table."""
    settings = {row.setting for row in rows if row.setting}
    setting = settings.pop() if len(settings) == 1 else ""
    apart = next((row.design for row in rows if row.design in APART), "")
    if rows[0].is_two_by_two:
        shares: Sequence[ShareOf] = groups_of(of, given, setting, rows[0].others, apart)
    else:
        shares = (rate_of(of, given, setting, priors),)
    why = "" if priors is None else why_compared(of, given, priors)
    return [replace(share, compared=why or share.compared) for share in shares]


def _claim(of: str, given: str, rows: Sequence[StudyCounts]) -> dict[str, Any]:
    words = "_".join(re.findall(r"\w+", f"{of} {given}")).lower()
    return {
        "basis": "study",
        "source": f"synthesis_{words}",
        "locator": "; ".join(f"{row.source}: {row.locator}" for row in rows),
        "read": max((row.read for row in rows), key=list(HOW_READ).index),
    }


def _note(effects: DrawnEffects, i: int, studies: int, result: str) -> str:
    value, low, high = effects.average()[i]
    spread = float(np.median(effects.spread[:, i]))
    together = f"; correlation {np.median(effects.correlation):.2f}" if effects.mean.shape[1] == 2 else ""
    return (
        f"Random effects of {_studies(studies)}, {RESULTS[result]}: mean {value:.3g} ({low:.3g} to {high:.3g}), "
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
