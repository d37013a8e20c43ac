"""What is shipped loads whole, and a set of one's own changes what it says and nothing else."""

from __future__ import annotations

import doctest
import math
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from riskmodel.errors import PriorsError
from riskmodel.evidence.limits import limit_faults
from riskmodel.evidence.load import load_priors, priors_digest, priors_root, with_overrides
from riskmodel.evidence.reading.sets import parameter
from riskmodel.evidence.reading.statements import Numbers
from riskmodel.report.sources import how_read, seed_documents
from tests.support.paths import DATA, ROOT

if TYPE_CHECKING:
    from riskmodel.report.sources import how_read, seed_documents
from riskmodel.evidence.records import Priors, Statement

SETS = ["seeds", "literature"]


@pytest.fixture(scope="module")
def seeds() -> Priors:
    return load_priors("seeds")


@pytest.fixture(scope="module")
def literature() -> Priors:
    return load_priors("literature")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "tiny", tmp_path / "tiny"))


def own_set(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# ---- the register ----------------------------------------------------------------------------------


def test_every_row_of_the_register(seeds: Priors) -> None:
    assert len(seeds.statements) == 277
    assert Counter(s.basis for s in seeds.statements) == {"assumption": 209, "study": 56, "seed": 12}
    assert Counter(s.quantity for s in seeds.statements) == {
        "probability": 246,
        "adjusted_odds_ratio": 17,
        "relative_weight": 4,
        "risk_ratio": 2,
        "odds_ratio": 1,
        "likelihood_ratio_positive": 1,
        "share": 1,
        "dependence": 5,
    }
    assert Counter(s.file.removeprefix("evidence/") for s in seeds.statements) == {
        "base_rates.toml": 31,
        "cauda_equina_causes.toml": 5,
        "dependence.toml": 5,
        "findings.toml": 104,
        "population_mix.toml": 61,
        "risk_factors.toml": 25,
        "tests.toml": 46,
    }
    assert sum(s.is_audit for s in seeds.statements) == 6


def test_seed_figures(seeds: Priors) -> None:
    """The figures of the seed documents, as they state them."""
    values = {s.id: s.value for s in seeds.statements if s.basis == "seed"}
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
        "find.xray.fracture": 0.67,
        "test.xray.fracture.older": 0.64,
        "find.ct.fracture": 0.98,
    }
    assert math.isclose(math.sqrt(6.4 * 15.3), 9.9, abs_tol=0.005)


def test_claims_of_trust(seeds: Priors) -> None:
    for statement in seeds.statements:
        assert statement.locator or statement.basis != "seed", statement.id
        assert not (statement.basis == "assumption" and statement.read != "no"), statement.id
    from_memory = {s.source for s in seeds.statements if s.basis == "study" and s.read == "no"}
    assert "premkumar_2018" in from_memory


def test_sources(seeds: Priors) -> None:
    kinds = Counter(source.kind for source in seeds.sources.values())
    assert kinds["seed"] == 5
    assert kinds["assumption"] == 1
    assert {s.source for s in seeds.statements} <= set(seeds.sources)
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in priors_root().rglob("*.toml") if path.name != "sources.toml"
    )
    assert {key for key in seeds.sources if not re.search(rf"\b{key}\b", text)} == set()


