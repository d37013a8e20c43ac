"""Outputs appear whole or not at all, whatever ends the program."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.run import run
from riskmodel.errors import OutputError
from tests.support.case_files import HEADER, VARIABLES, run_bytes, run_file, score
from tests.support.paths import ROOT

ROWS = 3000
CONTENT = (HEADER + "".join(f"p{n},emergency,40,f,none,no,{n % 100}\n" for n in range(ROWS)) + "bad,x,,,,,\n").encode()
OLD = {"out.csv": b"the last good output\n", "out.rejects.csv": b"its rejects\n", "out.run.json": b"{}\n"}

# Runs the file in small blocks and tells its progress on stdout, one line a step.
PROGRAM = """
import sys, os, time, resource
from tests.support.case_files import *
from tests.support.case_files import _report
from riskmodel.outputs import files as writer
from riskmodel.errors import RiskModelError
source, output, limit, unnamed, user, block = sys.argv[1:]
if limit != "0": resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit),) * 2)
if unnamed == "no": writer._UNNAMED = 0
if user != "0": os.setgid(int(user)); os.setuid(int(user))
def step(name):
    print(name, flush=True)
    time.sleep(0.003)
def slowly(masks):
    step("block")
    return score(masks)
prepare, publish = writer.StagedFile.prepare, writer.StagedFile.publish
def slow_prepare(self): step("prepare"); prepare(self)
def slow_publish(self): step("publish"); publish(self)
writer.StagedFile.prepare, writer.StagedFile.publish = slow_prepare, slow_publish
try:
    options = RunOptions(engine="small", block_bytes=int(block), threads=1)
    run(source, output, VARIABLES, slowly, options, report=_report)
