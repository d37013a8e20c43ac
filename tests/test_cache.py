"""The cache of compiled scorers is never believed when stale or damaged."""

import numpy as np
import pytest

from riskmodel import cache
from riskmodel.model import load, load_scoring


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


def test_without_a_folder_nothing_fails(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RISKMODEL_CACHE", str(tmp_path / "file" / "cache"))
    same(load_scoring("seeds"), load("seeds").scoring)
