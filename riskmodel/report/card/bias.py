"""The sections of a report card on what makes performance look better than it is: incorporation, verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.evidence.plain_readings import reading_of
from riskmodel.metrics import summarise
from riskmodel.metrics.predictors import PREDICTOR_SETS, imaging_of, predictors_of
from riskmodel.metrics.verification import warning_of_unknown
from riskmodel.pages.section import Column, Section, Table
from riskmodel.report.card.validation import action_words, metric_words, outcome_words
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from riskmodel.report.card.validation import ValidatedFit

SHOWN = ("auc", "observed_over_expected", "calibration_slope", "scaled_brier")
SHARES = ("sensitivity", "specificity", "ppv", "npv", "acted_on")


def predictor_sets(v: ValidatedFit, by_predictors: pd.DataFrame) -> Section:
    """Performance by what the model was shown, as :func:`by_set` gives it."""
    frame = by_predictors.assign(predictors=by_predictors["predictors"].map(words))
    frame = frame.assign(condition=frame["condition"].map(outcome_words), metric=frame["metric"].map(metric_words))
    columns = (
        Column("condition", "Outcome"), Column("metric", "Metric"), Column("predictors", "What the model was shown"),
        Column("value", "After", "number"), Column("low", "2.5 %", "number"), Column("high", "97.5 %", "number"),
        Column("events", "Events", "whole"), Column("warning", "Warning"),
    )  # fmt: skip
    table = Table("predictor_sets", "Performance after the fit, by what the model was shown", frame, columns, shown=24)
    return Section("predictor_sets", "What the model was shown", (_incorporation(v), _shown(v)), (table,))


def by_set(v: ValidatedFit, after: pd.DataFrame) -> pd.DataFrame:
    """Metrics of the probabilities after the fit under every predictor set, the main outcome first.

    Returns
    -------
    one row an outcome, metric and predictor set: predictors, condition, metric, value, low, high, n, events, warning.
    """
    names = [v.main, *dict.fromkeys(name for name in after["condition"] if name != v.main)]
    judged = v.by_predictors()
    tables = [
        summarise(
            people.outcomes[name].to_numpy(), people.probabilities[name].to_numpy(), resamples=v.resamples, seed=v.seed
        )
        .query("metric in @SHOWN")
        .assign(condition=name, predictors=which)
        for name in names
        for which, people in judged.items()
    ]
    frame = pd.concat(tables, ignore_index=True)
    order = frame["condition"].map(names.index) * len(SHOWN) + frame["metric"].map(SHOWN.index)
    return frame.loc[order.sort_values(kind="stable").index]


def _incorporation(v: ValidatedFit) -> str:
    model = v.fitted.parent
    parts = reading_of(model.variables)
    scans = listed([words(name) for name in imaging_of(model) if name not in parts])
    return (
        f"Incorporation bias: a scan ({scans}) is how most of these diagnoses are made. A model that is shown the scan "
        "predicts what is already known, and looks better than it is at the moment when somebody decides whether to "
        "scan. Everything else on this page is therefore of a model that was shown "
        f"{words(v.after.predictors)}: {PREDICTOR_SETS[v.after.predictors]}. The figures with everything shown are "
        "not what a clinic can expect before imaging. Whether a policy asks for imaging is always decided without any "
        "result of imaging, and whether it asks for a test without any test."
    )


def _shown(v: ValidatedFit) -> str:
    whole = {name: len(predictors_of(v.fitted.parent, name)) for name in v.by_predictors()}
    parts = [f"{words(name)}: {PREDICTOR_SETS[name]} ({count} variables)" for name, count in whole.items()]
    return f"The predictor sets are {'; '.join(parts)}. The fit itself reads all that is recorded."


def partly_known(v: ValidatedFit) -> bool:
    """Whether the outcome of a shown condition is known of some people only."""
    return any(warning_of_unknown(v.after.outcomes[name].to_numpy()) for name in v.after.outcomes)


def verification(v: ValidatedFit, after: pd.DataFrame) -> Section:
    """Metrics among the people whose outcome is known, beside those of everyone."""
    wanted = (after["decision"] == "") & after["metric"].isin(SHOWN)
    wanted |= after["decision"].isin(list(v.after.actions)) & after["metric"].isin(SHARES)
    frame = after[wanted & (after["correction"] != "")].copy()
    frame["decision"] = frame["decision"].map(lambda action: action_words(action) if action else "probability")
    frame = frame.assign(condition=frame["condition"].map(outcome_words), metric=frame["metric"].map(metric_words))
    columns = (
        Column("condition", "Outcome"), Column("decision", "Of what"), Column("metric", "Metric"),
        Column("value", "Outcome known", "number"),
        Column("low", "2.5 %", "number"), Column("high", "97.5 %", "number"),
        Column("corrected", "Everyone, model-imputed", "number"), Column("corrected_low", "2.5 %", "number"),
        Column("corrected_high", "97.5 %", "number"), Column("n", "Outcome known in", "whole"),
    )  # fmt: skip
    sentences = (
        (
            "The outcome is known of some people only. Where findings decided who was examined, the figures of those "
            "people are not the performance in everyone: among those who were scanned, a policy seems to scan nearly "
            "everybody with the disease, because the disease of the others was never looked for (partial verification)."
        ),
        (
            "Model-imputed figures are of everyone (after Begg and Greenes, 1983): a person whose outcome is unknown "
            "counts in part as ill and in part as well, by the probability that the model gives to everything recorded "
            "of that person, moved on the log-odds by the calibration intercept in the people whose outcome is known. "
            "They are right where whether an outcome is known depends only on what is recorded and the model ranks "
            "people rightly; their intervals do not hold the uncertainty of the model. Calibration of everyone is "
            "imputed by the model that is judged, and says little."
        ),
    )
    table = Table("verification", "People whose outcome is known, and everyone", frame, columns, shown=30)
    return Section("verification", "Outcomes known of some people only", sentences, (table,))


def warnings(v: ValidatedFit, after: pd.DataFrame, sets: pd.DataFrame) -> list[str]:
    """What the first block must say of both biases."""
    sentences = []
    area = sets[(sets["condition"] == v.main) & (sets["metric"] == "auc")]
    areas = dict(zip(area["predictors"], area["value"], strict=True))
    if "all" in areas and "before_imaging" in areas:
        sentences.append(
            f"For {outcome_words(v.main)} the AUC is {areas['before_imaging']:.2f} before imaging and "
            f"{areas['all']:.2f} where the model is shown the scans, which are how the diagnosis is made: the second "
            "figure is not what the model can do for the decision to scan."
        )
    main = after[(after["condition"] == v.main) & (after["correction"] != "")]
    if len(main):
        row = main[(main["decision"] == "any imaging") & (main["metric"] == "sensitivity")].iloc[0]
        sentences.append(
            f"The outcome is known in {row['n']:,} of {len(v.after.outcomes):,} people. Among them the policy asks for "
            f"imaging in {100 * row['value']:.0f} % of those with {outcome_words(v.main)}, in everyone in "
            f"{100 * row['corrected']:.0f} % (model-imputed)."
        )
    return sentences
