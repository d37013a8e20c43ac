"""Policies head to head: one person at a time by another program, and cohorts drawn another way."""

from __future__ import annotations

import math
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import riskmodel as rm
from riskmodel import figures
from riskmodel.cohort import HISTORY, simulate, to_cases
from riskmodel.decision.costs import Pathways, load_pathways, read_pathways
from riskmodel.decision.stakes import stakes
from riskmodel.errors import PriorsError, UsageError
from riskmodel.pathways.follow import People, follow_policy
from riskmodel.pathways.head_to_head import _everyone, _judge
from riskmodel.pathways.measures import MEASURES
from riskmodel.sensitivity import pathways, scans_in_vain
from tests.support.models import POLICIES, shipped

mpl.use("Agg")
MODEL = shipped()
NUMBERS = load_pathways()
STATED = NUMBERS.draw(1, np.random.default_rng(0))
VALUE = {name: float(values[0]) for name, values in STATED.items()}
SERIOUS = [variable.name for variable in MODEL.variables if variable.serious]
COLUMN = {variable.name: variable.column for variable in MODEL.variables}
STATES = {variable.name: variable.states for variable in MODEL.variables}
BENEFIT = {"infection": 1.0, "malignancy": 0.33, "cauda_equina": 1.0, "fracture": 0.04}
SHOWN_BY = {
    "infection": {"mri_infection": "mri"},
    "malignancy": {"mri_tumour": "mri"},
    "cauda_equina": {"mri_compression": "mri"},
    "fracture": {"xray_fracture": "xray", "ct_fracture": "ct", "mri_fracture": "mri"},
}
PARTS = {
    scan: [v.name for v in MODEL.variables if v.role == "test" and v.name.startswith(f"{scan}_")]
    for scan in ("xray", "ct", "mri")
}
ASKED = {test for stake in stakes(MODEL.policy) for test in stake.asks}
HARM = {test: min(stake.harm for stake in stakes(MODEL.policy) if test in stake.asks) for test in ASKED}


# ---- one person at a time --------------------------------------------------------------------------


def by_hand(model: rm.Model, person: dict[str, str], truth: dict[str, str], luck: float) -> dict[str, float]:
    """What is done to one person and on which day, from scored rows; shares no code with the program's loop."""
    row, day, done, sent, visit = dict(person), 0.0, {}, math.inf, False
    for _ in range(6):
        answer = model.score(pd.DataFrame([row])).iloc[0]
        acted = {
            name: day + VALUE[f"wait.{answer[f'{kind}_within']}"]
            for kind in ("imaging", "tests")
            for name in answer[kind].split("|")
            if name
        }
        asked = set(acted) - set(done)
        referred = set(filter(None, answer["referral"].split("|")))
        if "emergency_department" in referred and math.isinf(sent):
            sent = day + VALUE[f"wait.{answer['referral_within']}"]
            kind = "serious" if any(truth[name] == "present" for name in SERIOUS) else "other"
            if luck < VALUE[f"share.emergency_mri.{kind}"] and "mri" not in done:
                asked.add("mri")
                acted["mri"] = min(acted.get("mri", math.inf), sent)
        visit |= bool(referred - {"emergency_department"})
        if not asked:
            break
        for name in asked:
            done[name] = acted[name] + VALUE[f"hours.{name}"] / 24
            row |= {COLUMN[result]: truth[result] for result in (name, *PARTS.get(name, ()))}
        day = max(done[name] for name in asked)
    return {"sent": sent, "visit": visit, **done}


