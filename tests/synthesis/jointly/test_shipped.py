"""The shipped set `synthesis`: what its command writes, and what it says of itself."""

import tomllib

import pytest

import riskmodel as rm
from riskmodel.evidence.load import load_priors, priors_root
from riskmodel.evidence.scale import scale_of
from riskmodel.synthesis.jointly.fit import synthesise_jointly
from riskmodel.synthesis.jointly.tables import sort_tables
from riskmodel.validation import validate
from riskmodel.validation.load import load_published

FILE = priors_root() / "sets" / "synthesis.toml"
SOURCE = "published_tables"


def test_its_header_is_of_the_tables_that_are_there(literature):
    fit = tomllib.loads(FILE.read_text(encoding="utf-8"))["sources"][SOURCE]["fit"]
    taken = sort_tables(literature.priors, load_published(literature.priors, literature.root).rows)
    assert fit["tables_hash"] == taken.digest(), "write the set again with the command of its header"
    assert fit["command"].startswith("riskmodel synthesise --jointly --priors literature -o ")


def test_tables_of_the_fit_are_named_by_the_statements_that_they_told(literature):
    taken = sort_tables(literature.priors, load_published(literature.priors, literature.root).rows)
    informed = [step for s in load_priors("synthesis").statements for step in s.informed]
    named = {name for step in informed for name, _ in step.tables}
    assert {row.source for row in taken.fitted} - named == {"todd_2022"}, "it lies so far out that it tells nothing"
    assert named <= {row.source for row in taken.fitted}
    assert {step.kind for step in informed} == {"synthesis"}


def test_tables_of_the_fit_are_no_test_of_it():
    answers = validate(rm.load("synthesis"), draws=20).answers
    fitted = {"fever.infection.inpatients", "malignancy.walk_in", "infection.emergency.finland"}
    assert all(answered.used for answered in answers if answered.row.id in fitted)


@pytest.mark.slow
def test_it_is_what_its_command_writes(literature):
    shipped = load_priors("synthesis")
    joint = synthesise_jointly(literature)
    moved = [s for s in joint.model.priors.statements if s.informed]
    assert [s.id for s in moved] == [s.id for s in shipped.statements if s.informed]
    for statement in moved:
        other, scale = shipped.statement(statement.id), scale_of(statement)
        width = scale.to(statement.high) - scale.to(statement.low)
        for end in ("value", "low", "high"):
            away = scale.to(getattr(other, end)) - scale.to(getattr(statement, end))
            assert abs(away) < 0.01 * width, (statement.id, end)
