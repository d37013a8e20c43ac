"""All statements at once: Sobol' indices of a target by basis, source and statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from riskmodel.pages.section import Column, Figure, Kind, Section, Table, number
from riskmodel.report.sensitivity.labels import group_label
from riskmodel.report.sensitivity.study import once
from riskmodel.sensitivity.sobol_indices import Sobol, sobol
from riskmodel.sensitivity.targets import Target, parse_target
from riskmodel.text import percent, target_words, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study

BY: tuple[Literal["basis", "source", "statement"], ...] = ("basis", "source", "statement")
MOST_PEOPLE = 200  # a mean over people hardly hangs on how many


def sobol_target(study: Study) -> Target:
    """What varies: the target that the spec names."""
    return parse_target(study.spec.sobol.target)


@once
def sobol_indices(study: Study) -> dict[str, Sobol]:
    """Sobol' indices by basis, source and statement: of a case, or of simulated people of the main setting."""
    target, asked = sobol_target(study), study.spec.sobol
    masks = np.ascontiguousarray(study.cohorts[study.main_setting].masks[:, :MOST_PEOPLE])
    if target.case:
        masks, target = study.case(target.case), Target(target.kind, target.of, "0")
    return {
        by: sobol(study.model, masks, target, by=by, n=asked.samples, seed=study.spec.seed, top=asked.statements)
        for by in BY
    }


def sobol_section(study: Study) -> Section | None:
    """Sobol' indices by basis, source and statement; nothing where the target does not vary."""
    indices = {by: result for by, result in sobol_indices(study).items() if result.variance > 0}
    if not indices:
        return None
    target, any_result = sobol_target(study), next(iter(indices.values()))
    of = f" in {words(study.main_setting)}" if not target.case else ""
    draws = sum(result.draws for result in indices.values())
    additive = indices["statement"].additive if "statement" in indices else any_result.additive
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
    tables = tuple(_table(by, result) for by, result in indices.items())
    figures = tuple(_figure(by, result, f"{target_words(str(target))}{of}", study) for by, result in indices.items())
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
        from riskmodel.figures.sensitivity import draw_sobol
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 1.3 + 0.42 * min(len(table), 12))
        draw_sobol(table, drawn.subplots())
        return drawn

    first = table.iloc[0]
    return Figure(
        f"sobol_by_{by}", f"Sobol' indices of {of} by {by}, with 95 % intervals",
        f"Bars of first-order and total Sobol' indices of {of} by {by}; the largest total is "
        f"{percent(first['total'])}, of {first['label']}.", draw,
    )  # fmt: skip