def test_excluded_names_what_exists(seeds: Priors) -> None:
    text = (priors_root() / "excluded.toml").read_text(encoding="utf-8")
    named = [
        name for line in re.findall(r"used_in = .*", text) for name in re.findall(r"\b[a-z]+\.[a-z0-9_.]+\b", line)
    ]
    known = {s.id for s in seeds.statements} | {"pathways.toml", "riskmodel.decision.startback"}
    known |= set(
        re.findall(r'^id = "(.*)"', (priors_root() / "pathways.toml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert len(named) > 10
    assert [name for name in named if name not in known] == []
    for source in ("healthusias", "whitlock_2026", "clinical_note", "acibadem_2026", "general_medicine_2025"):
        assert f'source = "{source}"' in text


# ---- selection -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_one_statement_for_each_parameter(name: str) -> None:
    priors = load_priors(name)
    chosen = [priors.statement(identifier) for identifier in priors.selected]
    counts = Counter(parameter(s) for s in chosen)
    assert set(counts.values()) == {1}
    order = [s.id for s in priors.statements]
    assert list(priors.selected) == sorted(priors.selected, key=order.index)
    assert not any(s.is_audit for s in chosen)


def unselected(priors: Priors) -> set[str]:
    return {s.id for s in priors.statements if s.id not in priors.selected and not s.is_audit}


def test_seeds_prefers_the_seed_documents(seeds: Priors) -> None:
    assert seeds.prior_set.reference_setting == "as_reported"
    assert unselected(seeds) == {
        "find.fever.infection.study",
        "risk.malignancy.cancer_history.lr",
        "risk.fracture.age50_69",  # the seed's own strata give the gradient
        "risk.fracture.age70",
        "test.bladder_scan.sens.study",
        "test.bladder_scan.fpr.study",
        "test.xray.fracture.study",
        "test.ct.fracture.study",
    }


def test_literature_prefers_studies_and_pins_the_age_gradient(literature: Priors) -> None:
    assert literature.prior_set.reference_setting == "primary_care"
    assert unselected(literature) == {
        "find.fever.infection",
        "risk.malignancy.cancer_history",
        "find.bladder_scan.cauda_equina",
        "find.bladder_scan.cauda_equina_mimic",
        "find.xray.fracture",
        "find.ct.fracture",
        "test.xray.fracture.older",  # left out
    }
    # the strata still hold in their own setting
    assert "base.fracture.from_70.as_reported" in literature.selected


@pytest.mark.parametrize(
    ("extra", "selected"),
    [
        ("", ["base.fracture.young.here", "base.fracture.old.here"]),
        (
            'pin = ["risk.fracture.age"]',
            ["base.fracture.young.here", "base.fracture.old.here", "risk.fracture.age"],
        ),
        ('leave_out = ["risk.fracture.age"]', ["base.fracture.young.here", "base.fracture.old.here"]),
    ],
)
def test_gradient_is_one_parameter(tiny: Path, extra: str, selected: list[str]) -> None:
    priors = load_priors(own_set(tiny, f'extends = "seeds"\n{extra}\n'), tiny)
    assert [s for s in priors.selected if "fracture" in s and s.startswith(("base", "risk"))] == [
        *selected[:2],
        "base.fracture.there",
        *selected[2:],
    ]


def test_gradient_without_strata_is_taken(tiny: Path) -> None:
    text = (
        'extends = "seeds"\n'
        'leave_out = ["base.fracture.young.here", "base.fracture.old.here"]\n'
        '[[statement]]\nid = "base.fracture.here"\nquantity = "probability"\nof = "fracture=present"\n'
        'given = "setting=here"\nvalue = 0.2\nbasis = "assumption"\nsource = "assumption"\nread = "no"\n'
    )
    assert "risk.fracture.age" in load_priors(own_set(tiny, text), tiny).selected


# ---- sets of one's own -----------------------------------------------------------------------------


def differences(first: Priors, second: Priors) -> list[Statement]:
    return [s for s in second.statements if s not in first.statements]


def test_own_set_changes_one_number_only(tmp_path: Path, seeds: Priors) -> None:
    path = own_set(tmp_path, 'extends = "seeds"\n[override."find.fever.none"]\nvalue = 0.08\n')
    mine = load_priors(path)
    (changed,) = differences(seeds, mine)
    assert (changed.id, changed.value) == ("find.fever.none", 0.08)
    assert mine.selected == seeds.selected
    assert mine.variables == seeds.variables
    assert mine.prior_set.name == "mine"
    assert mine.digest != seeds.digest


def test_own_set_with_statements_and_sources(tmp_path: Path, seeds: Priors) -> None:
    text = """
extends = "literature"
pin = ["clinic.fever"]

[sources.clinic_2025]
title = "Our clinic, 2025"
kind = "data"

[[statement]]
id = "clinic.fever"
quantity = "probability"
of = "fever=present"
given = "infection=present alone"
value = 0.45
events = 9
n = 20
basis = "study"
source = "clinic_2025"
locator = "table 1"
read = "full_text"
"""
    mine = load_priors(own_set(tmp_path, text))
    assert "clinic.fever" in mine.selected
    assert "find.fever.infection.study" not in mine.selected
    assert mine.sources["clinic_2025"].kind == "data"
    assert mine.statement("clinic.fever").file == str(tmp_path / "mine.toml")


def test_own_set_extends_a_file_beside_it(tmp_path: Path) -> None:
    own_set(tmp_path, 'extends = "seeds"\n[default_n]\nseed = 500\n', "base.toml")
    own_set(tmp_path, 'extends = "base.toml"\nreference_setting = "emergency"\n[default_n]\nstudy = 7\n')
    mine = load_priors(str(tmp_path / "mine.toml"))
    assert mine.prior_set.default_n == {"seed": 500, "study": 7, "assumption": 10}
    assert mine.prior_set.reference_setting == "emergency"
    assert mine.prior_set.prefer == ("seed", "study", "assumption")


def test_the_later_set_of_a_chain_wins(tmp_path: Path, tiny: Path) -> None:
    own_set(
        tiny,
        'extends = "seeds"\npin = ["find.fever.infection.study"]\nleave_out = ["find.fever.none.there"]',
        "a.toml",
    )
    text = 'extends = "a.toml"\npin = ["find.fever.infection", "find.fever.none.there"]'
    priors = load_priors(own_set(tiny, text, "b.toml"), tiny)
    assert "find.fever.infection" in priors.selected
    assert "find.fever.infection.study" not in priors.selected
    assert "find.fever.none.there" in priors.selected
    assert priors.prior_set.leave_out == ()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"value": 0.5}, (0.5, 0.35, 0.7, None)),
        ({"value": 0.2, "low": 0.1, "high": 0.3}, (0.2, 0.1, 0.3, None)),
        ({"n": 40}, (0.55, None, None, 40)),
        ({"low": 0.5}, (0.55, 0.5, 0.7, None)),
    ],
)
def test_override_keeps_one_way_of_saying_how_sure(
    tiny: Path, numbers: dict[str, float], expected: tuple[float | None, ...]
) -> None:
    lines = "\n".join(f"{key} = {value}" for key, value in numbers.items())
    path = own_set(tiny, f'extends = "studies"\n[override."find.fever.infection.study"]\n{lines}\n')
    changed = load_priors(path, tiny).statement("find.fever.infection.study")
    assert (changed.value, changed.low, changed.high, changed.n) == expected


