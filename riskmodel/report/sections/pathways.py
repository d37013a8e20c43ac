"""The policies head to head: what each finds, misses, scans and costs, on the same simulated people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.report.section import Column, Figure, Section, Table, number
from riskmodel.sensitivity import scans_in_vain
from riskmodel.sensitivity.measures import MEASURES

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study

CLAIMANT = "healthusias"  # the source that says how many scans are unnecessary
# Heading of each measure in the table; what it is of stands in the table of intervals.
SHORT = {
    "in_time": "In time, %",
    "late": "Late, %",
    "missed": "Missed, %",
    "delay": "Days to find",
    "imaged": "Scanned per 1,000",
    "xray": "X-rays",
    "ct": "CTs",
    "mri": "MRIs",
    "emergency": "Emergency visits",
    "vain_share": "Scanned in vain, %",
    "flagless_share": "Neither disease nor flag, %",
    "cost": "Dollars a person",
    "net_benefit": "Net benefit",
    "net_benefit_after_cost": "Net benefit less cost",
}


def section(study: Study) -> Section | None:
    frame = study.pathways
    asked = study.spec.pathways
    said = (
        (
            f"Each policy followed on the same {asked.people:,} simulated people of each setting: the tests it asks "
            "for are done with simulated results, the next step follows from them (so more people are scanned than by "
            "the first step alone), and a disease counts as found when a scan that can show it shows it. Costs, "
            f"delays and the time that matters are assumptions. Intervals come from {asked.draws} draws of all "
            "statements; they are of each policy by itself, and policies that share their draws differ by less than "
            "these suggest."
        ),
        _vain(study),
    )
    return Section(
        "pathways", "Policies head to head", tuple(filter(None, said)), (_wide(frame), _tidy(frame)), (_figure(study),)
    )


def _wide(frame: pd.DataFrame) -> Table:
    kept = [name for name in SHORT if name in set(frame["measure"])]
    order = frame[["setting", "policy"]].drop_duplicates()
    wide = frame.pivot(index=["setting", "policy"], columns="measure", values="value").reset_index()
    wide = order.merge(wide, on=["setting", "policy"], how="left")
    columns = (
        Column("setting", "Setting"),
        Column("policy", "Policy"),
        *(Column(name, SHORT[name], "number") for name in kept),
    )
    note = (
        "Scans and visits per 1,000 people; net benefit in quality-adjusted life years per 1,000 people. What each "
        "measure is of, and its interval, stands in the next table."
    )
    return Table("pathways", "What each policy finds, misses, scans and costs", wide, columns, note, shown=len(wide))


def _tidy(frame: pd.DataFrame) -> Table:
    of = frame["measure"].map(lambda name: MEASURES.get(name, f"% of {name.partition('.')[2]} missed"))
    columns = (
        Column("setting", "Setting"),
        Column("policy", "Policy"),
        Column("of", "Measure"),
        Column("value", "Value", "number"),
        Column("low", "2.5 %", "number"),
        Column("high", "97.5 %", "number"),
        Column("measure", "Name"),
    )
    return Table("pathways_intervals", "The same with 95 % intervals over draws", frame.assign(of=of), columns)


def _figure(study: Study) -> Figure:
    frame = study.pathways
    settings = frame["setting"].unique().tolist()

    def draw() -> Canvas:
        from riskmodel.report.figures import pathways
        from riskmodel.report.figures.svg import canvas

        drawn = canvas(10, 3.6 * ((len(settings) + 1) // 2))
        axes = drawn.subplots((len(settings) + 1) // 2, min(len(settings), 2), squeeze=False).ravel()
        for ax in axes[len(settings) :]:
            ax.remove()
        pathways(frame, axes[: len(settings)])
        return drawn

    return Figure(
        "pathways", "Serious disease missed against people scanned, one mark a policy, one panel a setting",
        f"One panel for each of {', '.join(settings)}: the share of serious disease that each of "
        f"{frame['policy'].nunique()} policies misses, against how many people it scans.", draw,
    )  # fmt: skip


def at(study: Study, setting: str, measure: str, policy: str | None = None, column: str = "value") -> float:
    frame = study.pathways
    own = frame[
        (frame["setting"] == setting) & (frame["measure"] == measure) & (frame["policy"] == (policy or study.policy))
    ]
    return float(own[column].iloc[0]) if len(own) else float("nan")


def between(study: Study, setting: str, policy: str | None = None) -> str:
    """The 95 % interval of what a policy misses, where there is one."""
    low, high = (at(study, setting, "missed", policy, column) for column in ("low", "high"))
    return f" (95 % {number(low, 2)} to {number(high, 2)})" if low == low and high == high else ""  # noqa: PLR0124


def _vain(study: Study) -> str:
    """The seeds' claim on scans beside what the simulated people give."""
    table = scans_in_vain(study.pathways)
    own = table[table["policy"] == study.policy]
    if own.empty or own[["flagless_share", "vain_share"]].isna().any(axis=None):
        return ""

    def over(name: str) -> str:
        low, high = own[name].min(), own[name].max()
        return f"{number(low, 2)} %" if low == high else f"{number(low, 2)} to {number(high, 2)} % (by setting)"

    flagless = float(own["flagless_share"].max())
    never = " (it scans nobody without a flag, so such scans cannot come from it)" if flagless == 0 else ""
    return (
        f"{_claimant(study)} says that {number(own['claimed'].iloc[0], 2)} % of scans are of people without "
        f"a red flag and change nothing. Of those whom {study.policy} scans, {over('flagless_share')} have neither a "
        f"serious disease nor a red flag{never}; {over('vain_share')} have no serious disease."
    )


def _claimant(study: Study) -> str:
    return f"[[source:{CLAIMANT}]]" if CLAIMANT in study.model.priors.sources else "A document on red flags"


def compared(study: Study) -> str:
    """One sentence: where the policy stands among the others, in the main setting."""
    setting = study.main_setting
    others = [name for name in study.pathways["policy"].unique() if name != study.policy]
    own = {name: at(study, setting, name) for name in ("missed", "imaged", "mri")}
    said = (
        f"In {setting}, {study.policy} misses {number(own['missed'], 2)} % of serious "
        f"disease{between(study, setting)} and scans {number(own['imaged'], 3)} in 1,000 people "
        f"([[section:pathways|{number(own['mri'], 2)} by MRI]])"
    )
    if not others:
        return f"{said}."
    missed = {name: at(study, setting, "missed", name) for name in others}
    best = min(missed, key=lambda name: missed[name])
    if missed[best] < own["missed"]:
        more = at(study, setting, "imaged", best)
        range_ = between(study, setting, best)
        return f"{said}; {best} misses fewest, {number(missed[best], 2)} %{range_}, and scans {number(more, 3)}."
    rest = "none of the other policies misses" if len(others) > 1 else f"{others[0]} does not miss"
    return f"{said}; {rest} fewer."
