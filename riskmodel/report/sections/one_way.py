"""Which numbers matter most: each statement over its 95 % range, all others as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.report.section import Column, Figure, Section, Table, each, number
from riskmodel.report.sections.provenance import read
from riskmodel.text import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study
    from riskmodel.sensitivity.targets import Target

BARS = 12
MOST_FIGURES = 12
SMALLEST = 1e-9  # of the target: effects below it are rounding
RESTS = {"seed": "from a seed", "study": "from a study", "assumption": "an assumption"}
RANGE = (
    Column("value", "Stated", "number"),
    Column("low", "2.5 %", "number"),
    Column("high", "97.5 %", "number"),
    Column("origin", "Range"),
)


def section(study: Study) -> Section:
    top = study.ranking
    moving = int((top["actions"] > 0).sum())
    held = sorted(set(study.one_way.table["statement"][study.one_way.table["held"] != ""]))
    people = f"{study.spec.cohort.people:,} simulated people of each setting"
    range_said = (
        "Each statement runs over its 95 % range while all others, and the people, stay as they are; the other parts "
        "of one distribution, such as an age mix, give way in proportion. A range is stated by the source, assumed, "
        "follows from a count, or is the set's default for that basis."
    )
    still = top[top["actions"] == 0]["statement"]
    tests = sum(_of_a_test(study, str(name)) for name in still)
    effect_said = (
        f"Of {len(top)} statements, {moving} change the urgency or imaging of someone among the {people}. The other "
        f"{len(still)} change nobody's there; {tests} of them speak of tests, which these people have not had yet."
    )
    view_said = (
        "A number matters here by the actions that it changes. By what it adds to the variance of a mean "
        "([[section:together]]), or by what knowing it would be worth ([[section:value]]), others may come first."
    )
    said = [range_said, effect_said, view_said]
    if held:
        names = ", ".join(f"[[statement:{name}]]" for name in held)
        said.append(f"Some values in the range of {names} ask for more than the network can give, and were held there.")
    tables = (_ranking(top, study.settings), _targets(study))
    return Section("one_way", "Which numbers matter most", tuple(said), tables, (_changed(study), *_tornados(study)))


def _of_a_test(study: Study, name: str) -> bool:
    of = study.model.priors.statement(name).of.variable
    return any(variable.name == of and variable.role == "test" for variable in study.model.variables)


def _ranking(top: pd.DataFrame, settings: tuple[str, ...]) -> Table:
    columns = (
        Column("statement", "Statement", "statement"),
        *RANGE,
        Column("basis", "Basis"),
        Column("source", "Source", "source"),
        Column("actions", "Actions changed, mean", "percent"),
        *(Column(name, name, "percent") for name in settings),
    )
    note = (
        "Share of simulated people whose urgency or imaging is another somewhere in the range than at the stated "
        "value; the mean counts every setting alike."
    )
    return Table("ranking", "Statements by the actions that they change", top, columns, note)


def _targets(study: Study) -> Table:
    columns = (
        Column("target", "Target"),
        Column("setting", "Setting"),
        Column("statement", "Statement", "statement"),
        *RANGE,
        Column("at_low", "Target at 2.5 %", "number"),
        Column("stated", "As stated", "number"),
        Column("at_high", "At 97.5 %", "number"),
        Column("effect", "Effect", "number"),
    )
    frame = study.followed
    frame = frame[frame["effect"] > SMALLEST * frame["stated"].abs()]
    place = pd.Series(pd.factorize(frame["setting"] + "\0" + frame["target"])[0], index=frame.index)
    order = frame.assign(rank=frame.groupby(place).cumcount(), place=place)
    order = order.sort_values(["rank", "place"], kind="stable", ignore_index=True).drop(columns=["rank", "place"])
    targets = place.nunique()
    note = (
        f"First the largest effect on each of the {targets} targets and settings, then the second of each, and so "
        "on; statements without any effect on a target are left out."
    )
    title = "What each statement does to each target"
    return Table("one_way_targets", title, order, columns, note, most=10 * targets)


def _changed(study: Study) -> Figure:
    some = study.ranking.head(BARS)

    def draw() -> Canvas:
        from riskmodel.report.figures.one_way_panels import changed

        return changed(some, study.settings)

    first = some.iloc[0]
    return Figure(
        "changed", "Share of simulated people whose urgency or imaging changes within a statement's 95 % range",
        f"Bars by setting for the {len(some)} statements that change most actions; the first is {first['statement']} "
        f"with {percent(first['actions'])}.", draw,
    )  # fmt: skip


def _tornados(study: Study) -> list[Figure]:
    """One tornado for each target: of simulated people in the main setting, and of each case."""
    frame, figures = study.followed, []
    for i, target in enumerate(study.targets[:MOST_FIGURES], start=1):
        own = frame[(frame["target"] == str(target)) & (frame["effect"] > 0)]
        if not target.case:
            own = own[own["setting"] == study.main_setting]
        if len(own):
            figures.append(_tornado(f"tornado_{i:02}", target, own.head(BARS)))
    return figures


def _tornado(name: str, target: Target, own: pd.DataFrame) -> Figure:
    def draw() -> Canvas:
        from riskmodel.report.figures.one_way_panels import tornado

        return tornado(own, str(target), odds=target.kind == "log_odds")

    first = own.iloc[0]
    low, high = sorted((first["at_low"], first["at_high"]))
    said = number if target.kind == "log_odds" else percent
    return Figure(
        name, f"{target} in {first['setting']} over the 95 % range of each statement",
        f"Tornado: {target} in {first['setting']}, {said(first['stated'])} as stated; {first['statement']} moves it "
        "most, "
        f"from {said(low)} to {said(high)}.", draw,
    )  # fmt: skip


def matter_most(study: Study) -> str:
    """One sentence: the three numbers that matter most."""
    top = study.ranking.head(3)
    top = top[top["actions"] > 0]
    if top.empty:
        return (
            f"No single number changes anybody's action under {study.policy} within its 95 % range "
            "([[section:one_way|all of them]])."
        )
    some = [
        f"[[statement:{row.statement}]] ({read(study.model.priors.statement(row.statement))}: {number(row.value)}, "
        f"{RESTS[row.basis]}, could be {number(row.low, 2)} to {number(row.high, 2)}) changes {percent(row.actions)}"
        for row in each(top)
    ]
    head = {1: "One number matters most", 2: "Two numbers matter most"}.get(len(some), "Three numbers matter most")
    over = " (mean over settings)" if len(study.settings) > 1 else f" in {study.settings[0]}"
    return (
        f"{head}, by the share of simulated people{over} whose urgency or imaging [[section:one_way|changes]] within "
        f"the 95 % range: {'; '.join(some)}."
    )
