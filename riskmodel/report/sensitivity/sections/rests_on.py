"""What share of the uncertainty comes from assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.lineage import reading
from riskmodel.pages.section import Column, Section, Table
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.report.sensitivity.study import Study


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
        "rests_on", "Shares of the uncertainty (variance of the log-odds) by kind of statement", frame, columns,
        "In simulated people, with history and examination partly known. The statements of one kind vary over their "
        "intervals, all others keep their stated values. The shares by basis add up to 100 %, and so do the shares by "
        "how the number was read.",
        shown=len(frame),
    )  # fmt: skip
    last = serious[serious["condition"] == study.serious[-1]]
    single = serious[serious["condition"] != study.serious[-1]]
    each = listed([words(name) for name in study.serious[:-1]])
    said = (
        (
            f"{percent(mean(last, 'assumption'))} of the uncertainty in P({words(study.serious[-1])} disease) comes "
            "from numbers that the project assumed, because no source gives them; their intervals are assumed too. "
            f"{percent(read(last))} comes from numbers that were read at their source, in full text or as an abstract. "
            "Uncertainty is here the variance of the log-odds of each person over the draws."
        ),
        (
            f"For {each} alone these shares are {percent(mean(single, 'assumption'))} and "
            f"{percent(read(single))} on average."
        ),
    )
    return Section("rests_on_section", "Sources of the uncertainty", said, (rest,))


def read(frame: pd.DataFrame) -> float:
    """The mean share of what was read at its source itself."""
    return mean(frame, "full_text") + mean(frame, "abstract")


def mean(frame: pd.DataFrame, kind: str) -> float:
    """The mean share of a kind; 0 where no statement is of it."""
    return float(frame[kind].mean()) if kind in frame else 0.0
