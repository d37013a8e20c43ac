"""Every selected statement is asked of the exported network, by pgmpy; and the tables are built again by hand."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pgmpy.inference import VariableElimination

from riskmodel.errors import InferenceError
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.records import Event, Priors, Statement
from riskmodel.network.ask import implied
from riskmodel.network.build import build_network
from riskmodel.network.forms.logistic import exposed_share, hold
from riskmodel.network.network import Network, check_table
from riskmodel.network.pgmpy_network import to_pgmpy
from riskmodel.network.roundtrip import Reading, round_trip
from riskmodel.network.simulate import sample
from tests.support.paths import DATA

SETS = ("seeds", "literature")
CONDITIONS = (
    "infection", "malignancy", "fracture", "cauda_equina", "nerve_compression", "inflammatory", "cauda_equina_mimic",
)  # fmt: skip
SETTINGS = ("as_reported", "primary_care", "emergency", "spine_clinic")
CLOSED_FORM, SOLVED = 1e-9, 1e-6


# ---- pgmpy is asked ----------------------------------------------------------------------------------


@cache
def priors_of(name: str) -> Priors:
    return load_priors(name)


@cache
def network_of(name: str) -> Network:
    return build_network(priors_of(name))


@cache
def readings_of(name: str) -> Mapping[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for reading in round_trip(priors_of(name), network_of(name)):
        found.setdefault(reading.statement, []).append(reading)
    return found


class Asked:
    """The exported network under question; what was asked once is kept."""

    def __init__(self, name: str) -> None:
        self.network = network_of(name)
        self.engine = VariableElimination(to_pgmpy(self.network))
        self.known: dict[object, np.ndarray] = {}

    def joint(self, names: tuple[str, ...], given: Mapping[str, str]) -> np.ndarray:
        """P(names | given), an axis a name, in the order of the names."""
        key = (names, tuple(sorted(given.items())))
        if key not in self.known:
            factor = self.engine.query(list(names), evidence=dict(given), show_progress=False)
            axes = [factor.variables.index(name) for name in names]
            for name, axis in zip(names, axes, strict=True):
                assert tuple(factor.state_names[name]) == self.network.variable(name).states
                assert factor.cardinality[axis] == len(factor.state_names[name])
            self.known[key] = np.transpose(factor.values, axes)
        return self.known[key]

    def probability(self, event: Event, given: Mapping[str, str]) -> float:
        states = self.network.variable(event.variable).states
        return float(self.joint((event.variable,), given)[[states.index(state) for state in event.states]].sum())


@cache
def asked_of(name: str) -> Asked:
    return Asked(name)


def given_of(statement: Statement) -> dict[str, str]:
    """What of a statement's `given` is one state; `none` and `alone` spelled out."""
    alone = any(event.alone for event in statement.given.events)
    given = dict.fromkeys(CONDITIONS, "absent") if statement.given.none or alone else {}
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


def causes(network: Network) -> list[str]:
    return [name for name in network.variable("cauda_equina").parents if name != "setting"]


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


@pytest.mark.parametrize(
    ("name", "identifier"), [(name, identifier) for name in SETS for identifier in priors_of(name).selected]
)
def test_a_selected_statement_comes_back(name, identifier):
    statement = priors_of(name).statement(identifier)
    if statement.quantity == "dependence":
        pytest.skip("a strength is read off the joint table of its group: test_strengths_come_back")
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
    xray = Event("xray", ("abnormal",))
    alone = absent | {"fracture": "present"}
    for age, sensitivity in {"under_18": 0.67, "from_18_to_49": 0.67, "from_50_to_69": 0.64, "from_70": 0.64}.items():
        assert seeds.probability(xray, alone | {"age": age}) == pytest.approx(sensitivity, rel=1e-12)
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


# ---- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_every_column_sums_to_one(name):
    network = network_of(name)
    for variable in network.variables:
        table = network.tables[variable.name]
        assert table.shape[1:] == (
            *(len(network.variable(parent).states) for parent in variable.parents),
            len(variable.states),
        )
        assert np.max(np.abs(table.sum(axis=-1) - 1)) <= 1e-12
        assert np.all((table >= 0) & (table <= 1))


