"""A policy file that is put into the folder is found by itself: no list of policies stands in code."""

import shutil

import pytest

import riskmodel as rm
from riskmodel.cli.values import Shipped
from riskmodel.decision.reading.load import policy_names
from riskmodel.evidence.reading import files
from riskmodel.report.check.check import policy_lines
from riskmodel.report.sensitivity import spec
from riskmodel.sensitivity import pathways
from tests.support.paths import ROOT

DOCUMENTS = ["consensus", "healthusias", "whitlock_2026", "clinical_note", "acibadem_2026", "general_medicine_2025"]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> rm.Model:
    """A model of a priors folder with a seventh policy."""
    root = tmp_path_factory.mktemp("with_seventh") / "priors"
    shutil.copytree(ROOT / "priors", root)
    text = (root / "policies" / "consensus.toml").read_text(encoding="utf-8")
    (root / "policies" / "a_seventh.toml").write_text(text, encoding="utf-8")
    return rm.load(root=root)


def test_policies_stand_in_the_order_of_the_documents(model):
    sources = model.priors.sources
    names = list(policy_names(model.root, sources))
    assert [name for name in names if name in DOCUMENTS] == DOCUMENTS
    assert names[0] == "a_seventh"  # whose sources are no document's
    assert set(names) - {"a_seventh"} == {path.stem for path in (ROOT / "priors" / "policies").glob("*.toml")}


@pytest.mark.slow
def test_a_seventh_policy_is_followed_and_checked(model):
    table = pathways(model, people=50, draws=0, settings=["emergency"])
    assert set(table["policy"]) >= {"a_seventh", *DOCUMENTS}
    lines = "\n".join(policy_lines(model, 50, 0))
    assert all(name in lines for name in ("a_seventh", *DOCUMENTS))


def test_a_seventh_policy_stands_in_the_default_report_and_is_completed(model, monkeypatch):
    for module in (files, spec):
        monkeypatch.setattr(module, "priors_root", lambda: model.root)
    policies = spec.default_spec().policies
    assert policies[0] == "consensus"
    assert set(policies) >= {"a_seventh", *DOCUMENTS}
    completed = Shipped("policies").shell_complete(None, None, "")  # type: ignore[arg-type]
    assert {"a_seventh", *DOCUMENTS} <= {item.value for item in completed}
