"""All numbers at once: Sobol' indices of a target by basis, source and statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.report.section import Column, Figure, Kind, Section, Table, number
from riskmodel.text import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study
    from riskmodel.sensitivity.global_ import Sobol


def section(study: Study) -> Section | None:
    found = {by: result for by, result in study.sobol.items() if result.variance > 0}
    if not found:
        return None
    target, any_result = study.sobol_target, next(iter(found.values()))
    of = f" of {study.main_setting}" if not target.case else ""
    draws = sum(result.draws for result in found.values())
    additive = found["statement"].additive if "statement" in found else any_result.additive
    how = (
        f"All statements vary together over their whole distributions; the variance of {target}{of} is divided among "
        "them. First order: what a group does by itself; total: with all that it does together with others. "
        f"{draws:,} networks were built."
    )
    if any_result.warning:
        how += f" {any_result.warning}."
    meaning = (
        f"The first-order indices of the statements sum to {number(additive, 2)}: "
        + ("they act nearly one by one, so that tornado plots tell nearly the whole. " if additive > ADDITIVE else
           "they act together too, which no plot of one at a time can show. ")
        + "All are estimates: within its interval a first-order index may come out above the total, or a part above "
        "the whole. Before any case is seen, and of a mean over people, base rates count for more here than where "
        "single people or their actions are looked at."
    )  # fmt: skip
    tables = tuple(_table(by, result) for by, result in found.items())
    figures = tuple(_figure(by, result, f"{target}{of}") for by, result in found.items())
    return Section("together", "All numbers at once", (how, meaning), tables, figures)


ADDITIVE = 0.9  # a sum of first-order indices from which interactions are called small


def _table(by: str, result: Sobol) -> Table:
    links: dict[str, Kind] = {"statement": "statement", "source": "source"}
    columns = (
        Column("name", by.capitalize(), links.get(by, "text")),
        Column("statements", "Statements", "whole"),
        Column("first", "First order", "number", 2),
        Column("first_low", "2.5 %", "number", 2),
        Column("first_high", "97.5 %", "number", 2),
        Column("total", "Total", "number", 2),
        Column("total_low", "2.5 %", "number", 2),
        Column("total_high", "97.5 %", "number", 2),
        Column("alone", "Varied alone", "number", 2),
    )
    note = "Shares of the variance. Varied alone: with all others as stated. In an additive model the three are one."
    return Table(f"sobol_by_{by}", f"Sobol' indices by {by}", result.table, columns, note, shown=25)


def _figure(by: str, result: Sobol, of: str) -> Figure:
    def draw() -> Canvas:
        from riskmodel.report.figures import sobol
        from riskmodel.report.figures.svg import canvas

        drawn = canvas(9, 1.3 + 0.42 * min(len(result.table), 12))
        sobol(result.table, drawn.subplots())
        return drawn

    first = result.table.iloc[0]
    return Figure(
        f"sobol_by_{by}", f"Sobol' indices of {of} by {by}, with 95 % intervals",
        f"Bars of first-order and total Sobol' indices of {of} by {by}; the largest total is "
        f"{percent(first['total'])}, of "
        f"{first['name']}.", draw,
    )  # fmt: skip
