"""The sections of a synthesis page on one finding and condition: its studies, what they say together, who moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.report.synthesis.wording import (
    MEASURE_WORDS,
    finding_title,
    influence_words,
    people_words,
    ratio_words,
    spread_words,
    together_words,
)
from riskmodel.text import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.figure import Figure as Canvas

    from riskmodel.synthesis.finding_studies import FindingStudies

BELOW = 0.16  # inches of a line below a panel
RATIO_WORDS = {
    "positive_likelihood_ratio": "positive likelihood ratio", "negative_likelihood_ratio": "negative likelihood ratio",
    "diagnostic_odds_ratio": "diagnostic odds ratio",
}  # fmt: skip
SUMMARY_WORDS = {"mean": "mean", "next": "next setting"}
SHORT = {"sensitivity": "sens", "false_positive_rate": "fpr", "rate": "share"}
HEADINGS = {"sensitivity": "Sensitivity", "false_positive_rate": "False-positive rate", "rate": "Share"}


def finding_section(number: int, finding: FindingStudies, replaced: Mapping[str, str] | None = None) -> Section:
    """Everything on one finding; ``number`` makes the names of its tables and figures.

    ``replaced`` says for each measure what it stands in place of in a model.
    """
    sentences = [
        people_words(finding),
        f"Middle setting: {together_words(finding, 'mean')}. Next setting: {together_words(finding, 'next')}.",
        *spread_words(finding),
        *([ratio_words(finding)] if finding.is_pair else []),
        influence_words(finding),
    ]
    tables = [_studies(number, finding)]
    figures = [_forest(number, finding, replaced or {})]
    if finding.is_pair:
        tables.append(_ratios(number, finding))
        figures.append(_summary_roc(number, finding))
    if finding.without is not None:
        tables.append(_influence(number, finding))
        figures.append(_without(number, finding))
    return Section(f"finding_{number}", finding_title(finding), tuple(sentences), tuple(tables), tuple(figures))


# ---- tables ----------------------------------------------------------------------------------------------


def _studies(number: int, finding: FindingStudies) -> Table:
    frame = finding.studies.drop_duplicates("number")[["number", "study", "source", "year", "setting", "cutoff"]]
    frame = frame.reset_index(drop=True).assign(year=[row.year or "" for row in finding.rows])
    columns = [Column("number", "No.", "whole"), Column("study", "Study"), Column("setting", "Setting", "name")]
    if frame["cutoff"].any():
        columns.append(Column("cutoff", "Cut-off"))
    cells = ("tp", "fn", "fp", "tn") if finding.is_pair else ("events", "n")
    for cell in cells:
        frame[cell] = [row.counts[cell] for row in finding.rows]
        columns.append(Column(cell, cell.upper() if finding.is_pair else cell, "whole"))
    for measure in finding.measures:
        rows, short = finding.studies[finding.studies["measure"] == measure], SHORT[measure]
        for name in ("share", "low", "high", "shrunken", "shrunken_low", "shrunken_high"):
            frame[f"{short}_{name}"] = rows[name].to_numpy()
        columns += [
            Column(f"{short}_share", HEADINGS[measure], "percent", interval=(f"{short}_low", f"{short}_high")),
            Column(f"{short}_shrunken", f"{HEADINGS[measure]}, in the light of the others", "percent",
                   interval=(f"{short}_shrunken_low", f"{short}_shrunken_high")),
        ]  # fmt: skip
    note = (
        "Intervals of 95 %: of the study's share by Clopper and Pearson; in the light of the others, what the model "
        "says of that study's setting, given all studies. The number is that of the figures."
    )
    if finding.cutoff is not None:
        note += " Of several cut-offs a study's counts at this one alone are taken for this."
    return Table(f"studies_{number}", f"Studies: {finding_title(finding)}", frame, tuple(columns), note, shown=40)


def _ratios(number: int, finding: FindingStudies) -> Table:
    frame = finding.likelihood_ratios.assign(
        ratio=finding.likelihood_ratios["ratio"].map(RATIO_WORDS),
        which=finding.likelihood_ratios["which"].map(SUMMARY_WORDS),
    )
    columns = (Column("ratio", "Ratio"), Column("which", "Of"),
               Column("value", "Median", "number", interval=("low", "high")))  # fmt: skip
    return Table(f"ratios_{number}", f"Likelihood ratios: {finding_title(finding)}", frame, columns)


def _influence(number: int, finding: FindingStudies) -> Table:
    frame = finding.influence.assign(
        measure=finding.influence["measure"].map(MEASURE_WORDS),
        how=["fitted anew" if refitted else "weighted" for refitted in finding.influence["refitted"]],
    )
    columns = (
        Column("number", "No.", "whole"), Column("study", "Without"), Column("measure", "Measure"),
        Column("value", "Mean", "percent", interval=("low", "high")),
        Column("next", "Next setting", "percent", interval=("next_low", "next_high")),
        Column("shift", "Mean moves by", "number", digits=2), Column("how", "How"),
    )  # fmt: skip
    note = "Mean moves by: standard deviations of the mean of all studies, on the logit scale."
    return Table(f"influence_{number}", f"Without each study: {finding_title(finding)}", frame, columns, note, shown=20)


# ---- figures ---------------------------------------------------------------------------------------------


def _forest(number: int, finding: FindingStudies, replaced: Mapping[str, str]) -> Figure:
    def draw() -> Canvas:
        from riskmodel.figures.forest import HEAD, ROW, draw_forest, lines_below
        from riskmodel.pages.svg import WIDTH, canvas

        lines = max((len(lines_below(text)) for text in replaced.values()), default=0)
        drawn = canvas(WIDTH, HEAD + ROW * (len(finding.rows) + 2) + BELOW * lines)
        axes = drawn.subplots(1, len(finding.measures), squeeze=False)[0]
        draw_forest(finding.studies, finding.together, axes, replaced)
        return drawn

    alt = "; ".join(_study_words(finding, k) for k in range(len(finding.rows)))
    together = f"Mean: {together_words(finding, 'mean')}. Next setting: {together_words(finding, 'next')}."
    before = "".join(f" {MEASURE_WORDS[m]} in place of {text}." for m, text in replaced.items())
    return Figure(f"forest_{number}", f"Forest plot: {finding_title(finding)}", f"{alt}. {together}{before}", draw)


def _study_words(finding: FindingStudies, k: int) -> str:
    events, totals = finding.counts
    parts = [
        f"{MEASURE_WORDS[measure]} {events[k, i]:.0f} of {totals[k, i]:.0f}"
        for i, measure in enumerate(finding.measures)
    ]
    setting = finding.rows[k].setting
    return f"{finding.labels[k]}{f' ({words(setting)})' if setting else ''}: {', '.join(parts)}"


def _summary_roc(number: int, finding: FindingStudies) -> Figure:
    def draw() -> Canvas:
        from riskmodel.figures.summary_roc import draw_likelihood_ratios, draw_summary_roc
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 5.4)
        panels = drawn.subplot_mosaic([["roc", "ratios"], ["roc", "."]], width_ratios=[1.1, 1], height_ratios=[1.2, 1])
        draw_summary_roc(finding.studies, finding.together, *finding.regions, panels["roc"])
        draw_likelihood_ratios(finding.likelihood_ratios, panels["ratios"])
        return drawn

    alt = (
        f"Left: each study's sensitivity over its false-positive rate, with the region of 95 % of the mean and that of "
        f"the next setting. Right: {ratio_words(finding)}"
    )
    title = f"Summary ROC and likelihood ratios: {finding_title(finding)}"
    return Figure(f"summary_roc_{number}", title, alt, draw)


def _without(number: int, finding: FindingStudies) -> Figure:
    influence: pd.DataFrame = finding.influence

    def draw() -> Canvas:
        from riskmodel.figures.forest import HEAD, ROW
        from riskmodel.figures.without_study import draw_influence
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, HEAD + ROW * len(finding.rows))
        axes = drawn.subplots(1, len(finding.measures), squeeze=False)[0]
        draw_influence(influence, finding.together, axes)
        return drawn

    from riskmodel.pages.section import with_links

    alt = with_links(influence_words(finding), lambda _kind, name, shown: shown or name)
    return Figure(f"without_{number}", f"Without each study: {finding_title(finding)}", alt, draw)
