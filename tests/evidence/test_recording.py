"""Recording profiles: which statement holds for which state, a profile of one's own, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from riskmodel.errors import PriorsError, UsageError
from riskmodel.evidence.digests import digest_of_priors
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.load import load_priors, recording_digest, with_overrides, with_recording
from riskmodel.evidence.recording import QUANTITY, blank_reading, heard, role_groups, used_rates
from riskmodel.evidence.records import Priors
from riskmodel.model import load
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.own_set import own_set

SHIPPED = ("positives_only", "chart", "form")
HEAD = 'title = "Ours"\nextends = "chart"\n'
FILE = "ours.toml"


@pytest.fixture(scope="module")
def priors() -> Priors:
    return load_priors("seeds")


def stated(of: str, value: float = 0.5, given: str = "ours", **more: object) -> str:
    """A statement of a profile's file."""
    name = "x." + "".join(letter if letter.isalnum() else "_" for letter in f"{of}_{given}")
    keys = {"id": name, "quantity": QUANTITY, "of": of, "given": given, "value": value,
            "basis": "assumption", "source": "assumption", "read": "no", **more}  # fmt: skip
    return "\n[[statement]]\n" + "".join(f"{key} = {value!r}\n" for key, value in keys.items())


def rates(priors: Priors, variable: str, setting: str = "primary_care") -> dict[str, float]:
    """How often each state of a variable is written down in a setting."""
    names = {v.name: v.states for v in priors.variables}
    found = next(each for each in used_rates(priors) if each.variable == variable)
    row = found.statements[found.settings.index(setting) if setting in found.settings else 0]
    return {state: priors.statement(name).value for state, name in zip(names[variable], row, strict=True)}


def test_the_shipped_profiles(priors: Priors) -> None:
    assert (priors.recording, tuple(priors.profiles)) == ("ignorable", SHIPPED)
    assert str(blank_reading(priors)).startswith("a blank says nothing")
    assert used_rates(priors) == ()
    chart = with_recording(priors, "chart")
    assert rates(chart, "fever") == {"absent": 0.4, "present": 0.9}
    assert rates(chart, "trauma") == {"none": 0.85, "minor": 0.85, "major": 0.85}
    assert rates(chart, "bladder_dysfunction") == {"absent": 0.72, "present": 0.9}
    groups = role_groups(priors.variables)
    assert len(used_rates(chart)) == len(groups["findings"]) + len(groups["risk_factors"]) == 27
    assert "27 findings and risk factors" in str(blank_reading(chart))
    for name in SHIPPED:  # what is there is written down rather than what is not, so that silence speaks against it
        for each in used_rates(with_recording(priors, name)):
            values = list(rates(with_recording(priors, name), each.variable).values())
            assert values[0] <= min(values[1:])


def test_only_the_statements_of_the_profile_in_use_drive(priors: Priors) -> None:
    recorded = [s.id for s in priors.statements if s.quantity == QUANTITY]
    assert len(recorded) >= 15
    assert not set(recorded) & set(priors.selected)
    for name in SHIPPED:
        used = with_recording(priors, name)
        added = [identifier for identifier in used.selected if identifier not in priors.selected]
        assert added
        assert all(identifier.startswith(f"recorded.{name}.") for identifier in added)
        assert [i for i in used.selected if i in priors.selected] == list(priors.selected)
        values = draw_values(used, 200, np.random.default_rng(1))
        assert values.shape == (200, len(used.selected))
        column = [s.id for s in used.selected_statements].index(added[0])
        statement = used.statement(added[0])
        assert values[0, column] == statement.value
        inside = (values[:, column] >= statement.low) & (values[:, column] <= statement.high)
        assert 0.9 < inside.mean() < 1


def test_the_digest_is_that_of_before_without_a_profile_and_another_under_each(priors: Priors) -> None:
    digests = {name: digest_of_priors(with_recording(priors, name)) for name in ("ignorable", *SHIPPED)}
    assert len(set(digests.values())) == 4
    without = tuple(s for s in priors.statements if s.quantity != QUANTITY)
    assert digests["ignorable"] == digest_of_priors(replace(priors, statements=without, profiles={}))
    chart = with_recording(priors, "chart")
    assert with_recording(with_recording(chart, "form"), "ignorable") == priors
    assert with_recording(chart, "chart") is chart
    changed = with_overrides(chart, {"recorded.chart.findings.absent": {"value": 0.3}})
    assert digest_of_priors(changed) != digests["chart"]
    unused = with_overrides(priors, {"recorded.chart.findings.absent": {"value": 0.3}})
    assert digest_of_priors(unused) == digests["ignorable"]
    assert rates(with_recording(unused, "chart"), "rest_pain")["absent"] == 0.3


