"""A synthesis in plain words: what settings differ in, and what that means for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.pages.section import number
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.synthesis.finding_studies import FindingStudies

MEASURE_WORDS = {"sensitivity": "sensitivity", "false_positive_rate": "false-positive rate", "rate": "share"}
FEW_STUDIES = 5  # up to which the spread is hardly known
SPREADS = ((0.25, "hardly differ"), (0.6, "differ somewhat"), (1.2, "differ clearly"), (99.0, "differ very much"))
REFITTED = "fitted anew"


def event_words(text: str) -> str:
    """An event as it stands in a sentence.

    >>> event_words("fever=present"), event_words("infection=present alone"), event_words("setting=primary_care")
    ('fever', 'infection alone', 'primary care')
    >>> event_words("crp=high or very_high"), event_words("none"), event_words("cancer=absent")
    ('CRP high or very high', 'no disease', 'no cancer')
    """
    parts = []
    for part in text.split(";"):
        variable, _, state = part.strip().partition("=")
        if not state:
            parts.append("no disease" if variable == "none" else words(variable))
        elif variable == "setting":
            parts.append(words(state))
        elif state.startswith("present"):
            parts.append(words(variable) + words(state.removeprefix("present")))
        else:
            parts.append(f"no {words(variable)}" if state == "absent" else words(f"{variable} {state}"))
    return ", ".join(parts)


def finding_title(finding: FindingStudies) -> str:
    if finding.cutoff is None:
        return f"{event_words(finding.of)} | {event_words(finding.given)}"
    name = words(finding.of.partition("=")[0].strip())
    return f"{name} from {finding.rows[0].cutoff} on | {event_words(finding.given)}"


def with_interval(value: float, low: float, high: float) -> str:
    """A share with its interval.

    >>> with_interval(0.641, 0.412, 0.868)
    '64 % (41 to 87 %)'
    """
    return f"{percent(value)} ({percent(low).removesuffix(' %')} to {percent(high)})"


def interval_of(frame: pd.DataFrame, name: str, which: str) -> tuple[float, float, float]:
    """Value, low and high of a measure or a ratio, of the mean or the next setting."""
    key = "measure" if "measure" in frame else "ratio"
    row = frame[(frame[key] == name) & (frame["which"] == which)].iloc[0]
    return float(row["value"]), float(row["low"]), float(row["high"])


def together_words(finding: FindingStudies, which: str) -> str:
    """The measures of the mean or of the next setting, in half a sentence."""
    rows = finding.together[finding.together["which"] == which]
    parts = zip(rows["measure"], rows["value"], rows["low"], rows["high"], strict=True)
    return listed([f"{MEASURE_WORDS[measure]} {with_interval(*interval)}" for measure, *interval in parts])


def people_words(finding: FindingStudies) -> str:
    """How many studies, people, settings and years."""
    _, totals = finding.counts
    people = totals.sum(axis=0)
    condition = event_words(finding.given).removesuffix(" alone")
    of_whom = f"{people[0]:,.0f} people with {condition} and {people[1]:,.0f} without" if finding.is_pair else (
        f"{people[0]:,.0f} people ({condition})"
    )  # fmt: skip
    settings = list(dict.fromkeys(words(row.setting) for row in finding.rows if row.setting))
    unknown = sum(not row.setting for row in finding.rows)
    years = sorted({row.year for row in finding.rows if row.year})
    span = f", of {years[0]} to {years[-1]}" if len(years) > 1 else (f", of {years[0]}" if years else "")
    named = f"Settings: {', '.join(settings)}{f'; {unknown} not stated' if unknown else ''}." if settings else (
        "No study's setting is stated."
    )  # fmt: skip
    return f"{study_words(finding)}{span}, with {of_whom}. {named}"


def study_words(finding: FindingStudies) -> str:
    """How many studies there are; of several cut-offs, how many at this one."""
    here = study_count(len(finding.rows))
    if finding.cutoff is None:
        return here
    return f"{here} at this cut-off, taken together with all {finding.effects.studies} at any"


def study_count(studies: int) -> str:
    return "1 study" if studies == 1 else f"{studies} studies"


def spread_words(finding: FindingStudies) -> list[str]:
    """Heterogeneity, and what it means for the next clinic."""
    if finding.effects.studies == 1:
        return [
            (
                "There is one study: how much settings differ cannot be seen from it. The interval of the next setting "
                "rests on what is usual of such spreads (half-normal with scale 1.5 on the logit scale)."
            )
        ]
    parts = [
        f"Settings {_degree(row['spread'])} in their {MEASURE_WORDS[row['measure']]}: in two thirds of them it lies "
        f"between {percent(row['from'])} and {percent(row['to'])} (spread on the logit scale "
        f"{number(row['spread'], 2)}, {number(row['low'], 2)} to {number(row['high'], 2)})"
        for row in finding.spread.to_dict("records")
    ]  # fmt: skip
    studies, few = finding.effects.studies, ""
    if studies <= FEW_STUDIES:
        few = f" With {study_count(studies)} the spread itself is hardly known, which widens all intervals."
    return [f"{'. '.join(parts)}.{few}", _next_clinic(finding)]


def _degree(spread: float) -> str:
    return next(text for most, text in SPREADS if spread < most)


def _next_clinic(finding: FindingStudies) -> str:
    sentences = []
    for measure in finding.measures:
        _, mean_low, mean_high = interval_of(finding.together, measure, "mean")
        _, low, high = interval_of(finding.together, measure, "next")
        widths = (high - low) / max(mean_high - mean_low, 1e-9)
        sentences.append(
            f"{MEASURE_WORDS[measure]} between {percent(low)} and {percent(high)} "
            f"({widths:.1f} times as wide as the interval of the mean)"
        )
    advice = (
        "A larger number of people in the same studies would not narrow this; studies from settings like the clinic's "
        "own, or its own count, would."
    )
    return f"For the next clinic: of 100 settings like these, 95 have a {listed(sentences)}. {advice}"


def ratio_words(finding: FindingStudies) -> str:
    """The likelihood ratios, and whether the next setting's can be told from 1."""
    sentences = []
    for ratio, who in (("positive_likelihood_ratio", "the finding"), ("negative_likelihood_ratio", "its absence")):
        value, mean_low, mean_high = interval_of(finding.likelihood_ratios, ratio, "mean")
        _, low, high = interval_of(finding.likelihood_ratios, ratio, "next")
        sentences.append(
            f"{who} multiplies the odds of the condition by {number(value, 2)} ({number(mean_low, 2)} to "
            f"{number(mean_high, 2)}) in the middle setting, and by {number(low, 2)} to {number(high, 2)} in the next"
            + (", which may be no change at all" if low < 1 < high else "")
        )
    text = "; ".join(sentences)
    return f"Likelihood ratios: {text}. Sensitivity and false-positive rate are drawn together, as studies have them."


def influence_words(finding: FindingStudies) -> str:
    """Which study moves the result most, and how far."""
    without = finding.without
    if without is None:
        if finding.cutoff is not None:
            return "The studies are taken together over all cut-offs, so that none is left out at one of them."
        return "With one study there is none to leave out."
    k = without.moves_most
    rows = finding.influence[finding.influence["number"] == k + 1].to_dict("records")
    parts = []
    for row in rows:
        before, _, _ = interval_of(finding.together, row["measure"], "mean")
        far = number(abs(row["shift"]), 2)
        change = f"from {percent(before)} to {percent(row['value'])}"
        parts.append(f"{MEASURE_WORDS[row['measure']]} goes {change} ({far} standard deviations)")
    moved = listed(parts)
    new = listed([f"{percent(row['next_low'])} to {percent(row['next_high'])}" for row in rows])
    anew = int(without.refitted.sum())
    how = "The draws of all studies are weighted by what the study left out brought to the likelihood" + (
        f"; for {anew} of them the others were {REFITTED}." if anew else "."
    )
    return (
        f"[[source:{finding.rows[k].source}|{finding.labels[k]}]] moves the mean most: without it, {moved}; the next "
        f"setting then lies within {new}. {how}"
    )
