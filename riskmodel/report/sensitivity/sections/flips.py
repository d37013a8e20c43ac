"""At which values of single statements the action for a case changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.pages.section import Column, Section, Table, mark
from riskmodel.report.sensitivity.counts import flipping
from riskmodel.text import listed

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

TITLE = "Cases whose action depends on one number"
NEAREST = 3  # flips of each case shown first
LISTED = 12  # cases named in a sentence


def section(study: Study) -> Section | None:
    if not study.names:
        return None
    frame, cases = study.flips, study.least_sure
    dependent = flipping(study)
    how = (
        f"For {_which(study)}, one statement at a time takes other values, until the urgency or imaging changes (a "
        "flip). All other statements keep their stated values. The table has the statements that change the action of "
        "at least one case within their 95 % range. The distance to the flip is in standard deviations of the "
        "statement, on its logit or log scale."
    )
    said = [
        how,
        f"In {len(dependent)} of {len(cases)} cases at least one flip lies within the 95 % range of its statement.",
    ]
    others = [name for name in cases if name not in dependent]
    if others:
        said.append(f"No single statement changes the action in {_named(others)} within its 95 % range.")
    columns = (
        Column("case", "Case", "case"),
        Column("statement", "Statement", "statement"),
        Column("value", "Stated", "number"),
        Column("flip", "Flips at", "number"),
        Column("in_sd", "Distance, standard deviations", "number"),
        Column("within", "Within its 95 % range"),
        Column("kind", "What changes"),
        Column("now", "From", "name"),
        Column("then", "To", "name"),
    )
    if frame.empty:
        return Section("flips_section", TITLE, tuple(said))
    rank = frame.groupby("case", sort=False).cumcount()
    order = frame.assign(rank=rank, within=frame["within"].map({True: "yes", False: "no"}))
    order = order.sort_values("rank", kind="stable", ignore_index=True)
    note = "The nearest flip of each case comes first, then the second of each case, and so on."
    shown = NEAREST * len(cases)
    table = Table("flips", "Values at which the action changes", order, columns, note, shown=min(shown, 45), most=1000)
    return Section("flips_section", TITLE, tuple(said), (table,))


def _which(study: Study) -> str:
    few = len(study.least_sure) < len(study.names)
    return f"the {len(study.least_sure)} cases with the most fragile action" if few else "each case"


def _named(names: list[str]) -> str:
    marks = [mark("case", name) for name in names[:LISTED]]
    more = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return listed([*marks, *more], "or")
