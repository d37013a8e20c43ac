"""How answers must change, or not, when a case or the network is changed in a known way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.arrays import Masks
from riskmodel.cohort import simulate, to_cases
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Variable
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.scorer import Scorer
from riskmodel.inference.weights import compute_weights, find_reasons
from riskmodel.model import Model
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from tests.support.models import shipped

POLICIES = (
    "consensus",
    "healthusias",
    "whitlock_2026",
    "clinical_note",
    "acibadem_2026",
    "general_medicine_2025",
)
SERIOUS = ("infection", "malignancy", "fracture", "cauda_equina")
ROUNDING = 1e-13  # relative; sums of some hundred terms in another order
MODEL = shipped()
SCORER = MODEL.scoring.scorer
ROW = {variable.name: row for row, variable in enumerate(MODEL.variables)}
settings_of_network = pytest.mark.parametrize("setting", MODEL.settings)


def case(setting: str = "primary_care", **states: str) -> Masks:
    """Evidence of one case; several states joined by ``|``."""
    masks = SCORER.blank(1, MODEL.settings.index(setting))
    for name, state in states.items():
        masks[ROW[name]] = MODEL.variables[ROW[name]].mask(*state.split("|"))
    return masks


def repeated(masks: Masks, name: str) -> Masks:
    """A case once for each state of a variable, known to be in that state."""
    count = len(MODEL.variables[ROW[name]].states)
    each = np.repeat(masks, count, axis=1)
    each[ROW[name]] = 1 << np.arange(count)
    return each


def odds(p: float) -> float:
    return p / (1 - p)


def random_cases(count: int, rng: np.random.Generator) -> Masks:
    """Any evidence at all, likely or not: sets of states, tests, circumstances; half is not assessed."""
    masks = SCORER.blank(count)
    for row, variable in enumerate(MODEL.variables):
        if variable.name == "setting":
            masks[row] = 1 << rng.integers(0, len(variable.states), count)
        else:
            kind = rng.random(count)
            single = 1 << rng.integers(0, len(variable.states), count)
            some = rng.integers(1, variable.full_mask + 1, count)
            masks[row] = np.where(kind < 0.4, single, np.where(kind < 0.5, some, variable.full_mask))
    return masks


# ---- what is not known ---------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", "unknown", "not_assessed", None])
def test_an_unknown_column_is_a_dropped_column(blank: str | None) -> None:
    rng = np.random.default_rng(5)
    cases = to_cases(MODEL, simulate(MODEL, 200, rng, setting="emergency", missing=0.2))
    for _ in range(5):
        columns = list(rng.choice(cases.columns[2:], 6, replace=False))
        dropped = MODEL.score(cases.drop(columns=columns))
        unknown = MODEL.score(cases.assign(**dict.fromkeys(columns, blank)))
        pd.testing.assert_frame_equal(dropped, unknown, check_exact=True)


def test_circumstances_move_no_posterior() -> None:
    rng = np.random.default_rng(6)
    masks = random_cases(500, rng)
    other = masks.copy()
    for row, variable in enumerate(MODEL.variables):
        if variable.role == "circumstance":
            other[row] = 1 << rng.integers(0, len(variable.states), 500)
    np.testing.assert_array_equal(SCORER.score(masks).probability, SCORER.score(other).probability)


@settings_of_network
def test_a_blank_case_gives_the_base_rates(setting: str) -> None:
    probability = SCORER.score(case(setting)).probability[:, 0]
    stated = 0
    for condition, p in zip(SCORER.conditions, probability, strict=False):
        identifier = f"base.{condition}.{setting}"
        if any(statement.id == identifier for statement in MODEL.priors.statements):
            stated += 1
            assert p == pytest.approx(MODEL.statement(identifier).value, rel=1e-6), identifier
    assert stated >= 6  # fracture is stated by age in as_reported


@settings_of_network
@pytest.mark.parametrize("name", POLICIES)
def test_the_setting_alone_asks_for_nothing(name: str, setting: str) -> None:
    model = MODEL.with_policy(name)
    row = model.score(pd.DataFrame({"case_id": ["blank"], "setting": [setting]})).iloc[0]
    assert row["urgency"] == model.policy.urgencies[model.policy.otherwise[-1].urgency]
    for column in ("imaging", "tests", "referral", "rules", "most_raised", "reason"):
        assert row[column] == ""
    assert row["assessed"] == 0
    assert abs(row["conflict"]) < 1e-12


# ---- findings that say nothing, and findings worked out by hand ----------------------------------


def test_an_uninformative_finding_changes_nothing() -> None:
    """Fever as common with each condition as without, and tied to no other sign: neither state moves any posterior."""
    common = MODEL.statement("find.fever.none").value
    model = MODEL.with_statement("dependence.constitutional", value=0.0, low=0.0, high=0.0)
    for condition in ("infection", "malignancy"):
        model = model.with_statement(f"find.fever.{condition}", value=common)
    scorer = model.scoring.scorer
    masks = simulate(model, 300, np.random.default_rng(7), setting="primary_care", missing=0.4).masks
    without, present, absent = masks.copy(), masks.copy(), masks.copy()
    without[ROW["fever"]], absent[ROW["fever"]], present[ROW["fever"]] = 3, 1, 2
    expected = scorer.score(without).probability
    for known in (absent, present):
        np.testing.assert_allclose(scorer.score(known).probability, expected, rtol=ROUNDING)
    weights = model.scoring.weights
    assert np.abs(weights.decibans[:, :, weights.first[ROW["fever"]] :][:, :, :3]).max() < 1e-11
    lone = model.score(pd.DataFrame({"case_id": ["fever"], "fever": ["yes"]}), setting="primary_care").iloc[0]
    assert (lone["most_raised"], lone["reason"]) == ("", "")


TOY = {
    "network.toml": """
