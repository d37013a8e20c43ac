"""Statements and tables fitted together: the conjugate case, what is fitted, the set that is written."""

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import special

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.errors import PriorsError, UsageError
from riskmodel.synthesis.jointly.fit import synthesise_jointly
from riskmodel.synthesis.jointly.result import conflict_lines
from riskmodel.synthesis.jointly.tables import HELD_OUT, sort_tables
from riskmodel.validation.load import load_published
from tests.support.published import with_published
from tests.support.tabular import without_policy

COMMON = 1e-3  # a spread so small that studies do not differ
EXPOSED = {"of": ["exposed=yes"], "events": 12, "n": 40}


def test_a_beta_and_a_count_give_the_beta_of_both(tmp_path):
    joint = synthesise_jointly(with_published(tmp_path, [EXPOSED]), learn=["s0"], typical_spread=COMMON)
    first, second = 0.3 * 20 + 12, 0.7 * 20 + 28
    row = joint.calibration.table.set_index("statement").loc["s0"]
    low, high = special.betaincinv(first, second, [0.025, 0.975])
    assert row["posterior"] == pytest.approx(first / (first + second), abs=1e-5)
    assert [row["low"], row["high"]] == pytest.approx([low, high], abs=1e-5)
    assert row["share"] == pytest.approx(1 - 20 * 0.3 * 0.7 / (60 * 0.3 * 0.7), abs=1e-4)


def test_studies_that_differ_tell_less(tmp_path):
    rows = [{**EXPOSED, "source": name, "events": events} for name, events in (("a", 4), ("b", 30), ("c", 12))]
    model = with_published(tmp_path, rows)
    common = synthesise_jointly(model, learn=["s0"], typical_spread=COMMON)
    differing = synthesise_jointly(model, learn=["s0"])
    assert differing.spreads["findings"] > 0.5
    shares = [joint.calibration.table["share"][0] for joint in (differing, common)]
    assert shares[0] < shares[1]
    told = differing.model.statement("s0").informed[0]
    assert (told.kind, {name for name, _ in told.tables}) == ("synthesis", {"a", "b", "c"})
    assert sum(share for _, share in told.tables) == pytest.approx(1, abs=2e-3)


def test_pulls_of_the_tables_add_up_to_the_move(tmp_path):
    rows = [{**EXPOSED, "source": "a"}, {"of": ["scan=abnormal"], "events": 30, "n": 40, "source": "b"}]
    model = with_published(tmp_path, rows)
    moved = synthesise_jointly(model).statements().groupby("statement")
    for statement, of in moved:
        if of["told"].sum() > 0.99:  # the prior of a Beta is a parabola near its peak only
            assert of["pull"].sum() == pytest.approx(of["shift"].iloc[0], abs=0.3), statement


def test_rows_of_a_study_that_drives_their_statement_are_not_fitted(literature):
    taken = sort_tables(literature.priors, load_published(literature.priors, literature.root).rows)
    fitted = {row.id for row in taken.fitted}
    assert len(fitted) + len(taken.aside) == len(taken.rows)
    assert "test.xray.inflammatory.study" in taken.aside["xray.inflammatory"]
    assert "esr_over_20.infection" in fitted, "its study drives statements on other findings"
    assert taken.aside["xray.infection"] == "asks otherwise: late cases"
    assert taken.aside["serious.emergency.finland"].startswith("follows from")


def test_a_row_that_follows_from_rows_that_are_held_out_is_fitted(literature):
    rows = load_published(literature.priors, literature.root).rows
    taken = sort_tables(literature.priors, rows, ["malignancy.emergency.finland"])
    assert "serious.emergency.finland" in {row.id for row in taken.fitted}
    assert [row.id for row in taken.held_out] == ["malignancy.emergency.finland"]


def test_two_cut_offs_of_the_same_people_are_one_multinomial_table(tmp_path):
    wide = {"of": ["pain=some or much"], "given": ["first=yes"], "events": 70, "n": 80}
    narrow = {"of": ["pain=much"], "given": ["first=yes"], "events": 30, "n": 80}
    model = with_published(tmp_path, [wide, narrow])
    rows = load_published(model.priors, model.root).rows
    first, second = sort_tables(model.priors, rows).fitted
    assert (first.events, first.n, second.events, second.n) == (70, 80, 30, 70)
    assert str(second.given) == "first=yes and pain=some or much"
    counts, p = np.array([10, 40, 30]), np.array([0.2, 0.5, 0.3])
    alone = 70 * np.log(0.8) + 10 * np.log(0.2) + 30 * np.log(0.3 / 0.8) + 40 * np.log(0.5 / 0.8)
    assert alone == pytest.approx(float(counts @ np.log(p)), rel=1e-12)


