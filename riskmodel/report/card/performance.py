"""The sections of a report card on how good a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.metrics import tabulate
from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.report.card.validation import metric_words, outcome_words
from riskmodel.text import words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.card.validation import ValidatedFit

ENDS = {"low": "2.5 %", "high": "97.5 %"}
FEWEST_TO_DRAW = 10  # events, below which no curve is drawn


# ---- how good ---------------------------------------------------------------------------------------------


def performance(v: ValidatedFit, before: pd.DataFrame, after: pd.DataFrame) -> Section:
    """Discrimination, calibration and overall performance before and after the fit, with their curves."""
    old, new = (table[table["decision"] == ""] for table in (before, after))
    frame = before_and_after(old, new, ["condition", "metric", "events", "warning"])
    columns = before_and_after_columns()
    sentences = (
        (
            f"Before: the model as it was. After: {v.folds}-fold cross-validation, everybody judged by a fit to the "
            "others (people with a serious condition dealt out evenly); the set that is delivered was fitted to all. "
            "Intervals are 95 % bootstrap percentiles over people, the fits as they are; resamples in which a metric "
            "cannot be taken are left out of it. The AUC has Newcombe's interval (2006, method 5). The smooth curves "
            "are logistic regressions on a restricted cubic spline of the log-odds, with pointwise 95 % bands. The "
            "calibration intercept is in the large, with the slope held at 1."
        ),
    )
    shown = [name for name in dict.fromkeys(after["condition"]) if events_of(v, name) >= FEWEST_TO_DRAW]
    return Section(
        "performance", "Performance", sentences,
        (Table("performance", "Probabilities against outcomes", frame, columns, shown=40),),
        tuple(_reliability(v, str(name)) for name in shown),
    )  # fmt: skip


def before_and_after(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Two tables of metrics side by side, their values and intervals by name; conditions and metrics in words."""
    both = [
        table.rename(columns={name: f"{name}_{when}" for name in ("value", "low", "high")})
        for table, when in ((before, "before"), (after, "after"))
    ]
    frame = both[0].merge(both[1], on=keys, sort=False)
    return frame.assign(condition=frame["condition"].map(outcome_words), metric=frame["metric"].map(metric_words))


def before_and_after_columns(*more: Column) -> tuple[Column, ...]:
    """The columns of such a table, with further ones after the condition."""
    return (
        Column("condition", "Outcome"), *more, Column("metric", "Metric"),
        *(Column(f"{name}_{when}", when.capitalize() if name == "value" else ENDS[name], "number")
          for when in ("before", "after") for name in ("value", "low", "high")),
        Column("events", "Events", "whole"), Column("warning", "Warning"),
    )  # fmt: skip


def events_of(v: ValidatedFit, name: str) -> int:
    """The smaller of the numbers of people with and without an outcome."""
    y = v.after.outcomes[name]
    return int(min((y == 1).sum(), (y == 0).sum()))


def _reliability(v: ValidatedFit, name: str) -> Figure:
    outcome = outcome_words(name)

    def draw() -> Canvas:
        from riskmodel.figures import reliability
        from riskmodel.figures.calibration import reliability_span
        from riskmodel.pages.svg import canvas

        drawn = canvas(9.5, 4.6)
        axes = drawn.subplots(1, 2)
        pairs = [
            (which.outcomes[name].to_numpy(), which.probabilities[name].to_numpy()) for which in (v.before, v.after)
        ]
        span = reliability_span(pairs)
        for ax, when, (y, p) in zip(axes, ("before", "after"), pairs, strict=True):
            reliability(y, p, ax, span=span)
            ax.set_title(when, loc="left", fontsize="medium")
        return drawn

    alt = (
        f"Observed frequency of {outcome} against its predicted probability, before and after the fit, with intervals."
    )
    return Figure(f"reliability_{name}", f"Calibration: {outcome}", alt, draw)


def subgroups(v: ValidatedFit) -> Section:
    """Performance of the main outcome by age, sex and setting."""
    name = v.main
    metrics = tabulate(
        v.fitted.parent, v.after, conditions=[name], by=tuple(v.after.groups), resamples=v.resamples, seed=v.seed
    )
    wanted = ("observed_over_expected", "calibration_slope", "auc", "brier")
    frame = metrics[(metrics["subgroup"] != "") & (metrics["decision"] == "") & metrics["metric"].isin(wanted)].copy()
    frame["metric"] = frame["metric"].map(metric_words)
    frame["subgroup"] = frame["subgroup"].map(lambda name: words(name).replace("=", ": "))
    columns = (
        Column("subgroup", "Subgroup"), Column("metric", "Metric"), Column("value", "Value", "number"),
        Column("low", ENDS["low"], "number"), Column("high", ENDS["high"], "number"), Column("n", "People", "whole"),
        Column("events", "Events", "whole"), Column("warning", "Warning"),
    )  # fmt: skip
    sentences = (
        f"For {outcome_words(name)}, after the fit. People whose age or sex was not recorded are in no subgroup of it.",
    )
    return Section(
        "subgroups", "Subgroups", sentences, (Table("subgroups", "By age, sex and setting", frame, columns, shown=40),)
    )
