"""What a report is made from: its specification, models, cases and simulated people; analyses are functions of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from riskmodel.arrays import Masks
from riskmodel.cohort import HISTORY, simulate
from riskmodel.evidence.records import ANY_SERIOUS

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort
    from riskmodel.model import Model
    from riskmodel.report.sensitivity.spec import Spec

Result = TypeVar("Result")
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Study:
    """The inputs of one run of a report.

    Attributes
    ----------
    models
        one a prior set of the spec, with the spec's first policy; the first is reported on.
    names, masks
        the cases and their evidence, shape (variables, cases); none where no case file was given.
    recorded
        the same evidence with every blank as 0 that a recording profile may read, whether the model does or not.
    progress
        is given the name of the part of the report that begins.
    rejected
        rows of the case file that could not be used.
    results
        the analyses that were worked out already, by their function (see :func:`once`).
    """

    spec: Spec
    models: tuple[Model, ...]
    names: tuple[str, ...]
    masks: Masks
    recorded: Masks
    progress: Progress = lambda _part: None
    rejected: int = 0
    results: dict[Callable[[Study], Any], Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def model(self) -> Model:
        return self.models[0]

    @property
    def policy(self) -> str:
        return self.model.policy.name

    @cached_property
    def settings(self) -> tuple[str, ...]:
        return tuple(self.spec.settings) or self.model.settings

    @cached_property
    def main_setting(self) -> str:
        """Of which setting one figure or sentence speaks, where all would be too many: most cases', else the first."""
        counts = np.bincount(self.model.scoring.scorer.settings(self.masks), minlength=len(self.model.settings))
        return max(self.settings, key=lambda setting: counts[self.model.settings.index(setting)])

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.model.scoring.scorer.output_names

    @cached_property
    def serious(self) -> tuple[str, ...]:
        """The serious conditions and the composites of them: what a report speaks of."""
        serious = {v.name for v in self.model.variables if v.serious} | set(self.model.priors.composites)
        return tuple(name for name in self.outputs if name in serious)

    @property
    def overall(self) -> str:
        """The output that stands for all: any serious disease where the network has it, else the last."""
        return ANY_SERIOUS if ANY_SERIOUS in self.outputs else self.serious[-1]

    def case(self, name: str) -> Masks:
        """The evidence of one case, shape (variables, 1)."""
        return np.ascontiguousarray(self.masks[:, [self.names.index(name)]])

    def rng(self, *stream: int) -> np.random.Generator:
        """Random numbers of one analysis, the same whatever the others drew."""
        return np.random.default_rng([self.spec.seed, *stream])

    @cached_property
    def cohorts(self) -> dict[str, Cohort]:
        """The simulated people of each setting."""
        asked = self.spec.cohort
        return {
            setting: simulate(
                self.model, asked.people, self.rng(1, self.model.settings.index(setting)),
                setting=setting, missing=asked.missing, roles=HISTORY,
            )
            for setting in self.settings
        }  # fmt: skip

    def urgencies(self, indices: Sequence[int] | np.ndarray) -> list[str]:
        """The names of the policy's urgencies at some indices; empty at -1, where nothing is asked for."""
        return [("", *self.model.policy.urgencies)[int(index) + 1] for index in indices]


def once(analysis: Callable[[Study], Result]) -> Callable[[Study], Result]:
    """An analysis that is worked out when a section of a study first asks for it, and shared with the others."""

    @wraps(analysis)
    def shared(study: Study) -> Result:
        if analysis not in study.results:
            study.results[analysis] = analysis(study)
        result: Result = study.results[analysis]
        return result

    return shared
