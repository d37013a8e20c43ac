"""A table of studies made into statements for the next setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from riskmodel.errors import Problems, StudiesError, UsageError
from riskmodel.synthesis.cutoffs import CutOffEffects, cutoff_faults, has_cutoffs
from riskmodel.synthesis.next_setting import DRAWS, DrawnEffects
from riskmodel.synthesis.parts import FindingShares, counts_of, studies_together
from riskmodel.synthesis.quadrature import POINTS
from riskmodel.synthesis.sheet import SheetOptions
from riskmodel.synthesis.sheet_file import SheetReading
from riskmodel.synthesis.stated_shares import RESULTS, StatedShares, synthesis_source
from riskmodel.synthesis.studies import StudyCounts, read_sheet
from riskmodel.synthesis.two_by_two import StudyStatements
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from riskmodel.evidence.records import Priors
    from riskmodel.model import Model
    from riskmodel.synthesis.finding_studies import FindingStudies
    from riskmodel.synthesis.maximum_likelihood import MaximumLikelihood

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
    priors = None if model is None else model.priors
    sheet = read_sheet(table, priors, SheetOptions(columns or {}, defaults or {}, ignore))
    groups: dict[Group, list[StudyCounts]] = {}
    for study in sheet.studies:
        groups.setdefault((study.of, study.given, study.is_two_by_two), []).append(study)
    _check_groups(groups, priors)
    next_setting = result == "next"
    stated = StatedShares(priors, command, next_setting=next_setting)
    together: dict[tuple[str, str], FindingShares] = {}
    for (of, given, _), rows in groups.items():
        together[of, given] = studies_together(
            rows, priors, by_setting=by_setting, next_setting=next_setting, draws=draws, seed=seed
        )
        stated.add(rows, together[of, given])
    return Synthesis(
        stated.statements_of_studies(),
        {of_given: shares.effects for of_given, shares in together.items()},
        {(of, given): tuple(rows) for (of, given, _), rows in groups.items()},
        result,
        seed,
        sheet.readings,
        {of_given: shares.cutoffs for of_given, shares in together.items() if shares.cutoffs is not None},
    )


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
        source = synthesis_source(of, given)
        if priors is not None and source in priors.sources:
            received = f"the prior set {priors.prior_set.name} holds a synthesis of it ({source})"
            allowed = "all its studies in one sheet, and the set that the other synthesis extends"
            problems.at(f"{of} given {given}").note("", received, allowed)
        if has_cutoffs(rows):
            cutoff_faults(rows, priors, problems.at(f"{of} given {given}"))
    if problems.listed:
        raise StudiesError(problems.listed)
