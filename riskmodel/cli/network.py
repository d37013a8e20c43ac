"""Commands on the model itself: check, codebook, simulate, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from riskmodel.cli.common import common, examples, load_model, put, put_json, recording_option, say, write
from riskmodel.cli.reading import (
    mapping_option,
    notice_of_blanks,
    read_rows,
    redcap_options,
    table_options,
)
from riskmodel.cli.values import CaseFile
from riskmodel.errors import UsageError

if TYPE_CHECKING:
    from riskmodel.casefiles.collect import CaseRows
    from riskmodel.model import Model
    from riskmodel.report.check.on_cases import Cases

FORMATS = ("bif", "xmlbif", "net", "uai", "xdsl")


@click.command("check", epilog=examples(
    "riskmodel check",
    "riskmodel check --priors literature --draws 1000 --seed 1",
    "riskmodel check --policies 20000",
    "riskmodel check --cases cases.csv --setting primary_care",
    "riskmodel check --compare seeds literature --cases cases.csv",
))  # fmt: skip
@common
@recording_option
@click.option("--draws", default=0, metavar="K", help="Also build the network for K draws of all statements.")
@click.option("--seed", default=0, show_default=True, metavar="N")
@click.option(
    "--policies",
    default=0,
    metavar="N",
    help="Also compare all policies on N simulated people of each setting, with the load of --policy and its causes.",
)
@click.option("--compare", nargs=2, metavar="SET SET", help="Compare two prior sets instead.")
@click.option(
    "--cases", type=CaseFile(), metavar="FILE", help="Cases on which effects are shown.  [default: simulated people]"
)
@mapping_option
@redcap_options
@table_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check_command(cases: str | None, mapping: Path | None, form: str, **asked: Any) -> None:
    """Check the model: files, network, whether it gives back its statements, and agreement with all others."""
    from riskmodel.network.roundtrip import round_trip
    from riskmodel.report.check import check as checking
    from riskmodel.report.check import on_cases

    draws, seed, people, compare = asked["draws"], asked["seed"], asked["policies"], asked["compare"]
    named = {key: asked[key] for key in ("priors", "policy", "setting", "recording")}
    if form == "json" and (compare or cases or people):
        raise UsageError("--format json holds the check of one model: leave out --compare, --cases and --policies")
    if compare:
        _compare(compare, cases, mapping, named)
    model = load_model(**named)
    if form == "json":
        from riskmodel.report.check.data import check_data

        readings = round_trip(model.priors, model.tables)
        put_json(check_data(model, readings, draws, seed))
        sys.exit(0 if all(reading.holds for reading in readings) else 1)
    setting = named["setting"]
    rows = _read(model, named, cases, mapping) if cases else None
    readings = round_trip(model.priors, model.tables)
    put(checking.check_lines(model, readings, draws, seed))
    for group in _groups(model, setting, rows, seed):
        put(on_cases.dependence_lines(model, group))
        put(on_cases.uncertainty_lines(model, group, draws or checking.AUDIT_DRAWS, seed))
    if people:
        from riskmodel.report.check.load import load_lines

        put(checking.policy_lines(model, people, seed))
        put(load_lines(model, people, seed))
    passed = all(reading.holds for reading in readings)
    sys.exit(0 if passed and not (rows and rows.result.counts.rejected) else 1)


@click.command(
    "codebook",
    epilog=examples(
        "riskmodel codebook",
        "riskmodel codebook --format csv -o codebook.csv",
        "riskmodel codebook --format fhir-questionnaire -o questionnaire.json",
        "riskmodel codebook --format redcap -o dictionary.csv",
        "riskmodel codebook --template > cases.csv",
    ),
)
@common
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "csv", "json", "redcap", "fhir-questionnaire"]),
    default="md",
    show_default=True,
)
@click.option("--template", is_flag=True, help="Print an empty case file instead.")
@click.option("-o", "--output", default="-", metavar="FILE")
def codebook_command(priors: str, policy: str, setting: str | None, form: str, template: bool, output: str) -> None:
    """The columns of a case file: states, bands, definitions, and the statements behind them."""
    from riskmodel.cases import codebook as book
    from riskmodel.cases.columns import template as empty
    from riskmodel.decision.costs import find_pathways
    from riskmodel.fhir.questionnaire import resource_text
    from riskmodel.model.fhir import fhir_questionnaire
    from riskmodel.redcap.codebook import as_redcap

    model = load_model(priors, policy, setting)
    makers = {
        "md": lambda: book.as_markdown(model.priors),
        "csv": lambda: book.as_csv(model.priors),
        "json": lambda: book.as_json(model.priors),
        "redcap": lambda: as_redcap(model.variables, find_pathways(model.root)),
        "fhir-questionnaire": lambda: resource_text(fhir_questionnaire(model)),
    }
    write(output, empty(model.variables) if template else makers[form]())


@click.command("simulate", epilog=examples(
    "riskmodel simulate -n 1000 --seed 1 --setting primary_care -o cohort.csv",
    "riskmodel simulate -n 5000 --seed 2 --missing 0.3 --with-outcomes -o cohort.csv",
))  # fmt: skip
@common
@click.option("-n", "--number", required=True, type=click.IntRange(1), metavar="N", help="How many people.")
@click.option("--seed", required=True, type=click.IntRange(0), metavar="S", help="The same seed gives the same people.")
@click.option("--missing", default=0.0, show_default=True, metavar="SHARE", help="Share of cells left blank at random.")
@click.option("--with-outcomes", is_flag=True, help="Add the condition columns.")
@click.option("-o", "--output", default="-", metavar="FILE")
def simulate_command(
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

    model = load_model(priors, policy, setting)
    people = cohort.simulate(model, number, np.random.default_rng(seed), setting=setting, missing=missing)
    write(output, cohort.to_cases(model, people, with_outcomes=with_outcomes).to_csv(index=False))


@click.command(
    "export",
    epilog=examples(
        "riskmodel export --format bif -o redflags.bif",
        "riskmodel export --format xdsl -o redflags.xdsl --priors literature",
    ),
)
@common
@recording_option
@click.option(
    "--format",
    "form",
    required=True,
    metavar="|".join(FORMATS),
    help="For GeNIe (xdsl), Hugin (net), SamIam, bnlearn (bif), pyAgrum (xmlbif, with all digits).",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--for-pyagrum", is_flag=True, help="UAI and XDSL with the first parent fastest, as only pyAgrum reads them."
)
def export_command(form: str, output: Path, for_pyagrum: bool, **named: Any) -> None:
    """Write the network in another program's format, with all digits; under a recording profile with its nodes."""
    from riskmodel.network.export import export as write_network

    model = load_model(**named)
    for written in write_network(model.tables, output, form, for_pyagrum=for_pyagrum):
        say([f"wrote {written}"])


