"""Every selected statement is asked of the exported network, by pgmpy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Event, Priors, Statement
from riskmodel.network.ask import implied
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.by_pgmpy import (
    SETS,
    SETTINGS,
    Asked,
    asked_of,
    causes,
    network_of,
    priors_of,
    readings_of,
)
from tests.support.models import CONDITIONS
from tests.support.paths import DATA
from tests.support.small_priors import variant

CLOSED_FORM, SOLVED = 1e-9, 1e-6


PARTS = {
    "xray": ("xray_fracture",),
    "ct": ("ct_fracture",),
    "mri": ("mri_tumour", "mri_infection", "mri_fracture", "mri_compression", "mri_nerve_compression"),
}


def given_of(statement: Statement) -> dict[str, str]:
    """What of a statement's `given` is one state; `none` and `alone` spelled out, no part of a scan is there."""
    alone = any(event.alone for event in statement.given.events)
    given = dict.fromkeys(CONDITIONS, "absent") if statement.given.none or alone else {}
    if not statement.is_audit:
        given |= dict.fromkeys(PARTS.get(statement.of.variable, ()), "absent")
    given |= {event.variable: event.states[0] for event in statement.given.events if len(event.states) == 1}
    return given


def finer(priors: Priors, statement: Statement) -> list[Statement]:
    """Statements of the same thing in the same words, and more."""
    selected = [priors.statement(identifier) for identifier in priors.selected]
    own = set(map(str, statement.given.events))
    return [
        other
        for other in selected
        if other.quantity == "probability"
        and other.of == statement.of
        and other.given.none == statement.given.none
        and own < set(map(str, other.given.events))
    ]


def by_pgmpy(name: str, statement: Statement) -> Iterator[float]:
    """What pgmpy says wherever the statement must hold."""
    priors, asked = priors_of(name), asked_of(name)
    reference = priors.prior_set.reference_setting
    if statement.quantity == "probability":
        yield from probabilities(priors, asked, statement, reference)
    elif statement.quantity == "share":
        for setting in SETTINGS:
            none = dict.fromkeys(causes(asked.network), "absent")
            among = asked.probability(statement.of, {"setting": setting, **none})
            yield among / asked.probability(statement.of, {"setting": setting})
    elif statement.quantity == "relative_weight":
        yield from weights(priors, asked, statement)
    elif statement.quantity == "adjusted_odds_ratio":
        yield from adjusted(priors, asked, statement)
    else:
        yield crude(asked, statement, reference)


def probabilities(priors: Priors, asked: Asked, statement: Statement, reference: str) -> Iterator[float]:
    given = {"setting": reference, **given_of(statement)}
    several = {event.variable: event.states for event in statement.given.events if len(event.states) > 1}
    others = finer(priors, statement)
    for other in others:
        for event in other.given.events:
            if event.variable not in given and event.variable not in several:
                several[event.variable] = asked.network.variable(event.variable).states
    for states in itertools.product(*several.values()):
        place = given | dict(zip(several, states, strict=True))
        if not any(all(place[event.variable] in event.states for event in other.given.events) for other in others):
            yield asked.probability(statement.of, place)


def weights(priors: Priors, asked: Asked, statement: Statement) -> Iterator[float]:
    """The weight that the link has, relative to that of nerve compression, in each setting."""
    first = priors.statement("cause.cauda_equina.nerve_compression").value
    absent = Event("cauda_equina", ("absent",))
    for setting in SETTINGS:
        spared = {}
        for cause in (None, "nerve_compression", statement.given.events[0].variable):
            given = {name: "present" if name == cause else "absent" for name in causes(asked.network)}
            spared[cause] = asked.probability(absent, {"setting": setting, **given})
        link = [1 - spared[cause] / spared[None] for cause in list(spared)[1:]]
        yield first * link[-1] / link[0]


