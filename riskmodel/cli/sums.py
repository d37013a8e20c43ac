"""The commands of a fit to a cohort whose rows stay in several places."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from riskmodel.cli.common import Commands, common, examples, learn_option, load_model, put, recording_option, say
from riskmodel.errors import CasesError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskmodel.calibration.sums.messages import FitAsked, Request
    from riskmodel.casefiles.collect import CaseRows
    from riskmodel.model import Model

NO_CARD = (
    "No report card: performance is judged on rows. Each site can judge the fitted set on its own (rm.metrics.judge)"
)
CHOSEN = ("learn", "name", "prior_weight", "outcomes", "verified_odds_ratio", "hold_verified_odds_ratio", "card")


@click.group("sums", cls=Commands)
def sums_group() -> None:
    """Fit to the cohorts of several sites that keep their rows: requests and answers are files.

    A coordinator begins a fit and sends the request to all sites; each answers with `riskmodel calibrate COHORT --sums
    REQUEST`, and sends its answer back. `sums combine` makes the next request of the answers, or the fitted set.
    """


def sums_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a site that answers a request."""
    for option in (
        click.option(
            "--most-rounds",
            type=click.IntRange(1),
            metavar="N",
            help="With --sums: rounds that are answered of a fit.  [default: 60]",
        ),
        click.option(
            "--sent-log",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="With --sums: what this site has sent.  [default: SITE_sent.toml beside the answer]",
        ),
        click.option(
            "--least-count",
            type=click.IntRange(0),
            metavar="N",
            help="With --sums: counts below this are withheld.  [default: 5]",
        ),
        click.option(
            "--least-people",
            type=click.IntRange(1),
            metavar="N",
            help="With --sums: nothing is answered of fewer people in a setting.  [default: 50]",
        ),
        click.option(
            "--least-cases",
            default=0,
            type=click.IntRange(0),
            metavar="N",
            help="With --sums: nothing is answered where a condition is present in fewer people than N, but in some.",
        ),
        click.option("--site", metavar="NAME", help="With --sums: which of the request's sites this is."),
        click.option(
            "--sums",
            type=click.Path(path_type=Path),
            metavar="REQUEST.json",
            help="Fit nothing: answer a request of `riskmodel sums` with sums over the rows, into the file of -o.",
        ),
    ):
        command = option(command)
    return command


@sums_group.command("begin", epilog=examples(
    "riskmodel sums begin fit --sites north,south,east --learn base_rates --name 'Three hospitals'",
))  # fmt: skip
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sites", required=True, metavar="NAMES", help="Names of the sites, separated by commas.")
@learn_option
@click.option(
    "--priors", default="seeds", show_default=True, metavar="NAME|FILE", help="Prior set; the same at all sites."
)
@recording_option
@click.option("--name", default="cohort", show_default=True, metavar="NAME", help="Name of the cohort in the set.")
@click.option("--prior-weight", default=1.0, show_default=True, metavar="W", help="Weight of the stated distributions.")
@click.option(
    "--outcomes",
    default="ignorable",
    show_default=True,
    metavar="HOW",
    help="ignorable: every row, blank outcomes too; complete: only rows with an outcome.",
)
def begin_command(folder: Path, sites: str, priors: str, recording: str, **asked: Any) -> None:
    """Begin a fit: writes the first request into FOLDER."""
    from riskmodel.calibration.sums.fit import asked_fit
    from riskmodel.calibration.sums.folder import begin_fit

    model = load_model(priors, "consensus", None, recording)
    names = [name.strip() for name in sites.split(",") if name.strip()]
    fit = asked_fit(
        model, asked["learn"], prior_weight=asked["prior_weight"], name=asked["name"], outcomes=asked["outcomes"],
        sites=names,
    )  # fmt: skip
    path = begin_fit(folder, fit)
    say([f"wrote {path}", *_what_next(folder, path, 1, names)])


