"""The sections of a synthesis page on what may bias its studies: QUADAS-2, design, reference standard, verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.report.synthesis.wording import finding_title, study_count
from riskmodel.synthesis.sheet_columns import DOMAINS, QUADAS
from riskmodel.synthesis.sheet_words import JUDGEMENTS
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure as Canvas

    from riskmodel.synthesis.finding_studies import FindingStudies
    from riskmodel.synthesis.studies import StudyCounts

NOT_JUDGED = "not judged"
SYMBOLS = {"low": "+ low", "unclear": "? unclear", "high": "− high", NOT_JUDGED: "· not judged"}
ALSO_CALLED = {"flow": "flow_and_timing", "flow_timing": "flow_and_timing", "selection": "patient_selection"}
CONCERNS = tuple(f"applicability_{domain}" for domain in DOMAINS[:3])
DESIGN_WORDS = {
    "cohort": "cohort: people as they came", "two_gate": "two-gate: ill and healthy chosen apart",
    "case_control": "case-control", "": "not stated",
}  # fmt: skip
VERIFIED_WORDS = {"yes": "partly", "no": "everybody", "unclear": "unclear", "": "not stated"}


def judged(row: StudyCounts) -> dict[str, str]:
    """The judgement of each domain and of each concern about applicability; what is not judged is told."""
    stated = {name.removeprefix(QUADAS): text for name, text in (row.details or {}).items() if name.startswith(QUADAS)}
    stated = {ALSO_CALLED.get(name, name): text for name, text in stated.items()}
    return {domain: stated.get(domain, NOT_JUDGED) for domain in (*DOMAINS, *CONCERNS)}


def quadas(findings: Sequence[FindingStudies]) -> Section:
    """Every study's judgements, and how many are low, unclear, high or missing in each domain."""
    rows = [(finding, row, judged(row)) for finding, row in _rows(findings)]
    domains = [*DOMAINS, *(c for c in CONCERNS if any(each[c] != NOT_JUDGED for _, _, each in rows))]
    title = "Risk of bias (QUADAS-2)"
    if not any(each[domain] != NOT_JUDGED for _, _, each in rows for domain in domains):
        text = (
            "No study was judged: the sheet has no judgements in columns that begin with quadas_, such as "
            "quadas_patient_selection. The intervals on this page hold chance and differences between settings, not "
            "bias."
        )
        return Section("quadas", title, (text,))
    frame = pd.DataFrame([
        {"finding": finding_title(finding), "study": row.study, **{d: SYMBOLS.get(each[d], each[d]) for d in domains}}
        for finding, row, each in rows
    ])  # fmt: skip
    columns = (Column("finding", "Finding"), Column("study", "Study"),
               *(Column(domain, _domain(domain).capitalize()) for domain in domains))  # fmt: skip
    counts = pd.DataFrame([
        {"domain": _domain(domain),
         **{j: sum(each[domain] == j for _, _, each in rows) for j in (*JUDGEMENTS, NOT_JUDGED)}}
        for domain in domains
    ])  # fmt: skip
    table = Table("quadas", "Judgements of each study", frame, columns, shown=40)
    sentences = (
        (
            "Judgements are those of the sheet. + low: bias, or a concern about applicability, is unlikely; ? unclear: "
            "not enough is reported; − high: it is likely; · not judged: the cell is blank, which is not low."
        ),
        _high(rows, domains),
        (
            "No judgement changes a number: the synthesis counts every study as it is. The figures without each study "
            "show what the result would be without one."
        ),
    )
    return Section("quadas", title, sentences, (table,), (_bars(counts),))


def _domain(name: str) -> str:
    """A domain as it is called.

    >>> _domain("index_test"), _domain("applicability_index_test")
    ('index test', 'applicability: index test')
    """
    return words(name.replace("applicability_", "applicability: "))


