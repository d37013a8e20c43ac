"""Cases that a command reads: the same mapping, rejects, counts and messages for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from riskmodel.cli.common import say
from riskmodel.errors import UsageError

if TYPE_CHECKING:
    from riskmodel.answers.blank_warning import Notice
    from riskmodel.answers.scoring import Scoring
    from riskmodel.casefiles.collect import CaseRows
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.redcap.project import RedcapProject

_PROJECT = "riskmodel.redcap"
mapping_option = click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML: other names of columns, values, missing codes, units; columns worked out of others.",
)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that reads workbooks and statistics files; :func:`tables_asked` has what was asked."""
    for option in (
        click.option(
            "--codes",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Read the codes of a Stata or SPSS file, not their value labels.",
        ),
        click.option(
            "--sheet",
            metavar="NAME",
            expose_value=False,
            callback=_remember,
            help="Sheet of a workbook with several.",
        ),
    ):
        command = option(command)
    return command


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    context.meta[f"{__name__}.{option.name}"] = value


def tables_asked() -> dict[str, Any]:
    """What the options of :func:`table_options` say, as arguments of ``RunOptions``."""
    context = click.get_current_context(silent=True)
    meta = {} if context is None else context.meta
    return {"sheet": meta.get(f"{__name__}.sheet"), "codes": meta.get(f"{__name__}.codes", False)}


def redcap_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that reads exports of REDCap projects, for :func:`asked_redcap`."""
    for option in (
        click.option(
            "--redcap-unticked",
            "redcap_unticked",
            multiple=True,
            metavar="[FIELD=]WORD",
            help="What a box that is not ticked says: blank (the default), not_assessed or no.",
        ),
        click.option(
            "--redcap-missing",
            metavar="CODES",
            help="Missing data codes of the project, as its setup page has them: '-9, Not asked | UNK, Unknown'.",
        ),
        click.option(
            "--redcap-values", type=click.Choice(["raw", "labels"]), help="What the export holds, if that is not plain."
        ),
        click.option(
            "--redcap-rows",
            metavar="ROWS",
            help="Which rows are cases: EVENT, FORM or EVENT/FORM, #first, #last or #N; + for cells of other rows.",
        ),
        click.option(
            "--redcap",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Data dictionary of the REDCap project that exported the cases, or a TOML file that names it.",
        ),
    ):
        command = option(command)

    @wraps(command)
    def with_project(**asked: Any) -> Any:
        named = {key: asked.pop(f"redcap_{key}") for key in ("rows", "values", "missing", "unticked")}
        file = asked.pop("redcap")
        if file is None and any(named.values()):
            option = next(key for key, value in named.items() if value)
            raise UsageError(f"--redcap-{option} goes with --redcap")
        if file is not None:
            from riskmodel.redcap.project import redcap_project

            click.get_current_context().meta[_PROJECT] = redcap_project(file, **named)
        return command(**asked)

    return with_project


def asked_redcap() -> RedcapProject | None:
    """The REDCap project that the command's options name, if they do."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_PROJECT)


def recording_named() -> bool:
    """Whether the command names a recording profile, be it the default."""
    context = click.get_current_context(silent=True)
    return context is not None and context.get_parameter_source("recording") is ParameterSource.COMMANDLINE


def notice_of_blanks(scoring: Scoring, priors: str, policy: str) -> Notice | None:
    """What is to be said of files whose blanks seem to have a meaning; nothing where a recording profile was named."""
    from riskmodel.answers.blank_warning import blank_notice
    from riskmodel.model import load_scoring

    if recording_named():
        return None

    def under(profile: str) -> Scoring | None:
        try:
            return load_scoring(priors, policy, recording=profile)
        except UsageError:  # no such profile in priors of one's own
            return None

    return blank_notice(scoring, under)


def read_rows(
    cases: str | Path,
    scoring: Scoring,
    options: RunOptions,
    notice: Notice | None = None,
    *,
    blanks_apart: bool = False,
) -> CaseRows:
    """The good rows of a file; says how many were read and rejected, and why.

    With ``blanks_apart`` every blank that a recording profile may read is 0, whether the model reads it or not.
    """
    from riskmodel.answers.output_columns import only_possible
    from riskmodel.answers.settings import shares_listed
    from riskmodel.casefiles.collect import read_cases
    from riskmodel.casefiles.summary import read_lines
    from riskmodel.cases.recorded import as_read, telling

    possible, variables = only_possible(scoring), scoring.variables
    with shares_listed(scoring):
        rows = read_cases(
            cases,
            telling(variables) if blanks_apart else variables,
            replace(options, redcap=asked_redcap(), **tables_asked()),
            (lambda masks: possible(as_read(variables, masks))) if blanks_apart else possible,
            notice,
        )
    say(read_lines(rows.result, "used"))
    return rows
