"""Commands on cases: score a file, explain one case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.common import common, detail, examples, progress_bar, put, put_json, recording_option, say
from riskmodel.cli.reading import (
    asked_redcap,
    mapping_option,
    notice_of_blanks,
    recording_named,
    redcap_options,
    table_options,
    tables_asked,
)
from riskmodel.cli.score_options import run_options, scorers
from riskmodel.cli.shards import score_a_shard, shard_option
from riskmodel.cli.values import CaseFile
from riskmodel.errors import UsageError

if TYPE_CHECKING:
    from riskmodel.answers.scoring import Scoring
    from riskmodel.casefiles.options import RunOptions

FHIR = "fhir"


@click.command("score", epilog=examples(
    "riskmodel score cases.csv -o scored.csv --setting primary_care",
    "riskmodel score cases.parquet -o scored.parquet --priors literature",
    "riskmodel score cases.csv -o scored.csv --draws 1000 --seed 1",
    "riskmodel score cases.csv -o scored.csv --recording chart",
    "riskmodel score cases.csv -o scored.csv --ask-next",
    "riskmodel score cases.csv --dry-run --setting primary_care",
    "riskmodel score cases.csv.gz -o - --rejects bad.csv | head",
    "riskmodel score cases.csv --table --policy whitlock_2026",
    "riskmodel score cases.csv --shard 3/8 -o shards",
    "riskmodel score responses.ndjson -o risk.ndjson --setting emergency",
))  # fmt: skip
@click.argument("cases", type=CaseFile())
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="File for the result: .csv, .csv.gz, .csv.zst, .parquet, .arrow, .xlsx, or .ndjson for FHIR; - for a stream.",
)
@click.option("--table", "as_table", is_flag=True, help="Print a readable table of the result (the first 50 cases).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "fhir"]),
    help="Of --table: text, or json with all cases. Of the output: fhir, RiskAssessments one a line.",
)
@common
@recording_option
@mapping_option
@table_options
@redcap_options
@click.option("--keep", metavar="COLUMNS", help="Columns to pass through, separated by commas.")
@click.option("--known-outcomes", is_flag=True, help="Use the condition columns as evidence.")
@click.option("--allow-repeats", is_flag=True, help="Accept a case_id more than once.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File for the rejected rows.  [default: OUTPUT.rejects.csv]",
)
@click.option(
    "--draws", default=0, metavar="K", help="Add credible intervals and confidence, from K draws of all statements."
)
@click.option("--seed", default=0, show_default=True, metavar="N", help="The same seed gives the same draws.")
@click.option("--level", default=0.95, show_default=True, metavar="LEVEL", help="Level of the credible intervals.")
@click.option("--dry-run", is_flag=True, help="Only check which rows can be scored; write no result.")
@shard_option
@click.option("--ask-next", is_flag=True, help="Add the next best question or test of each case.")
@click.option(
    "--threads",
    default=0,
    metavar="N",
    help="Threads for large files.  [default: as many as there are processors, up to 4]",
)
def score_command(
    cases: str, output: str | None, as_table: bool, form: str | None, dry_run: bool, **asked: Any
) -> None:
    """Score a file of CASES: one row per case with probabilities, action and reason."""
    shard = asked.pop("shard")
    if shard is not None:
        _only_files(as_table=as_table, dry_run=dry_run, form=form)
        score_a_shard(cases, output, shard, asked, warns=not recording_named())
        return
    if dry_run and (output is not None or as_table):
        raise UsageError("--dry-run writes and prints no result: leave out -o and --table")
    if output is None and not (as_table or dry_run):
        raise UsageError(
            "say where the result goes with -o FILE (-o - for standard output), or ask for --table or --dry-run"
        )
    if form not in (None, FHIR) and not as_table:
        raise UsageError("--format text and json go with --table")
    if as_table and output is not None and not output.endswith(".csv"):
        raise UsageError("--table goes with a plain .csv output, or none")
    from riskmodel.answers.settings import shares_listed
    from riskmodel.casefiles.run import run
    from riskmodel.casefiles.run_files import ASSESSMENT_ENDINGS
    from riskmodel.casefiles.summary import SHOWN, dry_run_lines, readable, run_record, summary_lines
    from riskmodel.casefiles.write.row_writer import RowsInMemory

    rows = RowsInMemory(None if form == "json" else SHOWN) if as_table else None
    with progress_bar() as progress, progress_bar(" draws", "draws") as drawn:
        scoring, small, compiled = scorers(asked, drawn)
        options = run_options(scoring, asked)
        if form == FHIR or (output is not None and output.lower().endswith(ASSESSMENT_ENDINGS)):
            options = _as_assessments(cases, scoring, options, asked["level"])
        shown = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items()}
        detail(f"policy {scoring.policy.name}, model {scoring.model_hash}")
        with shares_listed(scoring):
            result = run(
                cases, output, scoring.variables, small, options,
                compiled_score=compiled,
                rows=rows,
                report=lambda done: run_record(done, scoring, sys.argv[1:], shown | _project(options)),
                progress=progress,
                notice=notice_of_blanks(scoring, asked["priors"], asked["policy"]),
            )  # fmt: skip
    if dry_run:
        put(dry_run_lines(result))
    else:
        say(summary_lines(result, scoring, options.default_setting))
    if rows is not None and form == "json":
        put_json(rows.rows)
    elif rows is not None:
        put(readable(rows, scoring))
    sys.exit(1 if result.counts.rejected else 0)


def _only_files(**asked: Any) -> None:
    """Refuse what a shard cannot give."""
    for option in ("as_table", "dry_run", "form"):
        if asked[option]:
            name = {"as_table": "--table", "dry_run": "--dry-run", "form": "--format"}[option]
            raise UsageError(f"{name} does not go with --shard, which writes into a folder")


def _as_assessments(cases: str, scoring: Scoring, options: RunOptions, level: float) -> RunOptions:
    """The same, written as FHIR's RiskAssessments, which point at the responses if there are any."""
    from dataclasses import replace

    from riskmodel.casefiles.read.formats import format_of
    from riskmodel.fhir.risk import AssessedBy

    if options.keep:
        raise UsageError("--keep goes with a table: a RiskAssessment has no place for other columns")
    form = format_of(cases)
    kept = ("resource", "reference") if form is not None and form.name == "FHIR" else ()
    return replace(options, assessments=AssessedBy.of(scoring, level), keep=kept)