def _high(rows: Sequence[tuple[FindingStudies, StudyCounts, dict[str, str]]], domains: Sequence[str]) -> str:
    high = {row.study for _, row, each in rows if any(each[domain] == "high" for domain in domains)}
    whole = {row.study for _, row, each in rows if all(each[domain] == "low" for domain in DOMAINS)}
    every = {row.study for _, row, _ in rows}
    named = f" ({', '.join(sorted(high))})" if 0 < len(high) <= 6 else ""
    return (
        f"Of {study_count(len(every))}, {len(high)} have a high risk in a domain{named}; {len(whole)} a low one in all."
    )


def _bars(counts: pd.DataFrame) -> Figure:
    def draw() -> Canvas:
        from riskmodel.figures.judgements import draw_judgements
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 1.2 + 0.36 * len(counts))
        draw_judgements(counts, drawn.subplots())
        return drawn

    alt = "; ".join(
        f"{row['domain']}: " + ", ".join(f"{row[j]} {j}" for j in (*JUDGEMENTS, NOT_JUDGED) if row[j])
        for row in counts.to_dict("records")
    )
    return Figure("judgements", "Judgements by domain", alt, draw)


def design(findings: Sequence[FindingStudies]) -> Section:
    """Designs, reference standards and verification, with what they imply for bias."""
    rows = list(_rows(findings))
    frame = pd.DataFrame([
        {"finding": finding_title(finding), "study": row.study, "design": DESIGN_WORDS[row.design],
         "reference_standard": (row.details or {}).get("reference_standard", "not stated"),
         "verified": VERIFIED_WORDS[(row.details or {}).get("verified_partly", "")],
         "read": row.read, "source": row.source, "locator": row.locator,
         "note": "; ".join(filter(None, ((row.details or {}).get(key) for key in ("worked_back", "note"))))}
        for finding, row in rows
    ])  # fmt: skip
    columns = (
        Column("finding", "Finding"), Column("study", "Study"), Column("design", "Design"),
        Column("reference_standard", "Reference standard"), Column("verified", "Verified"),
        Column("read", "Read", "read"), Column("source", "Source", "source"), Column("locator", "Where"),
        Column("note", "Note"),
    )  # fmt: skip
    table = Table("design", "How each study was done", frame, columns, shown=40)
    return Section("design", "Design and verification", tuple(_implications([row for _, row in rows])), (table,))


def _implications(rows: Sequence[StudyCounts]) -> Iterator[str]:
    gates = _named(row for row in rows if row.design in ("two_gate", "case_control"))
    partly = _named(row for row in rows if (row.details or {}).get("verified_partly") == "yes")
    unstated = _named(row for row in rows if not row.design)
    if gates:
        yield (
            f"{gates}: people known to have the condition are set beside people known not to. The ill are then more "
            "clearly ill, and the others healthier, than those in whom a clinician has to decide, so that sensitivity "
            "tends to be too high and the false-positive rate too low (in Lijmer JG et al. JAMA 1999;282:1061 the "
            "diagnostic odds ratio of such studies was 3.0 times that of the others). How frequent the condition is "
            "cannot be learnt from them."
        )
    if partly:
        yield (
            f"{partly}: not everybody had the reference standard. Where those with the finding had it more often, "
            "sensitivity is too high and the false-positive rate too high as well (partial verification; Begg CB, "
            "Greenes RA. Biometrics 1983;39:207)."
        )
    if unstated:
        yield f"{unstated}: the design is not stated, so that none of this can be judged."
    unread = _named(row for row in rows if row.read == "no")
    if unread:
        yield (
            f"{unread}: how the counts were read is not stated (column read, or --read: full_text, abstract or "
            "second_hand), so that the statements count as not read."
        )
    if not (gates or partly or unstated):
        yield "All studies took people as they came, and none says that only part of them had the reference standard."


def _named(rows: Iterator[StudyCounts]) -> str:
    names = list(dict.fromkeys(row.study for row in rows))
    more = [f"{len(names) - 6} more"] if len(names) > 6 else []
    return listed([*names[:6], *more]) if names else ""


def _rows(findings: Sequence[FindingStudies]) -> Iterator[tuple[FindingStudies, StudyCounts]]:
    for finding in findings:
        for row in finding.rows:
            yield finding, row
