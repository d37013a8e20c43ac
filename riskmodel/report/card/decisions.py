"""The section of a report card on decisions: what the policy asks for before and after the fit, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.pages.section import Column, Figure, Section, Table, each
from riskmodel.report.card.performance import FEWEST_TO_DRAW, before_and_after, before_and_after_columns, events_of
from riskmodel.report.card.validation import action_words, outcome_words
from riskmodel.text import percent, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.arrays import Array
    from riskmodel.report.card.validation import ValidatedFit

EVERYONE = "everyone"


def decisions(v: ValidatedFit, before: pd.DataFrame, after: pd.DataFrame) -> Section:
    """What the policy asks for before and after the fit; ``before`` and ``after`` are tables of metrics."""
    sentences = (
        _changed(v),
        (
            f"The policy is {v.fitted.parent.policy.name}; its rules and thresholds stay as they are, only "
            "the probabilities differ. An action is what the whole policy asks for, safety rules included; a threshold "
            "takes the probability alone. Before: the model as it was. After: everybody judged by a fit to the others."
        ),
        (
            "Net benefit counts a false positive by the odds of the policy's threshold on imaging for that condition. "
            "A share of 0 or 1 has Wilson's interval."
        ),
    )
    return Section(
        "decisions", "Decisions before and after", sentences,
        (_reclassified(v), _urgencies(v), _thresholds(before, after)),
        (_curves(v),) if events_of(v, v.main) >= FEWEST_TO_DRAW else (),
    )  # fmt: skip


# ---- who is asked to do what ------------------------------------------------------------------------------


def _of_whom(v: ValidatedFit) -> dict[str, Array]:
    """Everyone, then those with and without the main outcome, where it is known."""
    y, name = v.after.outcomes[v.main].to_numpy(), outcome_words(v.main)
    groups: dict[str, Array] = {
        EVERYONE: np.full(len(y), fill_value=True),
        f"with {name}": y == 1,
        f"without {name}": y == 0,
    }
    return {group: members for group, members in groups.items() if members.any()}


def reclassification(v: ValidatedFit) -> pd.DataFrame:
    """How many people each action is asked for, before and after the fit.

    Returns
    -------
    one row an action and group of people: action, whom, people, before, after (shares, 0 to 1), newly (people asked for
    after the fit only), no_longer (before it only), change (of the share).
    """
    rows = []
    for action in v.before.actions:
        was, now = (np.asarray(which.actions[action]) > 0 for which in (v.before, v.after))
        for whom, members in _of_whom(v).items():
            old, new = was[members], now[members]
            counts = {"newly": int((new & ~old).sum()), "no_longer": int((old & ~new).sum())}
            shares = {"before": float(old.mean()), "after": float(new.mean())}
            rows.append({"action": action_words(action), "whom": whom, "people": int(members.sum()), **shares, **counts,
                         "change": shares["after"] - shares["before"]})  # fmt: skip
    return pd.DataFrame(rows)


def _reclassified(v: ValidatedFit) -> Table:
    columns = (
        Column("action", "Action"), Column("whom", "Of whom"), Column("people", "People", "whole"),
        Column("before", "Before", "percent"), Column("after", "After", "percent"),
        Column("newly", "Asked for after only", "whole"), Column("no_longer", "Asked for before only", "whole"),
    )  # fmt: skip
    note = "A person counts as without the outcome only where it is known to be absent."
    return Table("reclassification", "Who is asked to do what", reclassification(v), columns, note=note, shown=20)


def _urgencies(v: ValidatedFit) -> Table:
    """Urgency before against urgency after; people."""
    order = list(v.fitted.parent.policy.urgencies)
    counts = pd.crosstab(pd.Categorical(v.before.urgency, order), pd.Categorical(v.after.urgency, order), dropna=False)
    seen = [name for name in order if counts.loc[name].any() or counts[name].any()]
    frame = counts.loc[seen, seen].reset_index(names="before")
    frame["before"] = frame["before"].map(words)
    frame.columns = [str(name) for name in frame.columns]
    columns = (Column("before", "Before ↓   After →"), *(Column(name, words(name), "whole") for name in seen))
    return Table("urgency", "Urgency before and after, people", frame, columns)


def _changed(v: ValidatedFit) -> str:
    """What the fit does to decisions, in a sentence."""
    table = reclassification(v)
    parts = [
        f"{row.action} from {percent(row.before)} to {percent(row.after)} of people ({row.newly:,} asked for it after "
        f"only, {row.no_longer:,} before only)"
        for row in each(table[table["whom"] == EVERYONE])
    ]
    same = float((v.before.urgency == v.after.urgency).mean())
    return f"From before to after the fit: {'; '.join(parts)}. {percent(same)} of people keep their urgency."


# ---- how good the decisions are -----------------------------------------------------------------------------


def _thresholds(before: pd.DataFrame, after: pd.DataFrame) -> Table:
    old, new = (table[table["decision"] != ""] for table in (before, after))
    frame = before_and_after(old, new, ["condition", "decision", "threshold", "metric", "events", "warning"])
    frame["decision"] = [_decision(*pair) for pair in zip(frame["decision"], frame["threshold"], strict=True)]
    columns = before_and_after_columns(Column("decision", "Decision"))
    return Table("decisions", "How good thresholds and actions are", frame, columns, shown=24)


def _decision(name: str, threshold: float) -> str:
    """A decision in words: of a threshold its name and the probability from which it acts."""
    named, separator, _ = name.partition(": p >=")
    return f"threshold {words(named)}: p ≥ {percent(threshold)}" if separator else action_words(name)


def _curves(v: ValidatedFit) -> Figure:
    name = v.main
    outcome = outcome_words(name)

    def draw() -> Canvas:
        from riskmodel.figures import decision_curve
        from riskmodel.metrics import decision_curve as curve
        from riskmodel.pages.svg import canvas

        drawn = canvas(9.5, 5)
        axes = drawn.subplots(1, 2, sharey=True)
        for ax, (when, which) in zip(axes, (("before", v.before), ("after", v.after)), strict=True):
            acted = {f"policy: {action_words(action)}": done for action, done in which.actions.items()}
            y, p = which.outcomes[name].to_numpy(), which.probabilities[name].to_numpy()
            decision_curve(curve(y, p, decisions=acted), ax)
            ax.set_title(when, loc="left", fontsize="medium")
        axes[1].set_ylabel("")
        axes[1].get_legend().remove()
        floor, top = min(ax.get_ylim()[0] for ax in axes), max(ax.get_ylim()[1] for ax in axes)
        axes[0].set_ylim(floor, top)
        return drawn

    alt = f"Net benefit over thresholds for {outcome}, before and after: of the model, the policy's actions, all, none."
    return Figure("decision_curve", f"Decision curves: {outcome}, before and after the fit", alt, draw)
