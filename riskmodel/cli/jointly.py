"""The options of `synthesise` that fit statements and published tables together, and what they do."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from riskmodel.cli.common import load_model, progress_bar, put, say

if TYPE_CHECKING:
    from pandas import DataFrame

    from riskmodel.synthesis.jointly.result import JointSynthesis

ONLY_JOINTLY = ("tables", "hold_out", "details", "split", "chains", "chain_intervals")
NOT_JOINTLY = (
    "by_setting",
    "result",
    "page",
    "columns",
    "ignore",
    "of",
    "given",
    "source",
    "locator",
    "read",
    "setting",
)


@dataclass(frozen=True)
class JointOptions:
    """What was asked of a joint fit."""

    tables: str
    hold_out: tuple[str, ...] | float
    details: Path | None
    split: bool
    chains: int | None
    chain_intervals: bool


def joint_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a joint fit, which is done in place of the command where it is asked for."""

    @functools.wraps(command)
    def packed(
        *args: Any, jointly: bool, tables: str, hold_out: str, details: Path | None, split: bool, chains: int | None,
        chain_intervals: bool, **others: Any,
    ) -> Any:  # fmt: skip
        _check_given(jointly=jointly)
        if chain_intervals and chains is None:
            raise click.UsageError("--chain-intervals needs --chains.")
        if jointly:
            options = JointOptions(tables, _held_out(hold_out), details, split, chains, chain_intervals)
            return write_joint_set(others["studies"], others["output"], others["priors"], others["seed"], options)
        if others["studies"] is None:
            raise click.UsageError("Missing argument 'STUDIES'.")
        return command(*args, **others)

    for option in (
        click.option(
            "--chain-intervals", is_flag=True,
            help="With --jointly and --chains: write the chains' intervals into the set, in place of Laplace's.",
        ),
        click.option(
            "--chains", type=click.IntRange(2), default=None, metavar="NUMBER",
            help="With --jointly: check the intervals by so many Markov chains.",
        ),
        click.option(
            "--details", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
            help="With --jointly: folder for tables.csv (each share before and after), statements.csv (which tables "
            "moved which), and splits.csv.",
        ),
        click.option(
            "--split/--no-split", default=True, show_default=True,
            help="With --jointly: leave out each study in turn, and compare what it saw with what the rest expect.",
        ),
        click.option(
            "--hold-out", default="", metavar="NAMES|SHARE",
            help="With --jointly: rows or sources that stay out of the fit as its test, joined by commas; or the share "
            "of the sources that are drawn for it, such as 0.3.",
        ),
        click.option(
            "--tables", default="validation", show_default=True, metavar="validation|FILE",
            help="With --jointly: the published tables.",
        ),
        click.option(
            "--jointly", is_flag=True, help="Fit the statements of --priors and published tables together.",
        ),
    ):  # fmt: skip
        packed = option(packed)
    return packed


def _check_given(*, jointly: bool) -> None:
    """Refuse options that what is asked for does not read."""
    context = click.get_current_context()
    for name in NOT_JOINTLY if jointly else ONLY_JOINTLY:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            raise click.UsageError(f"{option} {'does not go with' if jointly else 'needs'} --jointly.")


def _held_out(text: str) -> tuple[str, ...] | float:
    try:
        return float(text)
    except ValueError:
        return tuple(name.strip() for name in text.split(",") if name.strip())


def write_joint_set(studies: Path | None, output: Path, priors: str, seed: int, options: JointOptions) -> None:
    """Fit, print, and write the set; details where they are asked for."""
    from riskmodel.outputs.files import write_files
    from riskmodel.synthesis.jointly.fit import synthesise_jointly
    from riskmodel.synthesis.jointly.result import conflict_lines

    if studies is not None:
        raise click.UsageError(
            f"--jointly takes no STUDIES: make a set of {studies} first, and give it as --priors with --jointly."
        )
    model = load_model(priors, "consensus", None)
    with progress_bar(" steps", "fitting") as progress:
        joint = synthesise_jointly(
            model, options.tables, hold_out=options.hold_out, seed=seed, progress=progress,
            command=shlex.join(["riskmodel", *sys.argv[1:]]),
        )  # fmt: skip
    put(joint.lines())
    frames = {"tables.csv": joint.rows(), "statements.csv": joint.statements()}
    if options.split:
        with progress_bar(" studies", "leaving out") as progress:
            frames["splits.csv"] = joint.splits(progress)
        put(conflict_lines(frames["splits.csv"]))
    if options.chains is not None:
        joint, frames["chains.csv"] = _checked_by_chains(joint, options.chains, seed, write=options.chain_intervals)
    joint.write(output)
    say([f"wrote {output}"])
    if options.details is not None:
        options.details.mkdir(parents=True, exist_ok=True)
        write_files({options.details / name: frame.to_csv(index=False) for name, frame in frames.items()})
        say([f"wrote {', '.join(frames)} in {options.details}"])


def _checked_by_chains(
    joint: JointSynthesis, chains: int, seed: int, *, write: bool
) -> tuple[JointSynthesis, DataFrame]:
    """Print how far Laplace's intervals are from those of chains; the fit, with these where they shall be written."""
    from riskmodel.synthesis.jointly.chain_check import beside_laplace, chain_lines, with_chain_intervals
    from riskmodel.synthesis.jointly.chains import draw_jointly

    with progress_bar(" steps", "drawing") as progress:
        draws = draw_jointly(joint.search.likelihood, chains=chains, seed=seed, progress=progress)
    check = beside_laplace(joint, draws)
    put(chain_lines(check, draws))
    return with_chain_intervals(joint, check) if write else joint, check
