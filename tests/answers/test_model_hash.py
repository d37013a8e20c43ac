"""The model's hash moves with everything that can change an output, and with nothing else."""

import copy
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.answers.scoring import Scoring
from riskmodel.evidence.digests import FOR_READERS, digest_of, digest_of_priors, digest_of_text
from riskmodel.evidence.load import load_priors, priors_root
from riskmodel.evidence.origin import DrawnPair
from riskmodel.evidence.reading.schema import StatementTable, VariableTable
from riskmodel.evidence.records import Priors
from tests.support.paths import DATA
from tests.support.small_priors import variant

POLICY = """
title = "A policy"
urgencies = ["immediate", "routine"]
referrals = ["doctor"]

[threshold.possible]
harm = 1
benefit = 20

[[rule]]
id = "probable"
when = "p(infection) >= threshold(possible)"
urgency = "immediate"
referral = ["doctor"]
reason = "It may be an infection."
source = "a_seed"

[[otherwise]]
urgency = "routine"
reason = "Nothing else."
source = "a_seed"
"""
PATHWAYS = """
[shows]
scan = ["infection"]

[[statement]]
id = "cost.asked"
value = 2
low = 1
high = 5
basis = "assumption"
source = "assumption"
note = "A minute."
"""
AGE = "lower_edges = [0, 50]\nmaximum = 120\n"
WEAK = 'of = "weakness={}"\ngiven = "fracture=present alone"\nvalue = {}'
FEVER = 'value = 0.67\nbasis = "seed"\nsource = "a_seed"\nread = "full_text"'
BASE = "value = 0.02\nlow = 0.01\nhigh = 0.04\n"
STUDY = 'basis = "study"\nsource = "some_2020"\nlocator = "table 1"\nread = "full_text"'
BEHIND = '{ study = "Some 2020", source = "some_2020", locator = "table 1", events = 1, n = 1000, read = "full_text" }'
COUNT = "value = 0.001\nevents = 1\nn = 1000\n"

# An edit of the tiny priors, or two, for each key of a variable and of a statement: before, after.
VARIABLE_EDITS = {
    "name": ("injecting", "injected"),
    "role": ('name = "cancer"\nrole = "risk_factor"', 'name = "cancer"\nrole = "context"'),
    "states": ('name = "severe_pain"\nrole = "circumstance"\nstates = ["absent", "present"]',
               'name = "severe_pain"\nrole = "circumstance"\nstates = ["absent", "present", "worst"]'),
    "column": ('name = "fever"\n', 'name = "fever"\ncolumn = "temperature"\n'),
    "parents": ('parents = ["compression", "fracture"]', 'parents = ["fracture", "compression"]'),
    "unit": ('unit = "years"', 'unit = "decades"'),
    "lower_edges": (AGE, 'lower_edges = [0, 51]\nmaximum = 120\n'),
    "maximum": (AGE, 'lower_edges = [0, 50]\nmaximum = 110\n'),
    "aliases": ('aliases = { worse = "progressive" }', 'aliases = { more = "progressive" }'),
    "serious": ('name = "fracture"\nrole = "condition"\nserious = true\n', 'name = "fracture"\nrole = "condition"\n'),
    "definition": ('"A weak leg."', '"A leg that is weak."'),
}  # fmt: skip
STATEMENT_EDITS = {
    "id": ('id = "find.fever.infection"\n', 'id = "find.fever.infected"\n'),
    "quantity": ('quantity = "risk_ratio"', 'quantity = "odds_ratio"'),
    "of": (WEAK.format("stable", 0.03), WEAK.format("progressive", 0.03),
           WEAK.format("progressive", 0.02), WEAK.format("stable", 0.02)),
    "given": ('given = "none; setting=there"', 'given = "none; setting=here"'),
    "value": (FEVER, FEVER.replace("0.67", "0.66")),
    "low": (BASE, BASE.replace("0.01", "0.012")),
    "high": (BASE, BASE.replace("0.04", "0.05")),
    "level": (BASE, BASE + "level = 0.9\n"),
    "events": (COUNT, COUNT.replace("events = 1\n", "")),
    "n": (COUNT, COUNT.replace("n = 1000", "n = 1001")),
    "counts": (COUNT, COUNT + 'counts = "worked_back"\n'),
    "basis": (COUNT + STUDY, COUNT + 'basis = "assumption"\nsource = "assumption"\nread = "no"'),
    "source": ("some_2020", "some_2021"),
    "locator": (FEVER, FEVER + '\nlocator = "page 3"'),
    "read": (STUDY, STUDY.replace("full_text", "abstract")),
    "drives": ('drives = "infection<-cancer"\nbasis = "seed"', 'drives = "audit"\nbasis = "seed"'),
    "note": (FEVER, FEVER + '\nnote = "As stated."'),
    "studies": (COUNT + STUDY, COUNT + STUDY + f"\nstudies = [{BEHIND}]"),
}  # fmt: skip
UNMOVED = {"definition", "note", "studies"}  # studies: the number that they gave counts


