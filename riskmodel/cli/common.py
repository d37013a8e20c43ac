"""What the commands share: options, printing, files, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.errors import RiskModelError
from riskmodel.signals import INTERRUPTED, CtrlC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskmodel.model import Model

PROGRESS_AFTER = 2.0  # seconds


class Commands(click.Group):
    """Prints what a user can meet without a traceback, with its exit status; bugs keep theirs."""

    def invoke(self, ctx: click.Context) -> Any:
        interrupt = CtrlC()
        try:
            with interrupt:
                return super().invoke(ctx)
        except (SystemExit, click.exceptions.Exit):
            raise
        except BaseException as error:
            if interrupt.arrived:  # whatever the error, it came of that
                click.echo("\nriskmodel: interrupted" if sys.stderr.isatty() else "riskmodel: interrupted", err=True)
                ctx.exit(INTERRUPTED)
            if not isinstance(error, RiskModelError):
                raise
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
        click.option("--setting", metavar="SETTING", help="Where the people present, for cases that name no setting."),
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


def load_model(priors: str, policy: str, setting: str | None) -> Model:
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
