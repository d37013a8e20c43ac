"""At which values of single statements the action for a case changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Section, Table, mark, number
from riskmodel.report.sensitivity.one_way_results import cases_one_way
from riskmodel.report.sensitivity.sections.cases import least_sure
from riskmodel.report.sensitivity.study import once
from riskmodel.sensitivity.action_flips import flips
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

TITLE = "Cases whose action depends on one number"
NEAREST = 3  # flips of each case shown first
LISTED = 12  # cases named in a sentence


@once
def case_flips(study: Study) -> pd.DataFrame:
    """Of statements that change some case's action within their range: where the actions of the cases flip."""
    actions = cases_one_way(study).actions
    statements = actions[actions["action"] > 0]["statement"].tolist()
    if not statements:
        return pd.DataFrame(columns=["case", "statement", "within"])
    names = least_sure(study)
    masks = study.masks[:, [study.names.index(name) for name in names]]
    frame = flips(study.model, masks, statements=statements).table
    return frame.assign(case=[names[int(case)] for case in frame["case"]])


def flips_within(study: Study) -> pd.DataFrame:
    """The flips that lie within the 95 % range of their statement."""
    frame = case_flips(study)
    return frame[frame["within"].astype(bool)]


def flips_section(study: Study) -> Section | None:
    """At which values of single statements the cases' actions change; nothing without cases."""
    if not study.names:
        return None
    frame, cases = case_flips(study), least_sure(study)
    dependent = set(flips_within(study)["case"])
    how = (
        f"For {_which(study)}, one statement at a time takes other values, until the urgency or imaging changes (a "
        "flip). All other statements keep their stated values. The table has the statements that change the action of "
        "at least one case within their 95 % range. The distance to the flip is in standard deviations of the "
        "statement, on its logit or log scale."
    )
    sentences = [
        how,
        f"In {len(dependent)} of {len(cases)} cases at least one flip lies within the 95 % range of its statement.",
    ]
    others = [name for name in cases if name not in dependent]
    if others:
        sentences.append(f"No single statement changes the action in {_named(others)} within its 95 % range.")
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
        return Section("flips_section", TITLE, tuple(sentences))
    rank = frame.groupby("case", sort=False).cumcount()
    order = frame.assign(rank=rank, within=frame["within"].map({True: "yes", False: "no"}))
    order = order.sort_values("rank", kind="stable", ignore_index=True)
    note = "The nearest flip of each case comes first, then the second of each case, and so on."
    shown = NEAREST * len(cases)
    table = Table("flips", "Values at which the action changes", order, columns, note, shown=min(shown, 45), most=1000)
    return Section("flips_section", TITLE, tuple(sentences), (table,))


def _which(study: Study) -> str:
    count = len(least_sure(study))
    return f"the {count} cases with the most fragile action" if count < len(study.names) else "each case"


def _named(names: list[str]) -> str:
    marks = [mark("case", name) for name in names[:LISTED]]
    more = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return listed([*marks, *more], "or")


def nearest_flip(study: Study) -> str:
    """A sentence on the case whose action the smallest change of one number changes."""
    near = flips_within(study)
    if near.empty:
        return ""
    row = near.iloc[int(near["in_sd"].abs().to_numpy().argmin())]
    return (
        f" The case closest to another action is {mark('case', row['case'])}: its {row['kind']} changes from "
        f"{words(row['now'])} to {words(row['then'])} if [[statement:{row['statement']}]] is {number(row['flip'])} "
        f"instead of {number(row['value'])}, a change of "
        f"[[section:flips_section|{number(abs(row['in_sd']), 2)} standard deviations]]."
    )
