"""All statements at once: Sobol' indices of a target by basis, source and statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.pages.section import Column, Figure, Kind, Section, Table, number
from riskmodel.report.sensitivity.labels import group_label
from riskmodel.text import percent, target_words, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study
    from riskmodel.sensitivity.sobol_indices import Sobol


def section(study: Study) -> Section | None:
    found = {by: result for by, result in study.sobol.items() if result.variance > 0}
    if not found:
        return None
    target, any_result = study.sobol_target, next(iter(found.values()))
    of = f" in {words(study.main_setting)}" if not target.case else ""
    draws = sum(result.draws for result in found.values())
    additive = found["statement"].additive if "statement" in found else any_result.additive
    how = (
        f"All statements vary together over their distributions, and the variance of {target_words(str(target))}{of} "
        "is divided among them. A first-order index is the share of the variance from a group of statements alone; a "
        f"total index adds its interactions with the others. {draws:,} networks were built."
    )
    if any_result.warning:
        how += f" {any_result.warning}."
    meaning = (
        f"The first-order indices of the statements sum to {number(additive, 2)}: {_interactions(additive)} All "
        "indices are estimates: within its interval a first-order index can be larger than the total index, "
        "and the index of one statement larger than that of its group. The target is a mean over people; base rates "
        "have a larger share in it than in the probabilities and actions of single people."
    )  # fmt: skip
    tables = tuple(_table(by, result) for by, result in found.items())
    figures = tuple(_figure(by, result, f"{target_words(str(target))}{of}", study) for by, result in found.items())
    return Section("together", "All statements at once", (how, meaning), tables, figures)


LITTLE, TOO_MUCH = 0.9, 1.1  # sums of first-order indices: from the first, little interaction; above 1 only by chance


def _interactions(additive: float) -> str:
    if additive > TOO_MUCH:
        return "more than the whole, so that they are too imprecise to show whether there are interactions."
    if additive > LITTLE:
        return "there is little interaction, so that the tornado plots show nearly everything."
    return "there are interactions, which a tornado plot cannot show."


def _table(by: str, result: Sobol) -> Table:
    links: dict[str, Kind] = {"statement": "statement", "source": "source"}
    columns = (
        Column("name", by.capitalize(), links.get(by, "text")),
        Column("statements", "Statements", "whole"),
        Column("first", "First order, 95 % interval", "number", 2, ("first_low", "first_high")),
        Column("total", "Total, 95 % interval", "number", 2, ("total_low", "total_high")),
        Column("alone", "Varied alone", "number", 2),
    )
    note = (
        "Shares of the variance. Varied alone: all others at their stated values. Without interactions the three agree."
    )
    return Table(f"sobol_by_{by}", f"Sobol' indices by {by}", result.table, columns, note, shown=25)


def _figure(by: str, result: Sobol, of: str, study: Study) -> Figure:
    table = result.table.assign(label=[group_label(name, study.model.priors) for name in result.table["name"]])

    def draw() -> Canvas:
        from riskmodel.figures import sobol
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 1.3 + 0.42 * min(len(table), 12))
        sobol(table, drawn.subplots())
        return drawn

    first = table.iloc[0]
    return Figure(
        f"sobol_by_{by}", f"Sobol' indices of {of} by {by}, with 95 % intervals",
        f"Bars of first-order and total Sobol' indices of {of} by {by}; the largest total is "
        f"{percent(first['total'])}, of {first['label']}.", draw,
    )  # fmt: skip