def adjusted(priors: Priors, asked: Asked, statement: Statement) -> Iterator[float]:
    """The odds ratio in every cell of the other parents, in every setting whose rates are not by bands."""
    condition, (exposed,), versus = statement.of.variable, statement.given.events, statement.given.versus
    parents = [name for name in asked.network.variable(condition).parents if name != "setting"]
    states = asked.network.variable(exposed.variable).states
    for setting in SETTINGS:
        if condition == "fracture" and exposed.variable == "age" and setting == "as_reported":
            continue  # its bands are stated
        joint = asked.joint((condition, *parents), {"setting": setting})
        odds = np.moveaxis(joint[1] / joint[0], parents.index(exposed.variable), 0)
        for a, b in itertools.product(exposed.states, versus.states):
            yield from (odds[states.index(a)] / odds[states.index(b)]).ravel().tolist()


def crude(asked: Asked, statement: Statement, reference: str) -> float:
    exposed, versus, of = statement.given.events[0], statement.given.versus, statement.of
    joint = asked.joint((of.variable, exposed.variable), {"setting": reference})
    rows = [asked.network.variable(of.variable).index(state) for state in of.states]
    p = []
    for side in (exposed, versus):
        columns = [asked.network.variable(exposed.variable).index(state) for state in side.states]
        p.append(joint[np.ix_(rows, columns)].sum() / joint[:, columns].sum())
    if statement.quantity == "odds_ratio":
        p = [one / (1 - one) for one in p]
    return p[0] / p[1]


# ---- pgmpy is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "identifier"), [(name, identifier) for name in SETS for identifier in priors_of(name).selected]
)
def test_a_selected_statement_comes_back(name, identifier):
    statement = priors_of(name).statement(identifier)
    if statement.quantity == "dependence":
        pytest.skip("a correlation is read off the joint table of its group: test_correlations_come_back")
    condition = statement.of.variable in CONDITIONS or statement.quantity == "likelihood_ratio_positive"
    solved = condition and statement.quantity != "adjusted_odds_ratio"
    answers = list(by_pgmpy(name, statement))
    assert answers
    assert answers == pytest.approx([statement.value] * len(answers), rel=SOLVED if solved else CLOSED_FORM, abs=0)
    ours = readings_of(name)[identifier]
    assert all(reading.holds and reading.worst < 1e-11 for reading in ours)
    if statement.quantity != "adjusted_odds_ratio":  # of these we keep the worst of all cells
        assert [reading.implied[0] for reading in ours] == pytest.approx(answers, rel=1e-9, abs=0)


@pytest.mark.parametrize("name", SETS)
def test_every_selected_statement_has_a_reading(name):
    assert set(readings_of(name)) == set(priors_of(name).selected)