def test_a_column_that_does_not_sum_to_one_is_refused():
    """pgmpy itself takes 0.995."""
    network = network_of("seeds")
    fever = network.variable("fever")
    for change, message in ((-1e-9, "sums to 1 only within 1.0e-09"), (np.nan, "no probability"), (-1.0, "no prob")):
        table = network.tables["fever"].copy()
        table[0, 0, 0, 0] += change
        with pytest.raises(InferenceError, match=message):
            check_table(fever, table)


def test_the_setting_is_even():
    assert network_of("seeds").tables["setting"].tolist() == [[0.25] * 4]


def value(name: str, identifier: str) -> float:
    return priors_of(name).statement(identifier).value


@pytest.mark.parametrize("name", SETS)
def test_fever_by_hand(name):
    """Leaky noisy-OR: P(absent) = (1 - leak) times, for each cause present, (1 - p alone) / (1 - leak)."""
    leak = value(name, "find.fever.none")
    infection = value(name, "find.fever.infection" if name == "seeds" else "find.fever.infection.study")
    malignancy = value(name, "find.fever.malignancy")
    both = (1 - infection) * (1 - malignancy) / (1 - leak)
    expected = [[1 - leak, 1 - malignancy], [1 - infection, both]]
    np.testing.assert_allclose(network_of(name).tables["fever"][0, ..., 0], expected, rtol=1e-14)


@pytest.mark.parametrize("name", SETS)
def test_esr_by_hand(name):
    """Noisy-MAX over four bands: the cumulative distributions multiply, relative to that of no condition."""
    network, kinds = network_of(name), ("infection", "malignancy", "inflammatory")
    bands = ("from_20_to_50", "from_50_to_100", "over_100")

    def cumulative(kind: str) -> np.ndarray:
        stated = [value(name, f"test.esr.{band}.{kind}") for band in bands]
        return np.cumsum([1 - sum(stated), *stated])

    none = cumulative("none")
    assert network.variable("esr").parents == kinds
    for states in itertools.product((0, 1), repeat=3):
        product = none.copy()
        for kind, present in zip(kinds, states, strict=True):
            product = product * (cumulative(kind) / none if present else 1)
        expected = np.diff(np.concatenate([[0], np.minimum(product, 1)]))
        np.testing.assert_allclose(network.tables["esr"][0][states], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SETS)