def test_override_forgets_the_events_of_the_old_value(tiny: Path) -> None:
    path = own_set(tiny, 'extends = "seeds"\n[override."base.infection.there"]\nvalue = 0.005\n')
    changed = load_priors(path, tiny).statement("base.infection.there")
    assert (changed.value, changed.events, changed.n) == (0.005, None, 1000)


def test_with_overrides_equals_a_set(tmp_path: Path, seeds: Priors) -> None:
    changed = with_overrides(seeds, {"find.fever.none": {"value": 0.08}})
    path = own_set(tmp_path, 'extends = "seeds"\n[override."find.fever.none"]\nvalue = 0.08\n')
    assert changed.statements == load_priors(path).statements
    assert seeds.statement("find.fever.none").value == 0.05
    assert changed.digest != seeds.digest


@pytest.mark.parametrize(
    ("overrides", "fragment"),
    [
        ({"find.fever.non": {"value": 0.1}}, "did you mean 'find.fever.none'?"),
        ({"find.fever.none": {"value": 1.1}}, "a probability in [0, 1]"),
        ({"find.fever.none": {"valu": 0.1}}, "did you mean 'value'?"),
        ({"mix.age.under_18.as_reported": {"value": 0.5}}, "sum to 1.47; a sum of 1"),
    ],
)
def test_with_overrides_refuses(seeds: Priors, overrides: dict[str, dict[str, float]], fragment: str) -> None:
    with pytest.raises(PriorsError) as caught:
        with_overrides(seeds, overrides)
    assert fragment in str(caught.value)


