"""The prior sets beside each other, on the cases and on simulated people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Section, Table
from riskmodel.text import listed, percent

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study


def sets_section(study: Study) -> Section | None:
    """The spec's other prior sets beside the first; nothing where there is one set."""
    if len(study.models) < 2:
        return None
    people = _people(study)
    first, *others = [model.priors.prior_set.name for model in study.models]
    sentences = [
        (
            f"The rest of this report uses the prior set {first}. Here the same people, evidence and policy are scored "
            f"with {'the prior set' if len(others) == 1 else 'the prior sets'} {listed(others)} as well."
        )
    ]
    same = people.groupby("set", sort=False)["same_urgency"].mean()
    sentences += [
        f"With {name}, {percent(float(share))} of the simulated people get the same urgency as with {first}."
        for name, share in same.items()
    ]
    tables = [_table_of_people(people)]
    if study.names:
        tables.insert(0, _cases(study))
    return Section("sets", "Prior sets compared", tuple(sentences), tuple(tables))


def _people(study: Study) -> pd.DataFrame:
    """Mean posterior and action of simulated people under each of the other sets."""
    rows = []
    for setting in study.settings:
        masks = study.cohorts[setting].masks
        first = study.model.scoring.compiled()(masks)
        for other in study.models[1:]:
            second = other.scoring.compiled()(masks)
            rows += [
                {
                    "set": other.priors.prior_set.name,
                    "setting": setting,
                    "condition": name,
                    "mean": float(first.posterior.probability[study.outputs.index(name)].mean()),
                    "other_mean": float(second.posterior.probability[study.outputs.index(name)].mean()),
                    "same_urgency": float((first.decision.urgency == second.decision.urgency).mean()),
                    "same_imaging": float((first.decision.imaging == second.decision.imaging).all(axis=0).mean()),
                }
                for name in study.serious
            ]
    return pd.DataFrame(rows)


def _table_of_people(frame: pd.DataFrame) -> Table:
    columns = (
        Column("setting", "Setting", "name"),
        Column("condition", "Condition", "name"),
        Column("set", "Other set"),
        Column("mean", "Mean probability", "percent"),
        Column("other_mean", "Mean probability, other set", "percent"),
        Column("same_urgency", "Same urgency", "percent"),
        Column("same_imaging", "Same imaging", "percent"),
    )
    return Table("sets_people", "Prior sets compared on simulated people", frame, columns, shown=len(frame))


def _cases(study: Study) -> Table:
    last = study.outputs.index(study.overall)
    data: dict[str, object] = {"case": study.names}
    columns = [Column("case", "Case", "case")]
    for i, model in enumerate(study.models):
        name = model.priors.prior_set.name
        scored = model.scoring.score(study.masks)
        data[f"p_{i}"] = scored.posterior.probability[last]
        data[f"urgency_{i}"] = study.urgencies(scored.decision.urgency)
        columns += [
            Column(f"p_{i}", f"P(any serious), {name}", "percent"),
            Column(f"urgency_{i}", f"Urgency, {name}", "name"),
        ]
    return Table("sets_cases", "Prior sets compared on the cases", pd.DataFrame(data), tuple(columns), shown=40)
