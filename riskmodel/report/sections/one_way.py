"""Which numbers matter most: each statement over its 95 % range, all others as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.report.section import Column, Figure, Section, Table, each, mark, number
from riskmodel.report.sections.provenance import read
from riskmodel.text import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study

BARS = 12
MOST_FIGURES = 12
SMALLEST = 1e-9  # of the target: effects below it are rounding
RANGE = (
    Column("value", "Stated", "number"),
    Column("low", "2.5 %", "number"),
    Column("high", "97.5 %", "number"),
    Column("interval", "Range"),
)


def section(study: Study) -> Section:
    found, top = study.one_way, ranking(study)
    said = (
        (
            "Each statement is moved to both ends of its 95 % range while all others stay as stated; the other parts "
            "of one "
            "distribution, such as an age mix, give way in proportion. A range is the source's own, follows from a "
            "count, or "
            "is the set's default for that basis."
        ),
        (
            f"Of {len(top)} statements, {(top['changed'] > 0).sum()} change the urgency or imaging of somebody among "
            "the "
            f"{study.spec.cohort.people:,} simulated people of each setting; the other {(top['changed'] == 0).sum()} "
            "could lie "
            "anywhere in their range without any effect on what is done."
        ),
    )
    return Section(
        "one_way", "Which numbers matter most", said,
        (_ranking(top), _targets(found.targets)), (_flips(study, top), *_tornados(study)),
    )  # fmt: skip


def ranking(study: Study) -> pd.DataFrame:
    """Statements by the share of simulated people whose action they change, mean over settings; the most first."""
    wide = study.one_way.flips.pivot(index="statement", columns="setting", values="changed")[list(study.settings)]
    wide.insert(0, "changed", wide.mean(axis=1))
    about = study.one_way.targets.drop_duplicates("statement").set_index("statement")
    joined = wide.join(about[["value", "low", "high", "interval", "basis", "source"]]).reset_index()
    return joined.sort_values(["changed", "statement"], ascending=[False, True], ignore_index=True)


def _ranking(top: pd.DataFrame) -> Table:
    settings = [
        name
        for name in top.columns
        if name not in {"statement", "changed", "value", "low", "high", "interval", "basis", "source"}
    ]
    columns = (
        Column("statement", "Statement", "statement"),
        *RANGE,
        Column("basis", "Basis"),
        Column("source", "Source", "source"),
        Column("changed", "Actions changed, mean", "percent"),
        *(Column(name, name, "percent") for name in settings),
    )
    note = (
        "Share of simulated people whose urgency or imaging is another at either end of the range than at the stated "
        "value; the mean counts every setting alike."
    )
    return Table("ranking", "Statements by the actions that they change", top, columns, note)


def _targets(frame: pd.DataFrame) -> Table:
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
    frame = frame[frame["effect"] > SMALLEST * frame["stated"].abs()]
    place = pd.Series(pd.factorize(frame["setting"] + "\0" + frame["target"])[0], index=frame.index)
    rank = frame.groupby(place).cumcount()
    order = frame.assign(rank=rank, place=place).sort_values(["rank", "place"], kind="stable", ignore_index=True)
    targets = place.nunique()
    note = (
        f"First the largest effect on each of the {targets} targets and settings, then the second of each, and so on; "
        "statements without any effect on a target are left out."
    )
    order = order.drop(columns=["rank", "place"])
    title = "What each statement does to each target"
    return Table("one_way_targets", title, order, columns, note, most=10 * targets)


def _flips(study: Study, top: pd.DataFrame) -> Figure:
    some = top.head(BARS)

    def draw() -> Canvas:
        from riskmodel.report.figures.one_way_panels import changed

        return changed(some, study.settings)

    first = some.iloc[0]
    return Figure(
        "changed", "Share of simulated people whose urgency or imaging changes within a statement's 95 % range",
        f"Bars by setting for the {len(some)} statements that change most actions; the first is {first['statement']} "
        "with "
        f"{percent(first['changed'])}.", draw,
    )  # fmt: skip


def _tornados(study: Study) -> list[Figure]:
    """One tornado for each target: of simulated people in the main setting, and of each case."""
    frame, figures = study.one_way.targets, []
    shown = [target for target in study.targets if target.kind != "log_odds"][:MOST_FIGURES]
    for i, target in enumerate(shown, start=1):
        own = frame[frame["target"] == str(target)]
        setting = study.main_setting if not target.case else own["setting"].iloc[0]
        figures.append(_tornado(f"tornado_{i:02}", str(target), setting, own[own["setting"] == setting].head(BARS)))
    return [figure for figure in figures if figure is not None]


def _tornado(name: str, target: str, setting: str, own: pd.DataFrame) -> Figure | None:
    own = own[own["effect"] > 0]
    if own.empty:
        return None

    def draw() -> Canvas:
        from riskmodel.report.figures.one_way_panels import tornado

        return tornado(own, target)

    first = own.iloc[0]
    return Figure(
        name, f"{target} in {setting} over the 95 % range of each statement",
        f"Tornado: {target} in {setting}, {percent(first['stated'])} as stated; {first['statement']} moves it most, "
        f"from {percent(min(first['at_low'], first['at_high']))} to {percent(max(first['at_low'], first['at_high']))}.",
        draw,
    )  # fmt: skip


def cases(study: Study) -> Section | None:
    """Which single numbers would change what is done about a case."""
    if not study.names:
        return None
    frame = study.one_way.cases
    columns = (
        Column("case", "Case", "case"),
        Column("statement", "Statement", "statement"),
        Column("value", "Stated", "number"),
        Column("at", "At", "number"),
        Column("urgency", "Urgency"),
        Column("imaging", "Imaging"),
        Column("urgency_then", "Urgency then"),
        Column("imaging_then", "Imaging then"),
    )
    held = [name for name in study.names if name not in set(frame["case"])]
    said = [
        (
            f"{len(study.names) - len(held)} of {len(study.names)} cases have an urgency or imaging that some single "
            "statement "
            "changes within its 95 % range."
        )
    ]
    if held:
        said.append(f"No single statement changes {listed_cases(held)}.")
    flips = Table("case_flips", "Single statements that change what is done about a case", frame, columns, shown=25)
    return Section("case_flips_section", "Which cases hang on one number", tuple(said), (flips,) if len(frame) else ())


def listed_cases(names: list[str], most: int = 12) -> str:
    marks = [mark("case", name) for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(marks) + more


def matter_most(study: Study) -> str:
    """One sentence: the three numbers that matter most."""
    top = ranking(study).head(3)
    top = top[top["changed"] > 0]
    if top.empty:
        return (
            f"No single number changes anybody's action under {study.policy} within its 95 % range "
            "([[section:one_way|all of them]])."
        )
    some = [
        f"[[statement:{row.statement}]] ({read(study.model.priors.statement(row.statement))}: {number(row.value)}, "
        f"{RESTS[row.basis]}, could be {number(row.low, 2)} to {number(row.high, 2)}) changes {percent(row.changed)}"
        for row in each(top)
    ]
    head = {1: "One number matters most", 2: "Two numbers matter most"}.get(len(some), "Three numbers matter most")
    return (
        f"{head}, by the share of simulated people (mean over settings) whose urgency or imaging "
        f"[[section:one_way|changes]] within the 95 % range: {'; '.join(some)}."
    )


RESTS = {"seed": "from a seed", "study": "from a study", "assumption": "an assumption"}