@pytest.mark.parametrize("name", SHIPPED)
def test_the_network_gives_every_rate_back(priors: Priors, name: str) -> None:
    used = with_recording(priors, name)
    readings = [r for r in round_trip(used, build_network(used)) if r.statement.startswith("recorded.")]
    assert {reading.statement for reading in readings} == {i for i in used.selected if i not in priors.selected}
    assert max(reading.worst for reading in readings) < 1e-12
    states = sum(len(row) for each in used_rates(used) for row in each.statements)
    assert len(readings) == states
    values = draw_values(used, 5, np.random.default_rng(2))
    drawn = [r for r in round_trip(used, build_network(used, values), values) if r.statement.startswith("recorded.")]
    assert max(reading.worst for reading in drawn) < 1e-12


# ---- a profile of one's own ------------------------------------------------------------------------


def test_ones_own_changes_what_it_states_and_no_more(tmp_path: Path, priors: Priors) -> None:
    text = HEAD + stated("fever=absent", 0.2) + stated("findings=absent", 0.3)
    ours = with_recording(priors, own_set(tmp_path, text, FILE))
    assert ours.recording == "ours"
    assert (ours.profile.title, ours.profile.extends) == ("Ours", "chart")
    assert rates(ours, "fever") == {"absent": 0.2, "present": 0.9}
    assert rates(ours, "rest_pain") == {"absent": 0.3, "present": 0.9}
    assert rates(ours, "weight_loss") == {"absent": 0.4, "present": 0.9}  # one of a group goes before one of findings
    assert rates(ours, "steroid_use") == {"absent": 0.5, "present": 0.85}
    assert "recorded.chart.findings.absent" not in ours.selected
    assert ours.statement("x.fever_absent_ours").file.endswith("ours.toml")
    assert with_recording(ours, "chart").selected == with_recording(priors, "chart").selected


def test_finer_statements_go_before_wider_ones(tmp_path: Path, priors: Priors) -> None:
    text = HEAD + (
        '[group.skin]\nmembers = ["fever", "leg_weakness", "trauma"]\n'
        + stated("skin=absent", 0.11)
        + stated("leg_weakness=present", 0.6)
        + stated("leg_weakness=progressive", 0.95)
        + stated("fever=absent", 0.12, "ours; setting=emergency")
        + stated("trauma=major", 0.99)
        + stated("trauma=minor or major", 0.4)
    )
    ours = with_recording(priors, own_set(tmp_path, text, FILE))
    assert rates(ours, "leg_weakness") == {"absent": 0.11, "stable": 0.6, "progressive": 0.95}  # before chart's group
    assert rates(ours, "trauma")["minor"] == 0.4
    assert rates(ours, "trauma")["major"] == 0.99
    assert rates(ours, "fever", "emergency") == {"absent": 0.12, "present": 0.9}


def test_a_file_extends_a_file(tmp_path: Path, priors: Priors) -> None:
    own_set(tmp_path, HEAD + stated("fever=absent", 0.2), FILE)
    mine = own_set(
        tmp_path, 'title = "Mine"\nextends = "ours.toml"\n' + stated("fever=present", 0.7, "mine"), "mine.toml"
    )
    used = with_recording(priors, mine)
    assert rates(used, "fever") == {"absent": 0.2, "present": 0.7}
    assert [profile for profile in used.profiles if profile not in SHIPPED] == ["ours", "mine"]
    before = recording_digest(mine)
    own_set(tmp_path, HEAD + stated("fever=absent", 0.21), FILE)
    assert recording_digest(mine) != before


def test_ones_own_may_stand_alone_and_cite_a_source(tmp_path: Path, priors: Priors) -> None:
    study = {"basis": "study", "source": "our_audit_2026", "read": "full_text", "locator": "table 1"}
    source = '[sources.our_audit_2026]\ntitle = "Audit"\nkind = "data"\nyear = 2026\n'
    text = 'title = "Fever alone"\n' + source + stated("fever=absent", 0.2, **study) + stated("fever=present", 0.8)
    alone = with_recording(priors, own_set(tmp_path, text, FILE))
    assert [each.variable for each in used_rates(alone)] == ["fever"]
    assert [v.name for v in alone.variables if v.blank_tells] == ["fever"]
    assert alone.sources["our_audit_2026"].title == "Audit"


