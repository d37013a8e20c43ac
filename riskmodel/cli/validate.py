"""The command that asks the network what studies observed."""

from __future__ import annotations

import click

from riskmodel.cli.common import common, examples, load_model, put, write


@click.command(
    "validate",
    epilog=examples(
        "riskmodel validate",
        "riskmodel validate --priors literature --draws 1000",
        "riskmodel validate --format csv -o validation.csv",
    ),
)
@common
@click.option(
    "--draws",
    default=500,
    show_default=True,
    type=click.IntRange(20),
    metavar="K",
    help="Joint draws of all statements.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option("-o", "--output", default="-", metavar="FILE", help="File for the CSV or JSON.")
def validate_command(
    priors: str, policy: str, setting: str | None, draws: int, seed: int, form: str, output: str
) -> None:
    """Ask the network what studies observed (validation.toml beside the priors): inside, too low or too high.

    A miss is no error: the status is 0 whatever the count.
    """
    from riskmodel.report.validation import validation_lines
    from riskmodel.validation import validate

    validation = validate(load_model(priors, policy, setting), draws=draws, seed=seed)
    if form == "csv":
        write(output, validation.frame().to_csv(index=False))
    elif form == "json":
        write(output, validation.frame().to_json(orient="records", indent=2, double_precision=15) + "\n")
    else:
        put(validation_lines(validation))
