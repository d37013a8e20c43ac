"""What the words of the report mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.report.section import Column, Section, Table

if TYPE_CHECKING:
    from riskmodel.report.study import Study

FIXED = {
    "seed": "Basis of a statement: one of the documents on red flags that the model set out from. Also a prior set, "
    "seeds: those documents as they stand.",
    "study": "Basis of a statement: published research, or a review of it.",
    "assumption": "Basis of a statement: a number that no source gives, the project's own, with a wide interval.",
    "read": "How a figure was read: in the full text of its source, in the abstract, second hand (in another document "
    "that reports the source), or not at all (from memory, or an assumption, which has no source).",
    "draw": "One set of values of all statements, each drawn from its distribution; the network is built for each.",
    "effective draws": "What the draws, weighted by how well each fits a case's findings, are as good as.",
    "dependence": "The strength with which the findings of a group go together beyond their conditions, 0 to 1.",
    "missed": "Not found by the pathway; later by other ways, if at all.",
}


def section(study: Study) -> Section:
    rows = [*_settings(study), *_conditions(study), *_policies(study), *FIXED.items()]
    frame = pd.DataFrame(rows, columns=["word", "meaning"])
    columns = (Column("word", "Word"), Column("meaning", "What it means"))
    said = "Conditions, policies and what else the report speaks of by a short name."
    return Section("words", "Words", (said,), (Table("glossary", "Words", frame, columns, shown=len(frame)),))


def _settings(study: Study) -> list[tuple[str, str]]:
    return [
        (v.name, f"{v.definition} One of {', '.join(v.states)}.") for v in study.model.variables if v.role == "context"
    ]


def _conditions(study: Study) -> list[tuple[str, str]]:
    definitions = {variable.name: variable.definition for variable in study.model.variables}
    parts = study.model.priors.composites
    return [
        (name, definitions.get(name) or f"One or more of {', '.join(parts.get(name, ()))}.") for name in study.outputs
    ]


def _policies(study: Study) -> list[tuple[str, str]]:
    named = [study.model.with_policy(policy).policy for policy in study.spec.policies]
    return [(policy.name, f"Policy: {policy.title}.") for policy in named]
