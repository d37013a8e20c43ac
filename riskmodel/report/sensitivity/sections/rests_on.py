"""What share of the uncertainty comes from assumptions, and what share from which kind of source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.answers.uncertainty import shares
from riskmodel.evidence.lineage import reading_words
from riskmodel.pages.section import Column, Section, Table
from riskmodel.report.sensitivity.study import once
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

DRAWS, PEOPLE = 200, 250  # shares are averages over many people: few draws of few people are enough


@once
def uncertainty_shares(study: Study) -> pd.DataFrame:
    """Shares of the variance of each posterior's log-odds by basis and by how the figure was read.

    Returns
    -------
    one row a setting and output, with a column for each kind of :func:`riskmodel.answers.uncertainty.shares`, and in
    ``kinds`` of its ``attrs`` which there are of each: those of the basis sum to 1, those of reading too.
    """
    model, draws = study.model, min(DRAWS, study.spec.draws)
    rows, kinds = [], {}
    for setting in study.settings:
        masks = np.ascontiguousarray(study.cohorts[setting].masks[:, :PEOPLE])
        groups = shares(model.priors, model.variables, masks, draws, study.spec.seed)
        kinds = {name: list(group) for name, group in groups.items()}
        for i, output in enumerate(study.outputs):
            by_kind = {kind: float(share[i]) for group in groups.values() for kind, share in group.items()}
            rows.append({"setting": setting, "condition": output, **by_kind})
    frame = pd.DataFrame(rows)
    frame.attrs["kinds"] = kinds
    return frame


def rests_on_section(study: Study) -> Section:
    """Shares of the uncertainty by basis, and by how the numbers were read."""
    frame = uncertainty_shares(study)
    serious = frame[frame["condition"].isin(study.serious)]
    kinds = [kind for group in frame.attrs["kinds"].values() for kind in group]
    columns = (
        Column("setting", "Setting", "name"),
        Column("condition", "Condition", "name"),
        *(Column(kind, reading_words(kind).capitalize(), "percent") for kind in kinds),
    )
    table = Table(
        "rests_on", "Shares of the uncertainty (variance of the log-odds) by kind of statement", frame, columns,
        "In simulated people, with history and examination partly known. The statements of one kind vary over their "
        "intervals, all others keep their stated values. The shares by basis add up to 100 %, and so do the shares by "
        "how the number was read.",
        shown=len(frame),
    )  # fmt: skip
    together = study.overall
    single = [name for name in study.serious if name != together]
    of_any, of_one = serious[serious["condition"] == together], serious[serious["condition"] != together]
    sentences = (
        (
            f"{percent(_mean(of_any, 'assumption'))} of the uncertainty in P({words(together)} disease) comes "
            "from numbers that the project assumed, because no source gives them; their intervals are assumed too. "
            f"{percent(_mean_read(of_any))} comes from numbers that were read at their source, in full text or as an "
            "abstract. Uncertainty is here the variance of the log-odds of each person over the draws."
        ),
        (
            f"For {listed([words(name) for name in single])} alone these shares are "
            f"{percent(_mean(of_one, 'assumption'))} and {percent(_mean_read(of_one))} on average."
        ),
    )
    return Section("rests_on_section", "Sources of the uncertainty", sentences, (table,))


def _mean_read(frame: pd.DataFrame) -> float:
    """The mean share of what was read at its source itself."""
    return _mean(frame, "full_text") + _mean(frame, "abstract")


def _mean(frame: pd.DataFrame, kind: str) -> float:
    """The mean share of a kind; 0 where no statement is of it."""
    return float(frame[kind].mean()) if kind in frame else 0.0


def share_of_assumptions(study: Study) -> str:
    """A sentence on what share of the uncertainty comes from assumptions."""
    output = study.overall
    frame = uncertainty_shares(study)
    frame = frame[frame["condition"] == output]
    by_setting = {str(name): _mean(rows, "assumption") for name, rows in frame.groupby("setting", sort=False)}
    apart = listed([f"{percent(share)} in {words(setting)}" for setting, share in by_setting.items()])
    return (
        f"{percent(_mean(frame, 'assumption'))} of the uncertainty in P({words(output)} disease) comes from "
        f"[[section:rests_on_section|numbers that the project assumed]]"
        f"{f' (mean over settings; {apart})' if len(by_setting) > 1 else ''}; {percent(_mean_read(frame))} comes from "
        "numbers that were read at their source, in full text or as an abstract."
    )
