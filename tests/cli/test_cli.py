"""The commands as a user runs them: results, messages, exit statuses, and what is loaded."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PUBLISHED = str(ROOT / "notebooks" / "data" / "published_cases.csv")
EMERGENCY = ("--setting", "emergency")
COMMANDS = ("score", "explain", "check", "codebook", "simulate", "export", "calibrate", "report")


def cases(folder, text):
    path = folder / "cases.csv"
    path.write_text(text)
    return path


def rows(path):
    return list(csv.DictReader(io.StringIO(Path(path).read_text())))


def test_every_command_helps_with_examples(run):
    assert all(name in run("--help").output for name in COMMANDS)
    for name in COMMANDS:
        text = run(name, "--help").output
        assert "Examples:" in text
        assert f"riskmodel {name}" in text


def test_score_writes_all_columns_of_the_contract(run, tmp_path):
    out = tmp_path / "out.csv"
    done = run("score", PUBLISHED, "-o", out)
    assert done.exit_code == 0
    assert done.stdout == ""
    header = out.read_text().splitlines()[0].split(",")
    assert header == [
        "case_id", "setting", "p_infection", "p_malignancy", "p_fracture", "p_cauda_equina", "p_nerve_compression",
        "p_inflammatory", "p_cauda_equina_mimic", "p_nonspinal_serious", "p_any_serious", "leading", "most_raised",
        "urgency", "imaging", "imaging_within", "tests", "tests_within", "referral", "referral_within",
        "startback_risk", "rules", "undetermined", "reason", "assessed", "conflict", "model",
    ]  # fmt: skip
    assert "8 records read = 8 scored + 0 rejected" in done.stderr
    assert "For research, not for the care of a patient." in done.stderr
    assert not (tmp_path / "out.rejects.csv").exists()


def test_the_run_record(run, tmp_path):
    run("score", PUBLISHED, "-o", tmp_path / "out.csv", "--setting", "primary_care")
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["counts"] == {"read": 8, "scored": 8, "rejected": 0}
    assert record["model"] == rows(tmp_path / "out.csv")[0]["model"]
    assert record["options"]["setting"] == "primary_care"


def test_rejected_rows_are_counted_and_named(run, tmp_path):
    path = cases(tmp_path, "case_id,age,fever\n1,40,yes\n2,430,yes\n3,40,maybe\n1,40,no\n")
    done = run("score", path, "-o", tmp_path / "out.csv", *EMERGENCY)
    assert done.exit_code == 1
    assert "4 records read = 1 scored + 3 rejected" in done.stderr
    rejects = rows(tmp_path / "out.rejects.csv")
    assert [(r["record"], r["line"], r["column"], r["value"]) for r in rejects] == [
        ("2", "3", "age", "430"), ("3", "4", "fever", "maybe"), ("4", "5", "case_id", "1")
    ]  # fmt: skip
    good = cases(tmp_path, "case_id,age\n1,40\n")
    assert run("score", good, "-o", tmp_path / "out.csv", *EMERGENCY).exit_code == 0
    assert not (tmp_path / "out.rejects.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("score", "nowhere.csv", "-o", "out.csv"), "nowhere.csv"),
        (("score", PUBLISHED), "-o FILE"),
        (("score", PUBLISHED, "-o", "out.txt"), ".csv"),
        (("score", PUBLISHED, "-o", "out.csv", "--setting", "primary"), "primary_care"),
        (("score", PUBLISHED, "-o", "out.csv", "--priors", "seed"), "seeds"),
        (("score", PUBLISHED, "-o", "out.csv", "--policy", "concensus"), "consensus"),
        (("score", PUBLISHED, "-o", "out.csv", "--draws", "1"), "at least 2"),
        (("score", PUBLISHED, "-o", "out.csv", "--draws", "8", "--level", "95"), "between 0 and 1"),
        (("explain", PUBLISHED, "--case", "published_1"), "did you mean 'published_1"),
        (("export", "--format", "bfi", "-o", "out.bif"), "bif"),
        (("simulate", "-n", "5", "--seed", "1", "--missing", "1.5"), "[0, 1]"),
        (("check", "--compare", "seeds", "literature"), "--cases"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output
    assert not list(tmp_path.glob("out*"))


def test_as_reported_for_all_rows_is_said_once(run, tmp_path):
    path = cases(tmp_path, "case_id,fever\n1,yes\n2,no\n")
    done = run("score", path, "-o", tmp_path / "out.csv", "--setting", "as_reported")
    assert done.stderr.count("2 rows name no setting and got as_reported") == 1
    assert "19 %" in done.stderr
    assert "name no setting" not in run("score", path, "-o", tmp_path / "o2.csv", "--setting", "emergency").stderr


def test_outcomes_are_ignored_unless_asked(run, tmp_path):
    path = cases(tmp_path, "case_id,setting,infection\n1,primary_care,present\n")
    ignored = run("score", path, "-o", tmp_path / "a.csv")
    assert "infection" in ignored.stderr
    assert float(rows(tmp_path / "a.csv")[0]["p_infection"]) == pytest.approx(1e-4)
    run("score", path, "-o", tmp_path / "b.csv", "--known-outcomes")
    scored = rows(tmp_path / "b.csv")[0]
    assert (float(scored["p_infection"]), scored["most_raised"], scored["assessed"]) == (1.0, "infection", "0")


def test_impossible_evidence_rejects_the_row_with_its_reason(run, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('extends = "seeds"\n[override."find.fever.none"]\nvalue = 0.0\n')
    header = "case_id,setting,fever,infection,malignancy,nonspinal_serious"
    path = cases(tmp_path, f"{header}\n1,emergency,yes,no,no,no\n2,emergency,no,no,no,no\n")
    done = run("score", path, "-o", tmp_path / "out.csv", "--priors", own, "--known-outcomes")
    assert done.exit_code == 1
    assert [row["case_id"] for row in rows(tmp_path / "out.csv")] == ["2"]
    assert "probability zero" in rows(tmp_path / "out.rejects.csv")[0]["problem"]


def test_mapping_and_kept_columns(run, tmp_path):
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nTemp = "fever"\n[values.fever]\nhot = "present"\n[units]\ncrp_mg_l = "mg/dL"\n')
    path = cases(tmp_path, "case_id,Temp,crp_mg_l,ward,=note\n1,hot,12,A,=1+1\n")
    done = run("score", path, "-o", tmp_path / "out.csv", "--mapping", mapping, "--keep", "ward,=note", *EMERGENCY)
    assert done.exit_code == 0, done.stderr
    scored = rows(tmp_path / "out.csv")[0]
    assert scored["ward"] == "A"
    assert "crp=over_50" in scored["reason"]  # 12 mg/dL is 120 mg/L
    assert "'=1+1" in (tmp_path / "out.csv").read_text()


def test_table_for_people(run):
    done = run("score", PUBLISHED, "--table", "--setting", "primary_care")
    lines = done.stdout.splitlines()
    assert lines[1].startswith("case ")
    assert len(lines) == 2 + 8


def test_standard_output_ends_at_the_first_bad_row(run, tmp_path):
    path = cases(tmp_path, "case_id,age\n1,40\n2,430\n")
    done = run("score", path, "-o", "-", *EMERGENCY)
    assert done.exit_code == 2
    assert "430" in done.stderr


def test_explain(run):
    text = run("explain", PUBLISHED, "--case", "published_12", "--setting", "primary_care").stdout
    assert "cauda_equina" in text
    assert "sacral_sign" in text
    sure = run("explain", PUBLISHED, "--case", "published_12", "--draws", "32").stdout
    assert "95 % interval" in sure
    assert sure.rstrip().endswith("For research, not for the care of a patient.")


def test_codebook_speaks_of_every_column(run):
    header = run("codebook", "--template").stdout.strip().split(",")
    listed = json.loads(run("codebook", "--format", "json").stdout)
    assert set(header) <= {entry["column"] for entry in listed}
    assert any(entry["statements"] for entry in listed)
    assert "| fever |" in run("codebook").stdout
    assert len(list(csv.reader(io.StringIO(run("codebook", "--format", "csv").stdout)))) == len(listed) + 1


def test_simulate_is_a_case_file(run, tmp_path):
    arguments = ("simulate", "-n", 50, "--seed", 3, "--missing", 0.3, "--with-outcomes", *EMERGENCY, "-o")
    run(*arguments, tmp_path / "a.csv")
    run(*arguments, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()
    assert "infection" in (tmp_path / "a.csv").read_text().splitlines()[0]
    assert run("score", tmp_path / "a.csv", "-o", tmp_path / "out.csv").exit_code == 0


@pytest.mark.slow
def test_check_passes_and_compares(run):
    done = run("check", "--draws", "32")
    assert done.exit_code == 0
    assert "Round trip" in done.stdout
    assert "FAILED" not in done.stdout
    both = run("check", "--compare", "seeds", "literature", "--cases", PUBLISHED).stdout
    assert "find.fever.infection -> find.fever.infection.study" in both
    assert "primary_care: the action differs in" in both


@pytest.mark.slow
def test_a_small_file_loads_nothing_heavy(tmp_path):
    path = cases(tmp_path, "case_id,age,fever\n1,63,yes\n")
    script = (
        "import sys\nfrom riskmodel.cli import commands\n"
        f"sys.argv = ['riskmodel', 'score', {str(path)!r}, '-o', {str(tmp_path / 'out.csv')!r}, *{EMERGENCY}]\n"
        "try:\n    commands()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    env = {"RISKMODEL_CACHE": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"}
    for _ in range(2):  # the second run takes the network from the cache
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env)
        loaded = set(done.stdout.split())
    assert not loaded & {"numba", "pandas", "scipy", "sklearn", "pgmpy", "pyagrum", "pyarrow", "pydantic"}


@pytest.mark.slow
def test_a_large_file_is_scored_like_a_small_one(run, tmp_path):
    run("simulate", "-n", 12_000, "--seed", 5, "--missing", 0.4, "--setting", "emergency", "-o", tmp_path / "all.csv")
    head, *lines = (tmp_path / "all.csv").read_text().splitlines(keepends=True)
    few = cases(tmp_path, head + "".join(lines[6_000:6_050]))
    assert run("score", tmp_path / "all.csv", "-o", tmp_path / "all_out.csv", "--threads", 2).exit_code == 0
    assert run("score", few, "-o", tmp_path / "few_out.csv").exit_code == 0
    every = (tmp_path / "all_out.csv").read_text().splitlines()
    assert (tmp_path / "few_out.csv").read_text().splitlines()[1:] == every[6_001:6_051]
    assert json.loads((tmp_path / "all_out.run.json").read_text())["engine"] == "compiled"


@pytest.mark.slow
def test_too_few_effective_draws_are_a_warning(run, tmp_path):
    people = cases(tmp_path, "case_id,fever\na,yes\nb,\n")
    few = run("score", people, "-o", tmp_path / "few.csv", "--draws", 64, "--setting", "primary_care")
    assert "warning: for 2 cases the effective sample size of the weighted draws is below 100" in few.stderr
    many = run("score", people, "-o", tmp_path / "many.csv", "--draws", 1024, "--setting", "primary_care")
    assert "draws are effective" not in many.stderr