def _project(options: RunOptions) -> dict[str, Any]:
    """What was stated of a REDCap project, for the run record."""
    return {"redcap": options.redcap.stated() if options.redcap else None}


@click.command("explain", epilog=examples(
    "riskmodel explain cases.csv --case 12 --setting primary_care",
    "riskmodel explain cases.csv --case 12 --policy acibadem_2026",
    "riskmodel explain cases.csv --case 12 --draws 1000 --seed 1",
))  # fmt: skip
@click.argument("cases", type=CaseFile())
@click.option("--case", "case_id", required=True, metavar="ID", help="The case_id of the case.")
@common
@recording_option
@mapping_option
@table_options
@redcap_options
@click.option("--known-outcomes", is_flag=True, help="Use the condition columns as evidence.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--draws", default=0, metavar="K", help="Also show the uncertainty, from K draws of all statements.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="The same seed gives the same draws.")
@click.option("--level", default=0.95, show_default=True, metavar="LEVEL", help="Level of the credible intervals.")
def explain_command(cases: str, case_id: str, form: str, **asked: Any) -> None:
    """Explain one case of a file of CASES: probabilities, evidence, action, and the next questions."""
    from riskmodel.answers.explain import explain_case
    from riskmodel.answers.settings import checked_setting, shares_listed
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.casefiles.read.whole_file import find_case
    from riskmodel.decision.costs import find_pathways
    from riskmodel.model import load, load_scoring

    scoring = load_scoring(asked["priors"], asked["policy"], recording=asked["recording"])
    setting = checked_setting(scoring.variables, asked["setting"])
    options = RunOptions(
        default_setting=setting,
        mapping=asked["mapping"],
        redcap=asked_redcap(),
        **tables_asked(),
        known_outcomes=asked["known_outcomes"],
    )
    with shares_listed(scoring):
        of_blanks = notice_of_blanks(scoring, asked["priors"], asked["policy"])
        masks, lines = find_case(cases, case_id, scoring.variables, options, of_blanks)
    say(lines)
    drawn = {name: asked[name] for name in ("draws", "seed", "level")}
    hashed = scoring.under_draws(**drawn) if asked["draws"] else scoring
    priors = load(asked["priors"], asked["policy"], recording=asked["recording"]).priors
    explained = explain_case(hashed, masks, case_id, find_pathways(), priors)
    detail(f"policy {scoring.policy.name}, model {hashed.model_hash}")
    if not asked["draws"]:
        put_json(explained.to_dict()) if form == "json" else put([str(explained)])
        return
    from riskmodel.answers.uncertainty import describe, sureness_data, uncertain_of_cases

    uncertain = uncertain_of_cases(scoring, priors, masks, **drawn)
    with progress_bar(" draws", "draws") as progress:
        uncertain.scorer.progress = progress
        if form == "json":
            put_json({**explained.to_dict(), "sureness": sureness_data(uncertain, masks)})
            return
        *text, notice = str(explained).splitlines()
        sure = list(describe(uncertain, priors, masks, explained.about, asked["seed"]))
    put([*text, "", *sure, notice])
