"""One reader for every command and for frames: the same mapping, rejects, counts, messages and exit status."""

import csv
import hashlib
import io
import json
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.answers.column_types import ScoredBlock
from riskmodel.casefiles.collect import read_cases
from riskmodel.casefiles.options import SMALL_RECORDS, RunOptions
from riskmodel.cli import commands
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import CasesError
from riskmodel.metrics import evaluate, judge, policy_curves
from tests.support.case_files import VARIABLES, run_bytes, score

SETTING = ("--setting", "emergency")
BAD = "case_id,fever,bladder_volume_ml,ward\n" + "".join(
    f"p{i},{'yes' if i % 2 else 'no'},{'-99.0' if i > 2 else '120'},x\n" for i in range(1, 51)
)
GROUPED = (
    "rejected: 48 × bladder_volume_ml '-99.0' (line 4 (case p3), line 5 (case p4), line 6 (case p5), …): not understood"
)
MAPPING = '[columns]\nTemp = "fever"\n[values.sex]\n1 = "male"\n2 = "female"\n[units]\ncrp_mg_l = "mg/dL"\n'
CODED = "case_id,Temp,sex,crp_mg_l\na,1,1,12\nb,0,2.0,\nc,1,1,0.3\n"


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(BAD)
    return path


@pytest.fixture
def quick(monkeypatch):
    """Commands that read cases, without the work on them."""
    monkeypatch.setattr("riskmodel.report.check.check.check_lines", lambda *_: iter(()))
    monkeypatch.setattr("riskmodel.network.roundtrip.round_trip", lambda *_: [])
    monkeypatch.setattr("riskmodel.report.check.on_cases.dependence_lines", lambda *_: iter(()))
    monkeypatch.setattr("riskmodel.report.check.on_cases.uncertainty_lines", lambda *_: iter(()))
    monkeypatch.setattr("riskmodel.report.check.compare_sets.comparison_lines", lambda *_: iter(()))
    monkeypatch.setattr("riskmodel.report.sensitivity.make.make", lambda study, **_: study)
    monkeypatch.setattr("riskmodel.pages.render.files", lambda study, **_: {"report.md": f"{len(study.names)} cases\n"})


