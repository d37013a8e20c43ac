"""What the commands share: options, printing, files, progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.values import ProfileName, SettingName, Shipped
from riskmodel.errors import RiskModelError
from riskmodel.workers.signals import INTERRUPTED, CtrlC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskmodel.model import Model

PROGRESS_AFTER = 2.0  # seconds
QUIET = "Print only results and errors."
VERBOSE = "Also print what is loaded, and how long it takes."


def _tell(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Remember how much to tell, for :func:`say` and :func:`detail`."""
    if value:
        ctx.find_root().meta[f"riskmodel.{param.name}"] = True


def _asked(how: str) -> bool:
    ctx = click.get_current_context(silent=True)
    return ctx is not None and bool(ctx.find_root().meta.get(f"riskmodel.{how}"))


class Commands(click.Group):
    """Prints what a user can meet without a traceback, with its exit status; bugs keep theirs."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command, with the options that say how much it tells."""
        cmd.params += [
            click.Option(["-q", "--quiet"], is_flag=True, expose_value=False, callback=_tell, help=QUIET),
            click.Option(["-v", "--verbose"], is_flag=True, expose_value=False, callback=_tell, help=VERBOSE),
        ]
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        interrupt, start = CtrlC(), time.monotonic()
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
        finally:
            with ctx.scope(cleanup=False):
                detail(f"took {time.monotonic() - start:.1f} s")


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
            type=Shipped("policies"),
            metavar="NAME|FILE",
            help="Policy: rules from probabilities and findings to actions.",
        ),
        click.option(
            "--setting",
            type=SettingName(),
            metavar="SETTING",
            help="Setting of the cases that name none, such as primary_care.",
        ),
        click.option(
            "--priors",
            default="seeds",
            show_default=True,
            type=Shipped("sets"),
            metavar="NAME|FILE",
            help="Prior set: seeds, literature, synthesis, or a TOML file of your own.",
        ),
    ):
        command = option(command)
    return command


learn_option = click.option(
    "--learn",
    default="all",
    show_default=True,
    metavar="WHAT",
    help="base_rates, findings, risk_factors, all, recording, or ids of statements; several separated by commas.",
)
recording_option = click.option(
    "--recording",
    default="ignorable",
    show_default=True,
    type=ProfileName(),
    metavar="NAME|FILE",
    help="What a blank means: ignorable (nothing), positives_only, chart, form, or a TOML file that extends one.",
)


def load_model(priors: str, policy: str, setting: str | None, recording: str = "ignorable") -> Model:
    """The model that the common options name; a setting that it does not have is refused."""
    from riskmodel.model import load

    model = load(priors, policy, recording=recording)
    model.default_setting(setting)
    detail(f"loaded {model!r} from {model.root}")
    return model


def say(texts: Iterable[str]) -> None:
    """To the person, on standard error, unless nothing is to be told."""
    for text in texts:
        if not _asked("quiet"):
            click.echo(text, err=True)


def detail(*texts: str) -> None:
    """To a person who wants to be told more."""
    if _asked("verbose"):
        say(texts)


def put(texts: Iterable[str]) -> None:
    """Data that was asked for, on standard output."""
    for text in texts:
        click.echo(text)


def write(output: str, text: str) -> None:
    """A text to standard output or, whole or not at all, to a file."""
    if output == "-":
        click.echo(text, nl=False)
        return
    from riskmodel.outputs.files import write_files

    write_files({Path(output): text})


def put_json(data: object) -> None:
    """Data for another program, on standard output; dates and paths as text."""
    import json

    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


@contextmanager
def progress_bar(unit: str = "B", what: str | None = None) -> Iterator[Callable[[int, int | None], None] | None]:
    """A progress bar on a terminal, for anything over two seconds."""
    if not sys.stderr.isatty() or _asked("quiet"):
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=unit, unit_scale=unit == "B", desc=what, delay=PROGRESS_AFTER, leave=False) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
