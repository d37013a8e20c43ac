"""The page of a synthesis: what each finding's studies say together, what may bias them, and what was made of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel._version import __version__
from riskmodel.pages.section import Column, Label, Report, Section, Table, mark
from riskmodel.report.synthesis.finding import finding_section
from riskmodel.report.synthesis.in_model import replaced_measures, replaced_statements
from riskmodel.report.synthesis.quality import design, quadas
from riskmodel.report.synthesis.wording import (
    MEASURE_WORDS,
    event_words,
    finding_title,
    spread_words,
    study_words,
    together_words,
)
from riskmodel.synthesis.sheet_file import SheetReading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.model import Model
    from riskmodel.synthesis.finding_studies import FindingStudies
    from riskmodel.synthesis.synthesise import Synthesis

MOST_MAIN_RESULTS = 8  # findings; all of them are in the table of results
METHOD = (
    (
        "The logits of sensitivity and false-positive rate (or of one share) differ between settings as a normal "
        "distribution, and each study's counts are binomial: cells of 0 are taken as they are. The likelihood is "
        "integrated over the studies by adaptive Gauss–Hermite quadrature."
    ),
    (
        "Priors: half an event and half a person without it, shared among the studies; a spread half-normal with "
        "scale 1.5 on the logit scale; (1 + correlation) / 2 as Beta(2, 2). The posterior is drawn by adaptive "
        "importance sampling. Results are medians and intervals of 95 % of the draws; the regions are the smallest "
        "that hold 95 % of them on the logit scale."
    ),
    (
        "Mean: the middle of all settings. Next setting: one more setting like these, with its own difference from the "
        "mean. A model is used in one setting, so the statements are of the next setting unless asked otherwise."
    ),
)


def synthesis_report(
    synthesis: Synthesis,
    facts: Mapping[str, str] | None = None,
    *,
    set_file: str = "",
    model: Model | None = None,
) -> Report:
    """The page of a synthesis.

    Parameters
    ----------
    facts
        what else is told of how it was made, such as the file and the command.
    set_file
        address of the prior set that was written, relative to the page.
    model
        that took the synthesis: with it the page says what each number stands in place of.
    """
    findings = synthesis.findings
    replaced = replaced_statements(synthesis, model)
    sections = (
        _results(findings),
        *(
            finding_section(i, finding, replaced_measures(synthesis, finding, replaced))
            for i, finding in enumerate(findings, 1)
        ),
        quadas(findings),
        design(findings),
        _statements(synthesis, set_file, replaced),
        _refused(synthesis),
        *([_readings(synthesis.readings)] if synthesis.readings else []),
        _sources(synthesis),
        Section("method", "Method", METHOD),
    )
    shown = {
        "Result": f"statements are of the {'next setting' if synthesis.result == 'next' else 'mean'}",
        "Draws": f"{len(findings[0].effects.mean):,}, seed {synthesis.seed}" if findings else "",
        "Program": f"riskmodel {__version__}",
        **(facts or {}),
    }
    if set_file:
        shown["Prior set"] = mark("file", set_file, Path(set_file).name)
    title = "Studies of " + (finding_title(findings[0]) if len(findings) == 1 else f"{len(findings)} findings")
    return Report(title, tuple(_main_results(findings)), sections, shown, _labels(synthesis))


def write_synthesis_report(
    synthesis: Synthesis,
    folder: str | Path,
    *,
    facts: Mapping[str, str] | None = None,
    set_file: Path | None = None,
    model: Model | None = None,
) -> Path:
    """Write the page with its tables (CSV) and figures (SVG) into a new or empty folder, and return the page's path.

    Raises
    ------
    OutputError
        when the folder holds something else than an earlier report.

    Examples
    --------
    >>> import riskmodel as rm
    >>> studies = rm.synthesise("studies.csv")  # doctest: +SKIP
    >>> rm.write_synthesis_report(studies, "page")  # doctest: +SKIP
    >>> finding = studies.findings[0]  # doctest: +SKIP
    >>> figures.forest(finding)  # doctest: +SKIP
    """
    from riskmodel.outputs.folder import check_folder, write_folder
    from riskmodel.pages.render import HTML, files

    folder = Path(folder)
    check_folder(folder)
    address = Path(os.path.relpath(set_file.resolve(), folder.resolve())).as_posix() if set_file else ""
    write_folder(folder, files(synthesis_report(synthesis, facts, set_file=address, model=model)))
    return folder / HTML


def _main_results(findings: Sequence[FindingStudies]) -> list[str]:
    sentences = []
    for i, finding in enumerate(findings[:MOST_MAIN_RESULTS], 1):
        title = finding_title(finding)
        sentences.append(
            f"[[section:finding_{i}|{title[0].upper()}{title[1:]}]] ({study_words(finding)}): in the next "
            f"setting {together_words(finding, 'next')}; in the middle one {together_words(finding, 'mean')}. "
            f"{spread_words(finding)[0].partition(' (spread')[0].rstrip('.')}."
        )
    if len(findings) > MOST_MAIN_RESULTS:
        rest = len(findings) - MOST_MAIN_RESULTS
        sentences.append(f"{rest} more are in the [[section:results|table of all results]].")
    return sentences


def _results(findings: Sequence[FindingStudies]) -> Section:
    records = []
    for i, finding in enumerate(findings, 1):
        for measure in finding.measures:
            rows = finding.together[finding.together["measure"] == measure].set_index("which")
            spread = finding.spread[finding.spread["measure"] == measure].iloc[0]
            records.append({
                "finding": f"[[section:finding_{i}|{finding_title(finding)}]]", "studies": len(finding.rows),
                "measure": MEASURE_WORDS[measure],
                "people": int(finding.counts[1][:, finding.measures.index(measure)].sum()),
                **{f"{which}{end}": rows.at[which, name] for which in ("mean", "next")
                   for end, name in (("", "value"), ("_low", "low"), ("_high", "high"))},
                "spread": spread["spread"], "spread_low": spread["low"], "spread_high": spread["high"],
            })  # fmt: skip
    columns = (
        Column("finding", "Finding"), Column("measure", "Measure"), Column("studies", "Studies", "whole"),
        Column("people", "People", "whole"), Column("mean", "Mean", "percent", interval=("mean_low", "mean_high")),
        Column("next", "Next setting", "percent", interval=("next_low", "next_high")),
        Column("spread", "Spread (logit)", "number", digits=2, interval=("spread_low", "spread_high")),
    )  # fmt: skip
    note = "The spread is the standard deviation between settings on the logit scale. Intervals of 95 %."
    table = Table("results", "All findings", pd.DataFrame(records), columns, note, shown=40)
    return Section("results", "Results", (), (table,))


def _statements(synthesis: Synthesis, set_file: str, replaced: Mapping[str, str]) -> Section:
    frame = pd.DataFrame([
        {"statement": s["id"], "quantity": f"{event_words(s['of'])} | {event_words(s['given'])}", "value": s["value"],
         "low": s.get("low"), "high": s.get("high"), "use": "compared only" if "drives" in s else "drives a table",
         "replaced": replaced.get(s["id"], ""), "note": s.get("note", "")}
        for s in synthesis.stated.statements
    ])  # fmt: skip
    columns = (
        Column("statement", "Statement", "statement"), Column("quantity", "Probability of"),
        Column("value", "Value", "percent", interval=("low", "high")), Column("use", "In the network"),
        *([Column("replaced", "In place of")] if replaced else []), Column("note", "Note"),
    )  # fmt: skip
    where = f"They are in {mark('file', set_file, Path(set_file).name)}. " if set_file else ""
    text = (
        f"{where}A statement that drives a table becomes part of the network; one that is compared only is asked of "
        "the finished network, and the difference is told by riskmodel check."
    )
    return Section("statements", "Statements", (text,), (Table("statements", "Statements", frame, columns, shown=40),))


def _refused(synthesis: Synthesis) -> Section:
    refused = synthesis.stated.refused
    if not refused:
        return Section("refused", "What the counts do not support", ("Nothing is refused.",))
    frame = pd.DataFrame({"reason": list(refused)})
    table = Table("refused", "Not supported, and why", frame, (Column("reason", "Reason"),))
    return Section("refused", "What the counts do not support", (), (table,))


def _readings(readings: Sequence[SheetReading]) -> Section:
    rows: dict[tuple[str, str, str], list[str]] = {}
    for r in readings:
        what = r.column or ("the row" if r.row else "the sheet"), r.received or "blank", r.read_as or "not used"
        rows.setdefault(what, []).append(r.row or "all")
    frame = pd.DataFrame([
        {"column": column, "row": ", ".join(lines), "received": received, "read_as": read_as}
        for (column, received, read_as), lines in rows.items()
    ])  # fmt: skip
    columns = (Column("column", "Column"), Column("row", "Row"), Column("received", "It says"),
               Column("read_as", "Read as"))  # fmt: skip
    text = "Everything in the sheet that was not taken letter by letter. Nothing else was changed."
    table = Table("readings", "Readings", frame, columns, shown=20)
    return Section("readings", "How the sheet was read", (text,), (table,))


def _sources(synthesis: Synthesis) -> Section:
    frame = pd.DataFrame([
        {"source": key, "title": str(source.get("title", "")), "year": str(source.get("year", ""))}
        for key, source in synthesis.stated.sources.items()
    ])  # fmt: skip
    columns = (Column("source", "Key", "source"), Column("title", "Title"), Column("year", "Year"))
    table = Table("sources", "New sources", frame, columns, shown=40)
    return Section("sources", "Sources", (), (table,))


def _labels(synthesis: Synthesis) -> dict[tuple[str, str], Label]:
    labels = {("statement", str(s["id"])): Label(str(s["id"])) for s in synthesis.stated.statements}
    sources = synthesis.stated.sources.items()
    return labels | {("source", key): Label(key, str(source.get("title", ""))) for key, source in sources}
