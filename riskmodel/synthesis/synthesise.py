"""A table of studies made into statements for the next setting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor, log10
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import expit, logit

from riskmodel.errors import Problems, StudiesError, UsageError
from riskmodel.evidence.limits import MOST_CORRELATED, RAREST, WIDEST
from riskmodel.evidence.records import AUDIT, HOW_READ, SETTING
from riskmodel.synthesis.behind import fit_of_studies, studies_behind
from riskmodel.synthesis.cutoffs import CutOffEffects, cutoff_faults, has_cutoffs
from riskmodel.synthesis.groups import APART, ShareOf, groups_of, most_people_drive, rate_of, why_compared
from riskmodel.synthesis.next_setting import DRAWS, DrawnEffects
from riskmodel.synthesis.parts import SynthesisedShare, counts_of, studies_together
from riskmodel.synthesis.quadrature import POINTS
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
    from riskmodel.synthesis.maximum_likelihood import MaximumLikelihood

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
    cutoffs: Mapping[tuple[str, str], CutOffEffects] = field(default_factory=dict)

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

    def most_likely(self, of: str, given: str, points: int = POINTS) -> MaximumLikelihood:
        """The fit without priors, as other programs report it, to lay beside a published one.

        The logits are of sensitivity and of the false-positive rate, which is 1 - specificity, or of one rate; at
        several cut-offs they are those at the middle one.

        Parameters
        ----------
        of, given
            as in the table.
        points
            of the quadrature in each dimension; 1 is the approximation of Laplace.

        Raises
        ------
        UsageError
            where the table has no such studies.
        """
        from riskmodel.synthesis.maximum_likelihood import most_likely

        if (of, given) not in self.studies:
            allowed = "; ".join(f"{finding} given {condition}" for finding, condition in self.studies)
            raise UsageError(f"no studies of {of} given {given}; allowed: {allowed}")
        several = self.cutoffs.get((of, given))
        if several is not None:
            return most_likely(several.design.events, several.design.totals, points, several.design)
        return most_likely(*counts_of(self.studies[of, given]), points=points)

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
    by_setting: bool = False,
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
        Settings of one finding are taken together: how much they differ is in the interval. Studies with several
        cut-offs of a number are taken together over these, and give its bands in the model.
    model
        with it, names of variables and states are checked, what cannot drive its tables is compared only, and its
        sources can be cited.
    result
        ``next``: the probability in the next setting; ``mean``: in the middle one.
    by_setting
        where the studies of a finding name two or more settings, the mean of each moves by itself, and there are
        statements for each. Those of most people drive the table, which is one for all settings.
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
    priors = None if model is None else model.priors
    _check_groups(groups, priors)
    known_sources = {} if model is None else model.priors.sources
    statements: list[Mapping[str, Any]] = []
    sources: dict[str, dict[str, Any]] = {}
    together: list[Mapping[str, Any]] = []
    refused, drawn, cutoffs, people = [], {}, {}, dict[str, int]()
    of_setting: dict[str, str] = {}
    for (of, given, _), rows in groups.items():
        at_once = studies_together(
            rows, priors, by_setting=by_setting, next_setting=result == "next", draws=draws, seed=seed
        )
        drawn[of, given] = at_once.effects
        if at_once.cutoffs is not None:
            cutoffs[of, given] = at_once.cutoffs
        claim = _claim(of, given, rows)
        for share in at_once.shares:
            targets = _shares_of(share.of, given, share.rows, priors)
            refused += [
                f"{share.of} given {each.given}: {each.compared}; compared only" for each in targets if each.compared
            ]
            name = f".{share.name}" if len(at_once.shares) > 1 else ""
            pair = [f"{claim['source']}{name}.{target.key}" for target in targets]
            for i, target in enumerate(targets):
                people[pair[i]], of_setting[pair[i]] = share.people(i), share.setting
                statements.append(
                    {"id": pair[i], "quantity": "probability", "of": share.of, "given": target.given,
                     **_numbers(share.intervals[i]), **claim, "note": _note(share, i, result),
                     "studies": studies_behind(share.rows, i), **({"drives": AUDIT} if target.compared else {})}
                )  # fmt: skip
            if len(targets) == 2:
                correlation = float(np.clip(round(share.correlation, 2), -MOST_CORRELATED, MOST_CORRELATED))
                together.append({"statements": pair, "correlation": correlation})
        names = ", ".join(dict.fromkeys(row.study for row in rows))
        title = f"Random effects of {_studies(at_once.effects.studies)}: {names}"
        sources[claim["source"]] = {"title": title, "kind": "synthesis", "fit": fit_of_studies(rows, command)}
        for row in rows:
            if row.source not in known_sources:
                year = {"year": row.year} if row.year else {}
                sources.setdefault(row.source, {"title": _title(row.source, rows), "kind": "study", **year})
    by_finding = {(of, given): tuple(rows) for (of, given, _), rows in groups.items()}
    statements, reasons = most_people_drive(statements, people, priors)
    statements = [_where(statement, of_setting[statement["id"]]) for statement in statements]
    drive = {statement["id"] for statement in statements if "drives" not in statement}
    pairs = tuple(pair for pair in together if drive >= set(pair["statements"]))
    stated = StudyStatements(tuple(statements), sources, (*refused, *reasons), pairs)
    return Synthesis(stated, drawn, by_finding, result, seed, sheet.readings, cutoffs)


def _where(statement: Mapping[str, Any], setting: str) -> Mapping[str, Any]:
    """What is only compared is compared in its setting."""
    if not setting or "drives" not in statement or f"{SETTING}=" in statement["given"]:
        return statement
    return {**statement, "given": f"{statement['given']}; {SETTING}={setting}"}


def _title(source: str, rows: Sequence[StudyCounts]) -> str:
    """A source is called by its study; one of several studies, such as a review, names them."""
    return ", ".join(dict.fromkeys(row.study for row in rows if row.source == source))


def _check_groups(groups: Mapping[Group, Sequence[StudyCounts]], priors: Priors | None) -> None:
    problems = Problems(file="studies")
    for (of, given, two_by_two), rows in groups.items():
        if two_by_two and (of, given, False) in groups:
            received = f"two-by-two tables and shares of {of}"
            problems.at(f"{of} given {given}").note("", received, "one of the two: they are not taken together")
        others = sorted({row.others or "blank" for row in rows})
        if len(others) > 1:
            received = f"others {', '.join(others)} for {of}"
            problems.at(f"{of} given {given}").note("", received, "one; people suspected and all others differ")
        source = _source_of(of, given)
        if priors is not None and source in priors.sources:
            received = f"the prior set {priors.prior_set.name} holds a synthesis of it ({source})"
            allowed = "all its studies in one sheet, and the set that the other synthesis extends"
            problems.at(f"{of} given {given}").note("", received, allowed)
        if has_cutoffs(rows):
            cutoff_faults(rows, priors, problems.at(f"{of} given {given}"))
    if problems.listed:
        raise StudiesError(problems.listed)


def _shares_of(of: str, given: str, rows: Sequence[StudyCounts], priors: Priors | None) -> list[ShareOf]:
    """Whom the shares of some studies are of, and which of them drive a table."""
    settings = {row.setting for row in rows}  # one that names none is of another, or of several
    setting = settings.pop() if len(settings) == 1 else ""
    apart = next((row.design for row in rows if row.design in APART), "")
    if rows[0].is_two_by_two:
        shares: Sequence[ShareOf] = groups_of(of, given, setting, rows[0].others, apart)
    else:
        shares = (rate_of(of, given, setting, priors),)
    why = "" if priors is None else why_compared(of, given, priors)
    return [replace(share, compared=why or share.compared) for share in shares]


def _source_of(of: str, given: str) -> str:
    """The key of the synthesis of a finding and a condition."""
    return f"synthesis_{'_'.join(re.findall(r'[a-z0-9_]+', f'{of} {given}'.lower()))}"


def _claim(of: str, given: str, rows: Sequence[StudyCounts]) -> dict[str, Any]:
    return {
        "basis": "study",
        "source": _source_of(of, given),
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
