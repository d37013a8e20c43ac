"""The command that makes a prior set of a table of studies."""

from __future__ import annotations

import os
from pathlib import Path

import click

from riskmodel.cli.common import examples, load_model, put, say, write
from riskmodel.cli.values import Shipped
from riskmodel.text import RESEARCH_ONLY, figure, table


@click.command(
    "synthesise",
    epilog=examples(
        "riskmodel synthesise studies.csv -o set.toml",
        "riskmodel synthesise studies.csv -o set.toml --priors literature --result mean",
        "riskmodel score cases.csv -o scored.csv --priors set.toml",
    ),
)
@click.argument("studies", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="SET.toml",
    help="File for the prior set; it extends the one given by --priors.",
)  # fmt: skip
@click.option(
    "--priors", default="seeds", show_default=True, type=Shipped("sets"), metavar="NAME|FILE",
    help="Prior set that the new one extends.",
)  # fmt: skip
@click.option(
    "--result", default="next", show_default=True, type=click.Choice(["next", "mean"]),
    help="next: the probability in the next setting; mean: in the middle one.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N")
def synthesise_command(studies: Path, output: Path, priors: str, result: str, seed: int) -> None:
    """Take the STUDIES of each finding and condition together by random effects, and write a prior set.

    STUDIES is a CSV file with a row for each study: study, source, locator, of, given, and tp, fp, fn and tn, or events
    and n. Prints each statement with its interval of 95 %. What the counts do not support is told and drives no table.
    """
    from riskmodel.synthesis.synthesise import synthesise

    model = load_model(priors, "consensus", None)
    stated = synthesise(studies, model, result="mean" if result == "mean" else "next", seed=seed).stated
    model.with_statements(stated.statements, stated.sources)  # whatever is wrong is met before anything is written
    shipped = not priors.endswith(".toml")
    extends = priors if shipped else Path(os.path.relpath(priors, output.resolve().parent)).as_posix()
    title = f"Synthesis of {studies.name}"
    write(str(output), f"# {RESEARCH_ONLY}\ntitle = '{title}'\nextends = '{extends}'\n{stated.toml()}")
    rows = [
        [s["id"], figure(s["value"], ".3g"), figure(s["low"], ".3g"), figure(s["high"], ".3g"),
         "compared only" if "drives" in s else "drives a table"]
        for s in stated.statements
    ]  # fmt: skip
    put(table(["statement", "value", "low", "high", ""], rows))
    say([*(f"not supported: {reason}" for reason in stated.refused), f"wrote {output}"])
