"""What a blank means: which actions change between recording profiles, and at which recording rate a case flips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.cases.recorded import POSITIVES_ONLY, as_read, recorded_in_masks
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import IGNORABLE
from riskmodel.pages.section import Column, Figure, Section, Table, mark, number
from riskmodel.report.sensitivity.sections.cases import asked_tokens, least_sure
from riskmodel.report.sensitivity.study import once
from riskmodel.sensitivity.action_flips import flips
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.arrays import Masks
    from riskmodel.model import Model
    from riskmodel.report.sensitivity.study import Study

TITLE = "What a blank means"
SEARCHED = "chart"  # the profile whose rates are varied where the report has none of its own
DRAWN = 40  # cases in the picture
LISTED = 12  # cases named in a sentence


# ---- analyses --------------------------------------------------------------------------------------


def compared_profiles(study: Study) -> list[str]:
    """The profile of the report, and those that the cases are looked at under as well."""
    priors = study.model.priors
    others = study.spec.profiles or [IGNORABLE, *priors.profiles]
    return list(dict.fromkeys([priors.recording, *others]))


def under_profile(study: Study, profile: str, names: list[str] | None = None) -> tuple[Model, Masks]:
    """The model under a profile, and the cases (some of them, where named) as it reads them."""
    reported = profile == study.model.priors.recording
    model = study.model if reported else study.model.with_recording(profile)
    rows = [study.names.index(name) for name in (study.names if names is None else names)]
    return model, np.ascontiguousarray(as_read(model.variables, study.recorded[:, rows]))


@once
def profile_actions(study: Study) -> pd.DataFrame:
    """One row a case and profile: the probability, what is done, and what of it is other than in the report."""
    frames = []
    blanks = (study.recorded == 0).sum(axis=0)
    for profile in compared_profiles(study):
        model, masks = under_profile(study, profile)
        scored = model.scoring.score(masks)
        tokens = asked_tokens(scored.decision.imaging, model.policy.imaging_tokens)
        frames.append(
            pd.DataFrame({
                "case": study.names,
                "blanks": blanks,
                "profile": profile,
                "p": scored.posterior.probability[study.outputs.index(study.overall)],
                "urgency": study.urgencies(scored.decision.urgency),
                "imaging": [", ".join(asked) or "none" for asked in tokens],
            })
        )  # fmt: skip
    first = frames[0]
    for frame in frames:
        other = [frame[kind] != first[kind] for kind in ("urgency", "imaging")]
        frame["changed"] = [
            ", ".join(kind for kind, differs in zip(("urgency", "imaging"), pair, strict=True) if differs)
            for pair in zip(*other, strict=True)
        ]
    every = pd.concat(frames, ignore_index=True)
    changing = set(every[every["changed"] != ""]["case"])
    order = every.assign(same=~every["case"].isin(changing), at=every["case"].map(list(study.names).index))
    order = order.sort_values(["same", "at"], kind="stable", ignore_index=True)
    return order.drop(columns=["same", "at"])


def searched_profile(study: Study) -> str:
    """The profile whose rates are varied: the report's; where that has none, the chart's; else the first that has."""
    priors = study.model.priors
    if priors.recording != IGNORABLE:
        return priors.recording
    return SEARCHED if SEARCHED in priors.profiles else next(iter(priors.profiles))


@once
def recording_flips(study: Study) -> pd.DataFrame:
    """At which recording rates the urgency or imaging of the cases changes, one rate at a time."""
    names = least_sure(study)
    model, masks = under_profile(study, searched_profile(study), names)
    rates = [statement.id for statement in model.priors.selected_statements if statement.quantity == QUANTITY]
    frame = flips(model, masks, statements=rates).table
    return frame.assign(case=[names[int(case)] for case in frame["case"]])


# ---- the section -----------------------------------------------------------------------------------


def recording_section(study: Study) -> Section | None:
    """Nothing without cases, or where the priors have no recording profile."""
    if not study.names or not study.model.priors.profiles:
        return None
    reported = words(study.model.priors.recording)
    how = (
        "Under the recording profile ignorable a blank says nothing. Under any other it counts, for each state of the "
        "finding, as one minus how often that state is written down. This report is made under "
        f"{reported}; here the cases are scored under other profiles too. A cell that says not assessed is no blank, "
        "and rules on findings take a blank as not assessed under every profile."
    )
    if not (study.recorded == 0).any():
        none = "No cell of these cases that a profile reads is blank: they are the same under every profile."
        return Section("recording", TITLE, (how, none))
    actions, rates = profile_actions(study), recording_flips(study)
    sentences = (how, *_suspicion(study), _changes(study, actions), *_flips(study, rates))
    tables = (_actions_table(study, actions), *([_flips_table(study, rates)] if len(rates) else []))
    return Section("recording", TITLE, sentences, tables, (_figure(study, actions),))


def _suspicion(study: Study) -> list[str]:
    """That the cases look like those of another profile, if they do."""
    model, columns = study.model, np.flatnonzero((study.recorded != study.model.scoring.scorer.blank(1)).any(axis=1))
    cells = recorded_in_masks(model.variables, study.recorded, columns.tolist())
    if model.priors.recording != IGNORABLE or cells.suspected not in model.priors.profiles:
        return []
    counted = f"{cells.blank:,} of {cells.blank + cells.filled:,} cells are blank"
    if cells.suspected == POSITIVES_ONLY:
        counted = f'{cells.no:,} of {cells.filled:,} answers are "no"'
    return [f"In the yes-or-no columns of these cases {counted}: look at the profile {words(cells.suspected)}."]


def _changes(study: Study, actions: pd.DataFrame) -> str:
    """How many cases another profile gives another action."""
    changing = list(dict.fromkeys(actions[actions["changed"] != ""]["case"]))
    others = words(listed(compared_profiles(study)[1:], "or"))
    if not changing:
        return f"No case gets another urgency or imaging under {others}."
    count = f"{len(changing)} of {len(study.names)} cases"
    return f"{count} get another urgency or imaging under {others}: {_named(changing)}."


def _flips(study: Study, rates: pd.DataFrame) -> list[str]:
    """How near the cases are to another action by one rate alone."""
    profile, cases = words(searched_profile(study)), len(least_sure(study))
    if rates.empty:
        return [f"Under {profile}, no value of one recording rate alone changes the urgency or imaging of a case."]
    within = rates[rates["within"].astype(bool)]
    few = f"the {cases} cases with the most fragile action" if cases < len(study.names) else f"{cases} cases"
    near = rates.iloc[int(rates["in_sd"].abs().to_numpy().argmin())]
    how_many = (
        f"Under {profile}, one recording rate alone can change the urgency or imaging of {rates['case'].nunique()} of "
        f"{few}; of {within['case'].nunique()} by a value within its 95 % range."
    )
    nearest = (
        f"The nearest: the {near['kind']} of {mark('case', near['case'])} changes from {words(near['now'])} to "
        f"{words(near['then'])} if the rate “[[statement:{near['statement']}]]” is {number(near['flip'])} instead of "
        f"{number(near['value'])}."
    )
    return [how_many, nearest]


def _named(names: list[str]) -> str:
    more = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return listed([*(mark("case", name) for name in names[:LISTED]), *more])


def _actions_table(study: Study, actions: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("blanks", "Blank cells", "whole"),
        Column("profile", "Profile", "name"),
        Column("p", f"P({words(study.overall)})", "percent"),
        Column("urgency", "Urgency", "name"),
        Column("imaging", "Imaging", "name"),
        Column("changed", f"Other than under {words(study.model.priors.recording)}"),
    )
    note = "Cases whose action depends on the profile come first."
    return Table("recording_profiles", "The cases under each recording profile", actions, columns, note, shown=40)


def _flips_table(study: Study, rates: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("statement", "Recording rate", "statement"),
        Column("value", "Stated, 95 % range", "number", interval=("low", "high")),
        Column("flip", "Flips at", "number", 4),
        Column("in_sd", "Distance, standard deviations", "number"),
        Column("within", "Within its 95 % range"),
        Column("kind", "What changes"),
        Column("now", "From", "name"),
        Column("then", "To", "name"),
    )
    frame = rates.assign(within=rates["within"].map({True: "yes", False: "no"}))
    title = f"Recording rates at which the action changes, under {words(searched_profile(study))}"
    note = (
        "One rate at a time; it is that of all variables that the statement speaks of. The nearest of each case first."
    )
    return Table("recording_flips", title, frame, columns, note, shown=30)


def _figure(study: Study, actions: pd.DataFrame) -> Figure:
    cases = list(dict.fromkeys(actions["case"]))[:DRAWN]
    rows = actions[actions["case"].isin(cases)]

    def draw() -> Canvas:
        from riskmodel.figures.recording_profiles import recording_profiles

        return recording_profiles(rows)

    profiles = words(listed(compared_profiles(study)))
    return Figure(
        "recording_profiles",
        f"Probability of {words(study.overall)} under each recording profile ({len(cases)} cases)",
        f"Dots on a log-odds axis: the probability of {words(study.overall)} in each of {len(cases)} cases under "
        f"{profiles}; a ring where the urgency or imaging is another than under {words(study.model.priors.recording)}.",
        draw,
    )
