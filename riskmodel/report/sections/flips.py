"""What single numbers would have to be for the action on a case to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.report.section import Column, Section, Table, mark
from riskmodel.text import listed

if TYPE_CHECKING:
    from riskmodel.report.study import Study

TITLE = "Which cases hang on one number"
NEAREST = 3  # flips of each case shown first
LISTED = 12  # cases named in a sentence


def section(study: Study) -> Section | None:
    if not study.names:
        return None
    frame, cases = study.flips, study.least_sure
    within = frame[frame["within"].astype(bool)]
    hanging = [name for name in cases if name in set(within["case"])]
    how = (
        f"For {_which(study)}, each single statement is moved, all others as stated, until the urgency or imaging "
        "becomes another; listed are the statements that change some case within their 95 % range. The distance is "
        "counted in standard deviations of the statement itself, on its logit or log scale."
    )
    said = [how, f"In {len(hanging)} of {len(cases)} cases some flip lies within a statement's 95 % range."]
    others = [name for name in cases if name not in hanging]
    if others:
        said.append(f"No single statement changes {_named(others)} within its 95 % range.")
    columns = (
        Column("case", "Case", "case"),
        Column("statement", "Statement", "statement"),
        Column("value", "Stated", "number"),
        Column("flip", "Flips at", "number"),
        Column("in_sd", "In standard deviations", "number"),
        Column("within", "Within its range"),
        Column("kind", "What changes"),
        Column("now", "Now"),
        Column("then", "Then"),
    )
    if frame.empty:
        return Section("flips_section", TITLE, tuple(said))
    rank = frame.groupby("case", sort=False).cumcount()
    order = frame.assign(rank=rank, within=frame["within"].map({True: "yes", False: "no"}))
    order = order.sort_values("rank", kind="stable", ignore_index=True)
    note = "First the nearest flip of each case, then the second of each, and so on."
    shown = NEAREST * len(cases)
    table = Table("flips", "What each number would have to be", order, columns, note, shown=min(shown, 45), most=1000)
    return Section("flips_section", TITLE, tuple(said), (table,))


def _which(study: Study) -> str:
    few = len(study.least_sure) < len(study.names)
    return f"the {len(study.least_sure)} cases whose action is least sure" if few else "each case"


def _named(names: list[str]) -> str:
    marks = [mark("case", name) for name in names[:LISTED]]
    more = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return listed([*marks, *more], "or")
