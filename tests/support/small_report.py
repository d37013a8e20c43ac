"""A small report, its specification, and reading its tables."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from riskmodel.cli import commands
from tests.support.paths import ROOT

CASES = ROOT / "notebooks" / "data" / "published_cases.csv"
SMALL = """
settings = ["primary_care", "emergency"]
statements = [
  "base.fracture.primary_care", "base.infection.primary_care", "base.malignancy.primary_care", "find.fever.none",
  "find.night_pain.none.study", "find.spinal_tenderness.none.study", "find.worsening_course.none",
  "risk.fracture.female",
]
draws = 64
seed = 3
[cohort]
people = 40
[two_way]
points = 5
[sobol]
samples = 8
statements = 2
[value]
people = 30
[pathways]
people = 2000
draws = 4
"""


def run(*arguments):
    return CliRunner().invoke(commands, ["report", *map(str, arguments)])


def spec_file(folder: Path, text: str) -> Path:
    path = folder / "spec.toml"
    path.write_text(text, encoding="utf-8")
    return path
