"""A validation report card of a fit: what reviewers of an updated prediction model ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel._version import __version__
from riskmodel.report import card_people as people
from riskmodel.report import card_performance as performance
from riskmodel.report.section import Report

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.report.card_of import Validation


def card(validation: Validation) -> Report:
    """The report card; the same validation gives the same bytes."""
    before, after = validation.measured(validation.before), validation.measured(validation.after)
    sections = (
        people.population(validation),
        people.outcomes(validation),
        people.missing(validation),
        people.model(validation),
        performance.performance(validation, before, after),
        performance.decisions(validation, after),
        performance.subgroups(validation),
        people.limits(validation),
    )
    name = validation.fitted.origin.name
    return Report(
        f"Validation of a model fitted to cohort {name}",
        tuple(_found(validation, before, after)),
        sections,
        _facts(validation),
    )


def _facts(v: Validation) -> dict[str, str]:
    origin, parent = v.fitted.origin, v.fitted.parent
    status = "yes" if v.fitted.converged else f"no: {v.fitted.why}"
    return {
        "Fitted model": f"prior set {parent.priors.prior_set.name}, policy {parent.policy.name}",
        "Cohort": origin.headline(),
        "Outcomes": f"taken as {origin.outcomes}; prior weight {origin.prior_weight:g}",
        "Converged": f"{status}, after {v.fitted.steps} steps",
        "Performance": f"{v.folds}-fold cross-validation, {v.resamples} bootstrap resamples, seed {v.seed}",
        "Program": f"riskmodel {__version__}",
    }


def _found(v: Validation, before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    counts = v.fitted.table["verdict"].value_counts()
    said = [
        (
            f"{len(v.fitted.table)} statements were learnt: {counts.get('moved', 0)} moved within what their own "
            f"uncertainty allows, {counts.get('contradicted', 0)} are contradicted by the cohort (a shift of more "
            f"than 2 prior standard deviations), and the cohort says nothing about {counts.get('unchanged', 0)}."
        )
    ]
    name = v.main
    figures = []
    for metric, what in (
        ("observed_over_expected", "observed over expected"),
        ("calibration_slope", "the calibration slope"),
        ("auc", "the AUC"),
        ("brier", "the Brier score"),
    ):
        old, new = (_pick(table, name, metric) for table in (before, after))
        figures.append(f"{what} went from {_with_interval(old)} to {_with_interval(new)}")
    words = name.replace("_", " ")
    said.append(f"For {words}, on people that a fit had not seen, {'; '.join(figures)}.")
    few = after[(after["warning"] != "") & (after["decision"] == "")].drop_duplicates("condition")
    if len(few):
        pairs = zip(few["condition"], few["warning"], strict=True)
        told = ", ".join(f"{condition.replace('_', ' ')} ({warning})" for condition, warning in pairs)
        said.append(f"Too little is known to judge {told}: their figures are shown with that warning.")
    return said


def _pick(table: pd.DataFrame, condition: str, metric: str) -> pd.Series:
    rows = table[(table["condition"] == condition) & (table["decision"] == "") & (table["metric"] == metric)]
    return rows.iloc[0]


def _with_interval(row: pd.Series) -> str:
    if np.isnan(row["value"]):
        return "unknown"
    return f"{row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
