"""From a study to a report: which sections it has, the facts of its run, and its labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.pages.section import Label, Labels, Report, Section
from riskmodel.report.sensitivity.beside import lists_cases
from riskmodel.report.sensitivity.labels import group_label, labels
from riskmodel.report.sensitivity.main_results import main_results
from riskmodel.report.sensitivity.sections.cases import cases_section
from riskmodel.report.sensitivity.sections.coherence import coherence_section
from riskmodel.report.sensitivity.sections.flips import flips_section
from riskmodel.report.sensitivity.sections.glossary import glossary_section
from riskmodel.report.sensitivity.sections.next_questions import next_questions_section
from riskmodel.report.sensitivity.sections.one_way import one_way_section
from riskmodel.report.sensitivity.sections.pathways import pathways_section
from riskmodel.report.sensitivity.sections.provenance import provenance_section
from riskmodel.report.sensitivity.sections.published_tables import published_tables_section
from riskmodel.report.sensitivity.sections.recording import recording_section
from riskmodel.report.sensitivity.sections.rests_on import rests_on_section
from riskmodel.report.sensitivity.sections.sets import sets_section
from riskmodel.report.sensitivity.sections.sobol import sobol_indices, sobol_section
from riskmodel.report.sensitivity.sections.two_way import two_way_section
from riskmodel.report.sensitivity.sections.value import value_section
from riskmodel.report.sources import how_read, seed_documents
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

# The parts of the report in order, by their name on the progress bar. A new one is a file in sections/ and a line here.
SECTIONS: tuple[tuple[str, Callable[[Study], Section | None]], ...] = (
    ("the cases", cases_section),
    ("single statements", one_way_section),
    ("single statements on the cases", flips_section),
    ("what a blank means", recording_section),
    ("two statements together", two_way_section),
    ("all statements at once", sobol_section),
    ("shares of the uncertainty", rests_on_section),
    ("the next question", next_questions_section),
    ("the value of a study", value_section),
    ("comparison of policies", pathways_section),
    ("prior sets compared", sets_section),
    ("coherence of the statements", coherence_section),
    ("published tables", published_tables_section),
    ("glossary", glossary_section),
    ("where the numbers come from", provenance_section),
)


def make(study: Study, *, explorer: str = "") -> Report:
    """The whole report; the same study gives the same bytes. ``explorer``: the file of that page beside it."""
    sections = []
    for part, build in SECTIONS:
        study.progress(part)
        section = build(study)
        if section is not None:
            sections.append(section)
    run = facts(study)
    if explorer:
        run["Explorer"] = f"[[file:{explorer}]] answers for any other case, in a browser, offline"
    opened = explorer if lists_cases(study) else ""
    return Report(study.spec.title, tuple(main_results(study)), tuple(sections), run, _labels(study), opened)


def _labels(study: Study) -> Labels:
    """Of statements and sources, and of the groups of statements that have an index together."""
    priors = study.model.priors
    groups = sobol_indices(study)["statement"].table["name"]
    return {**labels(priors), **{("statement", name): Label(group_label(name, priors), name) for name in groups}}


def _cases(study: Study) -> str:
    """How many cases the report looks at, and how many rows of their file were of no use."""
    if not study.names:
        return "no case file was given"
    refused = f"; {study.rejected:,} further rows were rejected" if study.rejected else ""
    return f"{len(study.names)} of {Path(study.spec.cases.file).name}{refused}"


def facts(study: Study) -> dict[str, str]:
    """Of what the report speaks: everything that it takes to make it again."""
    spec, priors = study.spec, study.model.priors
    driving = priors.selected_statements
    return {
        "Prior set": f"{priors.prior_set.name}: {len(driving)} statements, {how_read(driving)} "
        "([[section:provenance|list]])",
        "Sources": seed_documents(priors),
        "Policy": words(study.policy),
        "Settings": words(", ".join(study.settings)),
        "Cases": _cases(study),
        "Simulated people": f"{spec.cohort.people:,} in each setting, with history and examination, "
        f"{100 * spec.cohort.missing:g} % of it missing at random (by chance, their means differ from the base rates); "
        f"{spec.value.people:,} for the value of a study; {spec.pathways.people:,} for the comparison of policies",
        "Draws": f"{spec.draws:,} joint draws of all statements",
        "Seed": f"{spec.seed}: the same seed gives the same report",
        "Version": f"riskmodel {__version__}, model {study.model.scoring.model_hash}",
    }
