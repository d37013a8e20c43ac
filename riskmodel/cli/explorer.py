"""The command that writes the explorer's page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.common import examples, load_model, say
from riskmodel.cli.reading import (
    mapping_option,
    notice_of_blanks,
    read_rows,
    redcap_options,
    table_options,
)
from riskmodel.cli.values import CaseFile, ProfileName, SettingName, Shipped

if TYPE_CHECKING:
    from riskmodel.explorer.content import ShownCases
    from riskmodel.model import Model


@click.command("explorer", epilog=examples(
    "riskmodel explorer -o explorer.html",
    "riskmodel explorer -o explorer.html --priors seeds --priors literature --draws 100",
    "riskmodel explorer -o explorer.html --cases cases.csv --setting primary_care",
))  # fmt: skip
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The page.")
@click.option(
    "--priors",
    multiple=True,
    default=("seeds",),
    show_default=True,
    type=Shipped("sets"),
    metavar="NAME|FILE",
    help="Prior set; given again, another one beside it.",
)
@click.option(
    "--policy",
    default="consensus",
    show_default=True,
    type=Shipped("policies"),
    metavar="NAME|FILE",
    help="Policy that the page opens with; the others of the priors folder can be chosen.",
)
@click.option("--setting", type=SettingName(), metavar="SETTING", help="Setting that the page opens with.")
@click.option(
    "--recording",
    default="ignorable",
    show_default=True,
    type=ProfileName(),
    metavar="NAME|FILE",
    help="What a blank means when the page opens.",
)
@click.option(
    "--draws", default=0, show_default=True, metavar="K", help="Draws of all statements, for the page's intervals."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N", help="Of the draws.")
@click.option("--cases", type=CaseFile(), metavar="FILE", help="Case file whose cases the page lists.")
@mapping_option
@redcap_options
@table_options
def explorer_command(
    output: Path, priors: tuple[str, ...], cases: str | None, mapping: Path | None, **asked: Any
) -> None:
    """Write the model as one HTML page that answers for any case: it opens from disk and needs no network."""
    from riskmodel.explorer.page import write_explorer

    models = [load_model(name, asked["policy"], asked["setting"], asked["recording"]) for name in dict.fromkeys(priors)]
    shown, rejected = _cases(models[0], cases, mapping, asked) if cases else (None, 0)
    page = write_explorer(
        models, output, draws=asked["draws"], seed=asked["seed"], setting=asked["setting"], cases=shown
    )
    say([f"wrote {page}: {page.stat().st_size / 1000:.0f} kB"])
    sys.exit(1 if rejected else 0)


def _cases(model: Model, cases: str, mapping: Path | None, asked: dict[str, Any]) -> tuple[ShownCases, int]:
    """The good cases of a file, and how many others there are; every blank that a recording profile may read is 0."""
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.explorer.content import ShownCases

    options = RunOptions(default_setting=model.default_setting(asked["setting"]), mapping=mapping)
    notice = notice_of_blanks(model.scoring, model.priors.prior_set.name, asked["policy"])
    rows = read_rows(cases, model.scoring, options, notice, blanks_apart=True)
    return ShownCases(rows.names, rows.masks), rows.result.counts.rejected
