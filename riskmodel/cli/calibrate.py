"""The command that fits the statements to a cohort."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from riskmodel.cli.common import PROGRESS_AFTER, common, examples, load_model, put, say
from riskmodel.errors import OutputError


@click.command(epilog=examples(
    "riskmodel calibrate cohort.csv -o local.toml --setting primary_care",
    "riskmodel calibrate cohort.csv -o local.toml --learn base_rates --prior-weight 0.1",
    "riskmodel calibrate cohort.csv -o local.toml --learn find.fever.none,find.fever.infection",
    "riskmodel score cases.csv -o scored.csv --priors local.toml",
))  # fmt: skip
@click.argument("cohort")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="SET.toml",
    help="Where the fitted prior set goes; it extends the one given by --priors.",
)
@click.option(
    "--learn",
    default="all",
    show_default=True,
    metavar="WHAT",
    help="base_rates, findings, risk_factors, all, or ids of statements; several separated by commas.",
)
@common
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML: new names for columns, values, missing codes, units.",
)
@click.option("--name", metavar="NAME", help="Of the cohort, in the fitted set.  [default: the file's name]")
@click.option(
    "--prior-weight",
    default=1.0,
    show_default=True,
    metavar="W",
    help="What the stated distributions weigh: 1 as stated, 0 nothing (maximum likelihood).",
)
@click.option(
    "--outcomes",
    default="ignorable",
    show_default=True,
    metavar="HOW",
    help="ignorable: every row, blank outcomes too; weighted, complete: only rows with an outcome.",
)
def calibrate(cohort: str, output: Path, **asked: Any) -> None:
    """Fit the statements to a COHORT with known outcomes, and write the fit as a prior set.

    Prints prior and posterior of each statement that moved. The interrupt key ends the search: the best fit so
    far is written, marked as not converged, and the exit status is 1.
    """
    from riskmodel.calibration.fit import fit_coded

    if not output.resolve().parent.is_dir():
        raise OutputError(f"{output}: no folder {output.resolve().parent}")
    model = load_model(asked["priors"], asked["policy"], asked["setting"])
    names, masks, notes = _read(cohort, model, asked)
    with _steps() as progress:
        fitted = fit_coded(
            model, names, masks, asked["learn"],
            prior_weight=asked["prior_weight"],
            name=asked["name"] or Path(cohort).name.split(".")[0],
            outcomes=asked["outcomes"],
            progress=progress,
            notes=notes,
        )  # fmt: skip
    fitted.write(output)
    put(fitted.lines())
    say([f"wrote {output}"])
    sys.exit(0 if fitted.converged else 1)


def _read(cohort: str, model: Any, asked: dict[str, Any]) -> tuple[list[str], Any, list[str]]:
    """The rows of the cohort, all of them or none, and what to note about them."""
    from riskmodel.cases.find import read_every
    from riskmodel.cases.options import RunOptions

    setting = model.default_setting(asked["setting"])
    options = RunOptions(default_setting=setting, mapping=asked["mapping"], known_outcomes=True)
    names, masks, defaulted = read_every(cohort, model.variables, options)
    notes = []
    if defaulted and asked["setting"] is None:
        notes.append(f"{defaulted} rows name no setting and count as {setting}: say which with --setting")
    return names, masks, notes


@contextmanager
def _steps() -> Iterator[Callable[[int, int | None], None] | None]:
    """A count of steps on a terminal, for anything over two seconds."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=" steps", desc="calibrating", delay=PROGRESS_AFTER, leave=False) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
