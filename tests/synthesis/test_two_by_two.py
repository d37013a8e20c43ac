"""The statements that a two-by-two table supports."""

import pytest

import riskmodel as rm
from riskmodel.errors import StudiesError
from riskmodel.model import Model
from riskmodel.network.coherence import audit

ABOUT = {"of": "fever=present", "given": "infection=present", "source": "smith_2024", "locator": "table 2"}


def test_where_others_were_excluded_both_shares_drive_a_table(seeds: Model):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A. Spine 2024;1:1", year=2024, others="excluded")
    assert [(s["given"], s["events"], s["n"]) for s in study.statements] == [
        ("infection=present alone", 20, 40),
        ("none", 30, 360),
    ]
    model = seeds.with_statements(study.statements, study.sources)
    new = set(model.priors.selected) - set(seeds.priors.selected)
    assert new == {"smith_2024.fever.infection.alone", "smith_2024.fever.infection.none"}
    assert set(seeds.priors.selected) - set(model.priors.selected) == {"find.fever.infection", "find.fever.none"}


def test_otherwise_they_are_compared_and_the_reason_is_given(seeds: Model):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A", setting="emergency", design="cohort")
    model = seeds.with_statements(study.statements, study.sources)
    assert set(model.priors.selected) - set(seeds.priors.selected) == {"smith_2024.infection.emergency"}
    assert model.statement("smith_2024.infection.emergency").value == 0.1
    assert model.statement("smith_2024.fever.infection.absent").given_text == "infection=absent; setting=emergency"
    audited = {item.statement.id: item for item in audit(model.priors, model.tables, model.tables)}
    shares = [audited[f"smith_2024.fever.infection.{group}"] for group in ("present", "absent")]
    assert [item.role for item in shares] == ["audit", "audit"]
    assert 0.5 < shares[0].implied < 0.8  # the network's own answer, to be laid beside 20 of 40
    assert shares[1].implied < 0.2
    assert 'others="excluded"' in study.refused[0]
    assert len(study.refused) == 1


@pytest.mark.parametrize(("design", "why"), [("two_gate", "two_gate, not a cohort"), ("", "not stated")])
def test_only_a_cohort_has_a_base_rate(design, why):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, design=design, setting="emergency")
    assert len(study.statements) == 2
    assert why in study.refused[1]


def test_the_text_is_a_set(seeds: Model, tmp_path):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A. Spine 2024;1:1", others="excluded")
    file = tmp_path / "smith.toml"
    file.write_text('extends = "seeds"\n' + study.toml(), encoding="utf-8")
    in_python, in_a_set = seeds.with_statements(study.statements, study.sources), rm.load(file)
    case = {"fever": "yes", "night_pain": "yes"}
    first, second = (m.posterior(case, setting="emergency").to_numpy() for m in (in_python, in_a_set))
    assert (first == second).all()


def test_a_share_of_nearly_one_is_not_rounded_to_one():
    study = rm.from_2x2(99_999, 0, 1, 50, **ABOUT)
    assert [statement["value"] for statement in study.statements] == [0.99999, 0.0]


def test_all_problems_at_once():
    with pytest.raises(StudiesError) as error:
        rm.from_2x2(-1, 2.5, 0, 0, **{**ABOUT, "of": "fever"}, others="no")
    assert len(error.value.problems) == 4
    with pytest.raises(StudiesError, match="nobody with the condition"):
        rm.from_2x2(0, 3, 0, 5, **ABOUT)
