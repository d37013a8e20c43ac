"""The cache of compiled scorers is never believed when stale or damaged."""

import re

import numpy as np
import pandas as pd
import pytest

from riskmodel.answers import cache
from riskmodel.calibration import calibrate
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import PolicyError
from riskmodel.evidence.load import priors_root
from riskmodel.model import load, load_scoring

# Few draws are enough here, and quick.
pytestmark = pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RISKMODEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def same(first, second):
    masks = first.scorer.blank(3, 1)
    masks[8] = [1, 2, 3]
    one, other = first.score(masks), second.score(masks)
    assert np.array_equal(one.posterior.probability, other.posterior.probability)
    assert np.array_equal(one.reasons.ratio, other.reasons.ratio)
    assert first.model_hash == second.model_hash


def test_an_entry_gives_the_same_scoring(folder):
    fresh = load_scoring("seeds")
    assert len(list(folder.iterdir())) == 1
    same(fresh, load_scoring("seeds"))
    same(fresh, load("seeds").scoring)


def test_sets_have_entries_of_their_own(folder):
    seeds, literature = load_scoring("seeds"), load_scoring("literature")
    assert len(list(folder.iterdir())) == 2
    assert seeds.model_hash != literature.model_hash


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:], lambda b: b""])
def test_a_damaged_entry_is_not_used(folder, damage):
    fresh = load_scoring("seeds")
    entry = next(folder.iterdir())
    entry.write_bytes(damage(entry.read_bytes()))
    assert cache.fetch(load("seeds").priors.digest) is None
    same(fresh, load_scoring("seeds"))


def test_a_policy_is_checked_alike_with_and_without_an_entry(folder, tmp_path):
    path = tmp_path / "policy.toml"
    text = (priors_root() / "policies" / "consensus.toml").read_text(encoding="utf-8")
    path.write_text(
        re.sub(r'^source = "\w+"', 'source = "nowhere_2020"', text, count=1, flags=re.MULTILINE), encoding="utf-8"
    )
    refused = []
    for attempt in (load_scoring, load_scoring, lambda policy: load().with_policy(policy)):
        with pytest.raises(PolicyError, match="unknown 'nowhere_2020'") as caught:
            attempt(policy=path)
        refused.append(str(caught.value))
        load_scoring()  # leaves an entry
    assert len(set(refused)) == 1


def test_without_a_folder_nothing_fails(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RISKMODEL_CACHE", str(tmp_path / "file" / "cache"))
    same(load_scoring("seeds"), load("seeds").scoring)


@pytest.fixture
def no_drawing(monkeypatch):
    """Whatever is drawn from now on comes from the folder."""

    def forbid():
        monkeypatch.setattr(cache.distributions, "draw_values", lambda *_: pytest.fail("drawn anew"))

    return forbid


def test_draws_are_kept_for_their_number_and_seed(folder, no_drawing):
    priors = load().priors
    first = cache.drawn_values(priors, 64, 3)
    assert np.array_equal(first, cache.distributions.draw_values(priors, 64, np.random.default_rng(3)))
    assert not np.array_equal(first, cache.drawn_values(priors, 64, 4))
    no_drawing()
    assert np.array_equal(first, cache.drawn_values(load().priors, 64, 3))


def test_draws_of_other_statements_are_not_taken(folder):
    model = load()
    first = cache.drawn_values(model.priors, 64, 3)
    other = cache.drawn_values(model.with_statement("find.fever.infection", value=0.3, low=0.2, high=0.4).priors, 64, 3)
    assert np.mean(first != other) > 0


def test_damaged_draws_are_made_anew(folder):
    priors = load().priors
    first = cache.drawn_values(priors, 64, 3)
    (entry,) = folder.glob("*.draws")
    content = bytearray(entry.read_bytes())
    content[100] ^= 1
    entry.write_bytes(bytes(content))
    assert np.array_equal(first, cache.drawn_values(priors, 64, 3))


def test_only_the_last_draws_are_kept(folder, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    priors = load().priors
    for seed in range(5):
        cache.drawn_values(priors, 8, seed)
    assert len(list(folder.glob("*.draws"))) == 3


@pytest.mark.slow
def test_a_model_draws_once_for_a_number_and_seed(folder, monkeypatch):
    from riskmodel.network import build as cpt

    model = load()
    built = []
    build = cpt.build_network
    monkeypatch.setattr(cpt, "build_network", lambda *asked: built.append(1) or build(*asked))
    cases = pd.DataFrame({"fever": ["yes"]})
    first = model.score(cases, setting="primary_care", draws=32)
    assert first.equals(model.score(cases, setting="primary_care", draws=32))
    narrow = model.score(cases, setting="primary_care", draws=32, level=0.5)
    assert (narrow["p_infection_low"] > first["p_infection_low"]).all()
    assert len(built) == 2  # the stated values, and the draws
    model.score(cases, setting="primary_care", draws=32, seed=1)
    assert len(built) == 3


@pytest.mark.slow
def test_what_cohorts_told_is_kept_with_the_scoring(folder, tmp_path):
    model = load("seeds")
    people = to_cases(model, simulate(model, 300, np.random.default_rng(2), setting="emergency"), with_outcomes=True)
    path = tmp_path / "local.toml"
    calibrate(model, people, "base_rates", name="ward").write(path)
    fresh, kept = load_scoring(path), load_scoring(path)
    assert "ward" in fresh.fitted[0]
    assert kept.fitted == fresh.fitted


def test_edited_code_finds_no_entry_of_before(folder, tmp_path, monkeypatch):
    file = tmp_path / "package" / "inference" / "compile.py"
    file.parent.mkdir(parents=True)
    file.write_text("before", encoding="utf-8")
    monkeypatch.setattr(cache, "PACKAGE", tmp_path / "package")
    load_scoring("seeds")
    digest = load("seeds").priors.digest
    assert cache.fetch(digest) is not None
    file.write_text("edited", encoding="utf-8")
    cache.code_of.cache_clear()  # as a new process would
    assert cache.fetch(digest) is None


def test_a_root_may_be_a_text(folder):
    assert load("seeds", root=str(priors_root())).scoring.model_hash == load("seeds").scoring.model_hash
    assert load_scoring("seeds", root=str(priors_root())).model_hash == load("seeds").scoring.model_hash
