"""The command line: arguments and printing, nothing else."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel._version import __version__
from riskmodel.errors import RiskModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskmodel.model import Model

PROGRESS_AFTER = 2.0  # seconds
FORMATS = ("bif", "xmlbif", "net", "uai", "xdsl")


class Commands(click.Group):
    """Prints what a user can meet without a traceback, with its exit status; bugs keep theirs."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RiskModelError as error:
            click.echo(f"riskmodel: {error}", err=True)
            ctx.exit(error.exit_status)


def examples(*shown: str) -> str:
    """The examples of a command, below its options."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in shown)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every command on a model takes."""
    for option in (
        click.option(
            "--policy",
            default="consensus",
            show_default=True,
            metavar="NAME|FILE",
            help="Rules from posteriors and findings to actions.",
        ),
        click.option("--setting", metavar="SETTING", help="Setting of cases that name none.  [default: as_reported]"),
        click.option(
            "--priors",
            default="seeds",
            show_default=True,
            metavar="NAME|FILE",
            help="Prior set: seeds, literature, or a TOML file of your own.",
        ),
    ):
        command = option(command)
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="riskmodel")
def main() -> None:
    """Risk scoring of red flags in back pain. For research, not for the care of a patient."""


@main.command(epilog=examples(
    "riskmodel score cases.csv -o scored.csv --setting primary_care",
    "riskmodel score cases.parquet -o scored.parquet --priors literature",
    "riskmodel score cases.csv -o scored.csv --draws 1000 --seed 1",
    "riskmodel score cases.csv.gz -o - --rejects bad.csv | head",
    "riskmodel score cases.csv --table --policy whitlock_2026",
))  # fmt: skip
@click.argument("cases")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where the result goes: .csv, .csv.gz, .csv.zst or .parquet; - for standard output.",
)
@click.option("--table", "as_table", is_flag=True, help="Print a readable table of the result (the first 50 cases).")
@common
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML: new names for columns, values, missing codes, units.",
)
@click.option("--keep", metavar="COLUMNS", help="Columns to pass through, separated by commas.")
@click.option("--known-outcomes", is_flag=True, help="Take condition columns as evidence.")
@click.option("--allow-repeats", is_flag=True, help="Accept a case_id more than once.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where rejected rows go.  [default: OUTPUT.rejects.csv]",
)
@click.option("--draws", default=0, metavar="K", help="Add intervals and confidence from K draws of all statements.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="The same seed gives the same draws.")
@click.option("--level", default=0.95, show_default=True, metavar="LEVEL", help="Of the credible intervals.")
@click.option(
    "--threads",
    default=0,
    metavar="N",
    help="Threads for large files.  [default: as many as there are processors, up to 4]",
)
def score(cases: str, output: str | None, as_table: bool, **asked: Any) -> None:
    """Score a file of CASES: posteriors, action and reason, a row a case."""
    if output is None and not as_table:
        raise UsageError("say where the result goes with -o FILE (-o - for standard output), or ask for --table")
    if output is None:
        with tempfile.TemporaryDirectory() as folder:
            rejected = _score(cases, str(Path(folder) / "scored.csv"), as_table, asked)
    else:
        rejected = _score(cases, output, as_table, asked)
    sys.exit(1 if rejected else 0)


def _score(cases: str, output: str, as_table: bool, asked: dict[str, Any]) -> int:
    from riskmodel.cases.options import RunOptions
    from riskmodel.cases.pipeline import run
    from riskmodel.model import checked_setting, load, load_scoring
    from riskmodel.output import LazyCompiled, small_score, uncertain_score
    from riskmodel.summary import lines, readable, run_record

    if as_table and not output.endswith(".csv"):
        raise UsageError("--table goes with a plain .csv output, or none")
    if asked["draws"]:
        uncertain = load(asked["priors"], asked["policy"]).uncertain(asked["draws"], asked["seed"], asked["level"])
        scoring = uncertain.scoring
        small = compiled = uncertain_score(uncertain)
    else:
        scoring = load_scoring(asked["priors"], asked["policy"])
        small, compiled = small_score(scoring), LazyCompiled(scoring)
    setting = checked_setting(scoring.variables, asked["setting"])
    options = RunOptions(
        default_setting=setting,
        mapping=asked["mapping"],
        keep=tuple(filter(None, (asked["keep"] or "").split(","))),
        known_outcomes=asked["known_outcomes"],
        allow_repeats=asked["allow_repeats"],
        rejects=asked["rejects"],
        threads=1 if asked["draws"] else asked["threads"],  # draws use the processors themselves
    )
    shown = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items()}
    with progress_bar() as progress:
        result = run(
            cases, output, scoring.variables, small, options,
            compiled_score=compiled,
            report=lambda done: run_record(done, scoring, sys.argv[1:], shown),
            progress=progress,
        )  # fmt: skip
    say(lines(result, scoring, setting))
    if as_table:
        put(readable(Path(output)))
    return result.counts.rejected


