"""Each statement varied alone, on simulated people and on the cases: what several sections of a report draw on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.report.sensitivity.sections.cases import least_sure
from riskmodel.report.sensitivity.study import once
from riskmodel.sensitivity.one_way import OneWay, one_way
from riskmodel.sensitivity.ranges import ranges
from riskmodel.sensitivity.targets import Target, parse_target

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

MOST_TARGETS = 8  # cases followed where the spec names no target


@once
def report_targets(study: Study) -> list[Target]:
    """What is followed: of simulated people, then of cases."""
    asked = [parse_target(text) for text in study.spec.targets]
    return sorted(asked or _usual_targets(study), key=lambda target: bool(target.case))


def _usual_targets(study: Study) -> list[Target]:
    """The mean of each serious condition, shares of the most urgent and of MRI, any serious of some cases."""
    policy = study.model.policy
    targets = [Target.cohort_mean(name) for name in study.serious]
    targets.append(Target.share(urgency=policy.urgencies[0]))
    targets += [Target.share(imaging=scan) for scan in policy.imaging_tokens if scan == "mri"]
    return targets + [Target.posterior(study.overall, name) for name in least_sure(study)[:MOST_TARGETS]]


@once
def people_one_way(study: Study) -> OneWay:
    """Simulated people of each setting as each statement varies alone."""
    masks = np.concatenate([study.cohorts[setting].masks for setting in study.settings], axis=1)
    targets = [target for target in report_targets(study) if not target.case]
    return one_way(
        study.model, masks, targets or [_any_serious(study)],
        statements=study.spec.statements or None, by_setting=True,
    )  # fmt: skip


@once
def cases_one_way(study: Study) -> OneWay:
    """The cases as each statement varies alone, those that no target names too."""
    targets = [target for target in report_targets(study) if target.case]
    numbered = [Target(target.kind, target.of, str(study.names.index(target.case))) for target in targets]
    result = one_way(
        study.model, study.masks, numbered or [_any_serious(study)], statements=study.spec.statements or None
    )
    texts = {str(number): str(target) for number, target in zip(numbered, targets, strict=True)}
    table = result.table[result.table["target"].isin(texts)]
    return replace(result, table=table.assign(target=table["target"].map(texts)))


def _any_serious(study: Study) -> Target:
    """What is followed where the spec names nothing: the actions are wanted all the same."""
    return Target.cohort_mean(study.overall)


@once
def target_effects(study: Study) -> pd.DataFrame:
    """Every target as each statement varies alone, the largest effect on each first."""
    parts = [people_one_way(study).table, *([cases_one_way(study).table] if study.names else [])]
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return frame[frame["target"].isin([str(target) for target in report_targets(study)])].reset_index(drop=True)


@once
def ranking(study: Study) -> pd.DataFrame:
    """Statements by the share of simulated people whose action they change, mean over settings; the most first."""
    actions = people_one_way(study).actions
    wide = actions.pivot(index="statement", columns="setting", values="action")[list(study.settings)]
    wide.insert(0, "actions", wide.mean(axis=1))
    about = ranges(study.model.priors, study.spec.statements or None)
    return about.merge(wide.reset_index(), on="statement").sort_values(
        ["actions", "statement"], ascending=[False, True], ignore_index=True
    )
