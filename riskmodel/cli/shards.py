"""Large files in shards: one shard of `score`, and the command that puts all of them together."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.common import detail, examples, progress_bar, say
from riskmodel.errors import CasesError, UsageError

if TYPE_CHECKING:
    from riskmodel.answers.column_types import ScoredBlock
    from riskmodel.answers.scoring import Scoring
    from riskmodel.arrays import Masks
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.shards.plan import Plan
    from riskmodel.shards.shard import ShardDone, ShardNumber

shard_option = click.option(
    "--shard",
    metavar="I/N",
    help="Score only the Ith of N parts of the file; -o is then a folder, for riskmodel merge.",
)
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,4})")
_OF_THE_MERGE = {"rejects": None, "threads": 0}  # options that every shard may have otherwise


def shard_number(text: str) -> ShardNumber:
    """Which shard of how many.

    >>> shard_number("3/8")
    ShardNumber(number=3, of=8)
    """
    from riskmodel.shards.shard import ShardNumber

    match = _SHARD.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard is I/N, the Ith of N parts, I from 1 to N (3/8), not {text!r}")
    return ShardNumber(int(match[1]), int(match[2]))


def score_a_shard(cases: str, folder: str | None, shard: str, asked: dict[str, Any], *, warns: bool) -> None:
    """Score a part of a file into a folder; says what was done."""
    from riskmodel.answers.settings import shares_listed
    from riskmodel.cli.score_options import run_options, scorers
    from riskmodel.shards.shard import score_shard

    number = shard_number(shard)
    if folder is None or folder == "-":
        raise UsageError("--shard needs a folder for the shards: -o FOLDER")
    if asked["rejects"] is not None:
        raise UsageError("--rejects goes with riskmodel merge: each shard stores its rejected rows in the folder")
    with progress_bar() as progress, progress_bar(" draws", "draws") as drawn:
        scoring, small, compiled = scorers(asked, drawn)
        options = run_options(scoring, asked)
        shown = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items()}
        shown["redcap"] = None
        detail(f"policy {scoring.policy.name}, model {scoring.model_hash}")
        with shares_listed(scoring):
            done = score_shard(
                Path(cases), Path(folder), number, scoring, options, {**shown, **_OF_THE_MERGE}, (small, compiled),
                warns_of_blanks=warns, progress=progress,
            )  # fmt: skip
    say([_sentence(done)])


def _sentence(done: ShardDone) -> str:
    made, shard = done.manifest, done.shard
    counts = f"{made.read} records read = {made.scored} scored + {made.rejected} rejected"
    return f"shard {shard.number}/{shard.of}: {counts}{' (done before)' if done.before else ''}"


@click.command("merge", epilog=examples(
    "riskmodel merge shards/ -o scored.csv",
    "riskmodel merge shards/ -o scored.parquet --verify",
    "riskmodel merge shards/ --verify",
))  # fmt: skip
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="File for the result: .csv, .csv.gz, .csv.zst or .parquet; - for standard output.",
)
@click.option("--verify", is_flag=True, help="Also compare the case file with what was scored; without -o only check.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File for the rejected rows.  [default: OUTPUT.rejects.csv]",
)
@click.option("--threads", default=0, metavar="N", help="Threads.  [default: as many as there are processors, up to 4]")
def merge_command(folder: Path, output: str | None, verify: bool, rejects: Path | None, threads: int) -> None:
    """Put the shards of a FOLDER together: the result of scoring the whole file, byte for byte."""
    if output is None and not verify:
        raise UsageError("say where the result goes with -o FILE (-o - for standard output), or ask for --verify")
    from riskmodel.shards.merge import check_source, checked_shards
    from riskmodel.shards.plan import read_plan

    plan = read_plan(folder)
    if plan is None:
        raise CasesError(f"{folder}: no shards are here: riskmodel score FILE --shard 1/N -o {folder} makes the first")
    if verify:
        check_source(plan, Path(plan.source))
    if output is None:
        manifests = checked_shards(folder, plan)
        read = sum(manifest.read for manifest in manifests)
        say([f"all {plan.shards} shards of {plan.source} are whole, and each of its {read} records is in one of them"])
        return
    _merge(folder, plan, output, {**plan.asked, "rejects": rejects, "threads": threads})


def _merge(folder: Path, plan: Plan, output: str, asked: Mapping[str, Any]) -> None:
    from dataclasses import replace

    from riskmodel.casefiles.summary import run_record, summary_lines
    from riskmodel.cli.score_options import run_options, scorers
    from riskmodel.shards.merge import merge_shards

    scoring, notice = _model(folder, plan, asked)
    read_as = {**asked, "mapping": Path(asked["mapping"]) if asked["mapping"] else None}
    options: RunOptions = replace(run_options(scoring, read_as), threads=asked["threads"])

    def columns(masks: Masks) -> ScoredBlock:
        """The columns of a file without records."""
        return scorers(asked, None)[1](masks)

    shown = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items()}
    with progress_bar(" records") as progress:
        result = merge_shards(
            folder, plan, output, scoring, columns, options,
            report=lambda done: run_record(done, scoring, sys.argv[1:], shown), progress=progress, notice=notice,
        )  # fmt: skip
    say(summary_lines(result, scoring, options.default_setting))
    sys.exit(1 if result.counts.rejected else 0)


def _model(folder: Path, plan: Plan, asked: Mapping[str, Any]) -> tuple[Scoring, Any]:
    """The model that the shards were scored with, and what it says of blanks; another one is refused."""
    from riskmodel.cli.reading import notice_of_blanks
    from riskmodel.model import load_scoring

    scoring = load_scoring(asked["priors"], asked["policy"], recording=asked["recording"])
    hashed = scoring.under_draws(asked["draws"], asked["seed"], asked["level"]) if asked["draws"] else scoring
    if hashed.model_hash != plan.scored_with["model"]:
        raise CasesError(
            f"{folder}: the shards were scored with model {plan.scored_with['model']}; --priors {asked['priors']} with "
            f"--policy {asked['policy']} is model {hashed.model_hash} now: what it reads has changed since"
        )
    notice = notice_of_blanks(scoring, asked["priors"], asked["policy"]) if plan.warns_of_blanks else None
    return hashed, notice
