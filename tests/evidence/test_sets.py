"""Which statements a prior set selects, and what a set of one's own changes."""

from __future__ import annotations

import doctest
import re
from collections import Counter
from pathlib import Path

import pytest

from riskmodel.errors import PriorsError
from riskmodel.evidence.load import load_priors, priors_root, with_overrides
from riskmodel.evidence.reading.sets import parameter
from riskmodel.evidence.records import Priors, Statement
from tests.support.own_set import own_set

SETS = ["seeds", "literature", "synthesis"]


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


IN_NEITHER = {
    "find.rest_pain.malignancy",  # of cancers that were recognised
    "find.spinal_tenderness.infection",  # of people who lay in hospital with the diagnosis made
    "test.crp.from_10_to_50.infection",  # a value between the two sources is pinned
    "test.crp.from_10_to_50.infection.study",
    "test.crp.over_50.infection",
    "test.crp.over_50.infection.study",
    "find.xray.inflammatory",
    "find.mri.inflammatory",
    "find.ct.nerve_compression",
}


def unselected(priors: Priors) -> set[str]:
    """What the set does not use, but for assumptions that a study has replaced."""
    studied = {s.id.removesuffix(".study") for s in priors.statements if s.id in priors.selected and s.basis == "study"}
    return {
        s.id
        for s in priors.statements
        if s.id not in priors.selected
        and s.quantity != "recorded"  # of recording profiles that are not in use
        and not s.is_audit
        and not (s.basis == "assumption" and s.id in studied)
    }


def test_seeds_prefers_the_seed_documents(seed_priors: Priors) -> None:
    assert seed_priors.prior_set.reference_setting == "as_reported"
    assert unselected(seed_priors) == IN_NEITHER | {
        "find.fever.infection.study",
        "risk.malignancy.cancer_history.lr",
        "risk.fracture.age50_69",  # the seed's own strata give the gradient
        "risk.fracture.age70",
        "find.bladder_scan.cauda_equina",  # left out: an accuracy is no sensitivity
        "test.bladder_scan.fpr.study",
        "test.xray_fracture.fracture.study",
        "test.ct_fracture.fracture.study",
        "test.xray_fracture.fracture.over_65",  # left out: the seed's figure is for everybody over 50
        "test.xray_fracture.fracture.women_over_70",
    }


def test_literature_prefers_studies_and_pins_the_age_gradient(study_priors: Priors) -> None:
    assert study_priors.prior_set.reference_setting == "primary_care"
    assert unselected(study_priors) == IN_NEITHER | {
        "find.fever.infection",
        "risk.malignancy.cancer_history",
        "find.bladder_scan.cauda_equina",
        "find.bladder_scan.cauda_equina_mimic",
        "find.xray_fracture.fracture",
        "find.ct_fracture.fracture",
        "test.xray_fracture.fracture.older",  # left out
        "test.xray_fracture.fracture.women_over_70",  # pooled into the other study of the old
    }
    # the strata still hold in their own setting
    assert "base.fracture.from_70.as_reported" in study_priors.selected


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


def differences(first: Priors, second: Priors) -> list[Statement]:
    return [s for s in second.statements if s not in first.statements]


# ---- sets of one's own -----------------------------------------------------------------------------


def test_own_set_changes_one_number_only(tmp_path: Path, seed_priors: Priors) -> None:
    path = own_set(tmp_path, 'extends = "seeds"\n[override."find.fever.none"]\nvalue = 0.08\n')
    mine = load_priors(path)
    (changed,) = differences(seed_priors, mine)
    assert (changed.id, changed.value) == ("find.fever.none", 0.08)
    assert mine.selected == seed_priors.selected
    assert mine.variables == seed_priors.variables
    assert mine.prior_set.name == "mine"
    assert mine.digest != seed_priors.digest


def test_own_set_with_statements_and_sources(tmp_path: Path, seed_priors: Priors) -> None:
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


def test_with_overrides_equals_a_set(tmp_path: Path, seed_priors: Priors) -> None:
    changed = with_overrides(seed_priors, {"find.fever.none": {"value": 0.08}})
    path = own_set(tmp_path, 'extends = "seeds"\n[override."find.fever.none"]\nvalue = 0.08\n')
    assert changed.statements == load_priors(path).statements
    assert seed_priors.statement("find.fever.none").value == 0.05
    assert changed.digest != seed_priors.digest


@pytest.mark.parametrize(
    ("overrides", "fragment"),
    [
        ({"find.fever.non": {"value": 0.1}}, "did you mean 'find.fever.none'?"),
        ({"find.fever.none": {"value": 1.1}}, "a probability in [0, 1]"),
        ({"find.fever.none": {"valu": 0.1}}, "did you mean 'value'?"),
        ({"mix.age.under_18.as_reported": {"value": 0.5}}, "sum to 1.47; a sum of 1"),
    ],
)
def test_with_overrides_refuses(seed_priors: Priors, overrides: dict[str, dict[str, float]], fragment: str) -> None:
    with pytest.raises(PriorsError) as caught:
        with_overrides(seed_priors, overrides)
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
