"""Comparison of policies: what each finds, misses, scans and costs, on the same simulated people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.decision.costs import load_pathways
from riskmodel.pages.section import Column, Figure, Section, Table, number
from riskmodel.pathways.head_to_head import pathways, scans_in_vain
from riskmodel.pathways.measures import MEASURES
from riskmodel.report.sensitivity.study import once
from riskmodel.text import words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study

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
    "vain_share": "Scanned without disease, %",
    "flagless_share": "Scanned without disease or flag, %",
    "cost": "Dollars per person",
    "net_benefit": "Net benefit",
    "net_benefit_after_cost": "Net benefit minus cost",
}


@once
def compared_policies(study: Study) -> pd.DataFrame:
    """What :func:`riskmodel.sensitivity.pathways` gives of all policies of the spec."""
    asked, policies = study.spec.pathways, study.spec.policies
    frame = pathways(
        study.model, policies, people=asked.people, draws=asked.draws, seed=study.spec.seed, settings=study.settings
    )
    names = {policy: study.model.with_policy(policy).policy.name for policy in policies}  # of files too
    return frame.assign(policy=frame["policy"].map(names))


def pathways_section(study: Study) -> Section | None:
    """All policies of the spec on the same simulated people."""
    frame = compared_policies(study)
    asked = study.spec.pathways
    sentences = (
        (
            f"All policies are followed on the same {asked.people:,} simulated people of each setting. The tests that "
            "a policy asks for get simulated results, and the policy decides again with these results, so that more "
            "people are scanned than by the first decision alone. A disease is found if a scan shows it by name. "
            f"Costs, delays and the time in which a disease must be found are assumptions. The intervals come "
            f"from {asked.draws} draws of all statements. They are intervals of each policy; because all policies use "
            "the same draws, the differences between policies are more certain than the intervals suggest."
        ),
        _vain(study),
    )
    return Section(
        "pathways",
        "Comparison of policies",
        tuple(filter(None, sentences)),
        (_wide(frame), _tidy(frame)),
        (_figure(study),),
    )


def _wide(frame: pd.DataFrame) -> Table:
    kept = [name for name in SHORT if name in set(frame["measure"])]
    order = frame[["setting", "policy"]].drop_duplicates()
    wide = frame.pivot(index=["setting", "policy"], columns="measure", values="value").reset_index()
    wide = order.merge(wide, on=["setting", "policy"], how="left")
    columns = (
        Column("setting", "Setting", "name"),
        Column("policy", "Policy", "name"),
        *(Column(name, SHORT[name], "number") for name in kept),
    )
    note = (
        "Scans and visits per 1,000 people; net benefit in quality-adjusted life years per 1,000 people. The next "
        "table has the definition and the 95 % interval of each measure."
    )
    return Table(
        "pathways", "Diseases found and missed, scans and costs of each policy", wide, columns, note, shown=len(wide)
    )


def _tidy(frame: pd.DataFrame) -> Table:
    of = frame["measure"].map(lambda name: MEASURES.get(name, f"% of {words(name.partition('.')[2])} missed"))
    columns = (
        Column("setting", "Setting", "name"),
        Column("policy", "Policy", "name"),
        Column("of", "Measure"),
        Column("value", "Value, 95 % interval", "number", interval=("low", "high")),
        Column("measure", "Name of the measure", "name"),
    )
    return Table("pathways_intervals", "The same measures with 95 % intervals", frame.assign(of=of), columns)


def _figure(study: Study) -> Figure:
    frame = compared_policies(study)
    settings = frame["setting"].unique().tolist()

    def draw() -> Canvas:
        from riskmodel.figures.head_to_head import draw_pathways
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 0.4 + 4.2 * ((len(settings) + 1) // 2))
        axes = drawn.subplots((len(settings) + 1) // 2, min(len(settings), 2), squeeze=False).ravel()
        for ax in axes[len(settings) :]:
            ax.remove()
        draw_pathways(frame, axes[: len(settings)])
        return drawn

    return Figure(
        "pathways", "Serious disease missed and people scanned: one mark per policy, one panel per setting",
        f"One panel for each of {words(', '.join(settings))}: the share of serious disease that each of "
        f"{frame['policy'].nunique()} policies misses, by the number of people it scans.", draw,
    )  # fmt: skip


def _value(study: Study, setting: str, measure: str, policy: str | None = None, column: str = "value") -> float:
    frame = compared_policies(study)
    rows = frame[
        (frame["setting"] == setting) & (frame["measure"] == measure) & (frame["policy"] == (policy or study.policy))
    ]
    return float(rows[column].iloc[0]) if len(rows) else float("nan")


def _interval(study: Study, setting: str, policy: str | None = None) -> str:
    """The 95 % interval of what a policy misses, where there is one."""
    low, high = (_value(study, setting, "missed", policy, column) for column in ("low", "high"))
    return f" (95 % {number(low, 2)} to {number(high, 2)})" if low == low and high == high else ""  # noqa: PLR0124


def _vain(study: Study) -> str:
    """The seeds' claim on scans beside what the simulated people give."""
    table = scans_in_vain(compared_policies(study))
    here = table[table["policy"] == study.policy]
    if here.empty or here[["flagless_share", "vain_share"]].isna().any(axis=None):
        return ""

    def over(name: str) -> str:
        low, high = here[name].min(), here[name].max()
        if low == high:
            return f"{number(low, 2)} %"
        return f"{number(low, 2)} to {number(high, 2)} % (depending on the setting)"

    flagless = float(here["flagless_share"].max())
    never = " (the policy scans nobody without a flag)" if flagless == 0 else ""
    return (
        f"{_claimant(study)} says that {number(here['claimed'].iloc[0], 2)} % of scans are of people without a red "
        f"flag and do not change the treatment. Of the people whom the policy {words(study.policy)} scans, "
        f"{over('flagless_share')} have neither a serious disease nor a red flag{never}; {over('vain_share')} have no "
        "serious disease."
    )


def _claimant(study: Study) -> str:
    source = load_pathways().claims["scans_in_vain"].source
    return f"[[source:{source}]]" if source in study.model.priors.sources else "A document on red flags"


def policy_among_others(study: Study) -> str:
    """One sentence: where the policy stands among the others, in the main setting."""
    setting = study.main_setting
    others = [name for name in compared_policies(study)["policy"].unique() if name != study.policy]
    here = {name: _value(study, setting, name) for name in ("missed", "imaged", "mri")}
    text = (
        f"In {words(setting)}, the policy {words(study.policy)} misses {number(here['missed'], 2)} % of serious "
        f"disease{_interval(study, setting)} and scans {number(here['imaged'])} of 1,000 people "
        f"([[section:pathways|{number(here['mri'])} MRIs]])"
    )
    if not others:
        return f"{text}."
    missed = {name: _value(study, setting, "missed", name) for name in others}
    best = min(missed, key=lambda name: missed[name])
    if missed[best] < here["missed"]:
        more = _value(study, setting, "imaged", best)
        least = f"{number(missed[best], 2)} %{_interval(study, setting, best)}"
        return f"{text}. {words(best)} misses the least, {least}, and scans {number(more)}."
    rest = "none of the other policies misses" if len(others) > 1 else f"{words(others[0])} does not miss"
    return f"{text}; {rest} less."
