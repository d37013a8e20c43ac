"""The next question: which answers can change the action for each case, and what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.pages.section import Column, Section, Table, mark
from riskmodel.report.sensitivity.sections.cases import asked_tokens, scored_cases
from riskmodel.report.sensitivity.study import once
from riskmodel.text import listed, percent, words
from riskmodel.value.next_question import next_questions

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study


@once
def case_questions(study: Study) -> pd.DataFrame:
    """One row a case and thing not assessed, the best question of each case first.

    The columns of :func:`riskmodel.sensitivity.next_questions`, and ``ordered``: whether the policy asks for it.
    """
    frame = next_questions(study.model, study.masks)
    decision, policy = scored_cases(study).decision, study.model.policy
    asked = asked_tokens(np.concatenate([decision.imaging, decision.tests]), policy.imaging_tokens + policy.test_tokens)
    pairs = zip(frame["case"].to_numpy(), frame["variable"], strict=True)
    ordered = [variable in asked[int(case)] for case, variable in pairs]
    return frame.assign(case=[study.names[int(case)] for case in frame["case"]], ordered=ordered)


def _decisive(questions: pd.DataFrame, *, asked_already: bool = True) -> pd.DataFrame:
    """Questions whose answer can change the action, the best of each case first; with or without what is asked for."""
    moves = questions["moves"].astype(bool)
    return questions[moves if asked_already else moves & ~questions["ordered"].astype(bool)]


def next_questions_section(study: Study) -> Section | None:
    """The three best next questions for each case; nothing without cases."""
    if not study.names:
        return None
    questions = case_questions(study)
    answers, open_answers = _decisive(questions), _decisive(questions, asked_already=False)
    sentences = [
        (
            "For each case, and for each question, examination or test not done yet: the expected gain in net "
            "benefit of the decision to scan or not, the probability that the answer changes the action (urgency, "
            "imaging or referral), and the cost."
        ),
        (
            f"In {answers['case'].nunique()} of {len(study.names)} cases at least one single answer can change "
            f"the action; in {open_answers['case'].nunique()} of these it is an answer that the policy does not "
            "ask for already. If the gain is 0, the action changes to one with the same net benefit."
        ),
    ]
    columns = (
        Column("case", "Case", "case"),
        Column("variable", "Question or test", "name"),
        Column("way", "Way"),
        Column("ordered", "Policy asks already"),
        Column("gain", "Gain, QALYs per 1,000 such people", "number"),
        Column("change", "P(action changes)", "percent"),
        Column("information", "Information on the serious conditions, bits", "number"),
        Column("cost", "Cost, dollars", "number"),
        Column("hours", "Hours", "number"),
        Column("in_time", "In time"),
    )
    frame = questions.assign(
        gain=1000 * questions["gain"],
        in_time=questions["in_time"].map({True: "yes", False: "no"}),
        ordered=questions["ordered"].map({True: "yes", False: ""}),
    )
    best = frame.groupby("case", sort=False).head(3)
    table = Table(
        "next_questions", "The three best next questions for each case", best, columns,
        "Answers that can change the action come first, ordered by the gain minus the cost. Cost and hours are "
        "assumptions. In time: the answer is there before the present urgency requires the case to be seen. For "
        "circumstances (such as whether an MRI is possible) the network has no probabilities, so P(action changes) is "
        "empty.", shown=40,
    )  # fmt: skip
    return Section("questions", "Next question for each case", tuple(sentences), (table,))


def best_question(study: Study) -> str:
    """A sentence on which question to ask next, over the cases."""
    if not study.names:
        return ""
    first = _decisive(case_questions(study), asked_already=False).groupby("case", sort=False).head(1)
    if first.empty:
        return "In no case can one more answer change the action, except answers that the policy asks for already."
    often = first["variable"].value_counts()
    most = [str(name) for name in first["variable"].unique() if often[name] == often.iloc[0]]
    text = (
        f"In {len(first)} of {len(study.names)} cases one more answer, which the policy does not ask for already, can "
        f"change the action. The [[section:questions|best next question]] is most often about "
        f"{listed([words(name) for name in most[:2]], 'or')} ({often.iloc[0]} cases{' each' if len(most) > 1 else ''})."
    )
    best = first.iloc[int(first["gain"].to_numpy().argmax())]
    if best["gain"] <= 0:
        return text
    return (
        f"{text} The most valuable answer is that about {words(best['variable'])} in {mark('case', best['case'])}: it "
        f"changes the action with a probability of {percent(best['change'])}."
    )