@main.command(epilog=examples(
    "riskmodel explain cases.csv --case 12 --setting primary_care",
    "riskmodel explain cases.csv --case 12 --policy acibadem_2026",
    "riskmodel explain cases.csv --case 12 --draws 1000 --seed 1",
))  # fmt: skip
@click.argument("cases")
@click.option("--case", "case_id", required=True, metavar="ID", help="The case_id of the case.")
@common
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML: new names for columns, values, missing codes, units.",
)
@click.option("--known-outcomes", is_flag=True, help="Take condition columns as evidence.")
@click.option(
    "--draws", default=0, metavar="K", help="Also say how sure the answer is, from K draws of all statements."
)
@click.option("--seed", default=0, show_default=True, metavar="N", help="The same seed gives the same draws.")
@click.option("--level", default=0.95, show_default=True, metavar="LEVEL", help="Of the credible intervals.")
def explain(cases: str, case_id: str, **asked: Any) -> None:
    """Explain one case of a file of CASES for a person: how likely, why, what to do, what to ask next."""
    from riskmodel.cases.find import find_case
    from riskmodel.cases.options import RunOptions
    from riskmodel.explanation import explain_case
    from riskmodel.model import checked_setting, load, load_scoring

    scoring = load_scoring(asked["priors"], asked["policy"])
    setting = checked_setting(scoring.variables, asked["setting"])
    options = RunOptions(default_setting=setting, mapping=asked["mapping"], known_outcomes=asked["known_outcomes"])
    masks = find_case(cases, case_id, scoring.variables, options)
    explained = explain_case(scoring, masks, case_id)
    if not asked["draws"]:
        put([str(explained)])
    else:
        from riskmodel.uncertainty import describe

        model = load(asked["priors"], asked["policy"])
        uncertain = model.uncertain(asked["draws"], asked["seed"], asked["level"])
        *text, notice = str(explained).splitlines()
        put([*text, "", *describe(uncertain, model.priors, masks, explained.about, asked["seed"]), notice])


@main.command(epilog=examples(
    "riskmodel check",
    "riskmodel check --priors literature --draws 1000 --seed 1",
    "riskmodel check --policies 20000",
    "riskmodel check --compare seeds literature --cases cases.csv",
))  # fmt: skip
@common
@click.option("--draws", default=0, metavar="K", help="Also build K joint draws of all statements.")
@click.option("--seed", default=0, show_default=True, metavar="N")
@click.option(
    "--policies",
    default=0,
    metavar="N",
    help="Also compare all policies on N simulated people of each setting.",
)
@click.option("--compare", nargs=2, metavar="SET SET", help="Set two prior sets beside each other instead.")
@click.option("--cases", metavar="FILE", help="The cases to compare them on.")
def check(
    priors: str,
    policy: str,
    setting: str | None,
    draws: int,
    seed: int,
    policies: int,
    compare: tuple[str, str] | None,
    cases: str | None,
) -> None:
    """Load everything, build the network, ask it for every statement, and audit those that drive nothing."""
    from riskmodel.report import check as checking

    if compare:
        put(_compare(compare, policy, setting, cases))
        return
    model = _load(priors, policy, setting)
    put(checking.report(model, draws, seed))
    if policies:
        put(checking.policies(model, policies, seed))
    sys.exit(0 if checking.passed(model) else 1)


