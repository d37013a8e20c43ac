"""The command that says what the answers hang on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskmodel.cli.common import examples, say
from riskmodel.cli.reading import (
    mapping_option,
    notice_of_blanks,
    read_rows,
    redcap_options,
    table_options,
)
from riskmodel.cli.values import ProfileName, SettingName, Shipped
from riskmodel.errors import Problem, RiskModelError
from riskmodel.evidence.records import IGNORABLE

if TYPE_CHECKING:
    from riskmodel.casefiles.collect import CaseRows
    from riskmodel.model import Model
    from riskmodel.report.sensitivity.spec import CasesTable, Spec
    from riskmodel.report.sensitivity.study import Study


@click.command("report", epilog=examples(
    "riskmodel report -o sensitivity --cases cases.csv",
    "riskmodel report -o sensitivity --spec my_report.toml",
    "riskmodel report -o sensitivity --cases cases.csv --priors literature --setting primary_care",
))  # fmt: skip
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A new or empty folder, or one with an earlier report, which is replaced.",
)
@click.option(
    "--spec",
    "spec_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file: what the report covers.  [default: the whole model, all settings]",
)
@click.option("--cases", metavar="FILE", help="Case file, instead of the spec's.")
@mapping_option
@redcap_options
@table_options
@click.option(
    "--priors",
    type=Shipped("sets"),
    metavar="NAME|FILE",
    help="Prior set of the report; those of the spec are compared with it.",
)
@click.option(
    "--policy",
    type=Shipped("policies"),
    metavar="NAME|FILE",
    help="Policy of the report; those of the spec are compared with it.",
)
@click.option(
    "--setting",
    type=SettingName(),
    metavar="SETTING",
    help="Setting of the report, and of cases that name none, instead of the spec's.",
)
@click.option(
    "--recording",
    type=ProfileName(),
    metavar="NAME|FILE",
    help="What a blank means, instead of the spec's: ignorable, positives_only, chart, form, or a TOML file.",
)
@click.option("--draws", type=click.IntRange(2), metavar="K", help="Number of draws, instead of the spec's.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Instead of the spec's. The same seed gives the same report, byte for byte.",
)
@click.option(
    "--explorer/--no-explorer",
    default=True,
    show_default=True,
    help="Also write explorer.html, in which any case can be asked: 1 to 1.5 MB.",
)
def report_command(output: Path, spec_file: Path | None, cases: str | None, mapping: Path | None, **asked: Any) -> None:
    """Write a sensitivity report: HTML, Markdown, tables as CSV, figures as SVG."""
    from riskmodel.outputs.folder import check_folder, write_folder
    from riskmodel.pages.render import files
    from riskmodel.report.sensitivity.beside import EXPLORER, explorer_beside
    from riskmodel.report.sensitivity.make import make
    from riskmodel.report.sensitivity.spec import default_spec, read_spec

    check_folder(output)
    spec = read_spec(spec_file) if spec_file else default_spec()
    changes = {
        "priors": _first(asked["priors"], spec.priors), "policies": _first(asked["policy"], spec.policies),
        "settings": [asked["setting"]] if asked["setting"] else None, "draws": asked["draws"], "seed": asked["seed"],
        "cases": _asked(spec.cases, cases, mapping), "recording": asked["recording"],
    }  # fmt: skip
    spec = spec.model_copy(update={key: value for key, value in changes.items() if value is not None})
    study = prepared(spec, str(spec_file or "report"))
    with _progress() as progress:
        beside = {EXPLORER: explorer_beside(study)} if asked["explorer"] else {}
        written = files(make(replace(study, progress=progress), explorer=next(iter(beside), "")))
        write_folder(output, {**written, **beside})
    tables, figures = _count(written, "tables"), _count(written, "figures")
    pages = ", ".join(["report.html", "report.md", *beside])
    say([f"wrote {output}: {pages}, {tables} tables, {figures} figures"])
    sys.exit(1 if study.rejected else 0)


def _asked(spec: CasesTable, cases: str | None, mapping: Path | None) -> CasesTable:
    """The case file and its mapping: another file comes without the mapping of the spec's."""
    named = spec.model_copy(update={"file": cases, "mapping": ""}) if cases else spec
    return named.model_copy(update={"mapping": str(mapping)}) if mapping else named


def _first(name: str | None, names: list[str]) -> list[str]:
    """The names with one put in front, to be reported on; the others stay to be set beside it."""
    return names if name is None else [name, *(other for other in names if other != name)]


def _count(written: dict[str, str], folder: str) -> int:
    return sum(name.startswith(f"{folder}/") for name in written)


def prepared(spec: Spec, file: str) -> Study:
    """The models and cases of a spec.

    Raises
    ------
    SpecError
        with all that is wrong with it, together.
    """
    from riskmodel.cases.recorded import as_read
    from riskmodel.model import load
    from riskmodel.report.sensitivity.spec import SpecError, check_spec
    from riskmodel.report.sensitivity.study import Study

    problems: list[Problem] = []

    def tried(what: Callable[[], Model], key: str) -> Model | None:
        try:
            return what()
        except RiskModelError as error:
            problems.append(Problem(file, f"key '{key}'", str(error), ""))
            return None

    def loaded(name: str) -> Model:
        return load(name, spec.policies[0], recording=spec.recording)

    every = [tried(partial(loaded, name), "priors") for name in spec.priors]
    models = [model for model in every if model is not None]
    if not models:
        raise SpecError(problems)
    for name in spec.policies[1:]:
        tried(lambda name=name: models[0].with_policy(name), "policies")  # type: ignore[misc]
    rows = _cases(spec, file, models[0], problems)
    names, recorded = (list(rows.names), rows.masks) if rows else ([], models[0].scoring.scorer.blank(0))
    problems += check_spec(spec, file, models[0], names)
    if problems:
        raise SpecError(problems)
    kept = [names.index(name) for name in spec.cases.ids] or list(range(len(names)))
    rejected = rows.result.counts.rejected if rows else 0
    masks = as_read(models[0].variables, recorded)
    return Study(
        spec, tuple(models), tuple(names[i] for i in kept), masks[:, kept], recorded[:, kept], rejected=rejected
    )


def _cases(spec: Spec, file: str, model: Model, problems: list[Problem]) -> CaseRows | None:
    """The good cases of the file that the spec names, if any; every blank that a profile may read is 0."""
    from riskmodel.casefiles.options import RunOptions

    if not spec.cases.file:
        return None
    setting = spec.settings[0] if len(spec.settings) == 1 and spec.settings[0] in model.settings else None
    mapping = Path(spec.cases.mapping) if spec.cases.mapping else None
    try:
        options = RunOptions(default_setting=model.default_setting(setting), mapping=mapping)
        named = spec.recording != IGNORABLE or (file != "report" and "recording" in spec.model_fields_set)
        notice = None if named else notice_of_blanks(model.scoring, spec.priors[0], spec.policies[0])
        return read_rows(spec.cases.file, model.scoring, options, notice, blanks_apart=True)
    except RiskModelError as error:
        problems.append(Problem(file, "key 'cases.file'", str(error), ""))
        return None


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, one step a part of the report."""
    if not sys.stderr.isatty():
        yield lambda _part: None
        return
    from tqdm import tqdm

    from riskmodel.report.sensitivity.make import SECTIONS

    with tqdm(total=len(SECTIONS), unit=" parts", leave=False) as bar:
        parts = [part for part, _ in SECTIONS]

        def progress(part: str) -> None:
            bar.set_description(part)
            bar.update(parts.index(part) - bar.n)

        yield progress