def test_saddle_anaesthesia_by_hand(name):
    """Stated given cauda equina whatever its cause: q = F / E[F0 · q of nerve compression and mimic | cauda equina]."""
    network, reference = network_of(name), priors_of(name).prior_set.reference_setting
    none, nerve, mimic, stated = (
        1 - value(name, f"find.saddle_anaesthesia.{kind}")
        for kind in ("none", "nerve_compression", "cauda_equina_mimic", "cauda_equina")
    )
    joint = asked_of(name).joint(
        ("nerve_compression", "cauda_equina_mimic"), {"setting": reference, "cauda_equina": "present"}
    )
    expected = sum(
        joint[n, m] * none * (nerve / none) ** n * (mimic / none) ** m for n, m in itertools.product((0, 1), repeat=2)
    )
    q = stated / expected
    assert network.variable("saddle_anaesthesia").parents == ("cauda_equina", "nerve_compression", "cauda_equina_mimic")
    for c, n, m in itertools.product((0, 1), repeat=3):
        absent = none * (nerve / none) ** n * (mimic / none) ** m * q**c
        assert network.tables["saddle_anaesthesia"][0, c, n, m, 0] == pytest.approx(absent, rel=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_cauda_equina_by_hand(name):
    """Noisy-OR with one factor a setting: here found by scipy on the joint of the causes, from pgmpy."""
    from scipy.optimize import brentq

    network = network_of(name)
    names = causes(network)
    relative = [value(name, f"cause.cauda_equina.{cause}") for cause in names]
    share = value(name, "cause.cauda_equina.leak_share")
    assert network.variable("cauda_equina").parents == ("setting", *names)
    for s, setting in enumerate(SETTINGS):
        rate = value(name, f"base.cauda_equina.{setting}")
        joint = asked_of(name).joint(tuple(names), {"setting": setting})
        cells = list(np.ndindex(joint.shape))

        def spared(factor: float, cell: tuple[int, ...]) -> float:
            return float(np.prod([1 - factor * w for w, on in zip(relative, cell, strict=True) if on]))

        def excess(factor: float, joint=joint, cells=cells, rate=rate) -> float:
            return 1 - (1 - share * rate) * sum(joint[cell] * spared(factor, cell) for cell in cells) - rate

        factor = brentq(excess, 0, 1 / max(relative), xtol=1e-15, rtol=1e-14)
        for cell in cells:
            expected = 1 - (1 - share * rate) * spared(factor, cell)
            assert network.tables["cauda_equina"][0, s][cell][1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_infection_by_hand(name):
    """A logistic model: adjusted odds ratios as they are, one intercept a setting."""
    from scipy.optimize import brentq
    from scipy.special import expit

    network = network_of(name)
    factors = ("immunosuppression", "iv_drug_use", "recent_spinal_procedure", "recent_infection")
    logs = [np.log(value(name, f"risk.infection.{factor}")) for factor in factors]
    young = np.log(value(name, "risk.infection.under_18"))
    for s, setting in enumerate(SETTINGS):
        joint = asked_of(name).joint(("age", *factors), {"setting": setting})
        offset = np.zeros(joint.shape)
        for cell in np.ndindex(joint.shape):
            offset[cell] = young * (cell[0] == 0) + np.dot(logs, cell[1:])
        rate = value(name, f"base.infection.{setting}")
        start = brentq(lambda a, j=joint, o=offset, r=rate: float((j * expit(a + o)).sum() - r), -30, 5, xtol=1e-14)
        np.testing.assert_allclose(network.tables["infection"][0, s][..., 1], expit(start + offset), rtol=1e-9)


def test_the_gradient_of_fracture_over_age():
    """seeds: as steep everywhere as its strata in as_reported; literature: the pinned odds ratios elsewhere."""

    def log_odds(name: str, setting: str) -> np.ndarray:
        table = network_of(name).tables["fracture"][0, SETTINGS.index(setting)][:, 0, 0, 0, 0, 0]
        return np.log(table[:, 1] / table[:, 0])

    strata = log_odds("seeds", "as_reported")
    for setting in SETTINGS[1:]:
        np.testing.assert_allclose(np.diff(log_odds("seeds", setting)), np.diff(strata), rtol=1e-9, atol=1e-12)
        gradient = np.exp(log_odds("literature", setting) - log_odds("literature", setting)[0])
        np.testing.assert_allclose(gradient, [1, 1, 3, 9], rtol=1e-12)
    assert not np.allclose(np.diff(log_odds("literature", "as_reported")), np.diff(log_odds("literature", "emergency")))


# ---- what cannot be -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "identifier", "changed", "ratio"),
    [
        ("literature", "risk.malignancy.cancer_history.lr", {}, 40.0),
        ("seeds", "risk.malignancy.cancer_history", {"base.malignancy.as_reported": {"value": 0.3, "high": 0.4}}, 9.9),
    ],
    ids=["likelihood ratio", "risk ratio"],
)
def test_an_impossible_crude_ratio_names_the_range(name, identifier, changed, ratio):
    def priors(value: float) -> Priors:
        return with_overrides(priors_of(name), {**changed, identifier: {"value": value, "low": 1.0, "high": 90.0}})

    with pytest.raises(InferenceError, match=rf"{identifier}: .* {ratio:g} is beyond reach; .*below [\d.]+$") as caught:
        build_network(priors(ratio))
    limit = float(str(caught.value).rsplit(" ", 1)[1])
    within = priors(0.5 * limit)  # near it the ratio between the sites is out of reach
    assert all(reading.holds for reading in round_trip(within, build_network(within)))


def test_ratios_that_each_could_hold_but_not_together():
    """Nearly all cancer in the young, who hardly ever have a history of it, and ten times as much after one."""
    changes = {
        "base.malignancy.as_reported": {"value": 0.05, "high": 0.1},
        "risk.malignancy.age50": {"value": 0.01, "low": 0.001},
    }
    priors = with_overrides(priors_of("seeds"), changes)
    with pytest.raises(InferenceError, match=r"malignancy: .*age50, .*cancer_history, .* cannot all hold at once"):
        build_network(priors)


@given(
    st.sampled_from(["risk_ratio", "likelihood_ratio_positive", "odds_ratio"]),
    st.floats(-6, 6), st.floats(1e-6, 1 - 1e-6), st.floats(1e-6, 1 - 1e-6),
)  # fmt: skip
def test_the_share_of_the_exposed_gives_the_ratio(quantity, log_ratio, exposure, prevalence):
    """By definition, from the two by two table; within reach just where the table has no negative cell."""
    ratio, e, pi = (np.array([x]) for x in (np.exp(log_ratio), exposure, prevalence))
    (share,), (lowest,), (highest,) = exposed_share(quantity, ratio, e, pi)
    both, only_c = pi[0] * share, pi[0] * (1 - share)
    only_e, neither = e[0] - both, 1 - e[0] - only_c
    possible = min(both, only_c, only_e, neither) > 1e-9
    if possible:
        found = {
            "risk_ratio": (both / e[0]) / (only_c / (1 - e[0])),
            "likelihood_ratio_positive": share / (only_e / (1 - pi[0])),
            "odds_ratio": both * neither / (only_c * only_e),
        }[quantity]
        assert found == pytest.approx(ratio[0], rel=1e-4)
        assert lowest < ratio[0] < highest
    elif min(only_e, neither) < -1e-9:
        assert not lowest < ratio[0] < highest


@given(*[st.floats(1e-6, 1 - 1e-6)] * 3)
def test_held_shares_stay_below_the_cap(share, exposure, prevalence):
    """P(exposed | condition), P(condition | exposed) and P(condition | not exposed): at most .95, or no effect."""
    (kept,), (held,) = hold(*(np.array([x]) for x in (share, exposure, prevalence)))

    def largest(s: float) -> float:
        return max(s, prevalence * s / exposure, prevalence * (1 - s) / (1 - exposure))

    room = max(0, 1 - 0.95 * (1 - exposure) / prevalence) <= min(0.95, 0.95 * exposure / prevalence)
    assert largest(kept) <= 0.95 + 1e-9 if room else kept == exposure
    if largest(share) < 0.95 - 1e-9:
        assert kept == share
    assert held == (kept != share)


def test_a_base_rate_beyond_what_its_causes_give():
    priors = with_overrides(
        priors_of("seeds"), {"base.cauda_equina.primary_care": {"value": 0.5, "low": 0.4, "high": 0.6}}
    )
    with pytest.raises(InferenceError, match=r"cauda_equina: its base rate 0\.5 in primary_care is beyond reach"):
        build_network(priors)


ASSUMED = {"quantity": "probability", "basis": "assumption", "source": "assumption", "read": "no"}
NOTHING: Mapping[str, str] = {}


def variant(tmp_path: Path, root: str, changes: Mapping[str, str] = NOTHING, more: Sequence[Mapping] = ()) -> Path:
    """A copy of a small priors folder with texts replaced and statements added."""
    folder = Path(shutil.copytree(DATA / root, tmp_path / root))
    files = {file: file.read_text() for file in folder.rglob("*.toml")}
    for old, new in changes.items():
        assert any(old in text for text in files.values()), old
        files = {file: text.replace(old, new) for file, text in files.items()}
    lines = []
    for statement in more:
        lines.append("[[statement]]")
        lines += [f"{key} = {json.dumps(content)}" for key, content in {**ASSUMED, **statement}.items()]
    files[folder / "evidence" / "more.toml"] = "\n".join(lines)
    for file, text in files.items():
        file.write_text(text)
    return folder


def test_a_link_stated_in_two_settings_is_refused(tmp_path):
    more = {"id": "new", "of": "fever=present", "given": "infection=present alone; setting=there", "value": 0.5}
    priors = load_priors("seeds", variant(tmp_path, "tiny", more=[more]))
    with pytest.raises(InferenceError, match="fever: a link stated in two settings at once"):
        build_network(priors)


def test_a_base_rate_stated_twice_for_one_setting_is_refused(tmp_path):
    more = {"id": "new", "of": "infection=present", "value": 0.5}
    priors = load_priors("seeds", variant(tmp_path, "tiny", more=[more]))
    with pytest.raises(InferenceError, match="another selected statement gives this rate too"):
        build_network(priors)


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


@pytest.mark.parametrize("factor", ["injecting", "cancer"], ids=["adjusted", "crude"])
def test_a_ratio_of_the_absent_state_is_refused(tmp_path, factor):
    given = f'\ngiven = "{factor}=present vs absent"'
    changes = {f'of = "infection=present"{given}': f'of = "infection=absent"{given}'}
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes))
    with pytest.raises(InferenceError, match=r"risk\.infection\.\w+: state the ratio of infection=present"):
        build_network(priors)


