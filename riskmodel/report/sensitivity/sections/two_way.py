"""Two statements together: the posterior of a case over the ranges of both, and the regions of each action."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Figure, Section, Table, mark
from riskmodel.report.sensitivity.labels import labelled
from riskmodel.report.sensitivity.sections.cases import least_sure
from riskmodel.report.sensitivity.sections.flips import case_flips
from riskmodel.report.sensitivity.study import once
from riskmodel.sensitivity.two_way import TwoWay, two_way
from riskmodel.text import percent, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study

MOST_MAPS = 6  # of two statements; without pairs half as many, one a case


@once
def two_way_maps(study: Study) -> list[TwoWay]:
    """Maps of the least sure cases, over the spec's pairs or else the two statements whose flips are nearest."""
    pairs, maps = study.spec.two_way.pairs[:MOST_MAPS], []
    cases = max(MOST_MAPS // len(pairs), 1) if pairs else MOST_MAPS // 2
    for name in least_sure(study)[:cases]:
        flips = case_flips(study)
        near = flips[flips["case"] == name]["statement"].drop_duplicates().tolist()[:2]
        for pair in pairs or ([near] if len(near) == 2 else []):
            points = study.spec.two_way.points
            result = two_way(study.model, study.case(name), *pair, output=study.overall, points=points)
            maps.append(replace(result, case=name))
    return maps


def two_way_section(study: Study) -> Section | None:
    """Maps over pairs of statements; nothing where no case has two flips."""
    maps = two_way_maps(study)
    if not maps:
        return None
    sentences = [
        (
            "Two statements take the values of their 95 % ranges together; all others keep their stated values. The "
            "shade shows the probability, the hatching the action. The white dot marks the stated values. Between the "
            "points of the table the probabilities are interpolated (cubic splines of the log-odds) to draw the "
            "borders."
        )
    ]
    sentences += [_sentence(result) for result in maps]
    figures = [_figure(f"map_{i:02}", result, study) for i, result in enumerate(maps, start=1)]
    return Section("two_way", "Two statements together", tuple(sentences), (_table(maps),), tuple(figures))


def _names(result: TwoWay) -> list[str]:
    return [str(name) for name in result.statements["statement"]]


def _sentence(result: TwoWay) -> str:
    low, high = float(result.table["p"].min()), float(result.table["p"].max())
    shares = result.labels().dropna().value_counts(normalize=True)
    _, urgency, imaging = result.stated
    same = float(shares.get(f"{urgency}; {imaging}", 0.0))
    first, second = (f"[[statement:{name}]]" for name in _names(result))
    return (
        f"Case {mark('case', result.case)}, {first} and {second}: P({words(result.output)}) lies between "
        f"{percent(low)} and {percent(high)}. The action at the stated values ({words(urgency)}, {words(imaging)}) "
        f"covers {percent(same)} of the map; {len(shares)} different actions occur."
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
        Column("urgency", "Urgency", "name"),
        Column("imaging", "Imaging", "name"),
    )
    frame = pd.concat(parts, ignore_index=True)
    return Table("two_way", "The points of the maps", frame, columns, shown=10, most=200)


def _figure(name: str, result: TwoWay, study: Study) -> Figure:
    result = replace(result, statements=labelled(result.statements, study.model.priors))
    first, second = result.statements["label"]

    def draw() -> Canvas:
        from riskmodel.figures.two_way_map import draw_two_way
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 6.4)
        ax = draw_two_way(result, drawn.subplots())
        for shade in ax.collections[:1]:  # thousands of small patches: one picture instead
            shade.set_rasterized(True)
        return drawn

    return Figure(
        name, f"P({words(result.output)}) of case {result.case} over the 95 % ranges of {first}, and of {second}",
        f"Map of the probability of {words(result.output)} of case {result.case} over the 95 % ranges of {first}, and "
        f"of {second}, with the regions of {len(result.actions)} actions.", draw,
    )  # fmt: skip