def test_what_the_documents_say_is_what_the_network_says():
    """A few numbers as a reader of the sources would look them up."""
    seeds, literature = asked_of("seeds"), asked_of("literature")
    absent = dict.fromkeys(CONDITIONS, "absent")
    fever = Event("fever", ("present",))
    assert seeds.probability(fever, absent | {"infection": "present"}) == pytest.approx(0.67, rel=1e-12)
    assert seeds.probability(fever, absent) == pytest.approx(0.05, rel=1e-12)
    fracture = Event("fracture", ("present",))
    for age, rate in {"under_18": 0.091, "from_18_to_49": 0.091, "from_50_to_69": 0.193, "from_70": 0.365}.items():
        assert seeds.probability(fracture, {"setting": "as_reported", "age": age}) == pytest.approx(rate, rel=1e-9)
    joint = seeds.joint(("malignancy", "cancer_history"), {"setting": "as_reported"})
    among = joint[1] / joint.sum(axis=0)
    some = joint[1, 1:].sum() / joint[:, 1:].sum()
    assert some / among[0] == pytest.approx(9.9, rel=1e-9)
    joint = literature.joint(("malignancy", "cancer_history"), {"setting": "primary_care"})
    history = joint[:, 1:].sum(axis=1) / joint.sum(axis=1)
    assert history[1] / history[0] == pytest.approx(15.3, rel=1e-9)
    xray = Event("xray_fracture", ("present",))
    alone = absent | {"fracture": "present"}
    for age, sensitivity in {"under_18": 0.67, "from_18_to_49": 0.67, "from_50_to_69": 0.64, "from_70": 0.64}.items():
        assert seeds.probability(xray, alone | {"age": age}) == pytest.approx(sensitivity, rel=1e-12)
        if age != "from_70":  # two studies of the old are pooled there
            assert literature.probability(xray, alone | {"age": age}) == pytest.approx(0.73, rel=1e-12)
    saddle = Event("saddle_anaesthesia", ("present",))
    given = {"setting": "as_reported", "cauda_equina": "present"}
    assert seeds.probability(saddle, given) == pytest.approx(0.6, rel=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_audited_statements_are_answered_alike(name):
    """Our elimination and pgmpy, on quantities that drive nothing."""
    priors, asked = priors_of(name), asked_of(name)
    reference = priors.prior_set.reference_setting
    for statement in priors.statements:
        if statement.id in priors.selected or statement.of.variable in priors.composites:
            continue
        if statement.quantity == "probability" and not statement.given.none:
            several = any(len(event.states) > 1 for event in statement.given.events)
            if not several:
                expected = asked.probability(statement.of, {"setting": reference, **given_of(statement)})
                assert implied(asked.network, statement, reference)[0] == pytest.approx(expected, rel=1e-11)
        elif statement.quantity in ("risk_ratio", "odds_ratio", "likelihood_ratio_positive"):
            expected = crude(asked, statement, reference)
            assert implied(asked.network, statement, reference)[0] == pytest.approx(expected, rel=1e-10)
            for setting in SETTINGS:
                elsewhere = crude(asked, statement, setting)
                assert implied(asked.network, statement, reference, setting)[0] == pytest.approx(elsewhere, rel=1e-10)


def test_composites_are_any_of_their_members():
    priors, asked = priors_of("seeds"), asked_of("seeds")
    serious = asked.joint(("infection", "malignancy", "fracture", "cauda_equina"), {"setting": "as_reported"})
    found = implied(network_of("seeds"), priors.statement("base.serious.as_reported"), "as_reported")[0]
    assert found == pytest.approx(1 - serious[0, 0, 0, 0], rel=1e-12)
    risks = asked.joint(
        ("immunosuppression", "iv_drug_use", "recent_spinal_procedure", "recent_infection"),
        {"setting": "as_reported", "infection": "present"},
    )
    statement = priors.statement("risk.infection.any_risk_factor.sens")
    assert implied(network_of("seeds"), statement, "as_reported")[0] == pytest.approx(1 - risks[0, 0, 0, 0], rel=1e-12)


def test_a_rate_of_the_absent_state_is_turned_round(tmp_path):
    given = 'given = "setting=here"\n'
    changes = {
        f'of = "infection=present"\n{given}value = 0.02\nlow = 0.01\nhigh = 0.04':
        f'of = "infection=absent"\n{given}value = 0.98\nlow = 0.96\nhigh = 0.99',
        f'of = "compression=present"\n{given}value = 0.004': f'of = "compression=absent"\n{given}value = 0.996',
    }  # fmt: skip
    turned = load_priors("seeds", variant(tmp_path, "tiny", changes))
    assert turned.statement("base.infection.here").of.states == ("absent",)
    assert all(reading.holds for reading in round_trip(turned, build_network(turned)))
    tables, expected = build_network(turned).tables, build_network(load_priors("seeds", DATA / "tiny")).tables
    for name in ("infection", "compression"):
        np.testing.assert_allclose(tables[name], expected[name], rtol=1e-11)


# ---- other networks --------------------------------------------------------------------------------


@pytest.mark.parametrize(("root", "name"), [("tiny", "seeds"), ("tiny", "studies"), ("plain", "seeds")])
def test_other_networks_come_back(root, name):
    priors = load_priors(name, DATA / root)
    readings = round_trip(priors, build_network(priors))
    assert {reading.statement for reading in readings} == set(priors.selected)
    assert max(reading.worst for reading in readings) < 1e-11


def test_a_network_without_a_setting():
    """Tables stated cell by cell stand in the network as they are, zeros included."""
    priors = load_priors("seeds", DATA / "plain")
    network = build_network(priors)
    assert network.tables["rain"].tolist() == [[0.8, 0.2]]
    np.testing.assert_allclose(network.tables["sprinkler"], [[[0.6, 0.4], [0.99, 0.01]]], rtol=1e-15)
    np.testing.assert_allclose(
        network.tables["grass"], [[[[1, 0], [0.1, 0.9]], [[0.2, 0.8], [0.01, 0.99]]]], rtol=1e-12
    )
    assert [reading.where for reading in round_trip(priors, network)][:2] == ["all", "rain=no"]


def test_a_general_rate_holds_where_no_finer_one_does(tmp_path):
    """Seven in ten in the rain, but .99 where the sprinkler runs too."""
    changes = {
        'given = "rain=yes; sprinkler=off"\nvalue = 0.8': 'given = "rain=yes"\nvalue = 0.7',
        'given = "rain=no; sprinkler=off"\nvalue = 0.0': 'given = "rain=no"\nvalue = 0.1',
    }  # fmt: skip
    priors = load_priors("seeds", variant(tmp_path, "plain", changes))
    network = build_network(priors)
    np.testing.assert_allclose(network.tables["grass"][0, ..., 1], [[0.1, 0.9], [0.7, 0.99]], rtol=1e-12)
    readings = round_trip(priors, network)
    assert all(reading.holds for reading in readings)
    assert {r.statement: r.where for r in readings}["grass.rain"] == "sprinkler=off"


def test_a_condition_without_an_arc_from_the_setting_holds_at_the_reference(tmp_path):
    """Its risk factor differs by setting: its base rate and odds ratio are those of the reference setting."""
    changes = {
        "lower_edges = [0, 50]\nmaximum = 120": 'lower_edges = [0, 50]\nmaximum = 120\nparents = ["setting"]',
        'parents = ["setting", "infection"]': 'parents = ["setting", "infection", "sciatica"]',
        '[[variable]]\nname = "fever"': '[[variable]]\nname = "sciatica"\nrole = "condition"\n'
        'states = ["absent", "present"]\nparents = ["age"]\ndefinition = "Leg pain."\n\n[[variable]]\nname = "fever"',
        'of = "age=from_50"': 'of = "age=from_50"\ngiven = "setting=here"',
    }  # fmt: skip
    more = [
        {"id": "mix.age.there", "of": "age=from_50", "given": "setting=there", "value": 0.9, "n": 200},
        {"id": "base.sciatica", "of": "sciatica=present", "value": 0.1},
        {"id": "risk.sciatica", "quantity": "odds_ratio", "of": "sciatica=present", "given": "age=from_50 vs under_50",
         "value": 5.0, "low": 2.0, "high": 9.0},
        {"id": "find.fever.sciatica", "of": "fever=present", "given": "sciatica=present alone", "value": 0.06},
    ]  # fmt: skip
    folder = variant(tmp_path, "tiny", changes, more)
    for name in ("seeds", "studies"):
        priors = load_priors(name, folder)
        readings = round_trip(priors, build_network(priors))
        assert {reading.statement for reading in readings} == set(priors.selected)
        assert max(reading.worst for reading in readings) < 1e-11


def test_a_finding_of_contexts_alone_needs_no_leak(tmp_path):
    """A table stated by age, beside findings that conditions cause."""
    before = '[[variable]]\nname = "severe_pain"'
    stiffness = 'name = "stiffness"\nrole = "finding"\nstates = ["absent", "present"]\nparents = ["age"]'
    changes = {before: f'[[variable]]\n{stiffness}\ndefinition = "Stiff."\n\n{before}'}
    more = [
        {"id": f"stiff.{age}", "of": "stiffness=present", "given": f"age={age}", "value": value}
        for age, value in (("under_50", 0.2), ("from_50", 0.6))
    ]
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, more))
    network = build_network(priors)
    np.testing.assert_allclose(network.tables["stiffness"][0, :, 1], [0.2, 0.6], rtol=1e-15)
    assert all(reading.holds for reading in round_trip(priors, network))


def test_correlations_come_back():
    for name in SETS:
        priors = priors_of(name)
        correlations = [i for i in priors.selected if priors.statement(i).quantity == "dependence"]
        assert set(priors.groups) == {priors.statement(identifier).of.variable for identifier in correlations}
        for identifier in correlations:
            (reading,) = readings_of(name)[identifier]
            assert reading.implied[0] == pytest.approx(priors.statement(identifier).value, abs=1e-7)