def outcomes(truth: pd.DataFrame, followed: list[dict[str, float]]) -> dict[str, float]:
    """The measures of people followed by hand, one by one."""
    pairs = in_time = found = delay = vain = scanned = gained = cost = 0.0
    for (_, own), what in zip(truth.iterrows(), followed, strict=True):
        ill = [name for name in SERIOUS if own[name] == "present"]
        tests = {name: day for name, day in what.items() if name not in ("sent", "visit")}
        scans = set(tests) & {"xray", "ct", "mri"}
        scanned += bool(scans)
        vain += bool(scans) and not ill
        for name in ill:
            days = [
                tests[scan] for part, scan in SHOWN_BY[name].items() if scan in tests and own[part] == "present"
            ]  # fmt: skip
            when = min(days, default=math.inf)
            pairs, found = pairs + 1, found + (when < math.inf)
            soon = when <= VALUE[f"window.{name}"]
            in_time, gained = in_time + soon, gained + soon * BENEFIT[name]
            delay += min(when, VALUE[f"unaided.{name}"])
        gained -= 0 if ill else sum(HARM.get(name, 0) for name in tests)
        cost += sum(VALUE[f"cost.{name}"] for name in tests) + VALUE["cost.visit"] * what["visit"]
        cost += VALUE["cost.emergency"] * (what["sent"] < math.inf)
    people = len(followed)
    return {
        "in_time": 100 * in_time / pairs,
        "late": 100 * (found - in_time) / pairs,
        "missed": 100 * (pairs - found) / pairs,
        "delay": delay / pairs,
        "imaged": 1000 * scanned / people,
        "imaged_in_vain": 1000 * vain / people,
        "vain_share": 100 * vain / scanned,
        "cost": cost / people,
        "net_benefit": 1000 * gained / people,
        "net_benefit_after_cost": 1000 * (gained - cost / VALUE["worth.qaly"]) / people,
        "emergency": 1000 * sum(what["sent"] < math.inf for what in followed) / people,
        **{scan: 1000 * sum(scan in what for what in followed) / people for scan in ("xray", "ct", "mri")},
    }


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["consensus", "clinical_note", "acibadem_2026", "whitlock_2026"])
def test_agrees_with_following_each_person_by_hand(policy: str) -> None:
    """Seventy people, half of them ill: tests done, days, and every measure."""
    model = MODEL.with_policy(policy)
    people = _everyone(MODEL, "spine_clinic", 3000, np.random.default_rng(11))
    ill = np.any([people.has(name) for name in SERIOUS], axis=0)
    some = np.concatenate([np.nonzero(ill)[0][:35], np.nonzero(~ill)[0][:35]])
    states = {name: values[some] for name, values in people.states.items()}
    few = People(states, people.masks[:, some], people.draw[some], np.full(70, 1 / 70), people.luck[some])
    followed = follow_policy(model.scoring, model.scoring.scorer.posterior, few, STATED, NUMBERS)
    truth = pd.DataFrame({name: np.array(STATES[name])[states[name]] for name in STATES if name in states})
    told = [name for name in truth if next(v for v in MODEL.variables if v.name == name).role in HISTORY]
    history = truth[told].rename(columns=COLUMN).to_dict("records")
    hand = [by_hand(model, history[i], dict(truth.iloc[i]), float(few.luck[i])) for i in range(70)]
    for name, days in followed.done.items():
        np.testing.assert_allclose(days, [what.get(name, math.inf) for what in hand], err_msg=name)
    np.testing.assert_allclose(followed.emergency, [what["sent"] for what in hand])
    assert followed.visit.tolist() == [what["visit"] for what in hand]
    found = _judge(MODEL, NUMBERS, STATED, few).measure(followed)
    for name, expected in outcomes(truth, hand).items():
        assert found[name][0] == pytest.approx(expected), name


