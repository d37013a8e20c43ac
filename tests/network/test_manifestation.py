"""Occult and manifest disease: tables solved from statements that speak of the disease as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from riskmodel.errors import InferenceError, PriorsError
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.records import Priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.engines import full_joint, outputs, random_evidence, weights_of
from tests.support.hidden import HIDDEN, SHARES
from tests.support.paths import DATA
from tests.support.small_priors import variant


@pytest.fixture
def hidden(tmp_path) -> Priors:
    return load_priors("seeds", variant(tmp_path, "tiny", HIDDEN, SHARES))


def test_an_absent_disease_is_never_manifest(hidden: Priors) -> None:
    table = build_network(hidden).tables["infection_manifest"]
    np.testing.assert_allclose(table, [[[1, 0], [0.2, 0.8]]], rtol=1e-15)


def test_every_statement_comes_back(hidden: Priors) -> None:
    """Those given the disease alone, whether it shows or not, and the one given compression whatever its cause."""
    readings = round_trip(hidden, build_network(hidden))
    assert {"find.fever.infection", "find.weakness.compression.stable", "occult.infection"} <= {
        reading.statement for reading in readings
    }
    assert all(reading.holds for reading in readings)


def test_the_link_by_hand(hidden: Priors) -> None:
    """Of the infected .2 have fever as often as people without: .67 = .2 · .05 + .8 · x."""
    manifest = (0.67 - 0.2 * 0.05) / 0.8
    table = build_network(hidden).tables["fever"]  # (draws, settings, occult and manifest, states)
    assert table[0, 0, :, 1] == pytest.approx([0.05, manifest], rel=1e-14)
    assert table[0, 1, 1, 0] == pytest.approx(0.9 * (1 - manifest) / 0.95, rel=1e-14)  # the link is that of `here`


def test_a_disease_that_makes_a_sign_rarer(hidden: Priors) -> None:
    fewer = with_overrides(hidden, {"find.fever.infection": {"value": 0.02, "n": 50}})
    network = build_network(fewer)
    assert network.rarer == {"fever": ("infection",)}
    assert network.tables["fever"][0, 0, 1, 1] == pytest.approx((0.02 - 0.2 * 0.05) / 0.8, rel=1e-12)
    assert all(reading.holds for reading in round_trip(fewer, network))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"find.fever.infection": 0.9}, r"find.fever.infection: 0.9 is beyond reach; .* 0.2 .* at most 0.81$"),
        ({"find.fever.infection": 0.005}, r"find.fever.infection: 0.005 is beyond reach; .* at least 0.01$"),
        (
            {"find.weakness.fracture.stable": 0.6, "find.weakness.fracture.progressive": 0.3},
            r"find.weakness.fracture.stable, .*progressive: 0.6 and 0.3 .* share of 0.3 .* together at most 0.7102$",
        ),
    ],
    ids=["too often", "too rarely", "two states"],
)
def test_what_is_beyond_reach_names_the_range(hidden: Priors, changes: Mapping[str, float], message: str) -> None:
    priors = with_overrides(hidden, {name: {"value": value, "n": 50} for name, value in changes.items()})
    with pytest.raises(InferenceError, match=message):
        build_network(priors)


def test_draws_beyond_reach_are_held_and_counted(hidden: Priors) -> None:
    priors = with_overrides(hidden, {"find.fever.infection": {"value": 0.78, "low": 0.6, "high": 0.9}})
    values = draw_values(priors, 400, np.random.default_rng(1))
    network = build_network(priors, values)
    place = {identifier: i for i, identifier in enumerate(priors.selected)}
    o, none, stated = (
        values[:, place[name]] for name in ("occult.infection", "find.fever.none", "find.fever.infection")
    )
    beyond = stated > 1 - o * (1 - none)
    assert network.held["find.fever.infection"] == beyond.sum() > 20
    np.testing.assert_allclose(network.tables["fever"][beyond, 0, 1, 1], 1.0, rtol=1e-12)
    inside = {reading.statement: reading for reading in round_trip(priors, network, values)}["find.fever.infection"]
    asked = ~beyond & ~np.isnan(inside.residual)  # in some draws infection never comes without compression
    assert asked.sum() > 200
    np.testing.assert_allclose(inside.residual[asked], 0.0, atol=1e-9)


def test_a_finding_stated_cell_by_cell(tmp_path) -> None:
    """Without a statement given none: P(fever | infection) and P(fever | no infection)."""
    alone = 'of = "fever=present"\ngiven = "infection=present'
    without = {f"{alone} alone": alone} | {
        f'given = "none{more}': f'given = "infection=absent{more}' for more in ('"\nvalue = 0.05', "; setting=there")
    }
    changes = {**HIDDEN, **without}
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, SHARES))
    network = build_network(priors)
    assert network.tables["fever"][0, 0, 1, 1] == pytest.approx((0.67 - 0.2 * 0.05) / 0.8, rel=1e-14)
    assert network.tables["fever"][0, 1, 1, 1] == pytest.approx((0.67 - 0.2 * 0.1) / 0.8, rel=1e-14)
    assert all(reading.holds for reading in round_trip(priors, network))
    with pytest.raises(
        InferenceError, match=r"fever: P\(absent \| setting=here, infection_manifest=manifest\) would be"
    ):
        build_network(with_overrides(priors, {"find.fever.infection": {"value": 0.95, "n": 50}}))


def test_a_bit_shared_or_not_gives_the_same(hidden: Priors) -> None:
    """Manifestation nodes summed over within their conditions' bits, with a bit of their own, and by brute force."""
    network = build_network(hidden)
    shared, apart = compile_scorer(network), compile_scorer(network, mix=False)
    assert (shared.joint_states, apart.joint_states) == (8, 64)
    assert shared.output_names == apart.output_names
    masks, soft = random_evidence(network.case_variables, 200, np.random.default_rng(2), known=0.7, soft=0.5)
    expected, evidence = outputs(network, full_joint(network, weights_of(network.case_variables, masks, soft)))
    for scorer in (shared, apart):
        posterior = scorer.posterior(masks, soft)
        np.testing.assert_allclose(posterior.probability, expected, atol=1e-12)
        np.testing.assert_allclose(posterior.evidence, evidence, rtol=1e-12)


