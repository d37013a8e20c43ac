"""Cases that a command reads: the same mapping, rejects, counts and messages for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from riskmodel.cli.common import say

if TYPE_CHECKING:
    from riskmodel.answers.scoring import Scoring
    from riskmodel.casefiles.collect import CaseRows
    from riskmodel.casefiles.options import RunOptions

mapping_option = click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML: new names for columns, values, missing codes, units.",
)


def read_rows(cases: str | Path, scoring: Scoring, options: RunOptions) -> CaseRows:
    """The good rows of a file; says how many were read and rejected, and why."""
    from riskmodel.answers.output_columns import only_possible
    from riskmodel.answers.settings import shares_listed
    from riskmodel.casefiles.collect import read_cases
    from riskmodel.casefiles.summary import read_lines

    with shares_listed(scoring):
        rows = read_cases(cases, scoring.variables, options, only_possible(scoring))
    say(read_lines(rows.result, "used"))
    return rows
