"""The glossary: what the terms of the report mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Section, Table
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

FIXED = {
    "statement": "One number with its source, such as the probability of fever in people with a spinal infection; "
    "written fever | infection, where | means given.",
    "stated value": "The value of a statement as its source, or the prior set, gives it.",
    "seed": "Basis of a statement: one of the documents on red flags with which the project started. The prior set "
    "seeds takes the numbers of these documents unchanged.",
    "study": "Basis of a statement: published research, or a review of it.",
    "assumption": "Basis of a statement: no source gives the number; the project assumed it, with a wide interval.",
    "read": "How a figure was read: in the full text of its source, in the abstract, second hand (in another document "
    "that reports the source), or not at all (from memory, or an assumption, which has no source).",
    "draw": "One set of values of all statements, drawn from their distributions. The network is built anew for each.",
    "effective sample size": "For each case the draws are weighted by the probability that they give to its findings. "
    "The effective sample size is the number of unweighted draws with the same precision.",
    "fragile": "A case is fragile if fewer than 90 % of the weighted draws give the same urgency and imaging as the "
    "stated values.",
    "flip": "The value of a statement from which the action is another one.",
    "circumstance": "Something a policy asks about but the network does not model, such as whether an MRI is possible.",
    "dependence": "The correlation of a group's findings beyond what their conditions explain, 0 to 1.",
    "missed": "A disease that the policy does not find; it is found later in other ways, or never.",
}


def glossary_section(study: Study) -> Section:
    """The terms, settings, conditions and policies of the report."""
    rows = [*_settings(study), *_conditions(study), *_policies(study), *FIXED.items()]
    frame = pd.DataFrame(rows, columns=["word", "meaning"])
    columns = (Column("word", "Term", "name"), Column("meaning", "Meaning"))
    sentence = "Settings, conditions, policies and terms of this report."
    return Section("words", "Glossary", (sentence,), (Table("glossary", "Glossary", frame, columns, shown=len(frame)),))


def _settings(study: Study) -> list[tuple[str, str]]:
    return [
        (v.name, f"{v.definition} One of {words(', '.join(v.states))}.")
        for v in study.model.variables
        if v.role == "context"
    ]


def _conditions(study: Study) -> list[tuple[str, str]]:
    definitions = {variable.name: variable.definition for variable in study.model.variables}
    parts = study.model.priors.composites
    return [
        (name, definitions.get(name) or f"One or more of {words(listed(parts.get(name, ())))}.")
        for name in study.outputs
    ]


def _policies(study: Study) -> list[tuple[str, str]]:
    named = [study.model.with_policy(policy).policy for policy in study.spec.policies]
    return [(policy.name, f"Policy: {policy.title}.") for policy in named]
