"""Tables of recording profiles for their page: what each states, and what a wrong one costs."""

from __future__ import annotations

import pandas as pd

import riskmodel as rm
from benchmarks.recording import AS_ABSENT, PEOPLE, RIGHT, SETTINGS, by_record
from riskmodel.evidence.recording import BY_ROLE, used_rates
from riskmodel.evidence.records import Statement
from riskmodel.text import figure, percent, words

Rows = list[list[str]]
READ_AS = {
    RIGHT: "its own profile", "ignorable": "`ignorable`: chance", AS_ABSENT: "turned into absent",
    "positives_only": "`positives_only`", "chart": "`chart`", "form": "`form`",
}  # fmt: skip


def profiles(model: rm.Model) -> tuple[list[str], Rows]:
    """Each profile's rates, the present and the absent side by side; those of many findings last."""
    rows: Rows = []
    for name in model.priors.profiles:
        under = model.with_recording(name)
        spoken: dict[tuple[str, ...], list[str]] = {}
        rest: dict[tuple[str, ...], list[str]] = {}
        for rates in used_rates(under.priors):
            base, *_, last = rates.statements[0]
            absent, present = under.statement(base), under.statement(last)
            cells = (_rate(present), _rate(absent), ", ".join(dict.fromkeys([present.basis, absent.basis])))
            group = absent.of.variable
            label, of = (words(group), rest) if group in BY_ROLE else (words(rates.variable), spoken)
            if label not in of.setdefault(cells, []):
                of[cells].append(label)
        rows += [[f"`{name}`", ", ".join(names), *cells] for cells, names in spoken.items()]
        other = "other " if spoken else ""
        rows += [[f"`{name}`", f"all {other}{' and '.join(names)}", *cells] for cells, names in rest.items()]
    return ["profile", "findings and risk factors", "written down if present", "if absent", "basis"], rows


def _rate(statement: Statement) -> str:
    assert statement.low is not None
    assert statement.high is not None
    return f"{percent(statement.value)} ({percent(statement.low)} to {percent(statement.high)})"


def records() -> tuple[list[str], Rows]:
    """Observed over predicted, share imaged and log loss, by setting, record and what its blanks are taken for."""
    by_setting = [pd.DataFrame(by_record(setting, PEOPLE)) for setting in SETTINGS]
    rows: Rows = []
    for lines in zip(*(frame.to_dict("records") for frame in by_setting), strict=True):
        record, read_as = lines[0]["record"], lines[0]["read as"]
        complete = record == "everything"
        if complete and read_as != RIGHT:
            continue  # nothing is blank: all the same
        cells = [
            cell
            for line in lines
            for cell in (figure(line["O/E"], ".2f"), percent(line["imaged"]), figure(line["log loss"], ".3f"))
        ]
        rows.append([record, "no blanks" if complete else READ_AS[read_as], *cells])
    measures = ("O/E", "imaged", "log loss")
    return ["written down", "a blank is read by", *(f"{words(s)}: {m}" for s in SETTINGS for m in measures)], rows
