"""The cases: how likely, how sure, and what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.inference.scorer import FEWEST_EFFECTIVE
from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.report.sensitivity.study import once
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.answers.scoring import Scored
    from riskmodel.answers.uncertainty import Sureness, Uncertain
    from riskmodel.report.sensitivity.study import Study

DRAWN = 40  # cases in the picture
FRAGILE = 0.9  # an action that a smaller share of the draws gives is called fragile
MOST_CASES = 30  # of whom single numbers are sought


# ---- analyses --------------------------------------------------------------------------------------


@once
def scored_cases(study: Study) -> Scored:
    """The cases under the stated values."""
    return study.model.scoring.score(study.masks)


@once
def uncertain_model(study: Study) -> Uncertain:
    """The model under all draws of its statements."""
    return study.model.uncertain(study.spec.draws, study.spec.seed)


@once
def case_intervals(study: Study) -> Sureness:
    """The 95 % intervals of the cases, and how many draws agree on the urgency."""
    return uncertain_model(study).assess(study.masks, scored_cases(study).decision.urgency)


@once
def case_actions(study: Study) -> pd.DataFrame:
    """One row a case: what is done, and the shares of draws that agree; the least sure first."""
    model, scored, sure = study.model, scored_cases(study), case_intervals(study)
    same = uncertain_model(study).same_action(study.masks, scored.decision)
    decision, policy, reasons = scored.decision, model.policy, scored.reasons
    last = study.outputs.index(study.overall)
    leaders = [study.outputs[int(output)] for output in model.scoring.weights.leaders]
    frame = pd.DataFrame({
        "case": study.names,
        "setting": [model.settings[s] for s in model.scoring.scorer.settings(study.masks)],
        "p": scored.posterior.probability[last],
        "low": sure.intervals.low[last],
        "high": sure.intervals.high[last],
        "leading": [leaders[leader] if leader >= 0 else "" for leader in reasons.leading],
        "most_raised": [leaders[leader] if leader >= 0 else "" for leader in reasons.most_raised],
        "urgency": study.urgencies(decision.urgency),
        "imaging": _joined(decision.imaging, policy.imaging_tokens),
        "imaging_within": study.urgencies(decision.imaging_within),
        "tests": _joined(decision.tests, policy.test_tokens),
        "tests_within": study.urgencies(decision.tests_within),
        "referral": _joined(decision.referral, policy.referral_tokens),
        "referral_within": study.urgencies(decision.referral_within),
        "confidence": sure.confidence,
        "same_imaging": same.imaging,
        "same_action": same.both,
        "effective": sure.intervals.effective,
    })  # fmt: skip
    return frame.sort_values("same_action", kind="stable", ignore_index=True)


def _joined(asked: np.ndarray, tokens: Sequence[str]) -> list[str]:
    return [", ".join(names) for names in asked_tokens(asked, tokens)]


def asked_tokens(asked: np.ndarray, tokens: Sequence[str]) -> list[list[str]]:
    """What is asked for in each case: booleans of shape (tokens, cases) to one list a case."""
    return [[token for token, yes in zip(tokens, case, strict=True) if yes] for case in asked.T]


@once
def case_posteriors(study: Study) -> pd.DataFrame:
    """One row a case and output: probability and its 95 % interval."""
    intervals = case_intervals(study).intervals
    arrays = {"p": scored_cases(study).posterior.probability, "low": intervals.low, "high": intervals.high}
    return pd.DataFrame({
        "case": np.repeat(np.array(study.names, dtype=object), len(study.outputs)),
        "condition": [*study.outputs] * len(study.names),
        **{name: array.T.ravel() for name, array in arrays.items()},  # (outputs, cases), written case by case
    })  # fmt: skip


def least_sure(study: Study) -> list[str]:
    """The cases of whom single numbers are sought: those whose action the fewest draws give."""
    return [str(name) for name in case_actions(study)["case"].head(MOST_CASES)] if study.names else []


def fragile_cases(study: Study) -> pd.DataFrame:
    """The cases whose urgency and imaging too few of the draws give, the most fragile first."""
    actions = case_actions(study)
    return actions[actions["same_action"] < FRAGILE]


def _are_fragile(count: int) -> str:
    return "1 of the cases is fragile" if count == 1 else f"{count} of the cases are fragile"


# ---- the section -----------------------------------------------------------------------------------


def cases_section(study: Study) -> Section | None:
    """Probabilities, intervals and actions of the cases; nothing without cases."""
    if not study.names:
        return None
    posteriors, actions = case_posteriors(study), case_actions(study)
    sentences = [
        (
            f"{len(actions)} cases under the policy {words(study.policy)}. The 95 % intervals come from "
            f"{study.spec.draws:,} draws of all statements. For each case, a draw is weighted by the probability that "
            "it gives to the findings of the case."
        ),
        (
            f"{_are_fragile(len(fragile_cases(study)))}: fewer than {percent(FRAGILE)} of the weighted "
            "draws give the same urgency and imaging as the stated values."
        ),
    ]
    few = actions[actions["effective"] < FEWEST_EFFECTIVE]
    if len(few):
        sentences.append(
            f"In {len(few)} of the cases the effective sample size of the weighted draws is below {FEWEST_EFFECTIVE}: "
            "their intervals are rough. More draws make them more precise."
        )
    return Section(
        "cases_section", "Cases: probabilities and actions", tuple(sentences),
        (_actions_table(actions), _posteriors_table(posteriors)), (_figure(study, posteriors),),
    )  # fmt: skip


def _actions_table(actions: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("setting", "Setting", "name"),
        Column("p", "P(any serious), 95 % interval", "percent", interval=("low", "high")),
        Column("leading", "Most probable", "name"),
        Column("most_raised", "Odds raised most", "name"),
        Column("urgency", "Urgency", "name"),
        Column("imaging", "Imaging", "name", time="imaging_within"),
        Column("tests", "Tests", "name", time="tests_within"),
        Column("referral", "Referral", "name", time="referral_within"),
        Column("confidence", "Same urgency, share of draws", "percent"),
        Column("same_imaging", "Same imaging", "percent"),
        Column("same_action", "Both the same", "percent"),
        Column("effective", "Effective sample size", "whole"),
    )
    return Table(
        "cases",
        "The action for each case",
        actions,
        columns,
        "The most fragile action comes first. Most probable, and odds raised most by the findings: only among the "
        "serious conditions.",
        shown=40,
    )


def _posteriors_table(posteriors: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("condition", "Condition", "name"),
        Column("p", "Probability, 95 % interval", "percent", interval=("low", "high")),
    )
    return Table("posteriors", "Probability of each condition", posteriors, columns)


def _figure(study: Study, posteriors: pd.DataFrame) -> Figure:
    names = case_actions(study)["case"].tolist()[:DRAWN]
    outputs = study.serious
    rows = posteriors[posteriors["case"].isin(names) & posteriors["condition"].isin(outputs)]

    def draw() -> Canvas:
        from riskmodel.figures.case_panels import case_panels

        return case_panels(rows, names, outputs)

    return Figure(
        "posteriors", f"Probability of each serious condition and its 95 % interval, by case ({len(names)} cases)",
        f"Dots with intervals on a log-odds axis: the probability of {words(listed(outputs))} in each of "
        f"{len(names)} cases.",
        draw,
    )  # fmt: skip
