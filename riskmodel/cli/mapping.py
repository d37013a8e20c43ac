"""The commands about mapping files: a draft for a file, and what a mapping does to a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from riskmodel.cli.common import Commands, common, examples, load_model, put, say, write
from riskmodel.cli.values import CaseFile


@click.group("mapping", cls=Commands)
def mapping_commands() -> None:
    """Mapping files: draft one from a file, and see what one does."""


@click.command("draft", epilog=examples(
    "riskmodel mapping draft registry.csv -o mapping.toml",
    "riskmodel mapping draft registry.xlsx",
))  # fmt: skip
@click.argument("file", type=CaseFile())
@common
@click.option("-o", "--output", default="-", metavar="FILE", help="The mapping file; without it, standard output.")
def draft_command(file: str, priors: str, policy: str, setting: str | None, output: str) -> None:
    """Propose a mapping for FILE from its header and its first rows; every guess is marked CHECK."""
    from riskmodel.casefiles.read.sample import sample_of
    from riskmodel.cases.columns import ColumnContract
    from riskmodel.cases.drafting.draft import CHECK
    from riskmodel.cases.drafting.propose import draft_mapping

    model = load_model(priors, policy, setting)
    columns = sample_of(file)
    text = draft_mapping(columns, ColumnContract(model.variables), file, max((c.rows for c in columns), default=0))
    write(output, text)
    guesses = [line.startswith("# ") for line in text.splitlines() if f"  # {CHECK}: " in line]
    say([f"guesses in force: {guesses.count(False)}; commented out, for a decision: {guesses.count(True)}"])


@click.command("check", epilog=examples(
    "riskmodel mapping check registry.csv mapping.toml",
))  # fmt: skip
@click.argument("file", type=CaseFile())
@click.argument("mapping", type=click.Path(path_type=Path))
@common
def check_mapping_command(file: str, mapping: Path, priors: str, policy: str, setting: str | None) -> None:
    """Show what MAPPING makes of FILE: each column, each rule with its counts, what is rejected. Nothing is written."""
    from riskmodel.casefiles.collect import all_possible
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.casefiles.run import run
    from riskmodel.casefiles.summary import read_lines
    from riskmodel.cases.description import columns_read
    from riskmodel.text import table

    model = load_model(priors, policy, setting)
    options = RunOptions(default_setting=setting or model.settings[0], mapping=mapping, known_outcomes=True)
    result = run(file, None, model.variables, all_possible, options)
    columns = columns_read(result.layout, model.variables, mapping)
    rows = [[column.file_column, column.column, column.values, column.missing, column.unit] for column in columns]
    put(table(["column of the file", "read as", "values", "not assessed", "unit"], rows))
    put(["", *read_lines(result, "that can be read")])
    sys.exit(1 if result.counts.rejected else 0)


mapping_commands.add_command(draft_command)
mapping_commands.add_command(check_mapping_command)