def test_a_finding_that_is_always_present_cannot_become_rarer():
    priors = with_overrides(load_priors("seeds", DATA / "tiny"), {"find.fever.none": {"value": 1.0, "n": 50}})
    with pytest.raises(InferenceError, match="never in its base state without a condition, so find"):
        build_network(priors)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_base_rate_of_nought_or_one_has_no_odds(rate):
    priors = with_overrides(load_priors("seeds", DATA / "tiny"), {"base.fracture.there": {"value": rate, "n": 50}})
    with pytest.raises(InferenceError, match="fracture: a base rate of 0 or 1 cannot be combined with"):
        build_network(priors)


def test_a_noisy_or_has_conditions_as_causes(tmp_path):
    changes = {
        'parents = ["setting", "infection", "fracture"]': 'parents = ["setting", "age", "infection", "fracture"]'
    }
    more = {
        "id": "new", "of": "compression=present", "quantity": "odds_ratio", "given": "age=from_50 vs under_50",
        "value": 2.0, "low": 1.0, "high": 4.0,
    }  # fmt: skip
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, [more]))
    with pytest.raises(InferenceError, match="compression: a noisy_or condition has conditions as causes, not age"):
        build_network(priors)


def test_crude_ratios_and_rates_by_band_are_refused(tmp_path):
    more = {
        "id": "new", "of": "fracture=present", "given": "age=from_50 vs under_50", "quantity": "odds_ratio",
        "value": 3.0, "low": 2.0, "high": 5.0, "drives": "fracture<-age",
    }  # fmt: skip
    priors = load_priors("seeds", variant(tmp_path, "tiny", more=[more]))
    with pytest.raises(InferenceError, match="fracture: crude ratios and rates by age cannot be solved together"):
        build_network(priors)


