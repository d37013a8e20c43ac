"""Two numbers together: the posterior of a case over the ranges of both, and the regions of each action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.report.section import Column, Figure, Section, Table, mark
from riskmodel.text import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study
    from riskmodel.sensitivity.two_way import TwoWay


def section(study: Study) -> Section | None:
    if not study.maps:
        return None
    said = [
        (
            "Two statements vary together over their 95 % ranges, all others as stated. Shades show the posterior, "
            "hatching the action; the dot stands at the stated values."
        )
    ]
    said += [_says(result) for result in study.maps]
    figures = [_figure(f"map_{i:02}", result) for i, result in enumerate(study.maps, start=1)]
    return Section("two_way", "Two numbers together", tuple(said), (_table(study.maps),), tuple(figures))


def _names(result: TwoWay) -> list[str]:
    return [str(name) for name in result.statements["statement"]]


def _says(result: TwoWay) -> str:
    low, high = float(result.table["p"].min()), float(result.table["p"].max())
    shares = result.labels().dropna().value_counts(normalize=True)
    _, urgency, imaging = result.stated
    same = float(shares.get(f"{urgency}; {imaging}", 0.0))
    first, second = (f"[[statement:{name}]]" for name in _names(result))
    return (
        f"{mark('case', result.case)}, {first} with {second}: p({result.output}) lies between {percent(low)} and "
        f"{percent(high)}, and {percent(same)} of the map gives the action as stated ({urgency.replace('_', ' ')}, "
        f"{imaging}); {len(shares)} actions occur."
    )


def _table(maps: list[TwoWay]) -> Table:
    parts = []
    for result in maps:
        first, second = _names(result)
        parts.append(result.table.assign(case=result.case, first=first, second=second))
    columns = (
        Column("case", "Case", "case"),
        Column("first", "First statement", "statement"),
        Column("a", "Its value", "number"),
        Column("second", "Second statement", "statement"),
        Column("b", "Its value", "number"),
        Column("p", "Probability", "percent"),
        Column("urgency", "Urgency"),
        Column("imaging", "Imaging"),
    )
    frame = pd.concat(parts, ignore_index=True)
    return Table("two_way", "The points of the maps", frame, columns, shown=10, most=200)


def _figure(name: str, result: TwoWay) -> Figure:
    first, second = _names(result)

    def draw() -> Canvas:
        from riskmodel.report.figures import two_way
        from riskmodel.report.figures.svg import canvas

        drawn = canvas(9, 5.8)
        ax = two_way(result, drawn.subplots())
        for shade in ax.collections[:1]:  # thousands of small patches: one picture instead
            shade.set_rasterized(True)
        return drawn

    return Figure(
        name, f"p({result.output}) of case {result.case} over {first} and {second}",
        f"Map of the probability of {result.output} of case {result.case}, with regions of {len(result.actions)} "
        "actions, "
        f"over the 95 % ranges of {first} and {second}.", draw,
    )  # fmt: skip
