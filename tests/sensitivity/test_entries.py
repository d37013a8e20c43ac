"""The sensitivity functions of single entries, against whole networks computed anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.cohort import simulate
from riskmodel.errors import UsageError
from riskmodel.sensitivity import sensitivity_function, steepest
from tests.support.engines import joint_of_conditions, outputs, weights_of

ENTRIES = (
    ("fever", "present"),
    ("infection", "present"),
    ("malignancy", "present"),
    ("cauda_equina", "present"),
    ("age", "from_70"),
    ("esr", "from_50_to_100"),
    ("pain_duration", "from_6_to_12_weeks"),
    ("worsening_course", "present"),
    ("trauma", "minor"),
    ("infection_manifest", "manifest"),
)


@pytest.fixture(scope="module")
def case() -> tuple[rm.Model, np.ndarray]:
    model = rm.load()
    people = simulate(model, 40, np.random.default_rng(8), setting="emergency", missing=0.5)
    posterior = model.scoring.score(people.masks).posterior.probability[-1]
    return model, people.masks[:, [int(np.argmax(posterior))]]


def at(model: rm.Model, masks: np.ndarray, variable: str, place: tuple[int, ...], x: float) -> dict[str, float]:
    """Posteriors with one entry changed, by multiplying all tables out; nothing shared with the program's scorer."""
    network = model.tables
    table = network.tables[variable].copy()
    column = table[(0, *place[:-1])]
    others = [i for i in range(len(column)) if i != place[-1]]
    column[others] *= (1 - x) / column[others].sum()
    column[place[-1]] = x
    changed = replace(network, tables={**network.tables, variable: table})
    found, _ = outputs(changed, joint_of_conditions(changed, weights_of(model.variables, masks, {})))
    return dict(zip(model.scoring.scorer.output_names, found[:, 0].tolist(), strict=True))


@pytest.mark.parametrize(("variable", "state"), ENTRIES)
def test_the_function_equals_brute_force(case, variable, state):
    model, masks = case
    network, rng = model.tables, np.random.default_rng(len(variable))
    node = network.variable(variable)
    mask_of = {one.name: int(mask) for one, mask in zip(model.variables, masks[:, 0], strict=True)}
    parents = {}
    for name in node.parents:  # a column that the case allows
        states = network.variable(name).states
        allowed = [s for i, s in enumerate(states) if mask_of.get(name, 3) >> i & 1]
        parents[name] = str(rng.choice(allowed))
    place = (*(network.variable(name).index(at) for name, at in parents.items()), node.index(state))
    for output in ("infection", "any_serious"):
        f = sensitivity_function(model, masks, variable, state, parents, output)
        assert f.value == network.tables[variable][(0, *place)]
        assert f(f.value) == pytest.approx(at(model, masks, variable, place, f.value)[output], rel=1e-9)
        for x in (0.0, 0.003, 0.2, 0.5, 0.77, 0.999):
            brute = at(model, masks, variable, place, x)[output]
            assert (np.isnan(f(x)) and np.isnan(brute)) or abs(f(x) - brute) < 1e-9
        step = 1e-4 * min(f.value, 1 - f.value)
        slope = (f(f.value + step) - f(f.value - step)) / (2 * step)
        assert f.derivative() == pytest.approx(slope, rel=1e-5, abs=1e-9)
        moved = f(0.3)
        if abs(f.derivative(0.3)) > 1e-6:
            assert f.at(moved) == pytest.approx(0.3, rel=1e-6)


@pytest.mark.slow
def test_the_steepest_entries_are_the_steepest(case):
    model, masks = case
    found = steepest(model, masks, "any_serious", top=15)
    assert found["derivative"].abs().is_monotonic_decreasing
    row = found.iloc[2]
    node = model.tables.variable(row["variable"])
    parents = dict(pair.split("=") for pair in row["parents"].split(", ") if pair)
    place = (*(model.tables.variable(name).index(parents[name]) for name in node.parents), node.index(row["state"]))
    step = 1e-4 * row["value"]
    low, high = (at(model, masks, row["variable"], place, row["value"] + k * step)["any_serious"] for k in (-1, 1))
    assert row["derivative"] == pytest.approx((high - low) / (2 * step), rel=1e-4)
    p = row["posterior"]
    elasticity = row["derivative"] * row["value"] * (1 - row["value"]) / (p * (1 - p))
    assert row["elasticity"] == pytest.approx(elasticity)
    larger = np.random.default_rng(0).choice(len(model.tables.variables), 6, replace=False)
    for i in larger:  # no entry of some tables at random is steeper than the list's last
        node = model.tables.variables[i]
        if node.name == "setting" or node.form == "any_of" or node.role == "manifestation":  # certain by their form
            continue
        shape = [len(model.tables.variable(name).states) for name in node.parents]
        column = tuple(int(np.random.default_rng(i).integers(size)) for size in shape)
        parents = {n: model.tables.variable(n).states[s] for n, s in zip(node.parents, column, strict=True)}
        slope = sensitivity_function(model, masks, node.name, node.states[-1], parents, "any_serious").derivative()
        assert abs(slope) <= found["derivative"].abs().iloc[-1] or node.name in set(found["variable"])


def test_what_does_not_exist_is_named():
    model, case = rm.load(), pd.DataFrame({"fever": ["yes"], "setting": ["primary_care"]})
    with pytest.raises(UsageError, match=r"unknown variable 'fevr'.*did you mean 'fever'"):
        sensitivity_function(model, case, "fevr", "present", {}, "infection")
    with pytest.raises(UsageError) as error:
        sensitivity_function(model, case, "fever", "presnt", {"sex": "male"}, "infectoin")
    for said in ("'present'?", "'sex' is no parent of fever", "'infection'?"):
        assert said in str(error.value)


def test_what_is_certain_by_its_form_is_no_number_to_question():
    """A scan with a part present is abnormal, and an absent disease never manifest: nobody states it."""
    case = pd.DataFrame([{"age": 60, "mri": "abnormal", "xray": "abnormal"}])
    found = steepest(rm.load(), case, "malignancy", setting="primary_care", top=100_000)
    scans = found[found["variable"].isin(["mri", "xray", "ct"])]
    assert len(scans) > 4
    assert (
        not scans["parents"]
        .str.contains("(?:tumour|infection|fracture|compression)=present")
        .where(scans["variable"] == "mri", scans["parents"].str.contains("xray_fracture=present|ct_fracture=present"))
        .any()
    )
    nodes = found[found["variable"].str.endswith("_manifest")]
    assert len(nodes) == 4
    assert nodes["parents"].str.endswith("=present").all()
