"""The shipped statements and sources are those of the register."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pytest

from riskmodel.errors import PriorsError
from riskmodel.evidence.limits import Numbers, limit_faults
from riskmodel.evidence.load import load_priors, priors_root, with_overrides
from riskmodel.evidence.records import Priors
from riskmodel.report.sources import how_read, seed_documents
from tests.support.own_set import own_set
from tests.support.paths import ROOT

# ---- the register ----------------------------------------------------------------------------------


def test_every_file_and_basis_of_the_register(seed_priors: Priors) -> None:
    files = {path.relative_to(ROOT / "priors").as_posix() for path in (ROOT / "priors" / "evidence").glob("*.toml")}
    assert {s.file for s in seed_priors.statements} == files
    assert {s.basis for s in seed_priors.statements} == {"assumption", "study", "seed"}
    assert sum(s.is_audit for s in seed_priors.statements) == 8


def test_seed_figures(seed_priors: Priors) -> None:
    """The figures of the seed documents, as they state them."""
    values = {s.id: s.value for s in seed_priors.statements if s.basis == "seed"}
    assert values == {
        "base.serious.as_reported": 0.1,
        "base.fracture.from_70.as_reported": 0.365,
        "base.fracture.under_50.as_reported": 0.091,
        "risk.malignancy.cancer_history": 9.9,  # between 6.4 and 15.3
        "find.fever.none": 0.05,
        "find.fever.infection": 0.67,
        "find.analgesic_nonresponse.infection": 0.78,
        "find.bladder_scan.cauda_equina": 0.92,
        "find.bladder_scan.cauda_equina_mimic": 0.08,
        "find.xray_fracture.fracture": 0.67,
        "test.xray_fracture.fracture.older": 0.64,
        "find.ct_fracture.fracture": 0.98,
    }
    assert math.isclose(math.sqrt(6.4 * 15.3), 9.9, abs_tol=0.005)


def test_claims_of_trust(seed_priors: Priors) -> None:
    for statement in seed_priors.statements:
        assert statement.locator or statement.basis != "seed", statement.id
        assert not (statement.basis == "assumption" and statement.read != "no"), statement.id
    from_memory = {s.source for s in seed_priors.statements if s.basis == "study" and s.read == "no"}
    assert "premkumar_2018" in from_memory


def test_sources(seed_priors: Priors) -> None:
    kinds = Counter(source.kind for source in seed_priors.sources.values())
    assert kinds["seed"] == 5
    assert kinds["assumption"] == 1
    assert {s.source for s in seed_priors.statements} <= set(seed_priors.sources)
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for kind in ("*.toml", "studies/*.csv")
        for path in priors_root().rglob(kind)
        if path.name != "sources.toml"
    )
    assert {key for key in seed_priors.sources if not re.search(rf"\b{key}\b", text)} == set()


def test_excluded_names_what_exists(seed_priors: Priors) -> None:
    text = (priors_root() / "excluded.toml").read_text(encoding="utf-8")
    named = [
        name for line in re.findall(r"used_in = .*", text) for name in re.findall(r"\b[a-z]+\.[a-z0-9_.]+\b", line)
    ]
    known = {s.id for s in seed_priors.statements} | {
        "pathways.toml",
        "validation.toml",
        "riskmodel.decision.startback",
    }
    for file in ("pathways.toml", "validation.toml"):
        known |= set(re.findall(r'^id = "(.*)"', (priors_root() / file).read_text(encoding="utf-8"), re.MULTILINE))
    assert len(named) > 10
    assert [name for name in named if name not in known] == []
    for source in ("healthusias", "whitlock_2026", "clinical_note", "acibadem_2026", "general_medicine_2025"):
        assert f'source = "{source}"' in text


# ---- what the sources are --------------------------------------------------------------------------


def test_every_study_that_was_read_says_where(seed_priors: Priors) -> None:
    studies = [s for s in seed_priors.statements if s.basis == "study" and s.read != "no"]
    assert studies
    assert all(s.locator for s in studies)
    worked_back = [s for s in seed_priors.statements if s.counts]
    assert all(s.events is not None and s.basis == "study" for s in worked_back)


def test_the_page_counts_what_the_register_holds(seed_priors: Priors) -> None:
    statements = seed_priors.statements
    read = Counter(s.read for s in statements if s.basis == "study")
    page = " ".join((priors_root() / "README.md").read_text(encoding="utf-8").split())
    for sentence in (
        f"Of the {read.total()} statements from studies, {read['full_text']} were read in the full text",
        f"{read['abstract']} in an abstract, {read['second_hand']} second hand",
        f"and {read['no']} not at all: these were recalled",
        f"{sum(s.counts == 'worked_back' for s in statements)} counts were calculated back from rounded percentages",
        f"The other {sum(s.basis == 'assumption' for s in statements)} statements are assumptions of this project",
    ):
        assert sentence in page
    for source in ("whitlock_2026", "healthusias"):
        counted = sum(s.source == source for s in statements)
        assert re.search(rf"`{source}`.*\| {counted} \|", page)


def test_what_the_seed_documents_are_is_said() -> None:
    priors = load_priors("seeds")
    assert "not studies but a blog with reader comments (10 statements)" in seed_documents(priors)
    selected = [priors.statement(name) for name in priors.selected]
    assumptions = sum(statement.basis == "assumption" for statement in selected)
    assert how_read(selected).endswith(f"{assumptions} assumptions without a source")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "a blog with reader comments" in " ".join(readme[:2000].split())


@pytest.mark.parametrize(
    "numbers", ["value = 1e308\nlow = 1e-308\nhigh = 1.7e308", "value = 1e-3\nlow = 1e-308\nhigh = 9.9"]
)
@pytest.mark.filterwarnings("error")
def test_a_ratio_that_cannot_be_meant_is_refused_before_anything_is_divided(tmp_path: Path, numbers: str) -> None:
    text = f'extends = "seeds"\n[override."risk.infection.iv_drug_use"]\n{numbers}\n'
    with pytest.raises(PriorsError, match=r"override 'risk.infection.iv_drug_use', key 'low'.*a ratio from 1e-06"):
        load_priors(own_set(tmp_path, text))


def test_a_default_size_beyond_all_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriorsError, match=r"default_n\.study.*1000000000"):
        load_priors(own_set(tmp_path, 'extends = "seeds"\n[default_n]\nstudy = 10000000000\n'))


def test_no_shipped_number_is_near_a_limit() -> None:
    for name in ("seeds", "literature"):
        for statement in load_priors(name).statements:
            numbers = (statement.value, statement.low, statement.high, statement.n, statement.events, statement.level)
            assert not list(limit_faults(Numbers(statement.quantity, *numbers[:5], numbers[5])))


def test_a_number_that_is_tried_may_go_further_but_not_without_end() -> None:
    priors = load_priors("seeds")
    tried = {"value": 1e7, "low": 1e6, "high": 1e8}
    assert with_overrides(priors, {"risk.infection.iv_drug_use": tried}).statement("risk.infection.iv_drug_use")
    with pytest.raises(PriorsError, match="a ratio from 1e-12"):
        with_overrides(priors, {"risk.infection.iv_drug_use": {"value": 1e308, "low": 1e-308, "high": 1.7e308}})