# ---- other networks ----------------------------------------------------------------------------------


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


# ---- a strength of dependence -----------------------------------------------------------------------


@pytest.mark.parametrize("strength", [0.0, 0.35, 1.0])
def test_findings_that_go_together_keep_their_own_statements(tmp_path, strength):
    """A group changes how findings go together, not how often each is found; its strength comes back."""
    changes = {"[composites]\n": '[dependence]\nill = ["weakness", "fever"]\n\n[composites]\n'}
    more = [{"id": "ill", "quantity": "dependence", "of": "ill", "value": strength, "n": 50}]
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, more))
    network = build_network(priors)
    readings = round_trip(priors, network)
    assert {reading.statement for reading in readings} == set(priors.selected)
    assert max(abs(reading.implied[0] - reading.stated[0]) for reading in readings) < 1e-12
    alone = build_network(load_priors("seeds", DATA / "tiny"))
    joint, apart = (
        VariableElimination(to_pgmpy(each)).query(["fever", "weakness"], evidence=given, show_progress=False).values
        for given in [{"setting": "there", "infection": "absent", "compression": "absent", "fracture": "absent"}]
        for each in (network, alone)
    )
    np.testing.assert_allclose(joint.sum(axis=1), apart.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(joint.sum(axis=0), apart.sum(axis=0), rtol=1e-12)
    fever, weak = apart.sum(axis=1)[1], 1 - apart.sum(axis=0)[0]
    together = strength * min(fever, weak) + (1 - strength) * fever * weak
    assert joint[1, 1:].sum() == pytest.approx(together, rel=1e-12)


def test_strengths_come_back():
    for name in SETS:
        priors = priors_of(name)
        strengths = [i for i in priors.selected if priors.statement(i).quantity == "dependence"]
        assert set(priors.groups) == {priors.statement(identifier).of.variable for identifier in strengths}
        for identifier in strengths:
            (reading,) = readings_of(name)[identifier]
            assert reading.implied[0] == pytest.approx(priors.statement(identifier).value, abs=1e-9)


# ---- simulation ----------------------------------------------------------------------------------


def test_samples_have_the_shares_that_the_network_gives():
    network, asked = network_of("seeds"), asked_of("seeds")
    states = sample(network, 200_000, np.random.default_rng(1), {"setting": "emergency"})
    assert set(states) == {variable.name for variable in network.variables}
    for name in ("age", "fracture", "cauda_equina", "leg_weakness", "esr", "xray", "failed_conservative_care"):
        expected = asked.joint((name,), {"setting": "emergency"})
        found = np.bincount(states[name], minlength=len(expected)) / 200_000
        assert np.all(np.abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / 200_000) + 1e-12)
    again = sample(network, 200_000, np.random.default_rng(1), {"setting": "emergency"})
    assert all(np.array_equal(states[name], again[name]) for name in states)