@main.command(
    epilog=examples(
        "riskmodel codebook",
        "riskmodel codebook --format csv -o codebook.csv",
        "riskmodel codebook --template > cases.csv",
    )
)
@common
@click.option("--format", "form", type=click.Choice(["md", "csv", "json"]), default="md", show_default=True)
@click.option("--template", is_flag=True, help="Print an empty case file instead.")
@click.option("-o", "--output", default="-", metavar="FILE")
def codebook(priors: str, policy: str, setting: str | None, form: str, template: bool, output: str) -> None:
    """The columns of a case file: states, bands, definitions, and the statements behind them."""
    from riskmodel import codebook as book
    from riskmodel.cases.columns import template as empty

    model = _load(priors, policy, setting)
    makers = {"md": book.as_markdown, "csv": book.as_csv, "json": book.as_json}
    write(output, empty(model.variables) if template else makers[form](model.priors))


@main.command(epilog=examples(
    "riskmodel simulate -n 1000 --seed 1 --setting primary_care -o cohort.csv",
    "riskmodel simulate -n 5000 --seed 2 --missing 0.3 --with-outcomes -o cohort.csv",
))  # fmt: skip
@common
@click.option("-n", "--number", required=True, type=click.IntRange(1), metavar="N", help="How many people.")
@click.option("--seed", required=True, type=click.IntRange(0), metavar="S", help="The same seed gives the same people.")
@click.option("--missing", default=0.0, show_default=True, metavar="SHARE", help="Share of cells left blank at random.")
@click.option("--with-outcomes", is_flag=True, help="Add the condition columns.")
@click.option("-o", "--output", default="-", metavar="FILE")
def simulate(
    priors: str,
    policy: str,
    setting: str | None,
    number: int,
    seed: int,
    missing: float,
    with_outcomes: bool,
    output: str,
) -> None:
    """A synthetic cohort sampled from the network."""
    import numpy as np

    from riskmodel import cohort

    model = _load(priors, policy, setting)
    people = cohort.simulate(model, number, np.random.default_rng(seed), setting=setting, missing=missing)
    write(output, cohort.to_cases(model, people, with_outcomes=with_outcomes).to_csv(index=False))


@main.command(
    epilog=examples(
        "riskmodel export --format bif -o redflags.bif",
        "riskmodel export --format xdsl -o redflags.xdsl --priors literature",
    )
)
@common
@click.option(
    "--format",
    "form",
    required=True,
    metavar="|".join(FORMATS),
    help="For GeNIe (xdsl), Hugin (net), SamIam, bnlearn (bif), pyAgrum (any).",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--for-pyagrum", is_flag=True, help="UAI and XDSL with the first parent fastest, as only pyAgrum reads them."
)
def export(priors: str, policy: str, setting: str | None, form: str, output: Path, for_pyagrum: bool) -> None:
    """Write the network in another program's format, with all digits."""
    from riskmodel.network.export import export as write_network

    model = _load(priors, policy, setting)
    for written in write_network(model.tables, output, form, for_pyagrum=for_pyagrum):
        say([f"wrote {written}"])


def _compare(sets: tuple[str, str], policy: str, setting: str | None, cases: str | None) -> Iterable[str]:
    from riskmodel.cases.find import read_all
    from riskmodel.cases.options import RunOptions
    from riskmodel.report.compare import compare

    if cases is None:
        raise UsageError("say which cases to compare the sets on with --cases FILE")
    first, second = (_load(name, policy, setting) for name in sets)
    names, masks = read_all(cases, first.variables, RunOptions(default_setting=first.default_setting(setting)))
    return compare(first, second, names, masks)


def _load(priors: str, policy: str, setting: str | None) -> Model:
    from riskmodel.model import load

    model = load(priors, policy)
    model.default_setting(setting)
    return model


def say(texts: Iterable[str]) -> None:
    """To the person, on standard error."""
    for text in texts:
        click.echo(text, err=True)


def put(texts: Iterable[str]) -> None:
    """Data that was asked for, on standard output."""
    for text in texts:
        click.echo(text)


def write(output: str, text: str) -> None:
    """A text to standard output or, whole or not at all, to a file."""
    if output == "-":
        click.echo(text, nl=False)
        return
    from riskmodel.cases.writer import write_text

    write_text(Path(output), text)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int | None], None] | None]:
    """A progress bar on a terminal, for anything over two seconds."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True, delay=PROGRESS_AFTER, leave=False) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
