"""What share of the doubt rests on assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.lineage import reading
from riskmodel.report.section import Column, Section, Table
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.report.study import Study


def section(study: Study) -> Section:
    frame = study.resting
    serious = frame[frame["condition"].isin(study.serious)]
    columns = (
        Column("setting", "Setting", "name"),
        Column("condition", "Condition", "name"),
        *(
            Column(kind, reading(kind).capitalize(), "percent")
            for kinds in frame.attrs["kinds"].values()
            for kind in kinds
        ),
    )
    rest = Table(
        "rests_on", "What the uncertainty rests on: shares of the variance of the log-odds", frame, columns,
        "In simulated people, history and examination partly known. Each kind of statement is varied alone over its "
        "intervals; the shares by basis sum to 100 %, those by how the figure was read too.",
        shown=len(frame),
    )  # fmt: skip
    last = serious[serious["condition"] == study.serious[-1]]
    single = serious[serious["condition"] != study.serious[-1]]
    each = listed([words(name) for name in study.serious[:-1]])
    said = (
        (
            f"Of the variance of the log-odds of {words(study.serious[-1])}, person by person, "
            f"{percent(mean(last, 'assumption'))} rests on statements that are assumptions: numbers that no source "
            f"gives, with wide intervals of the project's own. {percent(read(last))} rests on numbers "
            "that were read at their source, in full text or as an abstract."
        ),
        (
            f"Of {each}, each by itself, it is {percent(mean(single, 'assumption'))} and "
            f"{percent(read(single))} on average."
        ),
    )
    return Section("rests_on_section", "What the doubt rests on", said, (rest,))


def read(frame: pd.DataFrame) -> float:
    """The mean share of what was read at its source itself."""
    return mean(frame, "full_text") + mean(frame, "abstract")


def mean(frame: pd.DataFrame, kind: str) -> float:
    """The mean share of a kind; 0 where no statement is of it."""
    return float(frame[kind].mean()) if kind in frame else 0.0
