"""The tables of each form, built again by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pgmpy.inference import VariableElimination
from scipy.stats import multivariate_normal, norm

from riskmodel.errors import InferenceError
from riskmodel.evidence.load import load_priors
from riskmodel.network.ask import implied
from riskmodel.network.build import build_network
from riskmodel.network.forms.logistic import exposed_share, hold
from riskmodel.network.network import check_table
from riskmodel.network.pgmpy_network import to_pgmpy
from riskmodel.network.roundtrip import round_trip
from tests.support.by_pgmpy import SETS, SETTINGS, asked_of, causes, network_of, priors_of, value
from tests.support.paths import DATA
from tests.support.small_priors import variant


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
        table[(0,) * table.ndim] += change
        with pytest.raises(InferenceError, match=message):
            check_table(fever, table)


def test_the_setting_is_even():
    assert network_of("seeds").tables["setting"].tolist() == [[0.25] * 4]


@pytest.mark.parametrize("name", SETS)
def test_fever_by_hand(name):
    """Leaky noisy-OR: P(absent) = (1 - leak) times, for each cause present, (1 - p alone) / (1 - leak)."""
    kinds = ("infection", "malignancy", "nonspinal_serious")
    stated = [value(name, f"find.fever.{kind}") for kind in kinds]
    if name == "literature":
        stated[0] = value(name, "find.fever.infection.study")
    leak = value(name, "find.fever.none")
    hidden = [value(name, "occult.infection"), value(name, "occult.malignancy"), 0]
    assert network_of(name).variable("fever").parents == ("infection_manifest", "malignancy_manifest", kinds[2])
    links = [((1 - alone) / (1 - leak) - o) / (1 - o) for alone, o in zip(stated, hidden, strict=True)]
    for states in itertools.product((0, 1), repeat=3):
        spared = [link for link, present in zip(links, states, strict=True) if present]
        expected = (1 - leak) * np.prod(spared)
        np.testing.assert_allclose(network_of(name).tables["fever"][0][(*states, 0)], expected, rtol=1e-14)


@pytest.mark.parametrize("name", SETS)
def test_esr_by_hand(name):
    """Noisy-MAX over four bands: the cumulative distributions multiply, relative to that of no condition."""
    network, kinds = network_of(name), ("infection", "malignancy", "inflammatory", "nonspinal_serious")
    bands = ("from_20_to_50", "from_50_to_100", "over_100")

    def cumulative(kind: str) -> np.ndarray:
        stated = [value(name, f"test.esr.{band}.{kind}{'.study' * (kind == 'infection')}") for band in bands]
        return np.cumsum([1 - sum(stated), *stated])

    none = cumulative("none")
    assert network.variable("esr").parents == kinds
    for states in itertools.product((0, 1), repeat=4):
        product = none.copy()
        for kind, present in zip(kinds, states, strict=True):
            product = product * (cumulative(kind) / none if present else 1)
        expected = np.diff(np.concatenate([[0], np.minimum(product, 1)]))
        np.testing.assert_allclose(network.tables["esr"][0][states], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SETS)
def test_saddle_anaesthesia_by_hand(name):
    """Stated given cauda equina whatever its cause: F / E[F0 · q of nerve and mimic | cauda equina] = o + (1 - o) q."""
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
    occult = value(name, "occult.cauda_equina")
    q = (stated / expected - occult) / (1 - occult)
    parents = ("cauda_equina_manifest", "nerve_compression", "cauda_equina_mimic")
    assert network.variable("saddle_anaesthesia").parents == parents
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
    men = np.log(value(name, "risk.infection.male"))
    logs = [np.log(value(name, f"risk.infection.{factor}")) for factor in factors]
    ages = np.log([value(name, "risk.infection.under_18"), 1.0,
                   value(name, "risk.infection.age50_69"), value(name, "risk.infection.age70")])  # fmt: skip
    for s, setting in enumerate(SETTINGS):
        joint = asked_of(name).joint(("age", "sex", *factors), {"setting": setting})
        offset = np.zeros(joint.shape)
        for cell in np.ndindex(joint.shape):
            offset[cell] = ages[cell[0]] + men * cell[1] + np.dot(logs, cell[2:])
        rate = value(name, f"base.infection.{setting}")
        start = brentq(lambda a, j=joint, o=offset, r=rate: float((j * expit(a + o)).sum() - r), -30, 5, xtol=1e-14)
        np.testing.assert_allclose(network.tables["infection"][0, s][..., 1], expit(start + offset), rtol=1e-9)


def test_the_gradient_of_fracture_over_age():
    """seeds: as steep everywhere as its strata in as_reported; literature: the pinned odds ratios elsewhere."""

    def log_odds(name: str, setting: str) -> np.ndarray:
        table = network_of(name).tables["fracture"][0, SETTINGS.index(setting)][:, 0, 0, 0, 0, 0, 0]
        return np.log(table[:, 1] / table[:, 0])

    strata = log_odds("seeds", "as_reported")
    for setting in SETTINGS[1:]:
        np.testing.assert_allclose(np.diff(log_odds("seeds", setting)), np.diff(strata), rtol=1e-9, atol=1e-12)
        gradient = np.exp(log_odds("literature", setting) - log_odds("literature", setting)[0])
        np.testing.assert_allclose(gradient, [1, 1, 3, 9], rtol=1e-12)
    assert not np.allclose(np.diff(log_odds("literature", "as_reported")), np.diff(log_odds("literature", "emergency")))


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


@pytest.mark.parametrize("correlation", [0.0, 0.35, 0.95])
def test_findings_that_go_together_keep_their_own_statements(tmp_path, correlation):
    """A group changes how findings go together, not how often each is found; its correlation comes back."""
    changes = {"[composites]\n": '[dependence]\nill = ["weakness", "fever"]\n\n[composites]\n'}
    more = [{"id": "ill", "quantity": "dependence", "of": "ill", "value": correlation, "n": 50}]
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, more))
    network = build_network(priors)
    readings = round_trip(priors, network)
    assert {reading.statement for reading in readings} == set(priors.selected)
    assert all(reading.holds for reading in readings)
    alone = build_network(load_priors("seeds", DATA / "tiny"))
    joint, apart = (
        VariableElimination(to_pgmpy(each)).query(["fever", "weakness"], evidence=given, show_progress=False).values
        for given in [{"setting": "there", "infection": "absent", "compression": "absent", "fracture": "absent"}]
        for each in (network, alone)
    )
    np.testing.assert_allclose(joint.sum(axis=1), apart.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(joint.sum(axis=0), apart.sum(axis=0), rtol=1e-12)
    fever, weak = apart.sum(axis=1)[1], 1 - apart.sum(axis=0)[0]
    together = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf(norm.ppf([fever, weak]))
    assert joint[1, 1:].sum() == pytest.approx(together, rel=1e-8)


# ---- scans and their parts -------------------------------------------------------------------------

MRI_PARTS = ("mri_tumour", "mri_infection", "mri_fracture", "mri_compression", "mri_nerve_compression")


@pytest.mark.parametrize("name", SETS)
def test_a_scan_by_hand(name):
    """Abnormal whenever a part is present; otherwise the leak, and inflammation by its own statement."""
    network = network_of(name)
    assert network.variable("mri").parents == (*MRI_PARTS, "inflammatory")
    leak, inflammatory = value(name, "find.mri.none"), value(name, "test.mri.inflammatory.study")
    for states in itertools.product((0, 1), repeat=6):
        expected = 1.0 if any(states[:5]) else (leak, inflammatory)[states[5]]
        assert network.tables["mri"][0][(*states, 1)] == pytest.approx(expected, rel=1e-14)
    xray = [value(name, f"find.xray.{kind}") for kind in ("none", "malignancy", "infection")]
    assert network.variable("xray").parents == ("xray_fracture", "malignancy", "infection", "inflammatory")
    spared = (1 - xray[1]) * (1 - xray[2]) / (1 - xray[0])
    assert network.tables["xray"][0][0, 1, 1, 0, 0] == pytest.approx(spared, rel=1e-14)
    assert (network.tables["xray"][0][1, ..., 1] == 1).all()


@pytest.mark.parametrize("name", SETS)
def test_old_fractures_are_false_positives_of_an_x_ray_by_age(name):
    network = network_of(name)
    false = network.tables["xray_fracture"][0][:, 0, 1]
    stated = [value(name, f"find.xray_fracture.none{band}") for band in ("", "", ".from_50", ".from_70")]
    np.testing.assert_allclose(false, stated, rtol=1e-14)
    assert (np.diff(false) >= 0).all()


@pytest.mark.parametrize("name", SETS)
def test_an_audited_statement_on_a_scan_is_asked_of_everybody(name):
    """The parts' false positives are in it, by pgmpy too; those that drive hold where no part is present."""
    priors, asked = priors_of(name), asked_of(name)
    absent = dict.fromkeys([condition.name for condition in asked.network.conditions], "absent")
    reference = priors.prior_set.reference_setting
    of = priors.statement("audit.mri.none").of
    whole = implied(asked.network, priors.statement("audit.mri.none"), reference)[0]
    assert whole == pytest.approx(asked.probability(of, {"setting": reference, **absent}), rel=1e-10)
    spared = [1 - value(name, f"find.{part}.none") for part in (*MRI_PARTS, "mri")]
    assert whole == pytest.approx(1 - np.prod(spared), rel=1e-10)
    assert implied(asked.network, priors.statement("find.mri.none"), reference)[0] == pytest.approx(0.01, rel=1e-10)