BAD = {
    "no_title": (stated("fever=absent") + stated("fever=present"), "key 'title': missing"),
    "unknown_key": (HEAD + "exends = 'form'\n", "unknown key 'exends'.*did you mean 'extends'"),
    "extends_nothing": ('title = "x"\nextends = "charts"\n', "unknown profile 'charts'.*did you mean 'chart'"),
    "of_another_profile": (HEAD + stated("fever=absent", given="chart"), "unknown profile 'chart'; allowed: ours, the"),
    "other_quantity": (
        HEAD + stated("fever=present", quantity="probability", given="none"), "'probability'; allowed: 'recorded'"
    ),
    "id_of_the_register": (
        HEAD + stated("fever=absent", id="find.fever.none"), "duplicate id 'find.fever.none', first in evidence"
    ),
    "without_counterpart": ('title = "x"\n' + stated("fever=absent"), "fever=present has no rate"),
    "unknown_variable": (HEAD + stated("feber=absent"), "unknown variable 'feber'.*did you mean 'fever'"),
    "bands": (HEAD + stated("pain_duration=absent"), "none of the bands of a number is its absence"),
    "one_band": (HEAD + stated("pain_duration=over_12_weeks"), "pain_duration=under_4_weeks has no rate"),
    "a_test": (HEAD + stated("crp=over_50"), "the test 'crp'.*depends on suspicion"),
    "a_scan": (HEAD + stated("mri=normal"), "the test 'mri'"),
    "a_manifestation": (HEAD + stated("infection_manifest=occult"), "the manifestation 'infection_manifest'.*nobody"),
    "a_circumstance": (HEAD + stated("hypotension=present"), "the circumstance 'hypotension'.*only policies"),
    "rate_of_1": (HEAD + stated("fever=present", 1.0), "a blank would be impossible"),
    "two_alike": (
        HEAD + stated("fever=absent") + stated("fever=absent", id="again"), "both of basis 'assumption' and state one"
    ),
    "no_source": (
        HEAD + stated("fever=absent", basis="study", source="nowhere_2020", read="no"), "unknown source.*given with it"
    ),
    "group_taken": (HEAD + '[group.asked_seldom]\nmembers = ["fever"]\n', "a name that no variable or group has"),
    "not_toml": (HEAD + "[", "not TOML"),
    "nothing_stated": ('title = "Ours"\n', "states no rate, and extends no profile that does"),
    "extends_no_file": (
        'title = "Ours"\nextends = "theirs.toml"\n', r"'extends': .*theirs\.toml cannot be read: No such .*this file's"
    ),
    "itself": ('title = "x"\nextends = "ours.toml"\n', "a circle: ours → ours"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_profile_is_refused_with_file_and_place(fault: str, tmp_path: Path, priors: Priors) -> None:
    text, message = BAD[fault]
    path = own_set(tmp_path, text, FILE)
    with pytest.raises(PriorsError, match=message) as caught:
        with_recording(priors, path)
    assert len(caught.value.problems) == 1, str(caught.value)
    assert caught.value.problems[0].file == str(path)


def test_names_and_files_that_are_not_there(tmp_path: Path, priors: Priors) -> None:
    with pytest.raises(UsageError, match=r"'charts'; allowed: ignorable, .*did you mean 'chart'"):
        with_recording(priors, "charts")
    with pytest.raises(PriorsError, match=r"nowhere\.toml: cannot be read: No such file"):
        with_recording(priors, tmp_path / "nowhere.toml")
    own_set(tmp_path, HEAD, "somewhere.toml")
    with pytest.raises(PriorsError, match=r"somewere\.toml: cannot be read: .*did you mean 'somewhere\.toml'"):
        with_recording(priors, tmp_path / "somewere.toml")
    with pytest.raises(UsageError, match=r"no recording profile ''; allowed: ignorable, .*or the path of a TOML file"):
        load(recording="")
    with pytest.raises(PriorsError, match="there is a profile 'chart' already"):
        with_recording(priors, own_set(tmp_path, HEAD, "chart.toml"))
    with pytest.raises(PriorsError, match="'ignorable' is always there"):
        with_recording(priors, own_set(tmp_path, 'title = "x"\n', "ignorable.toml"))
    with pytest.raises(PriorsError, match="name, that of its file, is 'our charts'; allowed: letters"):
        with_recording(priors, own_set(tmp_path, 'title = "x"\n', "our charts.toml"))


def test_a_rate_of_1_is_refused_from_python_too(priors: Priors) -> None:
    chart = with_recording(priors, "chart")
    for value in (0.0, 1.0):
        with pytest.raises(PriorsError, match="above 0 and below 1"):
            with_overrides(chart, {"recorded.chart.findings.absent": {"value": value, "low": 0.0, "high": 1.0}})


def test_a_prior_set_chooses_among_rates_as_among_all_statements(tmp_path: Path) -> None:
    study = stated("findings=absent", 0.31, "chart", basis="study", source="leerar_2007", read="no")
    other = load_priors(own_set(tmp_path, 'extends = "seeds"\n' + study))
    assert rates(with_recording(other, "chart"), "rest_pain")["absent"] == 0.31
    left_out = load_priors(own_set(tmp_path, 'extends = "seeds"\nleave_out = ["recorded.chart.asked_seldom.absent"]\n'))
    assert rates(with_recording(left_out, "chart"), "fever")["absent"] == 0.5


def test_what_is_heard() -> None:
    variables = load_priors("seeds").case_variables
    masks = np.ones((len(variables), 3), np.uint8)
    assert heard(variables, masks) is masks
    masks[5, 1] = 0
    assert heard(variables, masks)[5].tolist() == [1, variables[5].full_mask, 1]
    assert heard(variables, masks[:, 1])[5] == variables[5].full_mask
