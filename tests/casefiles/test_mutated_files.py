"""Files damaged at random are read alike by both engines and by a third reader; cut archives are refused."""

import gzip

import numpy as np
import pyarrow as pa
import pytest

from riskmodel.answers.column_types import ScoredBlock
from riskmodel.casefiles.collect import read_cases
from riskmodel.casefiles.options import RunOptions
from riskmodel.errors import CasesError
from tests.support import plain_reader
from tests.support.case_files import HEADER, VARIABLES, run_bytes, score

SEED = [
    "p1,emergency,54,f,none,yes,12\n", "p2,,17.9,M,major,no,<20\n", 'p3,primary_care,,,"minor|major",1.0,>50\r\n',
    'p4,Emergency,120,male,yes,0,"7.5"\n', '"p,5",unknown,0,female,no,TRUE,200\n', "\n", 'p"6",,,,,,\n',
    "p7,,50,m,1,,20\n",
]  # fmt: skip
PIECES = [
    b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\0", b" ", b"|", b"<", b">", b".", b"0", b"1.0", b"-9.0", b"yes",
    b"\xff", "é".encode(), b"\xef\xbb\xbf", b"none|", b"999", b"p1,", b"\n\n", b",,", b"emergency",
]  # fmt: skip
FILES = 2000


def mutated(rng: np.random.Generator) -> bytes:
    """A good file with one to four random changes below its header."""
    data = bytearray((HEADER + "".join(rng.permutation(SEED))).encode())
    for _ in range(rng.integers(1, 5)):
        at, other = (int(place) for place in rng.integers(len(HEADER), len(data) + 1, 2))
        size = int(rng.integers(0, 6))
        kind = rng.integers(5)
        if kind == 0:
            del data[at : at + size]
        elif kind == 1:
            data[at:at] = PIECES[rng.integers(len(PIECES))]
        elif kind == 2:
            data[at : at + size] = PIECES[rng.integers(len(PIECES))]
        elif kind == 3:
            data[at:at] = data[other : other + 8 * size]
        else:
            del data[at:]
    return bytes(data)


def outcome(path, **options):
    """What a reader of the package makes of a file, in the form of the third reader."""
    try:
        rows = read_cases(
            path, VARIABLES, RunOptions("emergency", **options), lambda masks: ScoredBlock((), score(masks).impossible)
        )
    except CasesError as error:
        return "all rejected" if "no row" in str(error) else None
    states = [
        tuple(
            frozenset(state for s, state in enumerate(v.states) if mask >> s & 1)
            for v, mask in zip(VARIABLES[:-1], case, strict=True)
        )
        for case in rows.masks[:-1].T.tolist()
    ]
    return list(zip(rows.names, states, strict=True)), rows.result.counts.rejected


def expected(data: bytes):
    found = plain_reader.read(data, "emergency")
    if found is None:
        return None
    return (found.accepted, len(found.rejected)) if found.accepted else "all rejected"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_mutated_files_are_read_alike_by_three_readers(tmp_path, part):
    rng = np.random.default_rng(part)
    path, kinds = tmp_path / "cases.csv", {"refused": 0, "read": 0}
    for _ in range(FILES // 8):
        data = mutated(rng)
        path.write_bytes(data)
        third = expected(data)
        assert outcome(path, engine="small") == third, data
        block = int(rng.choice([1, 20, 100, 1 << 20]))
        assert outcome(path, engine="compiled", block_bytes=block, threads=int(rng.integers(1, 3))) == third, data
        kinds["refused" if third is None else "read"] += 1
    assert min(kinds.values()) > 5  # both happen


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_archives_cut_at_any_place_are_refused(tmp_path, codec, engine):
    content = (HEADER + "".join(f"p{i},emergency,54,f,none,yes,12\n" for i in range(200))).encode()
    data = gzip.compress(content) if codec == "gzip" else pa.compress(content, codec="zstd", asbytes=True)
    name = "cases.csv.gz" if codec == "gzip" else "cases.csv.zst"
    whole = run_bytes(data, tmp_path, name, engine=engine)
    assert whole.result.counts.scored == 200
    cuts = range(len(data)) if len(data) < 400 else np.linspace(0, len(data) - 1, 400).astype(int)
    for cut in cuts:
        done = run_bytes(data[:cut], tmp_path, name, engine=engine)
        assert done.output is None, cut
        assert done.error, cut
