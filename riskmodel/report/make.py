"""From a study to a report: which sections there are, and of what the whole speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.report.found import found
from riskmodel.report.reading import how_read, seed_documents
from riskmodel.report.section import Report, Section
from riskmodel.report.sections import (
    cases,
    coherence,
    flips,
    one_way,
    pathways,
    provenance,
    resting,
    sets,
    together,
    two_way,
    value,
    words,
)

if TYPE_CHECKING:
    from riskmodel.report.study import Study

SECTIONS: tuple[tuple[str, Callable[[Study], Section | None]], ...] = (
    ("the cases", cases.section),
    ("single statements", one_way.section),
    ("single statements on the cases", flips.section),
    ("two statements together", two_way.section),
    ("all statements at once", together.section),
    ("what the doubt rests on", resting.section),
    ("the next question", value.questions),
    ("the value of a study", value.studies),
    ("policies head to head", pathways.section),
    ("prior sets compared", sets.section),
    ("coherence of the statements", coherence.section),
    ("what the words mean", words.section),
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
    return Report(study.spec.title, tuple(found(study)), tuple(sections), facts(study))


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
        "Prior set": f"{priors.prior_set.name}: {len(driving)} statements drive the network: {how_read(driving)} "
        "([[section:provenance|all of them]])",
        "Sources": seed_documents(priors),
        "Policy": study.policy,
        "Settings": ", ".join(study.settings),
        "Cases": _cases(study),
        "Simulated": f"{spec.cohort.people:,} people in each setting, history and examination, "
        f"{100 * spec.cohort.missing:g} % of it blank at random; means over them differ by chance from the base "
        f"rates; {spec.value.people:,} for the value of a study, {spec.pathways.people:,} for the policies",
        "Draws": f"{spec.draws:,} joint draws of all statements",
        "Seed": f"{spec.seed}: the same seed gives the same report",
        "Version": f"riskmodel {__version__}, model {study.model.scoring.model_hash}",
    }