COMMANDS = {
    "score": lambda path, folder: ("score", path, "-o", folder / "out.csv", *SETTING),
    "check": lambda path, _: ("check", "--cases", path, *SETTING),
    "compare": lambda path, _: ("check", "--compare", "seeds", "literature", "--cases", path, *SETTING),
    "report": lambda path, folder: ("report", "-o", folder / "out", "--cases", path, *SETTING),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_counts_and_groups_what_it_rejects(bad, tmp_path, quick, command):
    done = run(*COMMANDS[command](bad, tmp_path))
    assert done.exit_code == 1
    assert "50 records read = 2 " in done.stderr
    assert "+ 48 rejected" in done.stderr
    assert done.stderr.count("-99.0") == 1
    assert GROUPED in done.stderr
    assert "a number from 0 to 5000 (ml)" in done.stderr
    assert "warning: columns ignored: ward" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_a_mapping(tmp_path, quick, command):
    (tmp_path / "map.toml").write_text(MAPPING)
    (tmp_path / "cases.csv").write_text(CODED)
    done = run(*COMMANDS[command](tmp_path / "cases.csv", tmp_path), "--mapping", tmp_path / "map.toml")
    assert done.exit_code == 0, done.output
    assert "3 records read = 3 " in done.stderr
    assert "mapping: 1 column names and 5 cells translated (in sex, crp_mg_l)" in done.stderr


def test_explain_reads_a_case_under_a_mapping_and_names_ignored_columns(tmp_path):
    (tmp_path / "map.toml").write_text(MAPPING)
    (tmp_path / "cases.csv").write_text(CODED.replace("case_id,", "note,case_id,").replace("\na", "\n,a"))
    done = run("explain", tmp_path / "cases.csv", "--case", "a", "--mapping", tmp_path / "map.toml", *SETTING)
    assert done.exit_code == 0, done.output
    assert "warning: columns ignored: note" in done.stderr
    assert "crp = over_50" in done.stdout


@pytest.mark.slow
def test_calibrate_fits_the_good_rows_and_says_what_it_left_out(tmp_path):
    cohort = tmp_path / "cohort.csv"
    run("simulate", "-n", 300, "--seed", 1, "--with-outcomes", *SETTING, "-o", cohort)
    good = cohort.read_text()
    line = good.splitlines()[1]
    cohort.write_text(good + line + "\n" + line.replace("S001", "T001").replace("emergency", "ward") + "\n")
    done = run("calibrate", cohort, "-o", tmp_path / "fit.toml", "--learn", "base_rates")
    assert done.exit_code == 1
    assert "302 records read = 300 used + 2 rejected" in done.stderr
    assert "rejected: 1 × case_id" in done.stderr
    assert "2 of 302 rows were rejected" in done.stdout
    fitted = rm.load(tmp_path / "fit.toml").statement("base.fracture.emergency").value
    cohort.write_text(good)
    assert run("calibrate", cohort, "-o", tmp_path / "all.toml", "--learn", "base_rates").exit_code == 0
    assert rm.load(tmp_path / "all.toml").statement("base.fracture.emergency").value == fitted


def test_a_file_without_a_good_row_is_refused_with_its_reasons(tmp_path, quick):
    path = tmp_path / "bad.csv"
    path.write_text("case_id,fever\na,maybe\nb,maybe\n")
    done = run("check", "--cases", path, *SETTING)
    assert done.exit_code == 2
    assert "no row can be used, all 2 are rejected" in done.stderr
    assert "2 × fever 'maybe' (line 2 (case a), line 3 (case b))" in done.stderr


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_rows_in_memory_are_those_of_a_run(tmp_path, engine):
    """Bad cells, repeats and impossible rows: the same counts, reasons and evidence as a run over the file."""
    rows = ("a,major,no,5", "b,major,yes,5", "a,none,no,", "c,none,maybe,", "d,minor,1.0,>120", ",none,,")
    text = "\n".join(["case_id,trauma,fever,esr_mm_h", *rows, ""])
    done = run_bytes(text.encode(), tmp_path, engine=engine, default_setting="emergency")
    kept = read_cases(
        tmp_path / "cases.csv", VARIABLES, RunOptions("emergency", engine=engine),
        lambda masks: ScoredBlock((), score(masks).impossible),
    )  # fmt: skip
    assert kept.names == ("a", "d")
    assert kept.result.counts == done.result.counts
    assert kept.result.reasons == done.result.reasons
    assert kept.result.source_sha256 == done.result.source_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert kept.masks.shape == (len(VARIABLES), 2)
    assert len(done.result.reasons) == 4


def test_reasons_are_counted_in_bounded_memory(tmp_path):
    text = "case_id,fever\n" + "".join(f"p{i},bad{i}\n" for i in range(1500)) + "x,no\n"
    result = run_bytes(text.encode(), tmp_path).result
    assert (len(result.reasons), result.unlisted) == (1000, 500)


# ---- the same table as a file and as a frame --------------------------------------------------------


def table(rows=500):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({
        "case_id": [f"p{i}" for i in range(rows)],
        "setting": rng.choice(["emergency", "primary_care"], rows),
        "age": rng.integers(18, 95, rows).astype(float),
        "fever": rng.choice([0.0, 1.0, np.nan], rows),
        "trauma": rng.choice([0.0, 1.0, np.nan], rows),
        "leg_weakness": rng.choice([True, False], rows),
        "night_pain": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
        "esr_mm_h": np.where(rng.random(rows) < 0.5, np.nan, rng.integers(0, 2, rows)),
        "bladder_volume_ml": rng.choice([0.0, 1.0, 350.0, np.nan], rows),
    })  # fmt: skip
    mixed = np.array([1, 0, 1.0, 0.0, True, False, "yes", "1", "0.0", None], dtype=object)
    frame["rest_pain"] = rng.choice(mixed, rows)
    return frame


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_frame_and_its_file_are_read_alike(seeds, tmp_path, form):
    frame = table()
    path, out = tmp_path / f"cases.{form}", tmp_path / "out.csv"
    if form == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.assign(rest_pain=frame["rest_pain"].map(str, na_action="ignore")).to_parquet(path)
    done = run("score", path, "-o", out)
    assert done.exit_code == 0, done.stderr
    scored = pd.read_csv(out, keep_default_na=False)
    mine = seeds.score(frame)
    assert scored["rules"].tolist() == mine["rules"].tolist()
    assert scored["assessed"].tolist() == mine["assessed"].tolist()
    assert scored["p_any_serious"].to_numpy() == pytest.approx(mine["p_any_serious"].to_numpy(), rel=1e-5, abs=1e-9)


def test_a_large_frame_is_scored_as_its_parts_are(seeds):
    """Beyond 10,000 rows the compiled engine scores, to the same last bit."""
    frame = table(SMALL_RECORDS + 1)
    halves = [seeds.score(half) for half in (frame.iloc[:5000], frame.iloc[5000:])]
    pd.testing.assert_frame_equal(seeds.score(frame), pd.concat(halves), check_exact=True)


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_whole_numbers_with_a_point(tmp_path, engine):
    data = b"case_id,trauma,fever,sex\na,1.0,1.0,1.0\nb,0.0,0.0,2\nc,1,1,1\n"
    done = run_bytes(data, tmp_path, engine=engine, mapping={"values": {"sex": {"1": "male", "2.0": "female"}}})
    assert done.result.counts.rejected == 0
    states = done.result.summary.states
    assert (states["fever"], states["sex"]) == ({"absent": 1, "present": 2}, {"female": 1, "male": 2})
    assert done.result.mapped.translations[0].cells == 2


def test_one_and_true_are_not_one_value_in_a_frame(seeds):
    """To pandas 1, 1.0 and True are equal; 1 ml is no retention, True is."""
    frame = pd.DataFrame({"bladder_volume_ml": np.array([True, 1, 1.0, "1"], dtype=object)})
    row = [v.name for v in seeds.variables].index("bladder_scan")
    assert seeds.code(frame, setting="emergency")[row].tolist() == [2, 1, 1, 1]


def test_frames_warn_in_the_words_of_the_command(seeds, tmp_path):
    frame = pd.DataFrame({"case_id": ["a"], "fever": ["yes"], "ward": ["7b"], "infection": ["present"]})
    frame.to_csv(tmp_path / "cases.csv", index=False)
    said = run("score", tmp_path / "cases.csv", "-o", tmp_path / "out.csv", *SETTING).stderr
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seeds.score(frame, setting="emergency")
    texts = [str(warning.message) for warning in caught if warning.category is UserWarning]
    assert texts == ["columns ignored: ward", "outcomes are not evidence, columns ignored: infection"]
    assert all(f"warning: {text}" in said for text in texts)
    assert {warning.filename for warning in caught} == {__file__}


def test_frames_refuse_repeated_and_blank_names(seeds):
    frame = pd.DataFrame({"case_id": ["a", "b", "a"], "fever": ["yes", "no", "no"]})
    with pytest.raises(CasesError, match="row 2, case_id: 'a': an earlier row has this case_id"):
        seeds.score(frame, setting="emergency")
    assert len(seeds.score(frame, setting="emergency", allow_repeats=True)) == 3
    with pytest.raises(CasesError, match="row 1, case_id: '': a case needs an identifier"):
        seeds.score(frame.assign(case_id=["a", None, "c"]), setting="emergency")


def test_frames_take_a_mapping(seeds, tmp_path):
    (tmp_path / "map.toml").write_text(MAPPING)
    frame = pd.DataFrame({"case_id": list("abc"), "Temp": [1, 0, 1], "sex": [1, 2.0, 1], "crp_mg_l": [12, None, 0.3]})
    plain = pd.DataFrame({"fever": [1, 0, 1], "sex": ["male", "female", "male"], "crp_mg_l": [120, None, 3]})
    mapped = seeds.score(frame, setting="emergency", mapping=tmp_path / "map.toml")
    assert mapped["case_id"].tolist() == list("abc")
    pd.testing.assert_frame_equal(mapped.drop(columns="case_id"), seeds.score(plain, setting="emergency"))
    named = seeds.score(frame.rename(columns={"case_id": "MRN"}), setting="emergency", mapping={
        "columns": {"MRN": "case_id", "Temp": "fever"}, "values": {"sex": {"1": "male", "2": "female"}},
    })  # fmt: skip
    assert named["case_id"].tolist() == list("abc")


# ---- what a mapping did ---------------------------------------------------------------------------


def test_the_run_record_says_what_the_mapping_was_and_did(tmp_path):
    swapped = MAPPING.replace("male", "x").replace("fex", "male").replace('"x"', '"female"')
    (tmp_path / "cases.csv").write_text(CODED)
    records = []
    for i, mapping in enumerate((MAPPING, swapped)):
        path = tmp_path / "map.toml"
        path.write_text(mapping)
        out = tmp_path / f"out{i}.csv"
        assert run("score", tmp_path / "cases.csv", "-o", out, "--mapping", path, *SETTING).exit_code == 0
        records.append(json.loads((tmp_path / f"out{i}.run.json").read_text())["inputs"])
        assert records[-1]["mapping_sha256"] == hashlib.sha256(mapping.encode()).hexdigest()
    assert records[0]["mapping_sha256"] != records[1]["mapping_sha256"]
    assert records[0]["mapping"]["columns"] == {"Temp": "fever"}
    done = {(t["column"], t["value"]): (t["read_as"], t["cells"]) for t in records[0]["mapping"]["translations"]}
    assert done == {("sex", "1"): ("male", 2), ("sex", "2"): ("female", 1), ("crp_mg_l", ""): ("", 2)}
    other = {(t["column"], t["value"]): t["read_as"] for t in records[1]["mapping"]["translations"]}
    assert (other["sex", "1"], other["sex", "2"]) == ("female", "male")


def test_translations_are_counted_alike_by_both_engines_and_parquet(tmp_path):
    rng = np.random.default_rng(5)
    words = np.array(["ja", "nein", "weiß nicht", "yes", "", "7", "-9", "NA", "bad", "a longer text than eight bytes"])
    rows = 3000
    frame = pd.DataFrame({
        "case_id": [f"p{i % 2900}" for i in range(rows)],  # some repeat
        "fever": rng.choice(words, rows, p=[0.3, 0.3, 0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.01, 0.03]),
        "trauma": rng.choice(["stolpern", "none", "major", "ja"], rows),
        "esr_mm_h": rng.choice(["2", "3.5", "<1", "", "999", "over_50"], rows),
        "age": rng.choice(["600", "1200", "-9", "from_50", ""], rows),
    })  # fmt: skip
    mapping = {
        "missing": ["-9", "NA"],
        "missing_in": {"esr_mm_h": ["999"]},
        "values": {
            "*": {"ja": "yes", "nein": "no"},
            "fever": {"weiß nicht": "", "7": "unknown", "a longer text than eight bytes": "present"},
            "trauma": {"stolpern": "minor"},
        },
        "units": {"age": "months", "esr_mm_h": 10},
    }
    frame.to_csv(tmp_path / "cases.csv", index=False)
    frame.to_parquet(tmp_path / "cases.parquet")
    data = (tmp_path / "cases.csv").read_bytes()
    options = {"mapping": mapping, "default_setting": "emergency"}
    small = run_bytes(data, tmp_path, engine="small", **options)
    done = [
        run_bytes(data, tmp_path, engine="compiled", block_bytes=block, threads=threads, **options)
        for block, threads in ((700, 1), (1 << 20, 2))
    ]
    for engine in ("small", "compiled"):
        asked = RunOptions("emergency", mapping=mapping, engine=engine)
        both = [read_cases(tmp_path / f"cases.{form}", VARIABLES, asked) for form in ("csv", "parquet")]
        assert both[0].result.mapped == both[1].result.mapped
    assert small.result.mapped == done[0].result.mapped == done[1].result.mapped
    assert small.output == done[0].output
    refused = {int(row["record"]) - 1 for row in csv.DictReader(io.StringIO(small.rejects.decode()))}
    good = frame.drop(index=sorted(refused))
    found = {(t.column, t.value): t.cells for t in small.result.mapped.translations if t.value}
    columns = {"fever": ["ja", "nein", "weiß nicht", "7", "-9", "NA", "a longer text than eight bytes"]}
    columns |= {"trauma": ["ja", "stolpern"], "esr_mm_h": ["999"], "age": ["-9"]}
    assert found == {(name, text): (good[name] == text).sum() for name, texts in columns.items() for text in texts}
    units = {t.column: t.cells for t in small.result.mapped.translations if not t.value}
    numbers = {"age": ["600", "1200"], "esr_mm_h": ["2", "3.5", "<1"]}
    assert units == {name: good[name].isin(texts).sum() for name, texts in numbers.items()}


@pytest.mark.slow
def test_a_cohort_takes_a_mapping_wherever_it_is_learnt_from_or_judged(seeds):
    """Other names of columns and values give the same fit, metrics and curves as the plain cohort."""
    people = simulate(seeds, 300, np.random.default_rng(1), setting="spine_clinic")
    plain = to_cases(seeds, people, with_outcomes=True)
    coded = plain.rename(columns={"case_id": "MRN", "fever": "Temp", "fracture": "broken"})
    coded["broken"] = coded["broken"].replace({"present": "B", "absent": "N"})
    mapping = {
        "columns": {"MRN": "case_id", "Temp": "fever", "broken": "fracture"},
        "values": {"fracture": {"B": "present", "N": "absent"}},
    }
    for fit in (partial(rm.calibrate, seeds, learn="base_rates"), partial(rm.recalibrate, seeds)):
        first, second = fit(plain), fit(coded, mapping=mapping)
        pd.testing.assert_frame_equal(first.table, second.table)
        assert first.origin.cohort_hash == second.origin.cohort_hash
    with pytest.raises(CasesError, match="'S1' stands in 2 rows"):
        rm.recalibrate(seeds, coded.assign(MRN=["S1", "S1", *coded["MRN"][2:]]), mapping=mapping)
    for judged in (
        partial(evaluate, conditions=["fracture"], resamples=0),
        partial(policy_curves, condition="fracture", thresholds=[0.05], policies=["consensus"]),
    ):
        pd.testing.assert_frame_equal(judged(seeds, plain), judged(seeds, coded, mapping=mapping))
    pd.testing.assert_frame_equal(judge(seeds, plain).outcomes, judge(seeds, coded, mapping=mapping).outcomes)
