"""Statements of other studies in place of what a model holds."""

import pytest

from riskmodel.errors import PriorsError
from riskmodel.model import Model

SMITH = {"smith_2024": {"title": "Smith A. Spine 2024;1:1", "kind": "study", "year": 2024}}
FEVER = {
    "id": "smith.fever", "quantity": "probability", "of": "fever=present", "given": "infection=present alone",
    "value": 0.5, "events": 20, "n": 40, "basis": "study", "source": "smith_2024", "locator": "table 2",
    "read": "full_text",
}  # fmt: skip


def infection(model: Model) -> float:
    return float(model.posterior({"fever": "yes"}, setting="emergency").loc[0, "infection"])


def test_a_study_goes_in_place_of_what_states_the_same(seeds: Model):
    model = seeds.with_statements([FEVER], SMITH)
    assert "find.fever.infection" in seeds.priors.selected
    assert "find.fever.infection" not in model.priors.selected
    assert set(model.priors.selected) - set(seeds.priors.selected) == {"smith.fever"}
    assert infection(model) == pytest.approx(infection(seeds.with_statement("find.fever.infection", value=0.5)))
    assert model.priors.digest != seeds.priors.digest
    assert model.statement("smith.fever").n == 40


def test_a_statement_is_replaced_by_a_study_and_cited(seeds: Model):
    cited = seeds.with_statements([], SMITH).with_statement(
        "find.fever.infection", source="smith_2024", basis="study", locator="table 3", events=11, n=40, read="abstract"
    )
    statement = cited.statement("find.fever.infection")
    assert (statement.value, statement.events, statement.n, statement.low) == (0.275, 11, 40, None)
    assert (statement.basis, statement.source, statement.locator, statement.read) == (
        "study", "smith_2024", "table 3", "abstract",
    )  # fmt: skip
    assert [s.id for s in cited.priors.statements] == [s.id for s in seeds.priors.statements]
    assert infection(cited) == pytest.approx(infection(seeds.with_statement("find.fever.infection", value=0.275)))


def test_a_recording_profile_goes_before_or_after(seeds: Model):
    before = seeds.with_recording("chart").with_statements([FEVER], SMITH)
    after = seeds.with_statements([FEVER], SMITH).with_recording("chart")
    assert infection(before) == pytest.approx(infection(after), abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": "feverr=present"}, "did you mean 'fever'"),
        ({"source": "smit_2024"}, "did you mean 'smith_2024'"),
        (
            {"given": "infection=present; malignancy=present"},
            "for fever, which conditions cause; given none, one condition",
        ),
        ({"events": 50}, "allowed: 0 <= events <= n"),
        ({"id": "find.fever.infection"}, "duplicate id 'find.fever.infection'"),
        ({"locatr": "table 2"}, "did you mean 'locator'"),
    ],
)
def test_bad_statements_are_refused(seeds: Model, change: dict[str, object], message: str):
    with pytest.raises(PriorsError, match=message):
        seeds.with_statements([{**FEVER, **change}], SMITH)


def test_two_new_statements_of_one_parameter_are_refused(seeds: Model):
    with pytest.raises(PriorsError, match="state one parameter"):
        seeds.with_statements([FEVER, {**FEVER, "id": "again"}], SMITH)


def test_another_source_needs_a_basis(seeds: Model):
    with pytest.raises(PriorsError, match="key 'basis': missing"):
        seeds.with_statement("find.fever.infection", source="whitlock_2026", events=3, n=4)
    with pytest.raises(PriorsError, match=r"did you mean 'find\.fever\.infection'"):
        seeds.with_statement("find.fever.infectio", source="whitlock_2026", basis="seed", events=3, n=4)