def test_a_later_step_follows_from_the_results_of_the_first() -> None:
    """clinical_note: X-ray and ESR first, MRI when both are abnormal and not otherwise."""
    model = MODEL.with_policy("clinical_note")
    people = _everyone(MODEL, "spine_clinic", 4000, np.random.default_rng(3))
    followed = follow_policy(model.scoring, model.scoring.scorer.posterior, people, STATED, NUMBERS)
    first = np.isfinite(followed.done["xray"])
    both = first & (people.states["xray"] > 0) & (people.states["esr"] > 0)
    assert np.isfinite(followed.done["mri"][both]).all()
    assert not np.isfinite(followed.done["mri"][~both]).any()
    assert 50 < both.sum() < first.sum()
    assert (followed.done["mri"][both] > np.maximum(followed.done["xray"], followed.done["esr"])[both]).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_everything_asked_for_is_done(policy: str) -> None:
    """With all results told, the policy asks for nothing more."""
    model = MODEL.with_policy(policy)
    people = _everyone(MODEL, "spine_clinic", 2000, np.random.default_rng(1))
    followed = follow_policy(model.scoring, model.scoring.scorer.posterior, people, STATED, NUMBERS)
    masks = people.masks.copy()
    for name, day in followed.done.items():
        told = np.isfinite(day)
        for row in model.policy.results(name):
            masks[row, told] = 1 << people.states[MODEL.variables[row].name][told]
    decision = model.scoring.score(masks).decision
    assert not decision.imaging.any()
    assert not decision.tests.any()
    assert followed.rounds > 1


# ---- the table -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pathways(MODEL, people=20_000, draws=30, seed=2, settings=["emergency"])


def one(table: pd.DataFrame, policy: str, measure: str) -> pd.Series:
    return table[(table["policy"] == policy) & (table["measure"] == measure)].iloc[0]


def test_table_has_every_policy_and_measure(table: pd.DataFrame) -> None:
    assert set(table["policy"]) == set(POLICIES)
    assert set(table["measure"]) == {*MEASURES, *(f"missed.{name}" for name in SERIOUS)}
    assert not table.duplicated(["setting", "policy", "measure"]).any()
    known = table.dropna(subset="low")
    assert (known["low"] <= known["high"]).all()
    assert len(known) > 0.7 * len(table)


def test_first_scans_agree_with_another_cohort(table: pd.DataFrame) -> None:
    """Policies without results to wait for scan whom their first decision names."""
    cohort = simulate(MODEL, 20_000, np.random.default_rng(77), setting="emergency", roles=HISTORY)
    scored = MODEL.with_policy("general_medicine_2025").score(to_cases(MODEL, cohort).iloc[:8000])
    share = (scored["imaging"] != "").mean()
    seen = one(table, "general_medicine_2025", "imaged")["value"] / 1000
    assert (
        abs(seen - share) < 4 * math.sqrt(share * (1 - share) * (1 / 8000 + 1 / 20_000)) + 0.02
    )  # and of their own accord


def test_shares_add_up_and_intervals_hold_the_value(table: pd.DataFrame) -> None:
    inside = []
    for policy in POLICIES:
        parts = [one(table, policy, name)["value"] for name in ("in_time", "late", "missed")]
        assert sum(parts) == pytest.approx(100)
        for name in ("imaged", "missed", "cost", "net_benefit", "emergency", "mri"):
            row = one(table, policy, name)
            inside.append(row["low"] <= row["value"] <= row["high"])
    assert np.mean(inside) > 0.85


@pytest.mark.slow
def test_intervals_are_of_people_who_live_under_the_draws() -> None:
    """With every statement as good as fixed, the intervals shrink to the noise of the people."""
    sure = replace(
        NUMBERS, statements=tuple(replace(s, low=s.value * 0.9999, high=s.value * 1.0001) for s in NUMBERS.statements)
    )
    asked = {"people": 5000, "draws": 25, "seed": 2, "settings": ["as_reported"]}
    wide = pathways(MODEL, ["healthusias"], **asked)
    narrow = pathways(MODEL, ["healthusias"], numbers=sure, **asked)
    for name in ("cost", "delay"):
        some, fewer = one(wide, "healthusias", name), one(narrow, "healthusias", name)
        assert fewer["high"] - fewer["low"] < 0.6 * (some["high"] - some["low"])


def test_same_seed_same_table_and_same_people_for_every_policy() -> None:
    asked = {"people": 3000, "draws": 0, "seed": 4, "settings": ["primary_care"]}
    both = pathways(MODEL, ["clinical_note", "consensus"], **asked)
    alone = pathways(MODEL, ["consensus"], **asked)
    own = both[both["policy"] == "consensus"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone)
    assert alone["low"].isna().all()


