"""Reading whole files: layouts, compressions, counts, warnings, memory of ids."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys

import pyarrow as pa
import pytest

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read import tokens
from riskmodel.casefiles.run import run
from riskmodel.errors import CasesError, UsageError
from tests.support.case_files import HEADER, VARIABLES, run_bytes, run_file, score
from tests.support.paths import ROOT

ENGINES = pytest.mark.parametrize("engine", ["small", "compiled"])
ROW = b"emergency,40,f,none,no,5\n"
FEW = HEADER.encode() + b"".join(b"p%d," % n + ROW for n in range(50))


@ENGINES
def test_line_ends_marks_and_blank_lines_change_nothing(tmp_path, engine):
    plain = run_bytes(FEW, tmp_path, engine=engine)
    assert plain.result.counts.scored == 50
    lines = FEW.splitlines()
    for data in (
        b"\xef\xbb\xbf" + FEW,
        FEW.replace(b"\n", b"\r\n"),
        b"\n".join(line + (b"\r" if n % 2 else b"") for n, line in enumerate(lines)) + b"\n",
        b"\r\n\n" + FEW.replace(b"\n", b"\n\r\n"),
        FEW.removesuffix(b"\n"),
    ):
        for block in (1, 100, 1 << 20):
            assert run_bytes(data, tmp_path, engine=engine, block_bytes=block).output == plain.output


@ENGINES
def test_compressed_files(tmp_path, engine):
    plain = run_bytes(FEW, tmp_path, engine=engine)
    halves = gzip.compress(FEW[:700]) + gzip.compress(FEW[700:])
    zstd = pa.compress(FEW, codec="zstd", asbytes=True)
    for name, data in (("a.csv.gz", halves), ("a.csv", gzip.compress(FEW)), ("a.csv.zst", zstd)):
        assert run_bytes(data, tmp_path, name, engine=engine).output == plain.output
    for cut in (1, 9, len(zstd) // 2):
        assert "cannot be read: Truncated" in run_bytes(zstd[:-cut], tmp_path, "a.csv.zst", engine=engine).error


@ENGINES
def test_columns_in_any_order_and_number(tmp_path, engine):
    some = run_bytes(b"fever,case_id\nyes,a\n,b\n", tmp_path, engine=engine)
    more = run_bytes(b'note,case_id,age,fever\nx,a,,1\n"y\n,",b,,\n', tmp_path, engine=engine)
    assert some.output == more.output
    assert more.result.warnings == ("columns ignored: note",)
    alone = run_bytes(b"case_id\na\n\nb\n", tmp_path, engine=engine)
    assert alone.result.counts.scored == 2


@ENGINES
def test_outcomes_are_not_evidence_unless_asked(tmp_path, engine):
    data = b"case_id,infection\na,yes\nb,nonsense\n"
    ignored = run_bytes(data, tmp_path, engine=engine)
    assert ignored.result.warnings == ("outcomes are not evidence, columns ignored: infection",)
    assert ignored.result.counts.scored == 2
    read = run_bytes(data, tmp_path, engine=engine, known_outcomes=True)
    assert read.result.summary.states["infection"] == {"absent": 0, "present": 1}
    assert read.result.counts.rejected == 1


@ENGINES
def test_kept_columns(tmp_path, engine):
    data = b'case_id,note,fever,n\na," x,\r\n""y""",yes,-1\n=b,=cmd(),no,+1.5\nc,@x,,-1-2\n-d,\ttab,,\n'
    kept = run_bytes(data, tmp_path, engine=engine, keep=("n", "note"))
    lines = kept.output.decode().replace('" x,\r\n""y"""', "NOTE").splitlines()
    assert [line.split(",")[0] for line in lines] == ["case_id", "a", "'=b", "c", "'-d"]
    assert [line.split(",")[-2:] for line in lines] == [
        ["n", "note"], ["-1", "NOTE"], ["+1.5", "'=cmd()"], ["'-1-2", "'@x"], ["", "'\ttab"],
    ]  # fmt: skip
    assert "there is no column 'nota' to keep (did you mean 'note'?)" in run_bytes(data, tmp_path, keep=("nota",)).error
    assert (
        "the output has a column of that name"
        in run_bytes(data.replace(b"note", b"sum"), tmp_path, keep=("sum",)).error
    )


@ENGINES
def test_settings(tmp_path, engine):
    data = b"case_id,setting\na,\nb,emergency\nc,unknown\n"
    done = run_bytes(data, tmp_path, engine=engine, default_setting="primary_care")
    assert done.result.summary.default_setting == 2
    assert done.result.summary.states["setting"] == {"as_reported": 0, "primary_care": 2, "emergency": 1}
    assert run_bytes(b"case_id\na\n", tmp_path, engine=engine).result.summary.default_setting == 1
    assert "allowed are as_reported" in run_bytes(data, tmp_path, engine=engine, default_setting="ward").error


@ENGINES
def test_repeats(tmp_path, engine):
    data = FEW + FEW.partition(b"\n")[2] + b"new," + ROW
    once = run_bytes(data, tmp_path, engine=engine, block_bytes=64)
    assert (once.result.counts.scored, once.result.counts.rejected) == (51, 50)
    assert once.result.summary == run_bytes(FEW + b"new," + ROW, tmp_path, engine=engine).result.summary
    assert run_bytes(data, tmp_path, engine=engine, allow_repeats=True).result.counts.scored == 101


