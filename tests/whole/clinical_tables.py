"""Tables of the clinical model for its page, read from the shipped statements."""

from __future__ import annotations

from collections.abc import Iterable

import riskmodel as rm
from riskmodel.evidence.records import Priors, Statement, acting_node
from riskmodel.text import percent

Rows = list[list[str]]
NOTHING = "–"


def conditions(model: rm.Model) -> tuple[list[str], Rows]:
    """Every condition: how common it is in the settings of real clinics, and how often it is occult."""
    priors, settings = model.priors, [name for name in model.settings if name != "as_reported"]
    names, rates = model.scoring.scorer.conditions, model.scoring.weights.baseline
    rows = []
    for variable in priors.conditions:
        row = names.index(variable.name)
        here = [percent(float(rates[model.settings.index(setting), row])) for setting in settings]
        hides = [v for v in priors.variables if acting_node(variable.name, v.parents) == f"{variable.name}_manifest"]
        occult = of_variable(priors, f"{variable.name}_manifest")
        rows.append([
            words(variable.name), "yes" if variable.serious else "", *here,
            ranged(occult[0]) if occult else NOTHING, str(len(hides)) if hides else NOTHING,
        ])  # fmt: skip
    headings = ["condition", "serious", *map(words, settings), "occult", "findings that it can hide"]
    return headings, rows


def groups(model: rm.Model) -> tuple[list[str], Rows]:
    """Every group of findings that go together: its members, and their correlation."""
    rows = []
    for name, members in model.priors.groups.items():
        stated = of_variable(model.priors, name)
        shown = [f"{ranged(s, shares=False)}{among(s)}" for s in stated]
        rows.append([words(name), ", ".join(map(words, members)), "; ".join(shown), bases(stated)])
    return ["group", "findings", "correlation", "basis"], rows


def parts_of_scans(model: rm.Model) -> tuple[list[str], Rows]:
    """Every result with content: how often it is seen with its condition and in people without."""
    priors = model.priors
    tests = {variable.name for variable in priors.variables if variable.role == "test"}
    rows = []
    for name in [name for name in tests if name.partition("_")[0] in tests - {name}]:
        stated = of_variable(priors, name)
        without = [s for s in stated if s.given.none]
        seen = [f"{words(s.given.events[0].variable)} {ranged(s)}{ages(s)}" for s in stated if not s.given.none]
        false = [f"{ranged(s)}{ages(s)}" for s in without]
        rows.append([f"`{name}`", "; ".join(seen), "; ".join(false), bases(stated)])
    order = [variable.name for variable in priors.variables]
    rows.sort(key=lambda row: order.index(row[0].strip("`")))
    return ["result", "seen with", "seen without any condition", "basis"], rows


def of_variable(priors: Priors, name: str) -> list[Statement]:
    return [s for s in priors.selected_statements if s.of.variable == name]


def words(name: str) -> str:
    return name.replace("_", " ")


def ranged(statement: Statement, *, shares: bool = True) -> str:
    """A value with its interval, as a percentage or as a number."""

    def shown(value: float) -> str:
        return f"{100 * value:.3g}" if shares else f"{value:.2g}"

    text = f"{shown(statement.value)} %" if shares else shown(statement.value)
    if statement.low is None or statement.high is None:
        return text
    return f"{text} ({shown(statement.low)} to {shown(statement.high)})"


def among(statement: Statement) -> str:
    events = statement.given.events
    return f" with {words(events[0].variable)}" if events else ""


def ages(statement: Statement) -> str:
    event = statement.given.event("age")
    return f", {' or '.join(map(words, event.states))}" if event else ""


def bases(statements: Iterable[Statement]) -> str:
    return ", ".join(dict.fromkeys(statement.basis for statement in statements))


PEOPLE = (
    ("emergency", "man of 30 who injects drugs, C-reactive protein 90",
     {"age": 30, "sex": "male", "iv_drug_use": "yes", "crp_mg_l": 90}, "infection"),
    ("primary care", "woman of 60 with a history of breast cancer and a week of pain",
     {"age": 60, "sex": "female", "cancer_history": "spine_seeking_primary", "pain_duration_weeks": 1}, "malignancy"),
    ("primary care", "woman of 72",
     {"age": 72, "sex": "female"}, "fracture"),
    ("emergency", "woman of 35 with a numb saddle",
     {"age": 35, "sex": "female", "saddle_anaesthesia": "yes"}, "cauda_equina"),
)  # fmt: skip
STEPS = (
    ("emergency", {"age": 30, "sex": "female"}, ("infection", "nonspinal_serious"), (
        ("woman of 30 with fever and C-reactive protein 150", {"fever": "yes", "crp_mg_l": 150}),
        ("and pain on passing urine", {"urinary_or_flank_symptoms": "yes"}),
        ("and pain on percussion of the spine", {"spinal_tenderness": "yes"}),
    )),
    ("emergency", {"age": 35, "sex": "female"}, ("cauda_equina",), (
        ("woman of 35 with a numb saddle", {"saddle_anaesthesia": "yes"}),
        ("and a bladder that does not empty", {"bladder_dysfunction": "yes"}),
        ("and incontinence of stool", {"bowel_dysfunction": "yes"}),
    )),
    ("primary_care", {"age": 72, "sex": "male"}, ("malignancy", "fracture"), (
        ("man of 72 with an abnormal MRI, no more known", {"mri": "abnormal"}),
        ("a tumour on the MRI", {"mri_tumour": "present"}),
        ("and no fracture on it", {"mri_fracture": "absent"}),
    )),
)  # fmt: skip


def silence(model: rm.Model) -> tuple[list[str], Rows]:
    """What recorded absences do: a posterior with nothing else recorded, and with all other findings absent."""
    rows = []
    for setting, person, cells, condition in PEOPLE:
        absent = {
            v.column: v.base for v in model.variables if v.role in ("risk_factor", "finding") and not v.lower_edges
        }
        cases = [cells, absent | cells]
        p = model.posterior(cases, setting=setting.replace(" ", "_"))[condition]
        rows.append([f"{person}, {setting}", words(condition), *map(percent, p)])
    return ["person", "probability of", "nothing else recorded", "all other findings absent"], rows


def steps(model: rm.Model) -> tuple[list[str], Rows]:
    """What one more finding does, with nothing else recorded."""
    rows = []
    for setting, person, outputs, findings in STEPS:
        cells = dict(person)
        for text, more in findings:
            cells |= more
            p = model.posterior([cells], setting=setting).iloc[0]
            shown = "; ".join(f"{words(name)} {percent(float(p[name]))}" for name in outputs)
            rows.append([f"{text}, {words(setting)}" if cells == {**person, **more} else text, shown])
    return ["recorded", "probability"], rows