[[variable]]
name = "infection"
role = "condition"
serious = true
states = ["absent", "present"]
definition = "Spinal infection."

[[variable]]
name = "fever"
role = "finding"
states = ["absent", "present"]
parents = ["infection"]
definition = "Fever."
""",
    "sources.toml": '[sources.assumption]\ntitle = "By hand"\nkind = "assumption"\n',
    "sets/seeds.toml": 'prefer = ["seed", "study", "assumption"]\n',
}
STATEMENT = """
[[statement]]
id = "{id}"
quantity = "probability"
of = "{of}"
{given}
value = {value}
basis = "assumption"
source = "assumption"
read = "no"
"""


def toy(folder: Path, files: Mapping[str, str], statements: Mapping[tuple[str, str], float]) -> Scorer:
    """The scorer of a network written out in a folder; statements by (of, given)."""
    text = "".join(
        STATEMENT.format(id=f"s{i}", of=of, given=f'given = "{given}"' if given else "", value=value)
        for i, ((of, given), value) in enumerate(statements.items())
    )
    for name, content in {**files, "evidence/all.toml": text}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    priors = load_priors("seeds", folder)
    return compile_scorer(build_network(priors), priors.variables)


def test_bayes_rule_by_hand_on_two_states(tmp_path: Path) -> None:
    """One infection in a hundred; fever in 67 % of infections and in 5 % of the others."""
    scorer = toy(
        tmp_path,
        TOY,
        {
            ("infection=present", ""): 0.01,
            ("fever=present", "none"): 0.05,
            ("fever=present", "infection=present alone"): 0.67,
        },
    )
    masks = np.array([[3, 3, 3], [3, 1, 2]], np.uint8)  # fever not assessed, absent, present
    by_hand = [
        0.01,
        0.01 * 0.33 / (0.01 * 0.33 + 0.99 * 0.95),
        0.01 * 0.67 / (0.01 * 0.67 + 0.99 * 0.05),
    ]
    posterior = scorer.score(masks)
    np.testing.assert_allclose(posterior.probability[0], by_hand, rtol=1e-14)
    np.testing.assert_allclose(posterior.evidence[1:], [1 - 0.0562, 0.0562], rtol=1e-14)
    assert round(by_hand[2], 4) == 0.1192


@settings_of_network
def test_bayes_rule_in_odds_on_the_shipped_network(setting: str) -> None:
    """With the other conditions known to be absent, fever multiplies the odds of infection by .67 / .05."""
    ill, well = MODEL.statement("find.fever.infection").value, MODEL.statement("find.fever.none").value
    others = {name: "absent" for name in SCORER.conditions if name != "infection"}
    before, present, absent = (
        float(SCORER.score(case(setting, **others, **fever)).probability[0, 0])
        for fever in ({}, {"fever": "present"}, {"fever": "absent"})
    )
    assert SCORER.conditions[0] == "infection"
    assert odds(present) / odds(before) == pytest.approx(ill / well, rel=1e-12)
    assert odds(absent) / odds(before) == pytest.approx((1 - ill) / (1 - well), rel=1e-12)
    assert ill / well == pytest.approx(13.4)


# ---- evidence that leaves several states open ----------------------------------------------------

OPEN = [
    ("trauma", "minor|major"),
    ("leg_weakness", "stable|progressive"),
    ("esr", "under_20|from_50_to_100|over_100"),
    ("age", "from_50_to_69|from_70"),
    ("cancer_history", "other_primary|spine_seeking_primary"),
    ("pain_duration", "under_4_weeks|over_6_weeks"),
]


@pytest.mark.parametrize(("name", "states"), OPEN)
def test_a_set_of_states_is_their_mixture(name: str, states: str) -> None:
    known = {"fever": "present", "sex": "female", "night_pain": "absent"}
    several = SCORER.score(case(**known, **{name: states}))
    each = SCORER.score(repeated(case(**known), name))
    chosen = [MODEL.variables[ROW[name]].index(state) for state in states.split("|")]
    weight = each.evidence[chosen] / each.evidence[chosen].sum()
    np.testing.assert_allclose(several.probability[:, 0], each.probability[:, chosen] @ weight, rtol=ROUNDING)
    np.testing.assert_allclose(several.evidence[0], each.evidence[chosen].sum(), rtol=ROUNDING)


@pytest.mark.parametrize("name", [name for name, _ in OPEN])
def test_all_states_together_are_not_assessed(name: str) -> None:
    every = "|".join(MODEL.variables[ROW[name]].states)
    np.testing.assert_array_equal(
        SCORER.score(case(fever="present", **{name: every})).probability,
        SCORER.score(case(fever="present")).probability,
    )


@pytest.mark.parametrize("name", [name for name, _ in OPEN])
def test_soft_evidence_is_a_mixture(name: str) -> None:
    variable = MODEL.variables[ROW[name]]
    likelihood = np.linspace(0.2, 0.9, len(variable.states))
    frame = pd.DataFrame({"case_id": ["x"], "fever": ["yes"]})
    each = SCORER.score(repeated(case(fever="present"), name))
    weight = likelihood * each.evidence / (likelihood @ each.evidence)

    def soft(values: np.ndarray) -> np.ndarray:
        found = MODEL.posterior(frame, setting="primary_care", likelihoods={name: values[None]})
        return found.to_numpy()[0]

    np.testing.assert_allclose(soft(likelihood), each.probability @ weight, rtol=ROUNDING)
    np.testing.assert_allclose(soft(10 * likelihood), soft(likelihood), rtol=ROUNDING)
    certain = np.eye(len(variable.states))[-1]
    np.testing.assert_allclose(soft(certain), each.probability[:, -1], rtol=ROUNDING)
    flat = np.full(len(variable.states), 0.5)
    unknown = SCORER.score(case(fever="present")).probability[:, 0]
    np.testing.assert_allclose(soft(flat), unknown, rtol=ROUNDING)


# ---- names and orders ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some_cases() -> Masks:
    masks = random_cases(300, np.random.default_rng(13))
    kept = [ROW[variable.name] for variable in MODEL.tables.variables]
    return masks[kept]


def test_other_names_give_the_same_bits(some_cases: Masks) -> None:
    """The setting keeps its name, which is its role; everything else is called otherwise."""

    def other(name: str) -> str:
        return name if name == "setting" else f"x_{name}"

    def renamed(variable: Variable) -> Variable:
        return replace(
            variable,
            name=other(variable.name),
            column="",
            aliases={},
            states=tuple(f"s{i}" for i in range(len(variable.states))),
            parents=tuple(map(other, variable.parents)),
        )

    network = MODEL.tables
    relabelled = Network(
        tuple(map(renamed, network.variables)),
        {other(name): table for name, table in network.tables.items()},
        {other(name): tuple(map(other, members)) for name, members in network.composites.items()},
    )
    expected, found = (compile_scorer(net).score(some_cases) for net in (network, relabelled))
    np.testing.assert_array_equal(found.probability, expected.probability)
    np.testing.assert_array_equal(found.evidence, expected.evidence)


def test_variables_in_another_order(some_cases: Masks) -> None:
    network = MODEL.tables
    order = np.random.default_rng(3).permutation(len(network.variables))
    shuffled = replace(network, variables=tuple(network.variables[i] for i in order))
    one, two = compile_scorer(network), compile_scorer(shuffled)
    expected, found = one.score(some_cases), two.score(some_cases[order])
    rows = [two.output_names.index(name) for name in one.output_names]
    np.testing.assert_allclose(found.probability[rows], expected.probability, rtol=ROUNDING, atol=1e-15)


def test_states_in_another_order(some_cases: Masks) -> None:
    """Every variable but setting and conditions listed backwards, in its own table and in its children's."""
    network = MODEL.tables
    turned = {v.name for v in network.variables if v.role != "condition" and v.name != "setting"}

    def flip(variable: Variable) -> np.ndarray:
        names = (*variable.parents, variable.name)
        axes = [axis for axis, name in enumerate(names, start=1) if name in turned]
        return np.flip(network.tables[variable.name], axes)

    backwards = replace(
        network,
        variables=tuple(replace(v, states=v.states[::-1]) if v.name in turned else v for v in network.variables),
        tables={v.name: flip(v) for v in network.variables},
    )
    masks = some_cases.copy()
    for row, variable in enumerate(network.variables):
        if variable.name in turned:
            bits = [some_cases[row] >> s & 1 for s in range(len(variable.states))]
            masks[row] = sum(bit << s for s, bit in enumerate(reversed(bits)))
    expected = compile_scorer(network).score(some_cases).probability
    found = compile_scorer(backwards).score(masks).probability
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=1e-15)


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    rng = np.random.default_rng(17)
    cases = to_cases(MODEL, simulate(MODEL, 300, rng, setting="spine_clinic", missing=0.3))
    mixed = cases.iloc[rng.permutation(len(cases)), rng.permutation(cases.shape[1])]
    straight = MODEL.score(cases).set_index("case_id")
    pd.testing.assert_frame_equal(
        MODEL.score(mixed).set_index("case_id").loc[straight.index], straight, check_exact=True
    )