except RiskModelError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_status)
"""


def start(folder: Path, *, limit=0, unnamed="yes", user=0, output="out.csv") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder / "cases.csv"), str(folder / output)]
    return subprocess.Popen(
        [*command, str(limit), unnamed, str(user), "2000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cases.csv").write_bytes(CONTENT)
    for name, text in OLD.items():
        (tmp_path / name).write_bytes(text)
    return tmp_path


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in OLD}


def others(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in {*OLD, "cases.csv"})


def kill_at(folder: Path, number: signal.Signals, step: str, unnamed: str = "yes") -> int:
    """Run until the n-th step of a kind, send the signal, and wait for the end."""
    kind, _, count = step.partition(" ")
    process = start(folder, unnamed=unnamed)
    seen = 0
    assert process.stdout
    for line in process.stdout:
        seen += line.strip() == kind
        if seen == int(count):
            process.send_signal(number)
            break
    else:
        pytest.fail(f"never came to {step}: {process.communicate()}")
    process.communicate(timeout=30)
    return process.returncode


@pytest.mark.slow
@pytest.mark.parametrize("unnamed", ["yes", "no"])
@pytest.mark.parametrize("step", ["block 1", "block 30", "prepare 2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_ended_in_the_middle_nothing_is_seen(folder, number, step, unnamed):
    status = kill_at(folder, number, step, unnamed)
    assert status != 0
    assert visible(folder) == OLD
    left = others(folder)
    assert all(name.startswith(".") and name.endswith(".part") for name in left)
    if number != signal.SIGKILL or (unnamed == "yes" and step.startswith("block")):
        assert left == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_waits_while_names_are_given(folder, number):
    expected = run_bytes(CONTENT, folder)
    for name, text in OLD.items():
        (folder / name).write_bytes(text)
    kill_at(folder, number, "publish 2")
    assert visible(folder)["out.csv"] == expected.output
    assert visible(folder)["out.rejects.csv"] == expected.rejects
    assert others(folder) == []


def test_killed_while_names_are_given_every_file_is_whole(folder):
    expected = run_bytes(CONTENT, folder)
    for name, text in OLD.items():
        (folder / name).write_bytes(text)
    kill_at(folder, signal.SIGKILL, "publish 3")
    now = visible(folder)
    assert now["out.csv"] in (OLD["out.csv"], expected.output)
    assert now["out.rejects.csv"] in (OLD["out.rejects.csv"], expected.rejects)


@pytest.mark.parametrize("unnamed", ["yes", "no"])
@pytest.mark.parametrize("limit", [10, 30_000])
def test_a_file_that_may_not_grow(folder, limit, unnamed):
    process = start(folder, limit=limit, unnamed=unnamed)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "out.csv: cannot be written: File too large" in errors
    assert "Traceback" not in errors
    assert visible(folder) == OLD
    assert others(folder) == []


@pytest.fixture
def small_disk(tmp_path: Path):
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if (
        os.geteuid() != 0
        or not shutil.which("mount")
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("needs root and the right to mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("output", ["out.csv", "out.csv.gz", "out.csv.zst", "out.parquet"])
def test_a_full_disk(small_disk, tmp_path, output):
    source = tmp_path / "cases.csv"
    noisy = "".join(
        f"{n * 7919 % 10007:x}{n * 104729 % 1000003:x},emergency,{n % 99},f,,,{n % 200}\n" for n in range(9000)
    )
    source.write_text(HEADER + noisy)
    (small_disk / output).write_bytes(b"old")
    with pytest.raises(OutputError, match=r"out\.\S+: cannot be written: .*No space left"):
        run(source, small_disk / output, VARIABLES, score)
    assert {path.name: path.read_bytes() for path in small_disk.iterdir()} == {output: b"old"}


def test_a_read_only_disk(small_disk, tmp_path):
    (tmp_path / "cases.csv").write_bytes(CONTENT)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OutputError, match=r"out\.csv: cannot be written: Read-only file system"):
        run(tmp_path / "cases.csv", small_disk / "out.csv", VARIABLES, score)


def test_a_folder_one_may_not_write_to():
    """As another user where the tests run as root, who may write everywhere."""
    user = 65534 if os.geteuid() == 0 else 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cases.csv").write_bytes(CONTENT)
        folder.chmod(0o555)
        try:
            process = start(folder, user=user)
            _, errors = process.communicate(timeout=30)
        finally:
            folder.chmod(0o755)
        if "riskmodel" not in errors and "out.csv" not in errors:
            pytest.skip(f"the other user cannot run Python here: {errors[-200:]}")
        assert (process.returncode, others(folder)) == (2, [])
        assert "out.csv: cannot be written: Permission denied" in errors
        assert not (folder / "out.csv").exists()


def test_places_that_cannot_be(tmp_path):
    source = tmp_path / "cases.csv"
    source.write_bytes(CONTENT)
    (tmp_path / "folder.csv").mkdir()
    for place, message in (
        ("no/such/out.csv", "No such file"),
        ("folder.csv", "it is a folder"),
        ("cases.csv/out.csv", "Not a dir"),
    ):
        with pytest.raises(OutputError, match=message):
            run(source, tmp_path / place, VARIABLES, score)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases.csv", "folder.csv"]


def test_the_same_output_in_every_format(folder):
    plain = run_bytes(CONTENT, folder)
    assert gzip.decompress(run_bytes_to(folder, "out.csv.gz")) == plain.output
    zstd = run_bytes_to(folder, "out.csv.zst")
    import pyarrow as pa

    assert pa.CompressedInputStream(pa.BufferReader(zstd), "zstd").read() == plain.output
    assert pq.read_table(pa.BufferReader(run_bytes_to(folder, "out.parquet"))).num_rows == ROWS
    for name in ("out.csv.gz", "out.csv.zst"):
        assert run_bytes_to(folder, name, block_bytes=3000, engine="compiled", threads=2) == run_bytes_to(folder, name)


def run_bytes_to(folder: Path, name: str, **options) -> bytes:
    output = run_file(folder / "cases.csv", folder, name, **options).output
    (folder / name).unlink()
    return output


def test_stale_rejects_go_and_other_files_stay(folder):
    run(folder / "cases.csv", folder / "out.csv", VARIABLES, score)
    assert visible(folder)["out.rejects.csv"].startswith(b"record,line,")
    (folder / "cases.csv").write_bytes(CONTENT.replace(b"bad,x,,,,,\n", b""))
    (folder / "note.txt").write_text("mine")
    run(folder / "cases.csv", folder / "out.csv", VARIABLES, score)
    assert sorted(path.name for path in folder.iterdir()) == ["cases.csv", "note.txt", "out.csv", "out.run.json"]


def test_an_error_in_the_file_leaves_the_old_output(folder):
    (folder / "cases.csv").write_bytes(CONTENT + b'"open')
    process = start(folder)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "a quote opens that is never closed" in errors
    assert (visible(folder), others(folder)) == (OLD, [])


def test_modes_links_and_devices(folder):
    (folder / "out.csv").chmod(0o640)
    run(folder / "cases.csv", folder / "out.csv", VARIABLES, score)
    assert stat.S_IMODE((folder / "out.csv").stat().st_mode) == 0o640
    (folder / "link.csv").symlink_to(folder / "real.csv")
    run(folder / "cases.csv", folder / "link.csv", VARIABLES, score)
    assert (folder / "link.csv").is_symlink()
    assert (folder / "real.csv").read_bytes() == (folder / "out.csv").read_bytes()
    options = RunOptions(rejects=folder / "bad.csv")
    run(folder / "cases.csv", "/dev/null", VARIABLES, score, options)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
