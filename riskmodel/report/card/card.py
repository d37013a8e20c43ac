"""A validation report card of a fit: what reviewers of an updated prediction model ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel._version import __version__
from riskmodel.calibration.census import census_of
from riskmodel.calibration.cohort_checks import warning_of_positives_only
from riskmodel.evidence.records import IGNORABLE
from riskmodel.metrics import FEWEST_EVENTS, PREDICTOR_SETS
from riskmodel.pages.section import Report, Section
from riskmodel.report.card import people, performance
from riskmodel.report.card.bias import by_set, partly_known, predictor_sets, verification, warnings
from riskmodel.report.card.checklist import checklist
from riskmodel.report.card.decisions import decisions
from riskmodel.report.card.predictors import predictors
from riskmodel.report.card.preparation import preparation
from riskmodel.report.card.statements import model
from riskmodel.report.card.validation import outcome_words
from riskmodel.report.card.verified import who_was_verified

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.report.card.validation import ValidatedFit


ROUGH = 100  # events, below which a validation says little precisely
MOST_NAMED = 5  # statements in a sentence


def card(validation: ValidatedFit) -> Report:
    """The report card; the same validation gives the same bytes."""
    before, after = validation.measured(validation.before), validation.measured(validation.after)
    sets = by_set(validation, after)
    sections = (
        people.population(validation),
        preparation(validation),
        people.outcomes(validation),
        predictors(validation),
        model(validation),
        performance.performance(validation, before, after),
        predictor_sets(validation, sets),
        *([verification(validation, after)] if partly_known(validation) else []),
        *_who_was_verified(validation),
        decisions(validation, before, after),
        performance.subgroups(validation),
        people.limitations(validation),
        checklist(),
    )
    name = validation.fitted.origin.name
    return Report(
        f"Validation of a model fitted to cohort {name}",
        (*_blanks(validation), *_main_results(validation, before, after), *warnings(validation, after, sets)),
        sections,
        _facts(validation),
    )


def _blanks(v: ValidatedFit) -> list[str]:
    """The warning of a cohort in which hardly anything but what is present seems to be written down."""
    parent = v.fitted.parent
    warning = warning_of_positives_only(census_of(parent.priors, v.masks), parent.priors.recording)
    return [f"{warning[0].upper()}{warning[1:]}."] if warning else []


def _who_was_verified(v: ValidatedFit) -> list[Section]:
    verification = v.fitted.verification
    return [who_was_verified(verification)] if verification is not None and verification.table is not None else []


def _facts(v: ValidatedFit) -> dict[str, str]:
    origin, parent, fitted = v.fitted.origin, v.fitted.parent, v.fitted.model
    status = "yes" if v.fitted.converged else f"no: {v.fitted.why}"
    facts = {
        "Kind of study": "update of a published model by a cohort, evaluated in the same cohort by cross-validation",
        "Model before": f"prior set {parent.priors.prior_set.name}, policy {parent.policy.name}, "
        f"hash {parent.scoring.model_hash}",
        "Model after": f"hash {fitted.scoring.model_hash}",
        "Cohort": origin.headline(),
        "Cohort hash": f"{origin.cohort_hash}, of the people as they were coded, in any order",
        "Learnt": v.learn or "as asked",
        "Outcomes": f"taken as {origin.outcomes}; weight of the priors {origin.prior_weight:g}",
        "Recording profile": origin.recording or IGNORABLE,
        "Odds ratio of verification": origin.verified_odds or "1",
        "Predictors": f"{v.after.predictors}: {PREDICTOR_SETS[v.after.predictors]}",
        "Converged": f"{status}, after {v.fitted.steps} steps",
        "Performance": f"{v.folds}-fold cross-validation, {v.resamples} bootstrap resamples, seed {v.seed} for both",
        "Program": f"riskmodel {__version__}",
    }
    if v.record is not None:
        facts["Cohort file"] = f"{v.record.file}, SHA-256 {v.record.sha256}"
        if v.record.mapping:
            facts["Mapping file"] = f"{v.record.mapping}, SHA-256 {v.record.mapping_sha256}"
    return {**facts, "Command": origin.command, "Date": origin.date}


def _main_results(v: ValidatedFit, before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    sentences = _learnt(v.fitted.table)
    whole = after[after["decision"] == ""].drop_duplicates("condition")
    fewer = np.minimum(whole["events"], whole["n"] - whole["events"])
    enough, few = whole[fewer >= FEWEST_EVENTS], whole[fewer < FEWEST_EVENTS]
    sentences += [
        _before_and_after(str(name), before, after)
        for name in sorted(enough["condition"], key=lambda name: name != v.main)
    ]
    rough = enough[np.minimum(enough["events"], enough["n"] - enough["events"]) < ROUGH]
    if len(rough):
        pairs = zip(rough["condition"], rough["events"], strict=True)
        named = ", ".join(f"{outcome_words(name)} ({events} events)" for name, events in pairs)
        sentences.append(f"Fewer than {ROUGH} events, so only roughly known: {named}.")
    if len(few):
        pairs = zip(few["condition"], few["warning"], strict=True)
        named = ", ".join(f"{outcome_words(condition)} ({warning})" for condition, warning in pairs)
        sentences.append(f"Too few to judge precisely: {named}. Figures carry that warning; no curve below 10 events.")
    return sentences


def _learnt(table: pd.DataFrame) -> list[str]:
    """What the cohort says of the statements, and which it moved beyond doubt."""
    counts = table["verdict"].value_counts()
    against = counts.get("contradicted", 0)
    sentences = [
        (
            f"{len(table)} statements could be learnt. The cohort informs {len(table) - counts.get('unchanged', 0)}: "
            f"{counts.get('moved', 0)} moved within what their own uncertainty allows, {against} "
            f"{'is' if against == 1 else 'are'} contradicted (a shift of more than 2 prior standard deviations, on the "
            f"log-odds scale, or log of a ratio). It says nothing about {counts.get('unchanged', 0)}, which stay as "
            "stated."
        )
    ]
    beyond = table[(table["verdict"] != "unchanged") & ((table["shift_low"] > 0) | (table["shift_high"] < 0))]
    if len(beyond):
        first = beyond.loc[beyond["shift"].abs().sort_values(ascending=False, kind="stable").index[:MOST_NAMED]]
        numbers = zip(first["statement"], first["prior"], first["posterior"], first["low"], first["high"], strict=True)
        named = "; ".join(
            f"{name} {old:.3g} → {new:.3g} ({low:.3g} to {high:.3g})" for name, old, new, low, high in numbers
        )
        more = f"; and {len(beyond) - len(first)} more" if len(beyond) > len(first) else ""
        verb = "excludes" if len(beyond) == 1 else "exclude"
        sentences.append(
            f"The 95 % intervals of {len(beyond)} after the fit {verb} what was stated before: {named}{more}."
        )
    return sentences


def _before_and_after(name: str, before: pd.DataFrame, after: pd.DataFrame) -> str:
    """How the prediction of one outcome did before and after."""
    figures = []
    for metric, what in (
        ("observed_over_expected", "observed over expected"),
        ("calibration_slope", "the calibration slope"),
        ("auc", "the AUC"),
        ("brier", "the Brier score"),
    ):
        old, new = (_row(table, name, metric) for table in (before, after))
        figures.append(f"{what} went from {_with_interval(old)} to {_with_interval(new)}")
    return f"For {outcome_words(name)}, in people not used for the fit, {'; '.join(figures)}."


def _row(table: pd.DataFrame, condition: str, metric: str) -> pd.Series:
    rows = table[(table["condition"] == condition) & (table["decision"] == "") & (table["metric"] == metric)]
    return rows.iloc[0]


def _with_interval(row: pd.Series) -> str:
    if np.isnan(row["value"]):
        return "unknown"
    return f"{row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