# ---- exactly at a threshold, exactly equal -------------------------------------------------------


def fires(rule: str, condition: str, p: float, base: float) -> bool:
    """Whether a rule of ``consensus`` fires at a posterior and a base rate of one condition."""
    posterior = np.zeros((len(SCORER.conditions), 1))
    baseline = np.full_like(posterior, 0.5)
    posterior[SCORER.conditions.index(condition)] = p
    baseline[SCORER.conditions.index(condition)] = base
    decision = MODEL.policy.evaluate(case(), posterior, baseline)
    return bool(decision.fired[MODEL.policy.rule_ids.index(rule), 0])


def test_a_threshold_is_reached_when_equal() -> None:
    threshold = MODEL.policy.thresholds["mri_infection"].value
    assert fires("mri_infection", "infection", threshold, 1e-4)
    assert not fires("mri_infection", "infection", np.nextafter(threshold, 0), 1e-4)


@pytest.mark.parametrize("base", [0.02, 0.1, 0.3, 0.7])
def test_raised_means_twice_the_odds(base: float) -> None:
    twice = 2 * base / (1 + base)  # the probability whose odds are twice those of the base rate
    assert odds(twice) == pytest.approx(2 * odds(base))
    assert fires("mri_malignancy", "malignancy", twice * (1 + 1e-12), base)
    assert not fires("mri_malignancy", "malignancy", twice * (1 - 1e-12), base)


