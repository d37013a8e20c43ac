"""The section of a report card on predictors: what each means, how it is coded, and how often it was known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.cases.codebook import entries
from riskmodel.evidence.recording import WRITTEN, blank_reading, heard
from riskmodel.evidence.records import IGNORABLE, SETTING, Event, recording_node
from riskmodel.metrics.predictors import PREDICTOR_SETS, predictors_of
from riskmodel.network.ask import conditional
from riskmodel.pages.section import Column, Section, Table
from riskmodel.text import percent, words

if TYPE_CHECKING:
    from riskmodel.evidence.records import Variable
    from riskmodel.report.card.validation import ValidatedFit

ROLES = ("context", "risk_factor", "finding", "test")


def predictors(v: ValidatedFit) -> Section:
    """What the model reads of a person, and how often each was assessed."""
    frame = known(v)
    empty, blank = int((frame["assessed"] == 0).sum()), percent(float(1 - frame["assessed"].mean()))
    sentences = (
        (
            "The predictors are the variables of the network, which come from published red flags. None was chosen or "
            "left out because of these data. The fit reads all of them; the predictions that are judged read "
            f"{PREDICTOR_SETS[v.after.predictors]} (predictor set {v.after.predictors}). A number is turned "
            "into one of the bands below; no other transformation is made."
        ),
        (
            f"Missing values: {_what_a_blank_means(v)} Nobody was left out for a blank cell and "
            "no value was imputed: what is missing in a person is summed over, exactly, given all that is known of "
            f"that person. {empty} of {len(frame)} predictors were assessed in nobody, and {blank} of all cells are "
            "blank."
        ),
    )
    return Section("predictors", "Predictors and missing data", sentences, (_definitions(v), _known_table(frame)))


def _what_a_blank_means(v: ValidatedFit) -> str:
    reading = blank_reading(v.fitted.parent.priors)
    if reading.profile == IGNORABLE:
        return "a blank cell means not assessed, never absent."
    return (
        f"a blank cell was read by the recording profile {reading.profile} ({v.fitted.parent.priors.profile.title}): "
        "each state counts by how often it is not written down."
    )


def definitions(v: ValidatedFit) -> pd.DataFrame:
    """One row a predictor: variable, column of the case file, role, states (with bands), unit, used, definition.

    ``used`` says whether the predictions that are judged read it.
    """
    used = predictors_of(v.fitted.parent, v.after.predictors)
    rows = [
        {
            "variable": words(str(entry["variable"])),
            "column": entry["column"],
            "role": words(str(entry["role"])),
            "states": ", ".join(map(words, entry["states"])),  # type: ignore[call-overload]
            "unit": entry["unit"],
            "used": "yes" if entry["variable"] in used else "no",
            "definition": entry["definition"],
        }
        for entry in entries(v.fitted.parent.priors)
        if entry["role"] in ROLES
    ]
    return pd.DataFrame(rows)


def _definitions(v: ValidatedFit) -> Table:
    columns = (
        Column("variable", "Predictor"), Column("column", "Column"), Column("role", "Role"),
        Column("states", "States (bands), the base state first"), Column("unit", "Unit"),
        Column("used", "In predictions"),
        Column("definition", "Definition"),
    )  # fmt: skip
    return Table("definitions", "What each predictor means", definitions(v), columns, shown=50)


def known(v: ValidatedFit) -> pd.DataFrame:
    """How often each predictor but the setting was known, and what was seen.

    Returns
    -------
    one row a predictor: variable, role, people (assessed), assessed (share), present (share of those beyond the base
    state), expected (the same share as the model before the fit has it, in the settings of the cohort; under a
    recording profile of those in whom it is written down).
    """
    rows = []
    settings, read = _settings(v), heard(v.fitted.parent.variables, v.masks)
    for row, variable in enumerate(v.fitted.parent.variables):
        if variable.role not in ROLES or variable.name == SETTING:
            continue
        masks = read[row]
        assessed, base = masks != variable.full_mask, masks == 1
        beyond = (masks & 1) == 0
        decided = int((base | beyond).sum())
        rows.append({
            "variable": words(variable.name),
            "role": words(variable.role),
            "people": int(assessed.sum()),
            "assessed": float(assessed.mean()),
            "present": float(beyond.sum() / decided) if decided else np.nan,
            "expected": sum(share * _expected(v, variable, setting) for setting, share in settings),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _settings(v: ValidatedFit) -> list[tuple[str, float]]:
    """The settings of the cohort, with the share of people in each."""
    counts = v.fitted.origin.settings
    total = sum(counts.values())
    return [(setting, count / total) for setting, count in counts.items()] or [("", 1.0)]


def _expected(v: ValidatedFit, variable: Variable, setting: str) -> float:
    given = {SETTING: (setting,)} if setting else {}
    node = recording_node(variable.name)
    if any(node == other.name for other in v.fitted.parent.tables.variables):
        given[node] = (WRITTEN,)
    return float(conditional(v.fitted.parent.tables, Event(variable.name, variable.states[1:]), given)[0])


def _known_table(frame: pd.DataFrame) -> Table:
    columns = (
        Column("variable", "Predictor"), Column("role", "Role"), Column("people", "Assessed in", "whole"),
        Column("assessed", "Share of people", "percent"),
        Column("present", "Beyond the base state, of those", "percent"),
        Column("expected", "The model's expectation before", "percent"),
    )  # fmt: skip
    note = (
        "The base state is absent, none, normal, the lowest band, or female. The expectation is what the model before "
        "the fit says of everybody in these settings; where findings decided who was assessed, the two need not agree."
    )
    return Table("predictors", "How often each was assessed", frame, columns, note=note, shown=50)
