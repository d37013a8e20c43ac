"""The command that fits the statements to a cohort."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.common import common, examples, learn_option, load_model, progress_bar, put, recording_option, say
from riskmodel.cli.reading import (
    asked_redcap,
    mapping_option,
    notice_of_blanks,
    read_rows,
    redcap_options,
    table_options,
)
from riskmodel.cli.sums import answer_request, request_of, sums_options, with_asked_model
from riskmodel.cli.values import CaseFile
from riskmodel.errors import OutputError

if TYPE_CHECKING:
    from riskmodel.casefiles.collect import CaseRows
    from riskmodel.casefiles.options import RunResult
    from riskmodel.report.card.validation import Record

SHOWN = 3  # reasons for rejecting rows, in a note
HOW = ("prior_weight", "outcomes", "verified_odds_ratio", "hold_verified_odds_ratio")  # a fit is made


@click.command("calibrate", epilog=examples(
    "riskmodel calibrate cohort.csv -o local.toml --setting primary_care",
    "riskmodel calibrate cohort.csv -o local.toml --learn base_rates --prior-weight 0.1",
    "riskmodel calibrate cohort.csv -o local.toml --learn find.fever.none,find.fever.infection",
    "riskmodel calibrate cohort.csv -o local.toml --learn base_rates --verified-odds-ratio 3,1,9",
    "riskmodel calibrate notes.csv -o local.toml --recording positives_only",
    "riskmodel calibrate cohort.csv --sums request_1.json --site north -o answer_1_north.json",
    "riskmodel score cases.csv -o scored.csv --priors local.toml",
))  # fmt: skip
@click.argument("cohort", type=CaseFile())
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="SET.toml",
    help="File for the fitted prior set; it extends the one given by --priors.",
)
@learn_option
@common
@recording_option
@mapping_option
@redcap_options
@table_options
@click.option("--name", metavar="NAME", help="Name of the cohort in the fitted set.  [default: the file's name]")
@click.option(
    "--prior-weight",
    default=1.0,
    show_default=True,
    metavar="W",
    help="Weight of the stated distributions: 1 as stated, 0 none (maximum likelihood).",
)
@click.option(
    "--outcomes",
    default="ignorable",
    show_default=True,
    metavar="HOW",
    help="ignorable: every row, blank outcomes too; weighted, complete: only rows with an outcome.",
)
@click.option(
    "--verified-odds-ratio",
    metavar="OR[,LOW,HIGH]",
    help="Odds that the outcome is known, disease present against absent, at equal recorded findings: a number, or the "
    "median with its 95 % interval.  [default: 1]",
)
@click.option(
    "--hold-verified-odds-ratio",
    is_flag=True,
    help="Average over that interval as stated; without this, the cohort has a say in it.",
)
@click.option(
    "--report",
    "card",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write a validation report card: performance before and after by cross-validation.",
)
@click.option(
    "--predictors",
    default="before_imaging",
    show_default=True,
    metavar="SET",
    help="Predictors in the report: history, before_imaging or all. The fit uses all columns.",
)
@click.option(
    "--folds",
    default=5,
    show_default=True,
    type=click.IntRange(2),
    metavar="K",
    help="Folds of the report's cross-validation.",
)
@click.option(
    "--resamples",
    default=200,
    show_default=True,
    type=click.IntRange(2),
    metavar="N",
    help="Bootstrap resamples for the report's intervals.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="Seed of the report's folds and resamples.",
)
@sums_options
def calibrate_command(cohort: str, output: Path, card: Path | None, **asked: Any) -> None:
    """Fit the statements to a COHORT with known outcomes, and write the fit as a prior set.

    Prints prior and posterior of each statement that moved. The interrupt key ends the search: the best fit so
    far is written, marked as not converged, without a report card, and the exit status is 1. It is 1 too where rows
    of the cohort were rejected; they are counted, and the fit is that of the others.

    With --sums nothing is fitted: sums over the rows answer a request of `riskmodel sums`, and the rows stay here.
    """
    from riskmodel.calibration.fit import fit_coded
    from riskmodel.calibration.verified_odds import checked_odds_ratio
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.metrics.predictors import checked_predictors
    from riskmodel.outputs.folder import check_folder

    request = request_of(asked, output) if asked["sums"] else None
    if request is not None:
        asked = with_asked_model(asked, request.fit)
    checked_predictors(asked["predictors"])
    checked_odds_ratio(asked["verified_odds_ratio"], asked["outcomes"], hold=asked["hold_verified_odds_ratio"])
    if card is not None:
        check_folder(card)
    if not output.resolve().parent.is_dir():
        raise OutputError(f"{output}: no folder {output.resolve().parent}")
    model = load_model(asked["priors"], asked["policy"], asked["setting"], asked["recording"])
    options = RunOptions(
        default_setting=model.default_setting(asked["setting"]),
        mapping=asked["mapping"],
        known_outcomes=True,
    )
    notice = notice_of_blanks(model.scoring, asked["priors"], asked["policy"])
    rows = read_rows(cohort, model.scoring, options, notice)
    if request is not None:
        answer_request(rows, model, request, output, asked)
        sys.exit(1 if rows.result.counts.rejected else 0)
    names, masks, notes = list(rows.names), rows.masks, _notes(rows.result)
    name = asked["name"] or Path(cohort).name.split(".")[0]
    how = {key: asked[key] for key in HOW} | {"name": name}
    command = shlex.join(["riskmodel", *sys.argv[1:]])
    with progress_bar(" steps", "calibrating") as progress:
        fitted = fit_coded(
            model, names, masks, asked["learn"],
            tipping=card is not None, progress=progress, notes=notes, command=command, **how,
        )  # fmt: skip
    pages = _card(fitted, rows, asked, how) if card is not None else {}
    fitted.write(output)
    put(fitted.lines())
    say([f"wrote {output}"])
    if card is not None and pages:
        from riskmodel.outputs.folder import write_folder

        write_folder(card, pages)
        say([f"wrote {card / 'report.html'}"])
    elif card is not None:
        say(["interrupted: no report card was made"])
    complete = fitted.converged and bool(pages) == (card is not None)
    sys.exit(0 if complete and not rows.result.counts.rejected else 1)


def _card(fitted: Any, rows: CaseRows, asked: dict[str, Any], how: dict[str, Any]) -> dict[str, str]:
    """Every file of the validation report card; none when the fit was, or this is, interrupted."""
    from riskmodel.calibration.cross_validate import cross_validated
    from riskmodel.metrics import PREDICTOR_SETS, judge_coded
    from riskmodel.pages.render import files
    from riskmodel.report.card.card import card
    from riskmodel.report.card.validation import ValidatedFit

    if fitted.interrupted:
        return {}
    names, masks = list(rows.names), rows.masks
    folds, seed = asked["folds"], asked["seed"]
    record, predictors = _record(rows, fitted, asked["mapping"]), asked["predictors"]
    try:
        with progress_bar(" steps", "cross-validating") as progress:
            shown = cross_validated(
                fitted.parent, names, masks, asked["learn"],
                folds=folds, seed=seed, predictors=PREDICTOR_SETS, progress=progress, **how,
            )  # fmt: skip
        before, after = judge_coded(fitted.parent, masks, names, predictors), shown[predictors]
        validation = ValidatedFit(
            fitted, masks, before, after, folds, asked["resamples"], seed, asked["learn"], record, shown
        )
        return files(card(validation))
    except KeyboardInterrupt:
        return {}


def _record(rows: CaseRows, fitted: Any, mapping: Path | None) -> Record:
    """How the cohort was read, for the card."""
    from riskmodel.casefiles.repeats import REPEATED
    from riskmodel.cases.description import columns_read
    from riskmodel.cases.mapping.deeds import deeds_by_column
    from riskmodel.report.card.validation import Record

    result, project = rows.result, asked_redcap()
    columns = columns_read(result.layout, fitted.parent.variables, mapping)
    return Record(
        file=result.layout.file,
        sha256=result.source_sha256,
        mapping=mapping.name if mapping else "",
        mapping_sha256=result.mapped.sha256 if result.mapped else "",
        records=result.counts.read,
        rejected=result.counts.rejected,
        defaulted=result.summary.default_setting,
        repeats=sum(reason.count for reason in result.reasons if reason.problem == REPEATED),
        reasons=_reasons(result),
        columns=tuple(map(asdict, columns)),
        translations=tuple(map(asdict, result.mapped.translations)) if result.mapped else (),
        worked_out=deeds_by_column(result.prepared),
        dictionary=project.dictionary.name if project else "",
        notes=result.notes,
    )


def _reasons(result: RunResult) -> dict[str, int]:
    """Why rows were rejected, repeats apart."""
    from riskmodel.casefiles.repeats import REPEATED

    listed = [reason for reason in result.reasons if reason.problem != REPEATED]
    reasons = {f"{reason.column} {reason.value!r}: {reason.problem}": reason.count for reason in listed}
    return reasons | ({"other faults, of too many kinds to list": result.unlisted} if result.unlisted else {})


def _notes(result: RunResult) -> list[str]:
    """What the fitted set tells of rows that were left out."""
    counts = result.counts
    if not counts.rejected:
        return []
    why = "; ".join(f"{reason.count:,} × {reason.column} {reason.value!r}" for reason in result.reasons[:SHOWN])
    return [f"{counts.rejected:,} of {counts.read:,} rows were rejected and are not learnt from ({why})"]