def test_a_third_of_scans_beside_the_cohort(table: pd.DataFrame) -> None:
    frame = scans_in_vain(table)
    assert (frame["claimed"] == 34).all()
    assert (frame["flagless_share"] <= frame["vain_share"]).all()
    assert len(frame) == len(POLICIES)


def test_figure_has_one_panel_a_setting_and_one_mark_a_policy(table: pd.DataFrame) -> None:
    axes = np.array([Figure(figsize=(4, 4)).add_subplot()])
    drawn = figures.pathways(table, axes)
    assert drawn[0] is axes[0]
    marks = {line.get_label(): line.get_xydata()[0] for line in axes[0].get_lines()}
    assert set(marks) == {name.replace("_", " ") for name in POLICIES}
    expected = [one(table, "consensus", name)["value"] for name in ("imaged", "missed")]
    np.testing.assert_allclose(marks["consensus"], expected)
    bars = pd.DataFrame({"statement": ["a", "b"], "value": [0.2, 0.1], "se": [0.05, 0.02]})
    ax = Figure().add_subplot()
    assert figures.value_bars(bars, ax) is ax
    assert [patch.get_width() for patch in ax.patches] == [0.2, 0.1]


# ---- the file --------------------------------------------------------------------------------------

GOOD = {"id": "cost.mri", "value": 2.0, "low": 1.0, "high": 4.0, "basis": "assumption", "source": "assumption"}
BAD = [
    ({"value": 9.0}, "the range 1 to 4 excludes its value 9"),
    ({"id": "price.mri"}, "received 'price.mri'"),
    ({"valeu": 1}, "unknown key 'valeu' (did you mean 'value'?)"),
    ({"basis": "guess"}, "unknown 'guess'"),
    ({"low": -1.0}, "a number above 0 is expected"),
    ({"id": "share.mri", "value": 0.5, "low": 0.2, "high": 1.0}, "a share lies between 0 and 1"),
    ({"read": "yes"}, "unknown 'yes'"),
    ({"verified": True}, "key 'verified' has been replaced"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_number_is_named(change: dict[str, object], message: str) -> None:
    assert read_pathways({"statement": [GOOD]}).value("cost.mri") == 2.0
    with pytest.raises(PriorsError) as caught:
        read_pathways({"statement": [GOOD | change]})
    assert message in str(caught.value)
    assert "pathways.toml" in str(caught.value)


def test_all_problems_of_the_file_at_once() -> None:
    with pytest.raises(PriorsError, match="3 problems"):
        read_pathways({"statement": [GOOD, GOOD, GOOD | {"id": "x.y"}], "shown": {}})


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match=r"no statement 'cost.mir' \(did you mean 'cost.mri'\?\)"):
        NUMBERS.value("cost.mir")
    bare = Pathways(tuple(s for s in NUMBERS.statements if s.id not in ("wait.routine", "cost.ct")), NUMBERS.shows, {})
    with pytest.raises(PriorsError, match=r"wait\.routine") as caught:
        pathways(MODEL, ["consensus"], people=10, draws=0, numbers=bare)
    assert "cost.ct" in str(caught.value)
    with pytest.raises(UsageError, match="1 person or more"):
        pathways(MODEL, ["consensus"], people=0)


def test_numbers_are_drawn_as_stated() -> None:
    drawn = NUMBERS.draw(20_000, np.random.default_rng(8))
    for statement in NUMBERS.statements:
        values = drawn[statement.id]
        assert values[0] == statement.value
        assert np.median(values) == pytest.approx(statement.value, rel=0.05)
        assert values.min() > 0
        width = np.log(np.quantile(values, 0.975) / np.quantile(values, 0.025))
        if statement.unit != "share":
            assert width == pytest.approx(math.log(statement.high / statement.low), rel=0.06)
    sources = set(MODEL.priors.sources)
    assert {s.source for s in NUMBERS.statements} <= sources
    assert all(s.basis != "assumption" or s.read == "no" for s in NUMBERS.statements)
