"""One way, goal seeking and two way, against models that are rebuilt with the other value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate
from riskmodel.errors import CasesError, InferenceError, UsageError
from riskmodel.evidence.distributions import quantile, spread
from riskmodel.sensitivity import Target, cohort_flips, flips, one_way, two_way
from riskmodel.sensitivity.action_flips import grid
from riskmodel.sensitivity.flip_search import NO_BEARING
from riskmodel.sensitivity.ranges import ranges
from riskmodel.sensitivity.targets import parse_target
from riskmodel.sensitivity.what_if import what_ifs
from tests.support.brute import actions, parts_of, posterior, with_values
from tests.support.scanned_tiny import scanned_tiny

KINDS = {  # statements of every kind, of both sets
    "seeds": (
        "find.fever.none", "find.fever.infection", "base.infection.primary_care", "risk.infection.recent_infection",
        "find.duration.none.6_12", "test.esr.from_20_to_50.none", "risk.malignancy.age50", "dependence.course",
        "base.cauda_equina.primary_care",
    ),
    "literature": ("base.malignancy.primary_care", "find.spinal_tenderness.fracture", "risk.fracture.female"),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(KINDS))
def people(request: pytest.FixtureRequest) -> tuple[rm.Model, np.ndarray, list[str]]:
    """A model, cases of two settings with a third of their cells blank, and some statements."""
    model = rm.load(request.param)
    rng = np.random.default_rng(11)
    some = [
        simulate(model, 15, rng, setting=setting, missing=0.35).masks for setting in ("primary_care", "spine_clinic")
    ]
    names = [name for name in KINDS[request.param] if name in model.priors.selected]
    assert len(names) >= 2
    return model, np.concatenate(some, axis=1), names


@pytest.mark.slow
def test_curves_and_tornados_by_rebuilding(people):
    model, masks, names = people
    texts = ["p(infection) of case 3", "log_odds(malignancy) of case 20", "mean p(any_serious)", "share imaging=mri",
             "share urgency=within_24_hours"]  # fmt: skip
    found = one_way(model, masks, texts, statements=names, points=3)
    assert set(found.curves["statement"]) == set(names)
    for (name, value), rows in found.curves.groupby(["statement", "value"]):
        other = with_values(model, {name: value})
        at = dict(zip(rows["target"], rows["at"], strict=True))
        if (rows["held"] != "").any():
            continue
        p = posterior(other, masks, "malignancy")[20]
        acts = actions(other, masks)
        assert at[texts[0]] == pytest.approx(posterior(other, masks, "infection")[3], rel=1e-9)
        assert at[texts[1]] == pytest.approx(np.log(p / (1 - p)), abs=1e-9)
        assert at[texts[2]] == pytest.approx(posterior(other, masks, "any_serious").mean(), rel=1e-9)
        assert at[texts[3]] == pytest.approx(np.mean([imaging == "mri" for _, imaging in acts]))
        assert at[texts[4]] == pytest.approx(np.mean([urgency == "within_24_hours" for urgency, _ in acts]))
    for text in texts:
        tornado = found.tornado(text)
        assert tornado["effect"].is_monotonic_decreasing
        for row in tornado.itertuples():
            curve = found.curves[(found.curves["target"] == text) & (found.curves["statement"] == row.statement)]
            assert row.effect == pytest.approx(np.ptp(curve["at"]))
            low, high = curve.loc[curve["value"].idxmin(), "at"], curve.loc[curve["value"].idxmax(), "at"]
            assert (row.at_low, row.at_high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.slow
@pytest.mark.parametrize("priors", ["seeds", "literature"])
def test_the_share_of_cases_that_flip_by_rebuilding(priors):
    model, rng = rm.load(priors), np.random.default_rng(12)
    names = [
        "base.fracture.primary_care",
        "find.spinal_tenderness.none.study",
        "find.night_pain.none.study",
        "base.malignancy.emergency",
    ]
    names = [name for name in names if name in model.priors.selected]
    settings = ("primary_care", "emergency")
    cohorts = {at: simulate(model, 150, rng, setting=at, roles=HISTORY).masks for at in settings}
    masks = np.concatenate(list(cohorts.values()), axis=1)
    shares = cohort_flips(model, masks, statements=names, points=3, by_setting=True).set_index(["setting", "statement"])
    moved = 0
    for name in names:
        shape = spread(model.priors.statement(name), model.priors.prior_set)
        points = [with_values(model, {name: value}) for value in quantile(shape, np.array([0.025, 0.5, 0.975]))]
        for setting, own in cohorts.items():
            now, then = actions(model, own), [actions(other, own) for other in points]
            urgency, imaging = (
                [any(other[i][kind] != now[i][kind] for other in then) for i in range(len(now))] for kind in (0, 1)
            )
            row = shares.loc[(setting, name)]
            assert row["urgency"] == pytest.approx(np.mean(urgency))
            assert row["imaging"] == pytest.approx(np.mean(imaging))
            assert row["action"] == pytest.approx(np.mean(np.array(urgency) | np.array(imaging)))
            moved += sum(urgency) + sum(imaging)
    assert moved > 10


@pytest.mark.slow
def test_ranges_say_where_they_come_from():
    frame = ranges(rm.load().priors).set_index("statement")
    assert frame.loc["find.fever.none", "origin"] == "default n = 50 of seed"
    assert frame.loc["find.spinal_tenderness.none.study", "origin"] == "stated"
    assert frame.loc["find.leg_numbness.cauda_equina", "origin"] == "of n = 25, counts worked back from a rounded share"
    stated = frame[frame["origin"] == "stated"]
    for name, row in stated.iterrows():
        statement = rm.load().priors.statement(str(name))
        assert statement.basis != "assumption"
        assert statement.low is not None
        assert row["low"] <= statement.value <= row["high"]


def test_what_is_held_is_named():
    model = rm.load()
    cases = simulate(model, 3, np.random.default_rng(0), setting="primary_care").masks
    ratio = next(s.id for s in map(model.priors.statement, model.priors.selected) if s.quantity == "risk_ratio")
    column = list(model.priors.selected).index(ratio)
    stated = np.array([[model.priors.statement(name).value for name in model.priors.selected]])
    values = np.repeat(stated, 5, axis=0)
    values[[1, 4], column] = 1e6
    held = [ids for piece in what_ifs(model, values, cases, with_held=True) for ids in piece.held]
    assert held == [(), (ratio,), (), (), (ratio,)]


@pytest.mark.slow
def test_the_same_cases_give_the_same_bytes():
    model = rm.load()
    masks = simulate(model, 40, np.random.default_rng(1), setting="emergency").masks
    told: list[tuple[int, int]] = []
    names = model.priors.selected[:70]
    runs = [
        one_way(
            model, masks, ["mean p(any_serious)"], statements=names, points=3, progress=lambda *done: told.append(done)
        )
        for _ in range(2)
    ]
    for frame in ("table", "curves", "actions"):
        pd.testing.assert_frame_equal(getattr(runs[0], frame), getattr(runs[1], frame), check_exact=True)
    rows = 1 + 3 * len(names)
    assert told[len(told) // 2 - 1] == told[-1] == (rows, rows)


# ---- goal seeking ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> rm.Model:
    return scanned_tiny(tmp_path_factory.mktemp("flips"))


def test_a_flip_in_closed_form(tiny):
    """P(infection | fever) = pi s / (pi s + (1 - pi) f) crosses its threshold 1/6 at f = 5 pi s / (1 - pi)."""
    case = pd.DataFrame({"case_id": ["one"], "age": [30], "injecting": ["no"], "fever": ["yes"]})
    pi = float(tiny.posterior(case.drop(columns="fever"), setting="here")["infection"].iloc[0])
    s, f = (tiny.statement(name).value for name in ("find.fever.infection", "find.fever.none"))
    found = flips(tiny, case, setting="here").nearest.set_index("statement")
    at = 5 * pi * s / (1 - pi)
    row = found.loc["find.fever.none"]
    assert row["flip"] == pytest.approx(at, rel=1e-6)
    assert row["side"] == ("above" if at > f else "below")
    beta = spread(tiny.statement("find.fever.none"), tiny.priors.prior_set)
    draws = np.random.default_rng(0).beta(beta.first, beta.second, 200_000)
    sd = np.log(draws / (1 - draws)).std()
    assert row["in_sd"] == pytest.approx((np.log(at / (1 - at)) - np.log(f / (1 - f))) / sd, rel=0.02)
    s_at = (1 - pi) * f / (5 * pi)
    if s_at < 1:
        assert found.loc["find.fever.infection", "flip"] == pytest.approx(s_at, rel=1e-6)
    else:
        assert found.loc["find.fever.infection", "verdict"] == "no value in [0, 1] does"
    assert found.loc["base.infection.there", "verdict"] == NO_BEARING


def test_a_statement_of_nought_can_have_a_bearing(tiny):
    """Fever is never seen without an infection, so it proves one, until it is seen often enough."""
    never = with_values(tiny, {"find.fever.none": 0.0})
    case = pd.DataFrame({"case_id": ["one"], "age": [30], "injecting": ["no"], "fever": ["yes"]})
    row = flips(never, case, setting="here", statements=["find.fever.none"]).nearest.iloc[0]
    pi = float(tiny.posterior(case.drop(columns="fever"), setting="here")["infection"].iloc[0])
    assert row["flip"] == pytest.approx(5 * pi * tiny.statement("find.fever.infection").value / (1 - pi), rel=1e-6)
    assert (row["origin"], row["in_sd"]) == ("exact", np.inf)


@pytest.mark.slow
def test_flips_by_rebuilding():
    model = rm.load()
    cases = pd.read_csv("notebooks/data/published_cases.csv", dtype=str).iloc[[0, 4]]
    names = ["find.fever.none", "base.malignancy.primary_care", "find.spinal_tenderness.none.study",
             "risk.fracture.female", "find.duration.none.6_12", "base.infection.spine_clinic"]  # fmt: skip
    masks = model.code(cases, setting="primary_care")
    found = flips(model, cases, setting="primary_care", statements=names)
    now, order = actions(model, masks), list(cases["case_id"])
    place = {"urgency": 0, "imaging": 1}
    assert len(found.table) >= 4
    for row in found.table.itertuples():
        statement = model.priors.statement(row.statement)
        odds = row.flip / (1 - row.flip) if statement.quantity == "probability" else row.flip
        beyond, short = (odds * np.exp(k * 1e-6 * (1 if row.side == "above" else -1)) for k in (1, -1))
        if statement.quantity == "probability":
            beyond, short = beyond / (1 + beyond), short / (1 + short)
        i, k = order.index(row.case), place[row.kind]
        assert actions(with_values(model, {row.statement: beyond}), masks)[i][k] == row.then != row.now
        assert actions(with_values(model, {row.statement: short}), masks)[i][k] == now[i][k] == row.now
        assert row.within == (row.low <= row.flip <= row.high)
    assert set(found.nearest["verdict"]) >= {"", NO_BEARING}
    for row in found.nearest.itertuples():  # between the stated value and the flip, and where there is none, no change
        statement = model.priors.statement(row.statement)
        if statement.quantity != "probability":
            continue
        i, reach = order.index(row.case), abs(row.flip - row.value) if row.verdict == "" else 1.0
        for value in np.random.default_rng(2).uniform(1e-4, 0.999, 8):
            if abs(value - statement.value) < reach and not (
                row.verdict == "" and np.sign(value - row.value) != np.sign(row.flip - row.value)
            ):
                assert actions(with_values(model, {row.statement: value}), masks)[i] == now[i]


def test_the_grid_reaches_the_ends():
    model = rm.load()
    for name in ("find.fever.none", "risk.fracture.female"):
        statement = model.priors.statement(name)
        points = grid(statement)
        at = np.log(statement.value) if "risk" in name else np.log(statement.value / (1 - statement.value))
        assert np.abs(points - at).min() == 0
        assert np.all(np.diff(points) > 0)
        near = points[np.abs(points - at) <= 3]
        assert np.diff(near).max() <= 0.5 + 1e-12
        limits = (1e-4, 1e4) if "risk" in name else (1e-11, 1 - 1e-11)
        ends = np.exp(points) if "risk" in name else 1 / (1 + np.exp(-points))
        assert ends[0] <= limits[0] * (1 + 1e-9)
        assert ends[-1] >= limits[1] * (1 - 1e-9)


# ---- two way ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("base.infection.primary_care", "find.fever.none"),
        ("test.esr.from_20_to_50.infection.study", "test.esr.from_50_to_100.infection.study"),
    ],
)
def test_a_map_by_rebuilding(a, b):
    model = rm.load()
    case = pd.read_csv("notebooks/data/published_cases.csv", dtype=str).iloc[[0]]
    masks = model.code(case, setting="primary_care")
    found = two_way(model, case, a, b, setting="primary_care", output="infection", points=4)
    assert len(found.table) == 16
    for row in found.table.itertuples():
        other = with_values(model, {a: row.a, b: row.b})
        assert row.p == pytest.approx(posterior(other, masks, "infection")[0], rel=1e-9)
        assert actions(other, masks)[0] == (row.urgency, row.imaging.replace("no imaging", "none"))
    assert found.stated[0] == pytest.approx(posterior(model, masks, "infection")[0])
    both = parts_of(model, model.priors.statement(a))
    assert (b in both) == a.startswith("test")


# ---- what cannot be asked --------------------------------------------------------------------------


def test_all_problems_come_at_once():
    model = rm.load()
    cases = pd.DataFrame({"case_id": ["S01", "S02"], "fever": ["yes", "no"], "setting": "primary_care"})
    targets = ["p(infectoin) of case S01", "p(infection) of case S3", "share urgency=imediate", "mean infection"]
    with pytest.raises(UsageError) as error:
        one_way(model, cases, targets, statements=["find.fevr.none"], points=1)
    said = str(error.value)
    assert said.startswith("6 problems:")
    for hint in ("'infection'?", "no case 'S3'", "'immediate'?", "is not a target", "'find.fever.none'?", "points"):
        assert hint in said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m, c: one_way(m, c.iloc[:0], ["mean p(infection)"]), "the cohort is empty"),
        (lambda m, c: one_way(m, pd.concat([c, c]), ["mean p(infection)"]), "an earlier row has this case_id"),
        (lambda m, c: flips(m, c, statements=[]), "no statement was asked for"),
        (lambda m, c: two_way(m, c, "find.fever.none", "find.fever.none"), "two different statements"),
        (lambda m, c: two_way(m, pd.concat([c, c.assign(case_id="x")]), "find.fever.none", "find.x"), "2 problems"),
        (lambda m, c: one_way(m, c, [Target("odds", "infection")]), "target kind 'odds'"),
        (lambda m, c: Target.share(), "a share is of"),
    ],
)
def test_what_cannot_be_asked(call, said):
    with pytest.raises((UsageError, CasesError), match=said):
        call(rm.load(), pd.DataFrame({"case_id": ["S01"], "fever": ["yes"], "setting": ["primary_care"]}))


def test_impossible_evidence_is_refused():
    model = with_values(rm.load(), {"find.fever.none": 0.0})
    masks = model.scoring.scorer.blank(2)
    for row, variable in enumerate(model.variables):
        if variable.role == "condition":
            masks[row, 1] = variable.mask("absent")
        if variable.name == "fever":
            masks[row, 1] = variable.mask("present")
    with pytest.raises(InferenceError, match="case 2 of 2"):
        one_way(model, masks, ["mean p(infection)"])


@pytest.mark.parametrize("text", ["p(infection) of case S 1", "log_odds(a) of case b", "mean p(x)", "share urgency=y",
                                  "share imaging=mri"])  # fmt: skip
def test_targets_come_back_from_their_text(text):
    assert str(parse_target(text)) == text
