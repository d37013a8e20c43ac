"""Which cells are blanks that a recording profile reads: the same in every format, by both readers."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import riskmodel as rm
from riskmodel.cases.cells import CellDecoder, CellRules
from riskmodel.evidence.records import Variable
from tests.inference.test_engines_agree import content
from tests.support.case_files import FEVER, TRAUMA, VARIABLES, run_bytes, run_file

READ = tuple(replace(v, blank_tells=v.name in ("fever", "trauma")) for v in VARIABLES)
WIDE = Variable("wide", "finding", tuple(f"s{k}" for k in range(8)), "", blank_tells=True)  # every byte is a mask
CASES = [("", ""), ("yes", ""), ("", "major"), ("not_assessed", "unknown"), ("no", "none|minor|major"), ("-9", "-9.0")]
BLANK = {"fever": [0, 2, 0, 3, 1, 0], "trauma": [0, 0, 4, 7, 7, 0]}
MAPPING = 'missing = ["-9"]\n[values.trauma]\nnothing = ""\n'


def test_a_blank_is_not_what_says_that_nobody_asked() -> None:
    fever = CellDecoder(READ[FEVER], CellRules(missing=frozenset({"-9"})))
    assert [fever.decode(text) for text in ("", "-9", "-9.0", "not_assessed", "Unknown", "yes|no", "no")] == [
        0, 0, 0, 3, 3, 3, 1,
    ]  # fmt: skip
    assert CellDecoder(VARIABLES[FEVER]).decode("") == 3
    assert CellDecoder(WIDE).decode("") == 0
    assert CellDecoder(WIDE).decode("unknown") == 255


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(content)
def test_both_readers_agree_on_any_bytes(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "cases.csv").write_bytes(text)
    small, compiled = (run_file(folder / "cases.csv", folder, variables=READ, engine=e) for e in ("small", "compiled"))
    assert (small.output, small.rejects, small.error) == (compiled.output, compiled.rejects, compiled.error)


def as_csv(names: list[str], rows: list[tuple[str, ...]]) -> bytes:
    lines = [",".join(["case_id", *names]), *(",".join([f"c{i}", *row]) for i, row in enumerate(rows))]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_every_format_says_the_same(tmp_path, engine: str) -> None:
    """Blank, null and a missing code of the mapping are blanks; words and sets of all states are not."""
    (tmp_path / "map.toml").write_text(MAPPING)
    options = {"variables": READ, "engine": engine, "mapping": tmp_path / "map.toml"}
    (tmp_path / "cases.csv").write_bytes(as_csv(["fever", "trauma"], CASES))
    expected = run_file(tmp_path / "cases.csv", tmp_path, **options)
    assert expected.result is not None
    assert expected.result.counts.scored == len(CASES)
    (tmp_path / "cases.csv.gz").write_bytes(gzip.compress(as_csv(["fever", "trauma"], CASES)))
    assert run_file(tmp_path / "cases.csv.gz", tmp_path, **options).output == expected.output
    columns = {"case_id": [f"c{i}" for i in range(len(CASES))]}
    for name, cells in zip(("fever", "trauma"), zip(*CASES, strict=True), strict=True):
        columns[name] = pa.array([cell or None for cell in cells], pa.string())
    pq.write_table(pa.table(columns), tmp_path / "cases.parquet")
    assert run_file(tmp_path / "cases.parquet", tmp_path, **options).output == expected.output
    ignored = run_file(tmp_path / "cases.csv", tmp_path, **{**options, "variables": VARIABLES})
    assert ignored.output != expected.output  # the output of these runs depends on every mask


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_bad_cells_are_refused_beside_blanks(tmp_path, engine: str) -> None:
    rows = [("", "no"), ("maybe", ""), ("", ""), ("maybe", "no"), ("", "fallen"), ("yes", "major|")]
    (tmp_path / "cases.csv").write_bytes(as_csv(["fever", "trauma"], rows))
    done = run_file(tmp_path / "cases.csv", tmp_path, variables=READ, engine=engine)
    assert done.result is not None
    assert (done.result.counts.scored, done.result.counts.rejected) == (2, 4)
    assert [(line[3], line[4]) for line in done.rejected] == [
        ("fever", "maybe"), ("fever", "maybe"), ("trauma", "fallen"), ("trauma", "major|"),
    ]  # fmt: skip
    columns = {
        "case_id": [str(i) for i in range(6)],
        **dict(zip(("fever", "trauma"), zip(*rows, strict=True), strict=True)),
    }
    pq.write_table(pa.table({name: list(cells) for name, cells in columns.items()}), tmp_path / "cases.parquet")
    parquet = run_file(tmp_path / "cases.parquet", tmp_path, variables=READ, engine=engine)
    assert parquet.result is not None
    assert (parquet.result.counts.scored, parquet.result.counts.rejected) == (2, 4)


def test_a_column_that_is_not_there_is_never_blank(tmp_path) -> None:
    """The same as a column that says of everybody that it was not assessed."""
    with_words = as_csv(["fever", "trauma"], [("yes", "unknown"), ("no", "not_assessed")])
    (tmp_path / "cases.csv").write_bytes(with_words)
    expected = run_file(tmp_path / "cases.csv", tmp_path, variables=READ)
    assert run_file_of(as_csv(["fever"], [("yes",), ("no",)]), tmp_path) == expected.output
    assert run_file_of(as_csv(["fever", "trauma"], [("yes", ""), ("no", "")]), tmp_path) != expected.output


def run_file_of(text: bytes, folder) -> bytes | None:
    (folder / "cases.csv").write_bytes(text)
    return run_file(folder / "cases.csv", folder, variables=READ).output


def test_blanks_of_a_frame(seeds: rm.Model) -> None:
    """None, NaN, a missing value of pandas and an empty text are blanks; a column that is not there is none."""
    model = seeds.with_recording("chart")
    row = {v.name: i for i, v in enumerate(model.variables)}
    frame = pd.DataFrame({
        "fever": ["yes", None, np.nan, "", "not_assessed", "unknown", "-9"],
        "weight_loss": pd.array([True, None, False, pd.NA, True, False, True], "boolean"),
        "trauma": pd.Categorical(["minor", None, "major", "none", None, "minor", "major"]),
    })  # fmt: skip
    masks = model.code(frame, setting="emergency", mapping={"missing": ["-9"]})
    assert masks[row["fever"]].tolist() == [2, 0, 0, 0, 3, 3, 0]
    assert masks[row["weight_loss"]].tolist() == [2, 0, 1, 0, 2, 1, 2]
    assert masks[row["trauma"]].tolist() == [2, 0, 4, 1, 0, 2, 4]
    assert (masks[row["night_sweats"]] == 3).all()
    assert (seeds.code(frame, setting="emergency", mapping={"missing": ["-9"]}) > 0).all()
    case = model.code({"fever": "yes", "weight_loss": None}, setting="emergency")
    assert (case[row["weight_loss"], 0], case[row["night_pain"], 0]) == (0, 3)


def test_context_tests_and_circumstances_have_no_blanks_that_tell(seeds: rm.Model) -> None:
    for profile in ("positives_only", "chart", "form"):
        read = [v for v in seeds.with_recording(profile).variables if v.blank_tells]
        assert {v.role for v in read} == {"finding", "risk_factor"}
        assert "pain_duration" not in {v.name for v in read}  # bands of a number: none of them is an absence
        expected = [v for v in seeds.variables if v.role in ("finding", "risk_factor") and not v.lower_edges]
        assert len(read) == len(expected)


@pytest.mark.slow
@pytest.mark.parametrize("draws", [0, 16])
@pytest.mark.filterwarnings("ignore:for 200 cases:UserWarning", "ignore:for 300 cases:UserWarning")
def test_a_file_and_a_frame_are_scored_alike(tmp_path, seeds: rm.Model, draws: int) -> None:
    """Beyond 10,000 rows too, where the compiled engine takes over: the first rows are those of a short file."""
    from riskmodel.casefiles.options import SMALL_RECORDS
    from riskmodel.cohort import simulate, to_cases

    model = seeds.with_recording("positives_only")
    people = simulate(model, SMALL_RECORDS + 500 if not draws else 300, np.random.default_rng(1), setting="emergency")
    frame = to_cases(model, people)
    for variable in model.variables:
        if variable.blank_tells:
            frame[variable.column] = frame[variable.column].where(frame[variable.column] != variable.base)
    frame.loc[::7, "fever"] = "not_assessed"
    few, many = (model.score(part, draws=draws) for part in (frame.head(200), frame))
    pd.testing.assert_frame_equal(few, many.head(200), check_exact=True)


def test_the_text_of_the_rest_is_as_before(tmp_path) -> None:
    """Blanks of what no profile reads are not assessed, and a file of which nothing is read is as without a profile."""
    text = as_csv(["age", "sex", "esr_mm_h"], [("", "", ""), ("17", "f", "<5")])
    assert run_bytes(text, tmp_path).output == run_file_of(text, tmp_path)
    assert {READ[FEVER].name, READ[TRAUMA].name} == {"fever", "trauma"}
