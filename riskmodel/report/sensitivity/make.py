"""From a study to a report: which sections there are, and of what the whole speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.pages.section import Label, Labels, Report, Section
from riskmodel.report.sensitivity.found import found
from riskmodel.report.sensitivity.labels import group_label, labels
from riskmodel.report.sensitivity.sections import (
    cases,
    coherence,
    flips,
    glossary,
    one_way,
    pathways,
    provenance,
    rests_on,
    sets,
    sobol,
    two_way,
    value,
)
from riskmodel.report.sources import how_read, seed_documents
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

SECTIONS: tuple[tuple[str, Callable[[Study], Section | None]], ...] = (
    ("the cases", cases.section),
    ("single statements", one_way.section),
    ("single statements on the cases", flips.section),
    ("two statements together", two_way.section),
    ("all statements at once", sobol.section),
    ("shares of the uncertainty", rests_on.section),
    ("the next question", value.questions),
    ("the value of a study", value.studies),
    ("comparison of policies", pathways.section),
    ("prior sets compared", sets.section),
    ("coherence of the statements", coherence.section),
    ("glossary", glossary.section),
    ("where the numbers come from", provenance.section),
)


def make(study: Study) -> Report:
    """The whole report; the same study gives the same bytes."""
    sections = []
    for what, build in SECTIONS:
        study.tell(what)
        section = build(study)
        if section is not None:
            sections.append(section)
    return Report(
        study.spec.title, tuple(found(study)), tuple(sections), facts(study), _labels(study)
    )  # fmt: skip


def _labels(study: Study) -> Labels:
    """Of statements and sources, and of the groups of statements that have an index together."""
    priors = study.model.priors
    groups = study.sobol["statement"].table["name"]
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
    driving = [priors.statement(name) for name in priors.selected]
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