def test_parts_of_three_states_and_a_scan_by_age(tmp_path):
    """A part counts as present in any state but its base; other parents may be contexts."""
    changes = {
        'name = "severe_pain"': 'name = "scan_mark"\nrole = "test"\nstates = ["no", "small", "large"]\n'
        'parents = ["fracture"]\ndefinition = "A mark."\n\n'
        '[[variable]]\nname = "scan"\nrole = "test"\nform = "any_of"\nstates = ["normal", "abnormal"]\n'
        'parents = ["scan_mark", "age", "infection"]\ndefinition = "A scan."\n\n[[variable]]\nname = "severe_pain"'
    }
    more = [
        {"id": "m.small", "of": "scan_mark=small", "given": "none", "value": 0.1},
        {"id": "m.large", "of": "scan_mark=large", "given": "none", "value": 0.05},
        {"id": "m.small.f", "of": "scan_mark=small", "given": "fracture=present alone", "value": 0.3},
        {"id": "m.large.f", "of": "scan_mark=large", "given": "fracture=present alone", "value": 0.4},
        {"id": "s.none", "of": "scan=abnormal", "given": "none", "value": 0.02},
        {"id": "s.none.old", "of": "scan=abnormal", "given": "none; age=from_50", "value": 0.2},
        {"id": "s.infection", "of": "scan=abnormal", "given": "infection=present alone", "value": 0.6},
    ]
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, more))
    table = build_network(priors).tables["scan"][0]
    assert table.shape == (3, 2, 2, 2)
    assert (table[1:, ..., 1] == 1).all()
    np.testing.assert_allclose(table[0, :, :, 1], [[0.02, 0.6], [0.2, 0.6]], rtol=1e-12)
    assert all(reading.holds for reading in round_trip(priors, build_network(priors)))
