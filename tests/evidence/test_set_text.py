"""What is written as a set is loaded again as it was: numbers, sources, studies, fits."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

import riskmodel as rm
from riskmodel.errors import PriorsError, UsageError
from riskmodel.evidence.digests import digest_of_priors
from riskmodel.evidence.load import with_overrides
from riskmodel.evidence.origin import CitedSource, Fit, Informed, StudyBehind
from riskmodel.model import Model

SOURCES = {"smith_2024": {"title": 'Smith A. "Spine" 2024;1:1', "kind": "study", "year": 2024}}
STUDIES = [
    {"study": "Smith 2024", "source": "smith_2024", "locator": "table 2", "events": 12, "n": 20, "read": "full_text"},
    {"study": "Jones 1999", "source": "smith_2024", "locator": "page 3", "events": 8, "n": 20, "setting": "emergency"},
]
FEVER = {
    "id": "smith.fever", "quantity": "probability", "of": "fever=present", "given": "infection=present alone",
    "value": 0.5, "low": 0.3, "high": 0.7, "basis": "study", "source": "smith_2024", "locator": "2 studies",
    "read": "full_text", "note": "it's a note", "studies": STUDIES,
}  # fmt: skip
FIT = Informed("tables", 30, 0.25, "synthesis", (0.5, 0.3, 0.7), (("henschke_2009", 0.8),))
TABLES = CitedSource("tables", "Fit", "synthesis", fit=Fit("2026-11-22", "0.1.0", "sha256:00", "a 'b'", "synthesis"))


def without_file(model: Model) -> list[object]:
    return [replace(statement, file="") for statement in model.priors.statements]


@pytest.mark.parametrize("start", ["seeds", "literature"])
def test_a_changed_model_is_loaded_as_it_was(start: str, request, tmp_path):
    model = request.getfixturevalue(start).with_statements([FEVER], SOURCES)
    model = model.with_statement("find.fever.none", value=0.07).with_statement("find.mri.none", n=40)
    numbers = {"value": 0.55, "low": 0.4, "high": 0.7, "informed": [FIT.as_table()]}
    fitted = replace(model, priors=with_overrides(model.priors, {"smith.fever": numbers}, {"tables": TABLES}))
    for changed in (model, fitted):
        again = rm.load(changed.write(tmp_path / "set.toml", 'Our\'s "own"'))
        assert without_file(again) == without_file(changed)
        assert again.priors.selected == changed.priors.selected
        assert again.priors.sources == changed.priors.sources
        assert digest_of_priors(again.priors) == digest_of_priors(changed.priors)
    assert again.statement("smith.fever").informed == (FIT,)
    assert again.statement("smith.fever").studies[0] == StudyBehind(**STUDIES[0])
    second = again.write(tmp_path / "second.toml")
    assert tomllib.loads(second.read_text())["extends"] == "set.toml"
    assert "statement" not in tomllib.loads(second.read_text())
    with pytest.raises(UsageError, match="write to another file"):
        again.write(tmp_path / "set.toml")


def test_a_statement_of_another_source_gets_an_id_of_its_own(seeds: Model, tmp_path):
    changed = seeds.with_statements([], SOURCES).with_statement(
        "find.fever.infection", source="smith_2024", basis="study", locator="table 3", events=11, n=40, read="abstract"
    )
    again = rm.load(changed.write(tmp_path / "set.toml"))
    statement = again.statement("find.fever.infection.smith_2024")
    assert (statement.events, statement.n, statement.locator) == (11, 40, "table 3")
    assert "find.fever.infection" not in again.priors.selected
    case = {"fever": "yes"}
    first, second = (model.posterior(case, setting="emergency").to_numpy() for model in (changed, again))
    assert (first == second).all()


def test_the_studies_of_a_number_change_no_hash(seeds: Model):
    plain = {key: value for key, value in FEVER.items() if key != "studies"}
    first, second = (seeds.with_statements([table], SOURCES) for table in (plain, FEVER))
    assert first.scoring.model_hash == second.scoring.model_hash != seeds.scoring.model_hash


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"source": "smit_2024"}, "key 'studies': unknown source 'smit_2024'.*mean 'smith_2024'"),
        ({"events": 21}, r"studies\.0.*events up to n"),
        ({"n": 0}, r"studies\.0\.n.*received 0"),
        ({"locater": "x"}, "unknown key 'locater'.*mean 'locator'"),
    ],
)
def test_a_broken_study_is_reported(seeds: Model, study: dict[str, object], message: str):
    with pytest.raises(PriorsError, match=f"(?s)statement 'smith.fever'.*{message}"):
        seeds.with_statements([{**FEVER, "studies": [{**STUDIES[0], **study}]}], SOURCES)