def test_worked_example_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every TOML block that begins with a file's name is written, every Python block is run."""
    monkeypatch.chdir(tmp_path)
    readme = (priors_root() / "README.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner()
    examples = 0
    for language, block in re.findall(r"^```(toml|python)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL):
        name = re.match(r"# (\S+\.toml)\n", block)
        if language == "toml" and name:
            own_set(tmp_path, block, name[1])
        elif language == "python":
            test = doctest.DocTestParser().get_doctest(block, names, "README.md", "README.md", 0)
            examples += len(test.examples)
            runner.run(test, clear_globs=False)
            names.update(test.globs)
    assert examples >= 4
    assert runner.failures == 0


# ---- files -----------------------------------------------------------------------------------------


def test_another_network_in_the_same_form() -> None:
    plain = load_priors("seeds", DATA / "plain")
    assert [v.name for v in plain.variables] == ["rain", "sprinkler", "grass"]
    assert len(plain.selected) == 7
    assert plain.prior_set.reference_setting == ""


def test_a_setting_needs_a_reference_only_where_there_is_one(tmp_path: Path) -> None:
    root = Path(shutil.copytree(DATA / "plain", tmp_path / "plain"))
    own_set(root / "sets", 'extends = "seeds"\nreference_setting = "here"\n', "odd.toml")
    with pytest.raises(PriorsError, match="the network has no variable 'setting'"):
        load_priors("odd", root)


def test_digest(seeds: Priors, literature: Priors, tmp_path: Path) -> None:
    assert priors_digest("seeds") == seeds.digest
    assert seeds.digest != literature.digest
    copied = Path(shutil.copytree(priors_root(), tmp_path / "elsewhere"))
    assert priors_digest("seeds", copied) == seeds.digest
    assert priors_digest(copied / "sets" / "seeds.toml", copied) == seeds.digest
    (copied / "evidence" / "more.toml").touch()
    assert priors_digest("seeds", copied) != seeds.digest


def test_digest_loads_no_pydantic() -> None:
    code = "import sys, riskmodel.evidence.load as it; it.priors_digest(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_digest_of_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PriorsError) as caught:
        priors_digest("seeds", tmp_path)
    assert [problem.file for problem in caught.value.problems] == [
        "network.toml",
        "evidence",
        "the prior set that was asked for",
    ]
    with pytest.raises(PriorsError, match=r"network\.toml: cannot be read"):
        load_priors("seeds", tmp_path)


def test_shipped_root_lies_in_the_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "riskmodel"
    (package / "priors").mkdir(parents=True)
    (package / "priors" / "network.toml").touch()
    monkeypatch.setattr("riskmodel.evidence.reading.files.__file__", str(package / "evidence" / "reading" / "files.py"))
    assert priors_root() == package / "priors"
    (package / "priors" / "network.toml").unlink()
    with pytest.raises(PriorsError, match="install the package again"):
        priors_root()


def test_given_is_parsed(seeds: Priors) -> None:
    older = seeds.statement("test.xray.fracture.older").given
    assert [str(event) for event in older.events] == [
        "fracture=present alone",
        "age=from_50_to_69 or from_70",
    ]
    ratio = seeds.statement("risk.malignancy.cancer_history").given
    assert str(ratio.events[0]) == "cancer_history=other_primary or spine_seeking_primary"
    assert ratio.versus is not None
    assert str(ratio.versus) == "cancer_history=none"
    leak = seeds.statement("find.failed_conservative_care.none.spine_clinic").given
    assert leak.none
    assert str(leak.events[0]) == "setting=spine_clinic"
    assert seeds.statement("cause.cauda_equina.leak_share").given.no_listed_cause


# ---- what the sources are --------------------------------------------------------------------------


def test_every_study_that_was_read_says_where(seeds: Priors) -> None:
    studies = [s for s in seeds.statements if s.basis == "study" and s.read != "no"]
    assert len(studies) == 31
    assert all(s.locator for s in studies)
    worked_back = [s for s in seeds.statements if s.counts]
    assert len(worked_back) == 11
    assert all(s.events is not None and s.basis == "study" for s in worked_back)


def test_what_the_seed_documents_are_is_said() -> None:
    priors = load_priors("seeds")
    assert "not studies but a blog with reader comments (11 statements)" in seed_documents(priors)
    said = how_read(priors.statement(name) for name in priors.selected)
    assert said.startswith("12 read in full text, 18 read as an abstract, 3 read second hand")
    assert said.endswith("206 assumptions without a source")
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
