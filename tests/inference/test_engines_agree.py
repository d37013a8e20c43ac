"""Two readers, one meaning: whatever the bytes, the blocks and the threads, the results are the same."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.case_files import HEADER, Ran, run_bytes

WIDTH = HEADER.count(",") + 1
WORDS = [
    "", "absent", "present", "yes", "No", "TRUE", "0", "1", "0.0", "1.0", "-9.0", "1.00",
    "none", "minor", "Major", "minor|major", "major|none|minor",
    "unknown", "not_assessed", "Unknown", "f", "M", "male", "primary_care", "emergency", "EMERGENCY", "under_18",
    "from_18_to_49", "from_18_to_49|from_50", "17.999999999999999999", "18", "018", "49.9", "120", "120.0", "120.01",
    "200", "<5", ">120", "<20", ">200", "<0", "5.", ".5", "1e1", "-1", "+5", "12345678", "123456789",
    "1234567890123456789", "0000000000000000000000000000000000018", "a=b", "=1+1", "-2", "-x", "@home", "\t", " ",
    " yes", "yes ", "ä", "ÿ", "漢字", "x" * 7, "x" * 8, "x" * 9, "present" * 5,
    "a'b", "a;b", "a b c d e f g h i j k l m",
]  # fmt: skip
NASTY = [
    '"',
    '""',
    '"a"',
    '"a,b"',
    '"a\nb"',
    '"a\r\nb"',
    '"a""b"',
    'a"b',
    '"a"b',
    '"yes"',
    '"a\rb"',
    "\r",
    "\0",
    ",",
    "\n",
    "\r\n",
]

cell = st.one_of(st.sampled_from(WORDS), st.sampled_from(NASTY), st.text(max_size=4))
quoted = cell.map(lambda text: '"' + text.replace('"', '""') + '"')
row = st.lists(st.one_of(cell, cell, quoted), min_size=WIDTH, max_size=WIDTH).map(",".join)
good_row = st.tuples(
    st.integers(0, 30).map(lambda number: f"case {number}"),
    *(st.sampled_from(["", *words]) for words in (
        ["emergency", "primary_care"], ["17", "18", "49.99", "from_50"], ["f", "male"],
        ["none", "major", "minor|major"], ["yes", "no", "present"], ["<20", "20", "7.5"],
    )),
).map(",".join)  # fmt: skip
ragged = st.lists(cell, min_size=1, max_size=WIDTH + 2).map(",".join)
ending = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", ""])
lines = st.lists(st.tuples(st.one_of(good_row, good_row, row, ragged), ending), max_size=12)
content = lines.map(lambda parts: (HEADER + "".join(text + end for text, end in parts)).encode(errors="replace"))
broken = st.tuples(content, st.integers(0, 400), st.binary(max_size=3)).map(
    lambda parts: parts[0][: len(HEADER) + parts[1]] + parts[2] + parts[0][len(HEADER) + parts[1] :]
)
few = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def ran(data: bytes, **options) -> Ran:
    with tempfile.TemporaryDirectory() as folder:
        return run_bytes(data, Path(folder), **options)


def assert_same(one: Ran, other: Ran, data: bytes) -> None:
    assert (one.output, one.rejects) == (other.output, other.rejects), data
    assert one.error.partition("cases.csv")[2] == other.error.partition("cases.csv")[2], data
    if one.result and other.result:
        assert (one.result.counts, one.result.summary) == (other.result.counts, other.result.summary), data


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [content, broken], ids=["pieces", "cut"])
def test_any_bytes(strategy):
    @few
    @given(strategy, st.sampled_from([1, 7, 40, 200, 1 << 20]), st.sampled_from([1, 2]), st.booleans())
    def check(data: bytes, block: int, threads: int, repeats: bool) -> None:
        plain = ran(data, engine="small", allow_repeats=repeats)
        compiled = ran(data, engine="compiled", block_bytes=block, threads=threads, allow_repeats=repeats)
        assert_same(plain, compiled, data)

    check()


@pytest.mark.slow
@few
@given(content, st.sampled_from([1, 30, 300]))
def test_small_engine_in_any_blocks(data, block):
    assert_same(ran(data, engine="small"), ran(data, engine="small", block_bytes=block, threads=2), data)


@pytest.mark.slow
@few
@given(
    st.lists(good_row, min_size=1, max_size=12),
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=12),
)
def test_kept_cells_are_what_the_csv_module_reads(rows, notes):
    """Whatever text a well-formed file holds comes out as it went in, but for the guard against formulas."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([*HEADER.strip().split(","), "note"])
    writer.writerows(
        [f"{index}", *line.split(",")[1:], note] for index, (line, note) in enumerate(zip(rows, notes, strict=False))
    )
    data = written.getvalue().encode()
    results = [ran(data, engine=engine, keep=("note",), block_bytes=50) for engine in ("small", "compiled")]
    assert_same(*results, data)
    if results[0].output is None:
        assert "impossible" in results[0].error
        return
    read = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    impossible = {line[2] for line in results[0].rejected}
    out = list(csv.DictReader(io.StringIO(results[0].output.decode(), newline="")))
    wanted = [one["note"] for one in read if one["case_id"] not in impossible]
    assert [
        one["note"] if one["note"] == note else one["note"].removeprefix("'")
        for one, note in zip(out, wanted, strict=True)
    ] == wanted


@pytest.mark.slow
def test_many_unusual_cells():
    """More different texts than the tables learn, and more rows than a block holds."""
    lines = [f"p{n},,{n % 119}.{n},f,minor,yes,<{n % 199 + 1}.{n}\n" for n in range(6000)]
    lines += [f"q{n},,<{n},f,minor,yes,{n}\n" for n in range(300)]
    data = (HEADER + "".join(lines)).encode()
    plain = ran(data, engine="small")
    assert plain.result is not None
    assert plain.result.counts.rejected == 300
    for block in (1 << 12, 1 << 20):
        assert_same(plain, ran(data, engine="compiled", block_bytes=block, threads=2), data[:200])


def test_all_cells_quoted():
    lines = [
        ",".join(f'"{text}"' for text in (f"p{n}", "emergency", "18", "f", "minor", "yes", "<5")) for n in range(2000)
    ]
    data = (HEADER + "\r\n".join(lines)).encode()
    bare = ran(data.replace(b'"', b""), engine="small")
    assert_same(bare, ran(data, engine="small"), b"")
    assert_same(bare, ran(data, engine="compiled", block_bytes=1000, threads=2), b"")