def _compare(sets: tuple[str, str], cases: str | None, mapping: Path | None, named: dict[str, Any]) -> NoReturn:
    """Print the comparison, and end with the status of what was read."""
    from riskmodel.report.check.compare_sets import comparison_lines

    if cases is None:
        raise UsageError("say which cases to compare the sets on with --cases FILE")
    first, second = (load_model(**{**named, "priors": name}) for name in sets)
    rows = _read(first, {**named, "priors": sets[0]}, cases, mapping)
    put(comparison_lines(first, second, rows.names, rows.masks))
    sys.exit(1 if rows.result.counts.rejected else 0)


def _groups(model: Model, setting: str | None, rows: CaseRows | None, seed: int) -> list[Cases]:
    """The cases to show effects on: those of a file, or simulated people."""
    from riskmodel.report.check.on_cases import by_setting, simulated

    if rows is not None:
        return by_setting(model, rows.masks, rows.names)
    if setting is None and len(model.settings) > 1:
        put(["", "Name a --setting, or --cases, to see what the statements do to people."])
        return []
    return [simulated(model, setting, seed)]


def _read(model: Model, named: dict[str, Any], cases: str, mapping: Path | None) -> CaseRows:
    from riskmodel.casefiles.options import RunOptions

    options = RunOptions(default_setting=model.default_setting(named["setting"]), mapping=mapping)
    return read_rows(cases, model.scoring, options, notice_of_blanks(model.scoring, named["priors"], named["policy"]))
