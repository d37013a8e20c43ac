"""Which statements matter most: each over its 95 % range, all others as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Figure, Section, Table, each, number
from riskmodel.report.sensitivity.labels import labelled
from riskmodel.report.sensitivity.one_way_results import people_one_way, ranking, report_targets, target_effects
from riskmodel.text import listed, percent, target_words, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study
    from riskmodel.sensitivity.targets import Target

BARS = 12
MOST_FIGURES = 12
SMALLEST = 1e-9  # of the target: effects below it are rounding
RESTS = {"seed": "from a seed document", "study": "from a study", "assumption": "an assumption"}
RANGE = (
    Column("value", "Stated, 95 % range", "number", interval=("low", "high")),
    Column("origin", "Origin of the range"),
)


def one_way_section(study: Study) -> Section:
    """Statements by the actions that they change, and their effect on each target."""
    top = ranking(study)
    moving = int((top["actions"] > 0).sum())
    table = people_one_way(study).table
    truncated = sorted(set(table["statement"][table["held"] != ""]))
    people = f"{study.spec.cohort.people:,} simulated people of each setting"
    how = (
        "One statement at a time takes the values of its 95 % range. The other statements and the people stay the "
        "same. If the statement is part of a distribution, such as an age mix, the other parts change in proportion. "
        "The range is stated by the source, assumed by the project, calculated from a count, or the prior set's "
        "default for statements of that basis."
    )
    still = top[top["actions"] == 0]["statement"]
    tests = sum(_of_a_test(study, str(name)) for name in still)
    effect = (
        f"{moving} of {len(top)} statements change the urgency or imaging of at least one of the {people}. The other "
        f"{len(still)} change none; {tests} of those are about tests, which these people have not had yet."
    )
    ranked = (
        "Statements are ranked here by how many actions they change. The ranking can be different by their share of "
        "the variance of a mean (see [[section:together]]) or by the value of knowing them exactly (see "
        "[[section:value]])."
    )
    sentences = [how, effect, ranked]
    if truncated:
        names = listed([f"[[statement:{name}]]" for name in truncated])
        sentences.append(
            f"The network cannot represent some values in the range of {names} together with the other statements; "
            "these values were truncated to the nearest possible one."
        )
    tables = (_ranking(top, study.settings), _targets(study))
    return Section(
        "one_way", "Statements that matter most", tuple(sentences), tables, (_changed(study), *_tornados(study))
    )


def _of_a_test(study: Study, name: str) -> bool:
    of = study.model.priors.statement(name).of.variable
    return any(variable.name == of and variable.role == "test" for variable in study.model.variables)


def _ranking(top: pd.DataFrame, settings: tuple[str, ...]) -> Table:
    columns = (
        Column("statement", "Statement", "statement"),
        *RANGE,
        Column("basis", "Basis", "name"),
        Column("source", "Source", "source"),
        Column("actions", "Actions changed, mean", "percent"),
        *(Column(name, words(name).capitalize(), "percent") for name in settings),
    )
    note = (
        "Share of simulated people whose urgency or imaging changes at some value of the range, compared with the "
        "stated value. The mean gives every setting the same weight."
    )
    return Table("ranking", "Statements by the actions that they change", top, columns, note)


def _targets(study: Study) -> Table:
    columns = (
        Column("target", "Target", "target"),
        Column("setting", "Setting", "name"),
        Column("statement", "Statement", "statement"),
        *RANGE,
        Column("at_low", "Target at 2.5 %", "number"),
        Column("stated", "As stated", "number"),
        Column("at_high", "At 97.5 %", "number"),
        Column("effect", "Effect", "number"),
    )
    frame = target_effects(study)
    frame = frame[frame["effect"] > SMALLEST * frame["stated"].abs()]
    pair = pd.Series(pd.factorize(frame["setting"] + "\0" + frame["target"])[0], index=frame.index)
    order = frame.assign(rank=frame.groupby(pair).cumcount(), pair=pair)
    order = order.sort_values(["rank", "pair"], kind="stable", ignore_index=True).drop(columns=["rank", "pair"])
    targets = pair.nunique()
    note = (
        f"The largest effect on each of the {targets} pairs of target and setting comes first, then the second of "
        "each, and so on. Statements without an effect on a target are left out."
    )
    title = "Effect of each statement on each target"
    return Table("one_way_targets", title, order, columns, note, most=10 * targets)


def _changed(study: Study) -> Figure:
    top = labelled(ranking(study).head(BARS), study.model.priors)

    def draw() -> Canvas:
        from riskmodel.figures.one_way_panels import changed_actions

        return changed_actions(top, study.settings)

    first = top.iloc[0]
    return Figure(
        "changed", "Share of simulated people whose urgency or imaging changes within a statement's 95 % range",
        f"Bars by setting for the {len(top)} statements that change most actions; the first is {first['label']}, "
        f"with {percent(first['actions'])}.", draw,
    )  # fmt: skip


def _tornados(study: Study) -> list[Figure]:
    """One tornado for each target: of simulated people in the main setting, and of each case."""
    frame, figures = target_effects(study), []
    for i, target in enumerate(report_targets(study)[:MOST_FIGURES], start=1):
        rows = frame[(frame["target"] == str(target)) & (frame["effect"] > 0)]
        if not target.case:
            rows = rows[rows["setting"] == study.main_setting]
        if len(rows):
            shown = labelled(rows.head(BARS), study.model.priors)
            figures.append(_tornado(f"tornado_{i:02}", target, shown))
    return figures


def _tornado(name: str, target: Target, rows: pd.DataFrame) -> Figure:
    def draw() -> Canvas:
        from riskmodel.figures.rows import height
        from riskmodel.figures.tornado import tornado
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 1.1 + height(rows["label"].tolist(), lines=1))
        tornado(rows, drawn.subplots())
        return drawn

    first = rows.iloc[0]
    low, high = sorted((first["at_low"], first["at_high"]))
    written = number if target.kind == "log_odds" else percent
    of = f"{target_words(str(target))} in {words(first['setting'])}"
    return Figure(
        name, f"{of} over the 95 % range of each statement",
        f"Tornado plot of {of}: {written(first['stated'])} at the stated values. The largest effect is that of "
        f"{first['label']}: from {written(low)} to {written(high)}.", draw,
    )  # fmt: skip


def most_important_statements(study: Study) -> str:
    """One sentence: the three numbers that matter most."""
    top = ranking(study).head(3)
    top = top[top["actions"] > 0]
    if top.empty:
        return (
            f"No single statement changes the action for any of the simulated people under the policy "
            f"{words(study.policy)} within its 95 % range ([[section:one_way|all statements]])."
        )
    statements = [
        f"[[statement:{row.statement}]] ({number(row.value)}, {RESTS[row.basis]}, 95 % range {number(row.low, 2)} to "
        f"{number(row.high, 2)}): {percent(row.actions)}"
        for row in each(top)
    ]
    head = {1: "One statement matters", 2: "Two statements matter"}.get(len(statements), "Three statements matter")
    over = " (mean over settings)" if len(study.settings) > 1 else f" in {words(study.settings[0])}"
    return (
        f"{head} most, by the share of simulated people{over} whose urgency or imaging [[section:one_way|changes]] "
        f"within the 95 % range of the statement: {'; '.join(statements)}."
    )
