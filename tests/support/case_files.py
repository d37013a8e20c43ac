"""What the tests of case files share: a small network's variables, a simple scorer, and a run in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from riskmodel.answers.column_types import Flags, Impossible, Integer, Number, ScoredBlock, Text
from riskmodel.casefiles.options import RunOptions, RunResult
from riskmodel.casefiles.run import run
from riskmodel.errors import RiskModelError
from riskmodel.evidence.records import Variable

VARIABLES = (
    Variable("setting", "context", ("as_reported", "primary_care", "emergency"), ""),
    Variable("age", "context", ("under_18", "from_18_to_49", "from_50"), "", unit="years",
             lower_edges=(0, 18, 50), maximum=120),
    Variable("sex", "context", ("female", "male"), "", aliases={"f": "female", "m": "male"}),
    Variable("trauma", "risk_factor", ("none", "minor", "major"), ""),
    Variable("fever", "finding", ("absent", "present"), ""),
    Variable("esr", "test", ("under_20", "from_20_to_50", "over_50"), "", column="esr_mm_h", unit="mm/h",
             lower_edges=(0, 20, 50), maximum=200),
    Variable("infection", "condition", ("absent", "present"), "", serious=True),
)  # fmt: skip
HEADER = "case_id,setting,age,sex,trauma,fever,esr_mm_h\n"
FEVER, TRAUMA = 4, 3


def score(masks: np.ndarray) -> ScoredBlock:
    """Numbers that depend on every mask; major trauma with fever is called impossible."""
    weights = 2.0 ** -np.arange(1, 8)
    p = (weights[:, None] * masks).sum(axis=0) / 255
    small = np.where(masks[FEVER] == 1, p * 1e-7, p)
    bits = np.stack([(masks[4] >> s) & 1 for s in range(2)] + [(masks[3] >> s) & 1 for s in range(3)]).astype(bool)
    sex = masks[2].astype(np.int32)
    codes = np.stack([masks[0].astype(np.int32) - 1, np.where(sex == 3, -1, sex - 1)])
    impossible = np.flatnonzero((masks[FEVER] == 2) & (masks[TRAUMA] == 4))
    return ScoredBlock(
        columns=(
            Text("words", codes, ("one", "two", "a,b", "four", 'say "5"', "six", "seven"), tally=True),
            Number("p_one", p),
            Number("p_small", small),
            Number("weight", (p - 0.2) * 1e3, "decimal4"),
            Flags("flags", bits, ("absent", "present", "none", "minor", "major"), tally=True),
            Integer("sum", masks.sum(axis=0, dtype=np.int64) - 20),
        ),
        impossible=tuple(Impossible(int(row), "fever and major trauma exclude each other") for row in impossible),
    )


@dataclass(frozen=True)
class Ran:
    """What a run left: the files' bytes, and either a result or the error's message."""

    output: bytes | None
    rejects: bytes | None
    result: RunResult | None
    error: str = ""

    @property
    def rejected(self) -> list[list[str]]:
        return [] if self.rejects is None else [line.split(",") for line in self.rejects.decode().splitlines()[1:]]


def run_bytes(content: bytes, folder: Path, name: str = "cases.csv", **options) -> Ran:
    """Run a file of that content in a folder of its own."""
    source = folder / name
    source.write_bytes(content)
    return run_file(source, folder, **options)


def run_file(source: Path, folder: Path, output: str = "out.csv", variables=VARIABLES, **options) -> Ran:
    target = folder / output
    rejects, record = folder / "out.rejects.csv", folder / "out.run.json"
    for path in (target, rejects, record):
        path.unlink(missing_ok=True)
    options.setdefault("default_setting", "as_reported")
    try:
        result = run(source, target, variables, score, RunOptions(**options), report=_report)
    except RiskModelError as error:
        left = sorted(path.name for path in folder.iterdir() if path.name.startswith(("out", ".")))
        assert left == [], f"an error left {left}"
        return Ran(None, None, None, str(error))
    assert json.loads(record.read_text())["read"] == result.counts.read
    assert (result.counts.rejected > 0) == rejects.exists()
    return Ran(target.read_bytes(), rejects.read_bytes() if rejects.exists() else None, result)


def _report(result: RunResult) -> str:
    return json.dumps({"read": result.counts.read})
