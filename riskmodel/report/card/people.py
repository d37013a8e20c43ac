"""The sections of a report card on people: who they are, what they turned out to have, and the limits of it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.metrics.predictors import PREDICTOR_SETS
from riskmodel.pages.section import Column, Section, Table
from riskmodel.report.card.validation import outcome_words
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from riskmodel.report.card.validation import ValidatedFit

# ---- of whom ------------------------------------------------------------------------------------------


def population(v: ValidatedFit) -> Section:
    """Who the people are, by setting."""
    rows = []
    for row, variable in enumerate(v.fitted.parent.variables):
        if variable.role == "context":
            rows += [
                {"what": variable.name, "state": words(state), "people": int((v.masks[row] == 1 << s).sum())}
                for s, state in enumerate(variable.states)
            ]
            blank = v.masks.shape[1] - sum(int((v.masks[row] == 1 << s).sum()) for s in range(len(variable.states)))
            rows.append({"what": variable.name, "state": "not assessed", "people": blank})
    frame = pd.DataFrame(rows).assign(share=lambda table: table["people"] / v.masks.shape[1])
    columns = (
        Column("what", "Variable"), Column("state", "State"), Column("people", "People", "whole"),
        Column("share", "Share", "percent"),
    )  # fmt: skip
    sentence = (
        f"{v.masks.shape[1]:,} people. A case file does not say where and when they were recruited, nor who was "
        "eligible; [[section:checklist|the checklist]] lists what the author has to add."
    )
    return Section(
        "population",
        "Population",
        (sentence,),
        (Table("population", "Who they are", frame, columns, shown=20),),
    )


def outcomes(v: ValidatedFit) -> Section:
    """What the people turned out to have, and how its being unknown was treated."""
    parent = v.fitted.parent
    means = {variable.name: variable.definition for variable in parent.variables}
    means |= {
        name: f"At least one of {listed(list(map(words, parts)))}." for name, parts in parent.priors.composites.items()
    }
    rows = []
    for name in v.before.outcomes:
        y = v.before.outcomes[name]
        with_outcome, present = int(y.notna().sum()), int((y == 1).sum())
        rows.append({"condition": outcome_words(str(name)), "definition": means[str(name)],
                     "known": with_outcome, "present": present, "absent": with_outcome - present,
                     "share": present / with_outcome if with_outcome else np.nan,
                     "expected": float(v.before.probabilities[name][y.notna()].mean()),
                     "after": float(v.after.probabilities[name][y.notna()].mean())})  # fmt: skip
    columns = (
        Column("condition", "Outcome"), Column("known", "Known in", "whole"), Column("present", "With it", "whole"),
        Column("absent", "Without", "whole"), Column("share", "Observed", "percent"),
        Column("expected", "Predicted before", "percent"), Column("after", "Predicted after", "percent"),
    )  # fmt: skip
    frame = pd.DataFrame(rows)
    tables = (
        Table("outcomes", "Outcomes in the cohort", frame, columns),
        Table(
            "outcome_definitions", "What each outcome means", frame, (columns[0], Column("definition", "Definition"))
        ),
    )
    how = {
        "ignorable": "People without an outcome were used as well: right where whether an outcome is known "
        "depends only on what is recorded (missing at random).",
        "weighted": "Only people with an outcome were used, each weighed for all those like them by a logistic "
        "model of who has one.",
        "complete": "Only people with an outcome were used, as they are: biased where findings decided who has one.",
    }
    measured = (
        "Performance is measured in the people whose outcome is known; where the findings decided who that is, it is "
        "not the performance in everyone. An outcome that joins several counts as known where all of them are known. A "
        f"prediction is made from {PREDICTOR_SETS[v.after.predictors]} (predictor set {v.after.predictors}); no "
        "outcome enters it."
    )
    odds = v.fitted.origin.verified_odds
    stated = (f"The odds ratio of verification was stated: {odds}, not 1." if odds else "",)
    sentences = (how[v.fitted.origin.outcomes], *filter(None, stated), measured)
    return Section("outcomes", "Outcomes", sentences, tables)


def limitations(v: ValidatedFit) -> Section:
    """What the validation cannot show."""
    sentences = [
        (
            "Cross-validation within one cohort is not an external validation: other places differ in base rates, in "
            "who is seen, and in how findings are recorded."
        ),
        (
            "The form of the network (which findings depend on which conditions, and that most findings are "
            "independent of each other given the conditions) was not tested by the fit."
        ),
        (
            "The intervals of the statements are those of each alone. Where two statements are learnt from the same "
            "people their errors go together, but draws from the written set take them as independent."
        ),
        *v.fitted.notes,
    ]
    if not v.fitted.converged:
        sentences.insert(0, f"The fit did not converge: {v.fitted.why}.")
    return Section("limits", "Limits", tuple(sentences))
