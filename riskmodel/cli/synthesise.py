"""The command that makes a prior set of a table of studies."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.common import examples, load_model, put, say, write
from riskmodel.cli.jointly import joint_options
from riskmodel.cli.values import Shipped
from riskmodel.errors import RiskModelError, UsageError
from riskmodel.text import figure, table

if TYPE_CHECKING:
    from riskmodel.model import Model
    from riskmodel.synthesis.synthesise import Synthesis

DEFAULTS = ("of", "given", "source", "locator", "read", "setting")
DEFAULTS_HELP = {
    "of": "The finding, where the sheet is about one: fever=present.",
    "given": "The condition, where the sheet is about one: infection=present.",
    "source": "Key of the source of all rows, such as a review.  [default: made of each study's name]",
    "locator": "Where in their sources the counts stand, where the sheet does not say.",
    "read": "How the counts were read, where the sheet does not say: full_text, abstract, second_hand or no.",
    "setting": "Where the people presented, where the sheet does not say.",
}


def _defaults(command: Any) -> Any:
    for name in reversed(DEFAULTS):
        command = click.option(f"--{name}", metavar="TEXT", help=DEFAULTS_HELP[name])(command)
    return command


@click.command(
    "synthesise",
    epilog=examples(
        "riskmodel synthesise studies.csv -o set.toml",
        "riskmodel synthesise studies.csv -o set.toml --priors literature --result mean",
        "riskmodel synthesise sheet.csv -o set.toml --report page --of fever --given infection --locator 'table 2'",
        "riskmodel score cases.csv -o scored.csv --priors set.toml",
        "riskmodel synthesise --jointly --priors literature -o synthesised.toml",
    ),
)
@click.argument("studies", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="SET.toml",
    help="File for the prior set; it extends the one given by --priors.",
)  # fmt: skip
@click.option(
    "--priors", default="seeds", show_default=True, type=Shipped("sets"), metavar="NAME|FILE",
    help="Prior set that the new one extends.",
)  # fmt: skip
@click.option(
    "--by-setting", is_flag=True,
    help="Where studies name two or more settings, let the mean of each move by itself: a statement for each.",
)  # fmt: skip
@click.option(
    "--result", default="next", show_default=True, type=click.Choice(["next", "mean"]),
    help="next: the probability in the next setting; mean: in the middle one.",
)  # fmt: skip
@_defaults
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=SHEET", help="The sheet's name of a column: tp=TruePos."
)
@click.option("--ignore", multiple=True, metavar="SHEET", help="A column of the sheet to leave out.")
@click.option(
    "--report", "page", type=click.Path(path_type=Path), metavar="DIR",
    help="Also write a page: forest plots, summary ROC, influence of each study, risk of bias, statements.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N")
@joint_options
def synthesise_command(  # noqa: PLR0913
    studies: Path,
    output: Path,
    priors: str,
    by_setting: bool,
    result: str,
    page: Path | None,
    seed: int,
    columns: tuple[str, ...],
    ignore: tuple[str, ...],
    **defaults: str | None,
) -> None:
    """Take the STUDIES of each finding and condition together by random effects, and write a prior set.

    STUDIES is a CSV file with a row for each study: study, source, locator, of, given, and tp, fp, fn and tn, or events
    and n. The usual names that reviews give these columns are taken; whatever is not read letter by letter is told.
    Prints each statement with its interval of 95 %. What the counts do not support is told and drives no table.
    With --jointly, the statements of --priors and published tables are fitted together instead.
    """
    from riskmodel.evidence.set_text import text_of_set
    from riskmodel.network.build import build_network
    from riskmodel.outputs.folder import check_folder
    from riskmodel.synthesis.sheet_file import reading_lines
    from riskmodel.synthesis.synthesise import synthesise

    if page is not None:
        check_folder(page)
    model = load_model(priors, "consensus", None)
    command = shlex.join(["riskmodel", *sys.argv[1:]])
    synthesis = synthesise(
        studies, model, result="mean" if result == "mean" else "next", by_setting=by_setting, seed=seed,
        columns=_named(columns),
        defaults={name: text for name, text in defaults.items() if text}, ignore=ignore,
        command=command,
    )  # fmt: skip
    stated = synthesis.stated
    facts = {"Studies": str(studies), "Extends": f"prior set {priors}", "Command": command}
    try:
        changed = model.with_statements(stated.statements, stated.sources, stated.drawn_together)
        build_network(changed.priors)  # what is beyond reach is met before the set is written
    except RiskModelError as error:
        _write_page(synthesis, page, {**facts, "Prior set": f"not written: {error}"})
        raise
    write(str(output), text_of_set(changed.priors, model.root, output, f"Synthesis of {studies.name}"))
    rows = [
        [s["id"], figure(s["value"], ".3g"), figure(s["low"], ".3g"), figure(s["high"], ".3g"),
         "compared only" if "drives" in s else "drives a table"]
        for s in stated.statements
    ]  # fmt: skip
    put(table(["statement", "value", "low", "high", ""], rows))
    say(f"read: {line}" for line in reading_lines(synthesis.readings))
    say([*(f"not supported: {reason}" for reason in stated.refused), f"wrote {output}"])
    _write_page(synthesis, page, facts, output, changed)


def _write_page(
    synthesis: Synthesis,
    page: Path | None,
    facts: dict[str, str],
    output: Path | None = None,
    model: Model | None = None,
) -> None:
    """The page, where one is asked for; without a set too, for studies can be read together that no network takes."""
    if page is not None:
        from riskmodel.report.synthesis.page import write_synthesis_report

        say([f"wrote {write_synthesis_report(synthesis, page, facts=facts, set_file=output, model=model)}"])


def _named(columns: tuple[str, ...]) -> dict[str, str]:
    """The program's name of a column → the sheet's.

    Raises
    ------
    UsageError
        for what is not NAME=SHEET, and for a name that is given twice.
    """
    parts = [text.partition("=") for text in columns]
    pairs = [(name.strip(), sheet.strip()) for name, _, sheet in parts]
    for text, (name, sheet) in zip(columns, pairs, strict=True):
        if not name or not sheet:
            raise UsageError(f"--column {text}: write NAME=SHEET, such as --column tp=TruePos")
        if [other for other, _ in pairs].count(name) > 1:
            raise UsageError(f"--column {name}: given twice")
    return dict(pairs)