def test_a_share_of_the_sources_is_drawn_to_be_held_out(literature):
    rows = load_published(literature.priors, literature.root).rows
    first, again, other = (sort_tables(literature.priors, rows, 0.3, seed) for seed in (1, 1, 2))
    assert first == again
    assert {row.id for row in first.held_out} != {row.id for row in other.held_out}
    sources = {row.source for row in first.held_out}
    assert sources.isdisjoint(row.source for row in first.fitted)
    assert set(first.aside.values()) >= {HELD_OUT}


@pytest.mark.parametrize(
    ("hold_out", "message"), [(["fever.infecton"], "did you mean|nearest|fever"), (1.5, "from 0 to below 1")]
)
def test_what_cannot_be_held_out_is_refused(literature, hold_out, message):
    with pytest.raises(UsageError, match=message):
        synthesise_jointly(literature, hold_out=hold_out)


def test_a_row_that_the_model_thinks_impossible_is_named(tmp_path):
    values = {("exposed=yes", ""): 0.0, ("first=yes", "exposed=no"): 0.15, ("first=yes", "exposed=yes"): 0.4}
    from tests.support.tabular import TRUTH

    model = with_published(tmp_path, [EXPOSED], values=TRUTH | values)
    with pytest.raises(UsageError, match="row0"):
        synthesise_jointly(model, learn=["s1"])


def test_rows_restate_rows_of_their_own_source(tmp_path):
    rows = [EXPOSED, {"of": ["first=yes"], "events": 1, "n": 9, "source": "b", "restates": ["row0"]}]
    model = with_published(tmp_path, rows)
    with pytest.raises(PriorsError, match="key 'restates': received 'row0'; ids of rows of b"):
        synthesise_jointly(model)


def test_a_set_that_is_written_gives_the_model_again(tmp_path):
    model = with_published(tmp_path, [EXPOSED, {"of": ["scan=abnormal"], "events": 30, "n": 40, "source": "b"}])
    joint = synthesise_jointly(model)
    path = joint.write(tmp_path / "sets" / "mine.toml")
    again = without_policy(tmp_path, "mine")
    for statement in joint.model.priors.statements:
        assert again.statement(statement.id) == statement
    first = path.read_bytes()
    synthesise_jointly(model).write(path)
    assert path.read_bytes() == first
    assert again.priors.sources["published_tables"].fit.data_hash == joint.calibration.origin.cohort_hash


@pytest.mark.slow
def test_the_command_writes_a_set_and_its_details(tmp_path):
    output, details = tmp_path / "mine.toml", tmp_path / "details"
    arguments = ["synthesise", "--jointly", "--priors", "literature", "--hold-out", "0.5", "--no-split"]
    ran = CliRunner().invoke(commands, [*arguments, "-o", str(output), "--details", str(details)])
    assert ran.exit_code == 0, ran.output
    model = rm.load(output)
    assert any(statement.informed for statement in model.priors.selected_statements)
    assert {path.name for path in details.iterdir()} == {"tables.csv", "statements.csv"}


def test_the_command_takes_no_studies_with_a_joint_fit(tmp_path):
    ran = CliRunner().invoke(commands, ["synthesise", "studies.csv", "--jointly", "-o", str(tmp_path / "a.toml")])
    assert ran.exit_code == 2
    assert "--jointly takes no STUDIES" in ran.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["studies.csv", "--hold-out", "0.3"], "--hold-out needs --jointly"),
        (["studies.csv", "--chains", "4"], "--chains needs --jointly"),
        (["--jointly", "--chain-intervals"], "--chain-intervals needs --chains"),
        (["--jointly", "--result", "mean"], "--result does not go with --jointly"),
        (["--jointly", "--report", "page"], "--report does not go with --jointly"),
    ],
)
def test_options_that_would_not_be_read_are_refused(tmp_path, arguments, message):
    ran = CliRunner().invoke(commands, ["synthesise", *arguments, "-o", str(tmp_path / "a.toml")])
    assert ran.exit_code == 2
    assert message in ran.output


def test_each_study_is_compared_with_what_the_others_expect(tmp_path):
    rows = [{**EXPOSED, "source": name, "events": events} for name, events in (("a", 12), ("b", 13), ("c", 39))]
    joint = synthesise_jointly(with_published(tmp_path, rows), learn=["s0"], typical_spread=0.1)
    splits = joint.splits().set_index("source")
    assert splits.loc["c", "p_after"] < 0.01 < splits.loc["a", "p_after"]
    assert not splits.loc["c", "inside_after"]
    assert splits.loc["a", "after"] > splits.loc["a", "before"], "the others saw more than is stated"
    assert splits.loc["c", "after"] < 0.4, "without its own study"
    text = conflict_lines(splits.reset_index())
    assert any("row2" in line for line in text)