def hash_of(root: Path) -> str:
    (root / "policy.toml").write_text(POLICY, encoding="utf-8")
    return rm.load("seeds", root / "policy.toml", root).scoring.model_hash


def digest_at(root: Path) -> str:
    """What the hash takes of the priors; some edits leave a network that cannot be built, and need not be."""
    return digest_of_priors(load_priors("seeds", root))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(DATA / "tiny", tmp_path_factory.mktemp("hash") / "tiny"))
    (root / "pathways.toml").write_text(PATHWAYS, encoding="utf-8")
    (root / "policy.toml").write_text(POLICY, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def tiny_priors(tiny: Path) -> Priors:
    return load_priors("seeds", tiny)


def test_every_key_of_the_files_has_an_edit() -> None:
    assert {*VARIABLE_EDITS, "form", "imaging"} == set(VariableTable.model_fields)
    assert set(STATEMENT_EDITS) == set(StatementTable.model_fields)


def test_what_is_imaging_moves_it(tiny_priors: Priors) -> None:
    """The tiny network has no test to mark, so that the record is marked."""
    first, *others = tiny_priors.variables
    marked = replace(tiny_priors, variables=(replace(first, imaging=True), *others))
    assert digest_of_priors(marked) != digest_of_priors(tiny_priors)


@pytest.mark.parametrize(("key", "edit"), [*VARIABLE_EDITS.items(), *STATEMENT_EDITS.items()])
def test_each_key_of_a_variable_and_of_a_statement(
    key: str, edit: tuple[str, ...], tmp_path: Path, tiny_priors: Priors
) -> None:
    changed = digest_at(variant(tmp_path, "tiny", dict(zip(edit[::2], edit[1::2], strict=True))))
    assert (changed == digest_of_priors(tiny_priors)) == (key in UNMOVED), key


@pytest.mark.parametrize("edit", [
    ('any_serious = ["infection", "fracture"]', 'any_serious = ["infection"]'),
    ("[composites]", '[composites]\nboth = ["infection", "fracture"]'),
    ('reference_setting = "here"', 'reference_setting = "there"'),
    ('reference_setting = "here"', 'reference_setting = "here"\ndefault_n = { seed = 20 }'),
    ('reference_setting = "here"', 'reference_setting = "here"\n[override."find.fever.none"]\nvalue = 0.06'),
    ('prefer = ["seed", "study", "assumption"]', 'prefer = ["study", "seed", "assumption"]'),
])  # fmt: skip
def test_composites_and_the_set_move_it(edit: tuple[str, str], tmp_path: Path, tiny_priors: Priors) -> None:
    assert digest_at(variant(tmp_path, "tiny", dict([edit]))) != digest_of_priors(tiny_priors)


@pytest.mark.parametrize("edit", [
    ("# The smallest network", "# Another remark"),
    ('\n[[variable]]\nname = "age"', '\n\n\n[[variable]]  # the years\nname = "age"'),
    ('any_serious = ["infection", "fracture"]', 'any_serious = ["fracture", "infection"]'),
    ('name = "cancer"\nrole = "risk_factor"', 'role = "risk_factor"\nname = "cancer"'),
    ('given = "none; setting=there"', 'given = "none;  setting = there"'),
    ('title = "A study"', 'title = "Another study"'),
    ('claim = "What a scan costs"', 'claim = "The costs of a scan"'),
])  # fmt: skip
def test_how_a_file_is_written_does_not_move_it(edit: tuple[str, str], tmp_path: Path, tiny_priors: Priors) -> None:
    assert digest_at(variant(tmp_path, "tiny", dict([edit]))) == digest_of_priors(tiny_priors)


def test_statements_may_stand_in_any_file(tmp_path: Path, tiny_priors: Priors) -> None:
    root = variant(tmp_path, "tiny")
    (root / "evidence" / "findings.toml").rename(root / "evidence" / "a_findings.toml")
    assert digest_at(root) == digest_of_priors(tiny_priors)


def test_the_form_of_a_condition_moves_it(tiny_priors: Priors) -> None:
    variables = tuple(replace(v, form="logistic") for v in tiny_priors.variables)
    assert digest_of_priors(replace(tiny_priors, variables=variables)) != digest_of_priors(tiny_priors)


def test_every_field_of_the_priors_is_decided_upon(tiny_priors: Priors) -> None:
    """A new field of the priors must be put among these two, knowingly."""
    through_others = {
        "selected",
        "sources",
        "prior_set",
        "digest",
        "pooled",
        "profiles",
        "recording",
    }  # what they change shows elsewhere
    moving = {
        "variables": tiny_priors.variables[1:],
        "composites": {**tiny_priors.composites, "more": ("fracture",)},
        "statements": tiny_priors.statements[1:],
        "groups": {"pair": ("fever", "weakness")},
        "drawn_pairs": (DrawnPair((tiny_priors.selected[0], tiny_priors.selected[1]), 0.5),),
    }
    assert {entry.name for entry in fields(Priors)} == through_others | set(moving)
    for name, content in moving.items():
        assert digest_of_priors(replace(tiny_priors, **{name: content})) != digest_of_priors(tiny_priors), name
    wider = replace(tiny_priors, groups={"pair": ("fever", "weakness", "age")})
    narrower = replace(tiny_priors, groups={"pair": ("fever", "weakness")})
    assert digest_of_priors(wider) != digest_of_priors(narrower)


def leaves(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number and text of a document with its way."""
    if isinstance(content, dict | list):
        for key, item in content.items() if isinstance(content, dict) else enumerate(content):
            yield from leaves(item, (*path, key))
    else:
        yield path, content


def other(content: Any) -> Any:
    if isinstance(content, bool):
        return not content
    return content + 1 if isinstance(content, int | float) else f"{content} else"


@pytest.mark.parametrize("name", ["policies/consensus.toml", "policies/whitlock_2026.toml", "pathways.toml"])
def test_every_number_and_text_of_a_policy_and_of_pathways(name: str) -> None:
    text = (priors_root() / name).read_bytes()
    document = tomllib.loads(text.decode())
    before = digest_of(document)
    assert digest_of_text(text) == digest_of_text(b"# a remark\n\n" + text) == before
    for path, content in leaves(document):
        changed = copy.deepcopy(document)
        table = changed
        for key in path[:-1]:
            table = table[key]
        table[path[-1]] = other(content)
        assert (digest_of(changed) == before) == (path[-1] in FOR_READERS), path


def test_a_text_that_is_no_toml_counts_by_its_bytes() -> None:
    assert digest_of_text(b"[[") != digest_of_text(b"[[[")


def test_a_model_s_hash_sees_policy_and_pathways(tiny: Path, tmp_path: Path) -> None:
    before = hash_of(tiny)
    root = Path(shutil.copytree(tiny, tmp_path / "copy"))
    model = rm.load("seeds", root / "policy.toml", root)
    assert model.scoring.model_hash == before
    (root / "other.toml").write_text("# remarks\n" + POLICY, encoding="utf-8")
    assert model.with_policy(root / "other.toml").scoring.model_hash == before
    for old, new in (("benefit = 20", "benefit = 21"), ("It may be", "It could be"), (">=", ">")):
        (root / "other.toml").write_text(POLICY.replace(old, new), encoding="utf-8")
        assert model.with_policy(root / "other.toml").scoring.model_hash != before, new
    (root / "pathways.toml").write_text(PATHWAYS.replace("A minute.", "Less."), encoding="utf-8")
    assert hash_of(root) == before
    (root / "pathways.toml").write_text(PATHWAYS.replace("value = 2", "value = 3"), encoding="utf-8")
    changed = hash_of(root)
    (root / "pathways.toml").unlink()
    assert len({before, changed, hash_of(root)}) == 3


def test_draws_seed_and_level_move_it(tiny: Path) -> None:
    model = rm.load("seeds", tiny / "policy.toml", tiny)
    case = pd.DataFrame({"fever": ["yes"], "setting": ["here"]})
    with pytest.warns(UserWarning, match="effective"):
        hashes = [
            model.score(case, **asked)["model"].item()
            for asked in ({}, {"draws": 8}, {"draws": 9}, {"draws": 8, "seed": 1}, {"draws": 8, "level": 0.9})
        ]
    assert len(set(hashes)) == len(hashes)
    scoring: Scoring = model.scoring
    assert model.uncertain(8, 0).scoring.model_hash == scoring.under_draws(8, 0, 0.95).model_hash == hashes[1]


def test_a_policy_changes_nothing_that_is_compiled(seeds):
    """What is kept under another policy gives the answers and the hash of a model that is built with it."""
    assert seeds.scoring
    kept, anew = seeds.with_policy("whitlock_2026"), rm.load(policy="whitlock_2026")
    assert kept.scoring.scorer is seeds.scoring.scorer
    assert kept.scoring.model_hash == anew.scoring.model_hash != seeds.scoring.model_hash
    case = {"fever": "yes", "iv_drug_use": "yes"}
    assert kept.score(case, setting="emergency").equals(anew.score(case, setting="emergency"))