@pytest.mark.parametrize("base", [0.0, 0.4, 1.0])
def test_what_did_not_rise_is_not_raised(base: float) -> None:
    assert not fires("mri_malignancy", "malignancy", base, base)


@pytest.mark.parametrize("first", range(4))
def test_ties_of_known_outcomes_are_led_by_the_first(first: int) -> None:
    frame = pd.DataFrame([{"case_id": "x"} | dict.fromkeys(SERIOUS[first:], "yes")])
    row = MODEL.score(frame, setting="primary_care", known_outcomes=True).iloc[0]
    assert (row["leading"], row["most_raised"]) == (SERIOUS[first], SERIOUS[first])


def test_ties_of_equal_rises_are_led_by_the_first(tmp_path: Path) -> None:
    """Four conditions alike in every number, and a finding that speaks for all of them alike."""
    condition, finding = TOY["network.toml"].split("\n\n")
    network = "".join(condition.replace('"infection"', f'"{name}"') + "\n\n" for name in SERIOUS)
    network += finding.replace('["infection"]', str(list(SERIOUS)).replace("'", '"'))
    statements = {(f"{name}=present", ""): 0.125 for name in SERIOUS}
    statements |= {("fever=present", f"{name}=present alone"): 0.5 for name in SERIOUS}
    scorer = toy(tmp_path, {**TOY, "network.toml": network}, {**statements, ("fever=present", "none"): 0.25})
    masks = np.array([[3]] * 4 + [[2]], np.uint8)
    posterior = scorer.score(masks)
    assert len(set(posterior.probability[:4, 0])) == 1
    reasons = find_reasons(scorer, compute_weights(scorer), masks, posterior)
    for places in (reasons.leading, reasons.most_raised):
        assert scorer.conditions[places[0]] == "infection"


def test_a_model_is_not_changed_by_another_made_from_it() -> None:
    case = pd.DataFrame({"case_id": ["x"], "fever": ["yes"]})
    before = MODEL.score(case, setting="primary_care")
    changed: Model = MODEL.with_statement("find.fever.infection", value=0.2)
    after = changed.score(case, setting="primary_care")
    again = MODEL.score(case, setting="primary_care")
    pd.testing.assert_frame_equal(before, again, check_exact=True)
    assert after["p_infection"].iloc[0] < before["p_infection"].iloc[0]
    assert after["model"].iloc[0] != before["model"].iloc[0]