@sums_group.command("combine", epilog=examples("riskmodel sums combine fit -o local.toml"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="SET.toml",
    help="File for the fitted prior set.  [default: fitted.toml in FOLDER]",
)
@common
@recording_option
def combine_command(folder: Path, output: Path | None, **asked: Any) -> None:
    """Make the next request of the answers that lie in FOLDER, or the fitted prior set at the end.

    Put the files that the sites sent into FOLDER first, under any names that end in .json.
    """
    from riskmodel.calibration.result import Calibration
    from riskmodel.calibration.sums.folder import FitFolder, combine

    lying = FitFolder(folder)
    fit, last = lying.fit, max(lying.requests)
    model = _model_of(fit, asked)
    target = output or folder / "fitted.toml"
    if not target.resolve().parent.is_dir():
        raise OutputError(f"{target}: no folder {target.resolve().parent}")
    result = combine(lying, model, shlex.join(["riskmodel", *sys.argv[1:]]))
    people = ", ".join(f"{answer.site} ({answer.people:,} people)" for answer in lying.answers[last])
    say([f"round {last}: answers of {people}"])
    if not isinstance(result, Calibration):
        path = lying.write(result)
        asks = "" if result.asked is None else result.asked.describe()
        say([f"wrote {path}, which asks for {asks}", *_what_next(folder, path, result.number, fit.sites)])
        return
    result.write(target)
    put(result.lines())
    say([f"wrote {target}", NO_CARD])
    sys.exit(0 if result.converged else 1)


def answer_request(rows: CaseRows, model: Model, request: Request, output: Path, asked: dict[str, Any]) -> None:
    """Answer a request with sums over these rows, and say what is sent."""
    from riskmodel.calibration.sums.piece import LEAST_COUNT, LEAST_PEOPLE, CohortPiece
    from riskmodel.calibration.sums.sent_log import MOST_ROUNDS, SentLog, contents, write_answer

    site = asked["site"] or ""
    least = LEAST_COUNT if asked["least_count"] is None else asked["least_count"]
    piece = CohortPiece(
        model,
        list(rows.names),
        rows.masks,
        site,
        least_people=asked["least_people"] or LEAST_PEOPLE,
        least_count=least,
        least_cases=asked["least_cases"],
        rejected=rows.result.counts.rejected,
    )
    piece.check(request)
    log = SentLog(asked["sent_log"] or output.parent / f"{site or 'site'}_sent.toml")
    log.check(request, piece.cohort, asked["most_rounds"] or MOST_ROUNDS)
    answer = piece.answer(request)
    write_answer(answer, request, log, output)
    size = output.stat().st_size
    say([
        f"wrote {output} ({size / 1000:,.0f} kB): round {request.number} of the fit {request.fit.name!r}",
        f"  it holds {contents(request, answer)}; no row, no identifier and no date",
        *(f"  {warning}" for warning in piece.warnings(request)),
        f"  {log.path} tells what this site has sent; read both before you send the answer",
    ])  # fmt: skip


def request_of(asked: dict[str, Any], output: Path) -> Request:
    """The request that a site answers; what the coordinator chooses cannot be chosen again."""
    from riskmodel.calibration.sums.messages import read_request

    context = click.get_current_context()
    for name in CHOSEN:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = "report" if name == "card" else name.replace("_", "-")
            raise UsageError(f"--{option} does not go with --sums: the request says what is fitted")
    path = asked["sums"]
    if output.resolve() == path.resolve():
        raise UsageError(f"{output}: the answer would replace the request; name another file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CasesError(f"{path}: cannot be read: {error}") from None
    return read_request(text, str(path))


def with_asked_model(asked: dict[str, Any], fit: FitAsked) -> dict[str, Any]:
    """The options, with the prior set and the recording profile of the request where none is named."""
    context = click.get_current_context()
    by_default = [
        name for name in ("priors", "recording") if context.get_parameter_source(name) is ParameterSource.DEFAULT
    ]
    return asked | {name: getattr(fit, name) for name in by_default}


def _model_of(fit: FitAsked, asked: dict[str, Any]) -> Model:
    asked = with_asked_model(asked, fit)
    return load_model(asked["priors"], asked["policy"], asked["setting"], asked["recording"])


def _what_next(folder: Path, path: Path, number: int, sites: Sequence[str]) -> list[str]:
    return [
        f"Send it to {', '.join(sites)}. Each answers with",
        f"  riskmodel calibrate COHORT.csv --sums {path.name} --site NAME -o answer_{number}_NAME.json",
        f"Put the answers into {folder}, and go on with",
        f"  riskmodel sums combine {folder}",
    ]