@ENGINES
def test_summary_counts_only_scored_rows(tmp_path, engine):
    rows = b"a,,,,major,yes,\nb,,,f,major,no,\nb,,,m,,,\nc,,,,,9,\nd,,60,,,yes,\n"
    done = run_bytes(HEADER.encode() + rows, tmp_path, engine=engine)
    assert (done.result.counts.read, done.result.counts.scored) == (5, 2)
    assert done.result.summary.assessed == {
        "setting": 2, "age": 1, "sex": 1, "trauma": 1, "fever": 2, "esr": 0, "infection": 0,
    }  # fmt: skip
    assert done.result.summary.labels["flags"] == {"absent": 1, "present": 1, "none": 1, "minor": 1, "major": 2}
    lines = done.output.decode().splitlines()[1:]
    mean = sum(float(line.split(",")[2]) for line in lines) / 2
    assert done.result.summary.means["p_one"] == pytest.approx(mean, abs=1e-10)


@ENGINES
def test_header_only(tmp_path, engine):
    done = run_bytes(HEADER.encode(), tmp_path, engine=engine)
    assert done.result.counts.read == 0
    assert done.output == b"case_id,words,p_one,p_small,weight,flags,sum\n"
    assert done.result.summary.means == {}


def test_cells_at_the_limit_and_long_records(tmp_path):
    note = b"n" * tokens.MAX_CELL
    data = b"case_id,note,fever\na," + note + b",yes\nb,x,no\n"
    results = [
        run_bytes(data, tmp_path, engine=engine, keep=("note",), block_bytes=999) for engine in ("small", "compiled")
    ]
    assert results[0].output == results[1].output
    assert note in results[0].output


def test_a_quote_left_open_in_a_large_file_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_RECORD", 1 << 16)
    data = FEW + b'x,"' + b"y" * (1 << 17)
    for engine in ("small", "compiled"):
        assert "line 52: a record of more than" in run_bytes(data, tmp_path, engine=engine, block_bytes=1 << 10).error


@pytest.mark.slow
def test_many_ids_in_any_blocks(tmp_path):
    """Repeats are found across the growth of the table, and nothing else is."""
    draw = random.Random(1)  # noqa: S311
    names = [f"{draw.randrange(30_000)}" for _ in range(40_000)]
    path = tmp_path / "cases.csv"
    path.write_text("case_id\n" + "\n".join(names) + "\n", encoding="utf-8")
    for block, threads in ((1 << 14, 2), (1 << 20, 1)):
        result = run_file(path, tmp_path, block_bytes=block, threads=threads).result
        assert result.engine == "compiled"
        assert result.counts.scored == len(set(names))


@pytest.mark.slow
def test_standard_input_and_output(tmp_path):
    program = (
        "import sys; from tests.support.case_files import *; from riskmodel.errors import RiskModelError\n"
        "options = RunOptions('emergency', rejects=Path(sys.argv[1]) if sys.argv[1] else None)\n"
        "try: run('-', '-', VARIABLES, score, options)\n"
        "except RiskModelError as error: sys.exit(str(error))"
    )
    command = [sys.executable, "-c", program]

    def pipe(data: bytes, rejects: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*command, rejects], input=data, capture_output=True, cwd=ROOT, check=False)

    expected = run_bytes(FEW, tmp_path)
    assert pipe(FEW, "").stdout == expected.output
    bad = FEW + b"bad,x,,,,,\n"
    ended = pipe(bad, "")
    assert ended.returncode == 1
    assert b"line 52 (case bad), column setting: 'x'" in ended.stderr
    went_on = pipe(bad, str(tmp_path / "bad.csv"))
    assert (went_on.returncode, went_on.stdout) == (0, expected.output)
    assert (tmp_path / "bad.csv").read_text().count("\n") == 2


def test_the_small_path_loads_no_heavy_library(tmp_path):
    (tmp_path / "cases.csv").write_bytes(FEW)
    program = (
        "import sys; from tests.support.case_files import *\n"
        "run(sys.argv[1], sys.argv[2], VARIABLES, score)\n"
        "print([name for name in ('numba', 'pyarrow', 'pandas', 'scipy') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "cases.csv"), str(tmp_path / "out.csv")]
    assert subprocess.run(command, capture_output=True, cwd=ROOT, check=True, text=True).stdout == "[]\n"


def test_wrong_columns_of_a_scorer_are_a_bug_not_a_file(tmp_path):
    (tmp_path / "cases.csv").write_bytes(FEW)

    def wrong(masks):
        block = score(masks)
        return type(block)((block.columns[1].__class__("p", block.columns[1].values[:-1]),))

    with pytest.raises(ValueError, match="wrong shape"):
        run(tmp_path / "cases.csv", tmp_path / "out.csv", VARIABLES, wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]


def test_names_of_files(tmp_path):
    source = tmp_path / "cases.csv"
    source.write_bytes(FEW)
    with pytest.raises(UsageError, match="an output ends with"):
        run(source, tmp_path / "out.txt", VARIABLES, score)
    with pytest.raises(UsageError, match="replace a file that is read"):
        run(source, source, VARIABLES, score)
    with pytest.raises(UsageError, match="two outputs"):
        run(source, tmp_path / "out.csv", VARIABLES, score, RunOptions(rejects=tmp_path / "out.csv"))
    rejects = tmp_path / "again.rejects.csv"
    rejects.write_bytes(FEW)
    with pytest.raises(UsageError, match="replace a file that is read"):  # and not: delete the input as stale
        run(rejects, tmp_path / "again.csv", VARIABLES, score)
    assert rejects.read_bytes() == FEW
    with pytest.raises(CasesError, match="No such file"):
        run(tmp_path / "none.csv", tmp_path / "out.csv", VARIABLES, score)
    with pytest.raises(CasesError, match="Is a directory"):
        run(tmp_path, tmp_path / "out.csv", VARIABLES, score)
