"""Priors are loaded from files and from a part of a text."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from riskmodel.errors import PriorsError
from riskmodel.evidence.load import load_priors, priors_digest, priors_root
from riskmodel.evidence.records import Priors
from tests.support.own_set import own_set
from tests.support.paths import DATA


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


def test_digest(seed_priors: Priors, study_priors: Priors, tmp_path: Path) -> None:
    assert priors_digest("seeds") == seed_priors.digest
    assert seed_priors.digest != study_priors.digest
    copied = Path(shutil.copytree(priors_root(), tmp_path / "elsewhere"))
    assert priors_digest("seeds", copied) == seed_priors.digest
    assert priors_digest(copied / "sets" / "seeds.toml", copied) == seed_priors.digest
    (copied / "evidence" / "more.toml").touch()
    assert priors_digest("seeds", copied) != seed_priors.digest


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


def test_given_is_parsed(seed_priors: Priors) -> None:
    older = seed_priors.statement("test.xray_fracture.fracture.older").given
    assert [str(event) for event in older.events] == [
        "fracture=present alone",
        "age=from_50_to_69 or from_70",
    ]
    ratio = seed_priors.statement("risk.malignancy.cancer_history").given
    assert str(ratio.events[0]) == "cancer_history=other_primary or spine_seeking_primary"
    assert ratio.versus is not None
    assert str(ratio.versus) == "cancer_history=none"
    leak = seed_priors.statement("find.failed_conservative_care.none.spine_clinic").given
    assert leak.none
    assert str(leak.events[0]) == "setting=spine_clinic"
    assert seed_priors.statement("cause.cauda_equina.leak_share").given.no_listed_cause
