"""What may not matter does not: unknown columns, names, orders, states left open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.arrays import Masks
from riskmodel.cohort import simulate, to_cases
from riskmodel.evidence.records import Variable
from riskmodel.inference.compile import compile_scorer
from riskmodel.model import Model
from riskmodel.network.network import Network
from tests.support.masks import (
    MODEL,
    ROUNDING,
    ROW,
    SCORER,
    case,
    random_cases,
    repeated,
    settings_of_network,
)
from tests.support.models import POLICIES

# ---- what is not known -----------------------------------------------------------------------------


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
    np.testing.assert_array_equal(SCORER.posterior(masks).probability, SCORER.posterior(other).probability)


@settings_of_network
def test_a_blank_case_gives_the_base_rates(setting: str) -> None:
    probability = SCORER.posterior(case(setting)).probability[:, 0]
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


OPEN = [
    ("trauma", "minor|major"),
    ("leg_weakness", "stable|progressive"),
    ("esr", "under_20|from_50_to_100|over_100"),
    ("age", "from_50_to_69|from_70"),
    ("cancer_history", "other_primary|spine_seeking_primary"),
    ("pain_duration", "under_4_weeks|over_12_weeks"),
]


# ---- evidence that leaves several states open ------------------------------------------------------


@pytest.mark.parametrize(("name", "states"), OPEN)
def test_a_set_of_states_is_their_mixture(name: str, states: str) -> None:
    known = {"fever": "present", "sex": "female", "night_pain": "absent"}
    several = SCORER.posterior(case(**known, **{name: states}))
    each = SCORER.posterior(repeated(case(**known), name))
    chosen = [MODEL.variables[ROW[name]].index(state) for state in states.split("|")]
    weight = each.evidence[chosen] / each.evidence[chosen].sum()
    np.testing.assert_allclose(several.probability[:, 0], each.probability[:, chosen] @ weight, rtol=ROUNDING)
    np.testing.assert_allclose(several.evidence[0], each.evidence[chosen].sum(), rtol=ROUNDING)


@pytest.mark.parametrize("name", [name for name, _ in OPEN])
def test_all_states_together_are_not_assessed(name: str) -> None:
    every = "|".join(MODEL.variables[ROW[name]].states)
    np.testing.assert_array_equal(
        SCORER.posterior(case(fever="present", **{name: every})).probability,
        SCORER.posterior(case(fever="present")).probability,
    )


@pytest.mark.parametrize("name", [name for name, _ in OPEN])
def test_soft_evidence_is_a_mixture(name: str) -> None:
    variable = MODEL.variables[ROW[name]]
    likelihood = np.linspace(0.2, 0.9, len(variable.states))
    frame = pd.DataFrame({"case_id": ["x"], "fever": ["yes"]})
    each = SCORER.posterior(repeated(case(fever="present"), name))
    weight = likelihood * each.evidence / (likelihood @ each.evidence)

    def soft(values: np.ndarray) -> np.ndarray:
        found = MODEL.posterior(frame, setting="primary_care", likelihoods={name: values[None]})
        return found.to_numpy()[0]

    np.testing.assert_allclose(soft(likelihood), each.probability @ weight, rtol=ROUNDING)
    np.testing.assert_allclose(soft(10 * likelihood), soft(likelihood), rtol=ROUNDING)
    certain = np.eye(len(variable.states))[-1]
    np.testing.assert_allclose(soft(certain), each.probability[:, -1], rtol=ROUNDING)
    flat = np.full(len(variable.states), 0.5)
    unknown = SCORER.posterior(case(fever="present")).probability[:, 0]
    np.testing.assert_allclose(soft(flat), unknown, rtol=ROUNDING)


@pytest.fixture(scope="module")
def some_cases() -> Masks:
    masks = random_cases(300, np.random.default_rng(13))
    kept = [ROW[variable.name] for variable in MODEL.tables.case_variables]
    return masks[kept]


# ---- names and orders ------------------------------------------------------------------------------


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
    expected, found = (compile_scorer(net).posterior(some_cases) for net in (network, relabelled))
    np.testing.assert_array_equal(found.probability, expected.probability)
    np.testing.assert_array_equal(found.evidence, expected.evidence)


def test_variables_in_another_order(some_cases: Masks) -> None:
    network = MODEL.tables
    order = np.random.default_rng(3).permutation(len(network.variables))
    shuffled = replace(network, variables=tuple(network.variables[i] for i in order))
    one, two = compile_scorer(network), compile_scorer(shuffled)
    rows_of = [network.case_variables.index(variable) for variable in shuffled.case_variables]
    expected, found = one.posterior(some_cases), two.posterior(some_cases[rows_of])
    rows = [two.output_names.index(name) for name in one.output_names]
    np.testing.assert_allclose(found.probability[rows], expected.probability, rtol=ROUNDING, atol=1e-15)


def test_states_in_another_order(some_cases: Masks) -> None:
    """Every variable but setting and conditions listed backwards, in its own table and in its children's."""
    network = MODEL.tables
    turned = {v.name for v in network.case_variables if v.role != "condition" and v.name != "setting"}

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
    for row, variable in enumerate(network.case_variables):
        if variable.name in turned:
            bits = [some_cases[row] >> s & 1 for s in range(len(variable.states))]
            masks[row] = sum(bit << s for s, bit in enumerate(reversed(bits)))
    expected = compile_scorer(network).posterior(some_cases).probability
    found = compile_scorer(backwards).posterior(masks).probability
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=1e-15)


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    rng = np.random.default_rng(17)
    cases = to_cases(MODEL, simulate(MODEL, 300, rng, setting="spine_clinic", missing=0.3))
    mixed = cases.iloc[rng.permutation(len(cases)), rng.permutation(cases.shape[1])]
    straight = MODEL.score(cases).set_index("case_id")
    pd.testing.assert_frame_equal(
        MODEL.score(mixed).set_index("case_id").loc[straight.index], straight, check_exact=True
    )


def test_a_model_is_not_changed_by_another_made_from_it() -> None:
    case = pd.DataFrame({"case_id": ["x"], "fever": ["yes"]})
    before = MODEL.score(case, setting="primary_care")
    changed: Model = MODEL.with_statement("find.fever.infection", value=0.2)
    after = changed.score(case, setting="primary_care")
    again = MODEL.score(case, setting="primary_care")
    pd.testing.assert_frame_equal(before, again, check_exact=True)
    assert after["p_infection"].iloc[0] < before["p_infection"].iloc[0]
    assert after["model"].iloc[0] != before["model"].iloc[0]