STATES = 'anifest"\nrole = "manifestation"\nstates = ["occult", "manifest"]\nparents = ["'
BAD = {
    "states": ('["occult", "manifest"]', '["manifest", "occult"]', SHARES, "received ['manifest', 'occult']"),
    "no parent": ('parents = ["infection"]\n', "", SHARES, "0 parents of a manifestation"),
    "name": ('name = "compression_m', 'name = "pressed_m', SHARES, "received 'pressed_manifest' of 'compression'"),
    "parent": (
        f'compression_m{STATES}compression"]', f'injecting_m{STATES}injecting"]', SHARES, "'injecting' is a risk_f",
    ),
    "column": ('role = "manif', 'column = "shows"\nrole = "manif', SHARES, "no case has a column for it"),
    "both": ('["setting", "infection_m', '["infection", "infection_m', SHARES, "both 'infection_manifest' and"),
    "no share": ("", "", SHARES[1:], "no statement drives its table"),
    "share of 1": ("", "", ({**SHARES[0], "value": 1.0}, *SHARES[1:]), "an occult share of 1"),
    "manifest": ("", "", ({**SHARES[0], "of": "infection_manifest=manifest"}, *SHARES[1:]), "=occult given infection"),
    "absent": ("", "", ({**SHARES[0], "given": "infection=absent"}, *SHARES[1:]), "=occult given infection=present"),
    "given a node": (
        "", "", (*SHARES, {"id": "x", "of": "fever=absent", "given": "infection_manifest=occult", "value": 0.9}),
        "given infection=present alone: the manifestation follows",
    ),
    "parent of a risk factor": (
        '"fever"', '"fever"\nrole = "risk_factor"\n#', SHARES, "'infection_manifest' of a risk_factor",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "shares", "message"), BAD.values(), ids=BAD)
def test_bad_manifestations_are_refused(tmp_path, old, new, shares, message) -> None:
    changes = {text: changed.replace(old, new) for text, changed in HIDDEN.items()}
    if "risk_factor" in message and "of a" in message:
        changes['role = "finding"\nstates = ["absent", "present"]'] = 'states = ["absent", "present"]'
    with pytest.raises(PriorsError) as caught:
        load_priors("seeds", variant(tmp_path, "tiny", changes, shares))
    assert any(message in str(problem) for problem in caught.value.problems), caught.value.problems


def test_tiny_is_as_expected() -> None:
    """What these tests replace in its text."""
    assert load_priors("seeds", DATA / "tiny").variable("fever").parents == ("setting", "infection")
