"""What a report is made from: the models, cases and simulated people, and each analysis worked out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from riskmodel.answers.scoring import Scored
from riskmodel.answers.uncertainty import Sureness, Uncertain
from riskmodel.arrays import Masks
from riskmodel.cohort import HISTORY, simulate
from riskmodel.report.sensitivity.rests_on import rests_on
from riskmodel.sensitivity.action_flips import flips
from riskmodel.sensitivity.one_way import OneWay, one_way
from riskmodel.sensitivity.ranges import ranges
from riskmodel.sensitivity.sobol_indices import Sobol, sobol
from riskmodel.sensitivity.targets import Target, parse
from riskmodel.sensitivity.two_way import TwoWay, two_way

if TYPE_CHECKING:
    from riskmodel.cohort import Cohort
    from riskmodel.model import Model
    from riskmodel.report.sensitivity.spec import Spec
    from riskmodel.sensitivity import ValueStudy

Progress = Callable[[str], None]

BY: tuple[Literal["statement", "source", "basis"], ...] = ("statement", "source", "basis")
GROUPED: tuple[Literal["basis", "source", "statement"], ...] = ("basis", "source", "statement")
MOST_MAPS = 6  # of two statements; without pairs half as many, one a case
MOST_PEOPLE = 200  # for Sobol' indices: a mean over people hardly hangs on how many
MOST_CASES = 30  # of whom single numbers are sought
MOST_TARGETS = 8  # cases followed where the spec names no target
FEWEST_DRAWS = 50  # for the value of information
FRAGILE = 0.9  # an action that a smaller share of the draws gives is called fragile


@dataclass(frozen=True)
class Study:
    """One run of a report.

    Attributes
    ----------
    models
        one a prior set of the spec, with the spec's first policy; the first is reported on.
    names, masks
        the cases, with the setting of each; none where no case file was given.
    tell
        is told which analysis begins.
    rejected
        rows of the case file that could not be used.
    """

    spec: Spec
    models: tuple[Model, ...]
    names: tuple[str, ...]
    masks: Masks
    tell: Progress = lambda _what: None

    fragile: float = FRAGILE
    rejected: int = 0

    @property
    def model(self) -> Model:
        return self.models[0]

    @property
    def policy(self) -> str:
        return self.model.policy.name

    @cached_property
    def settings(self) -> tuple[str, ...]:
        return tuple(self.spec.settings) or self.model.settings

    @property
    def main_setting(self) -> str:
        """Of which setting one figure or sentence speaks, where all would be too many: most cases', else the first."""
        counts = {setting: len(members) for setting, members in self.by_setting()}
        return max(self.settings, key=lambda setting: counts.get(setting, 0))

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.model.scoring.scorer.output_names

    @cached_property
    def serious(self) -> tuple[str, ...]:
        """The serious conditions and the composites of them: what a report speaks of."""
        known = {v.name for v in self.model.variables if v.serious} | set(self.model.priors.composites)
        return tuple(name for name in self.outputs if name in known)

    @cached_property
    def scored(self) -> Scored:
        return self.model.scoring.score(self.masks)

    def setting_of(self, case: int) -> str:
        return self.model.settings[int(self.model.scoring.scorer.settings(self.masks[:, [case]])[0])]

    def case(self, name: str) -> Masks:
        """The evidence of one case, shape (variables, 1)."""
        return np.ascontiguousarray(self.masks[:, [self.names.index(name)]])

    def rng(self, *stream: int) -> np.random.Generator:
        """Random numbers of one analysis, the same whatever the others drew."""
        return np.random.default_rng([self.spec.seed, *stream])

    def cohort(self, setting: str) -> Cohort:
        return self._cohorts[setting]

    @cached_property
    def _cohorts(self) -> dict[str, Cohort]:
        asked = self.spec.cohort
        return {
            setting: simulate(
                self.model, asked.people, self.rng(1, self.model.settings.index(setting)),
                setting=setting, missing=asked.missing, roles=HISTORY,
            )
            for setting in self.settings
        }  # fmt: skip

    @cached_property
    def uncertain(self) -> Uncertain:
        return self.model.uncertain(self.spec.draws, self.spec.seed)

    @cached_property
    def actions(self) -> pd.DataFrame:
        """One row a case: what is done, and the shares of draws that agree; the least sure first."""
        same = self.uncertain.same_action(self.masks, self.scored.decision)
        decision, policy, scorer = self.scored.decision, self.model.policy, self.model.scoring.scorer
        last = len(self.outputs) - 1
        leaders = [self.outputs[int(place)] for place in self.model.scoring.weights.leaders]
        reasons = self.scored.reasons
        frame = pd.DataFrame({
            "case": self.names,
            "setting": [self.model.settings[s] for s in scorer.settings(self.masks)],
            "p": self.scored.posterior.probability[last],
            "low": self._sure.intervals.low[last],
            "high": self._sure.intervals.high[last],
            "leading": [leaders[place] if place >= 0 else "" for place in reasons.leading],
            "most_raised": [leaders[place] if place >= 0 else "" for place in reasons.most_raised],
            "urgency": self.urgency(decision.urgency),
            "imaging": joined(decision.imaging, policy.imaging_tokens),
            "tests": joined(decision.tests, policy.test_tokens),
            "referral": joined(decision.referral, policy.referral_tokens),
            "confidence": self._sure.confidence,
            "same_imaging": same.imaging,
            "same_action": same.both,
            "effective": self._sure.intervals.effective,
        })  # fmt: skip
        return frame.sort_values("same_action", kind="stable", ignore_index=True)

    @cached_property
    def posteriors(self) -> pd.DataFrame:
        """One row a case and output: probability and its 95 % interval."""
        found, sure = self.scored.posterior.probability, self._sure.intervals
        places = [(case, output) for case in range(len(self.names)) for output in range(len(self.outputs))]
        return pd.DataFrame({
            "case": [self.names[case] for case, _ in places],
            "condition": [self.outputs[output] for _, output in places],
            "p": [found[output, case] for case, output in places],
            "low": [sure.low[output, case] for case, output in places],
            "high": [sure.high[output, case] for case, output in places],
        })  # fmt: skip

    @cached_property
    def targets(self) -> list[Target]:
        """What is followed: of simulated people, then of cases."""
        asked = [parse(text) for text in self.spec.targets]
        return sorted(asked or self._usual_targets(), key=lambda target: bool(target.case))

    def _usual_targets(self) -> list[Target]:
        """The mean of each serious condition, shares of the most urgent and of MRI, any serious of some cases."""
        policy = self.model.policy
        chosen = [Target.cohort_mean(name) for name in self.serious]
        chosen.append(Target.share(urgency=policy.urgencies[0]))
        chosen += [Target.share(imaging=scan) for scan in policy.imaging_tokens if scan == "mri"]
        return chosen + [Target.posterior(self.serious[-1], name) for name in self.least_sure[:MOST_TARGETS]]

    @cached_property
    def one_way(self) -> OneWay:
        """Simulated people of each setting as each statement varies alone."""
        masks = np.concatenate([self.cohort(setting).masks for setting in self.settings], axis=1)
        targets = [target for target in self.targets if not target.case] or [Target.cohort_mean(self.serious[-1])]
        return one_way(self.model, masks, targets, statements=self.spec.statements or None, by_setting=True)

    @cached_property
    def one_way_cases(self) -> OneWay:
        """The cases as each statement varies alone, those that no target names too."""
        targets = [target for target in self.targets if target.case]
        own = [Target(target.kind, target.of, str(self.names.index(target.case))) for target in targets]
        always = own or [Target.cohort_mean(self.serious[-1])]
        found = one_way(self.model, self.masks, always, statements=self.spec.statements or None)
        texts = {str(asked): str(target) for asked, target in zip(own, targets, strict=True)}
        table = found.table[found.table["target"].isin(texts)]
        return replace(found, table=table.assign(target=table["target"].map(texts)))

    @cached_property
    def followed(self) -> pd.DataFrame:
        """Every target as each statement varies alone, the largest effect on each first."""
        parts = [self.one_way.table, *([self.one_way_cases.table] if self.names else [])]
        frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
        return frame[frame["target"].isin([str(target) for target in self.targets])].reset_index(drop=True)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """Statements by the share of simulated people whose action they change, mean over settings; the most first."""
        wide = self.one_way.actions.pivot(index="statement", columns="setting", values="action")[list(self.settings)]
        wide.insert(0, "actions", wide.mean(axis=1))
        about = ranges(self.model.priors, self.spec.statements or None)
        return about.merge(wide.reset_index(), on="statement").sort_values(
            ["actions", "statement"], ascending=[False, True], ignore_index=True
        )

    @property
    def least_sure(self) -> list[str]:
        """The cases of whom single numbers are sought: those whose action the fewest draws give."""
        return [str(name) for name in self.actions["case"].head(MOST_CASES)] if self.names else []

    @cached_property
    def flips(self) -> pd.DataFrame:
        """Of statements that change some case's action within their range: where the actions of the cases flip."""
        actions = self.one_way_cases.actions
        moving = actions[actions["action"] > 0]["statement"].tolist()
        if not moving:
            return pd.DataFrame(columns=["case", "statement", "within"])
        names = self.least_sure
        masks = self.masks[:, [self.names.index(name) for name in names]]
        frame = flips(self.model, masks, statements=moving).table
        return frame.assign(case=[names[int(case)] for case in frame["case"]])

    @cached_property
    def maps(self) -> list[TwoWay]:
        """Maps of the least sure cases, over the spec's pairs or else the two statements whose flips are nearest."""
        pairs, found = self.spec.two_way.pairs[:MOST_MAPS], []
        cases = max(MOST_MAPS // len(pairs), 1) if pairs else MOST_MAPS // 2
        for name in self.least_sure[:cases]:
            near = self.flips[self.flips["case"] == name]["statement"].drop_duplicates().tolist()[:2]
            for pair in pairs or ([near] if len(near) == 2 else []):
                points = self.spec.two_way.points
                result = two_way(self.model, self.case(name), *pair, output=self.serious[-1], points=points)
                found.append(replace(result, case=name))
        return found

    @property
    def sobol_target(self) -> Target:
        return parse(self.spec.sobol.target)

    @cached_property
    def sobol(self) -> dict[str, Sobol]:
        """Sobol' indices by basis, source and statement: of a case, or of simulated people of the main setting."""
        target, asked = self.sobol_target, self.spec.sobol
        masks = np.ascontiguousarray(self.cohort(self.main_setting).masks[:, :MOST_PEOPLE])
        if target.case:
            masks, target = self.case(target.case), Target(target.kind, target.of, "0")
        return {
            by: sobol(self.model, masks, target, by=by, n=asked.samples, seed=self.spec.seed, top=asked.statements)
            for by in GROUPED
        }

    @cached_property
    def resting(self) -> pd.DataFrame:
        return rests_on(self)

    @cached_property
    def value(self) -> ValueStudy | None:
        """People and draws for the value of information; None under a policy without thresholds on imaging."""
        from riskmodel.decision.stakes import imaging_stakes
        from riskmodel.sensitivity import ValueStudy

        if not imaging_stakes(self.model.policy):
            return None
        asked, draws = self.spec.value, max(self.spec.draws, FEWEST_DRAWS)
        return ValueStudy.of(self.model, people=asked.people, draws=draws, seed=self.spec.seed, settings=self.settings)

    @cached_property
    def partial(self) -> dict[str, pd.DataFrame]:
        """The value of perfect information about each statement, source and basis."""
        return {by: self.value.evppi(by) for by in BY} if self.value else {}

    @cached_property
    def pathways(self) -> pd.DataFrame:
        from riskmodel.sensitivity import pathways

        asked = self.spec.pathways
        frame = pathways(
            self.model, self.spec.policies, people=asked.people, draws=asked.draws, seed=self.spec.seed,
            settings=self.settings,
        )  # fmt: skip
        names = {policy: self.model.with_policy(policy).policy.name for policy in self.spec.policies}  # of files too
        return frame.assign(policy=frame["policy"].map(names))

    @cached_property
    def next_questions(self) -> pd.DataFrame:
        """One row a case and thing not assessed, the best question of each case first."""
        from riskmodel.sensitivity import next_questions

        frame = next_questions(self.model, self.masks)
        decision, policy = self.scored.decision, self.model.policy
        asked = asked_for(
            np.concatenate([decision.imaging, decision.tests]), policy.imaging_tokens + policy.test_tokens
        )
        pairs = zip(frame["case"].to_numpy(), frame["variable"], strict=True)
        ordered = [variable in asked[int(case)] for case, variable in pairs]
        return frame.assign(case=[self.names[int(case)] for case in frame["case"]], ordered=ordered)

    @cached_property
    def _sure(self) -> Sureness:
        self.tell("intervals of the cases")
        return self.uncertain.assess(self.masks, self.scored.decision.urgency)

    def urgency(self, places: Sequence[int] | np.ndarray) -> list[str]:
        return [self.model.policy.urgencies[int(place)] for place in places]

    def by_setting(self) -> list[tuple[str, np.ndarray]]:
        """The places of the cases of each setting that has any."""
        settings = self.model.scoring.scorer.settings(self.masks)
        return [(self.model.settings[s], np.nonzero(settings == s)[0]) for s in np.unique(settings)]


def joined(chosen: np.ndarray, tokens: Sequence[str]) -> list[str]:
    """What was asked for of each case, in words: (tokens, cases) → one text a case."""
    return [", ".join(names) for names in asked_for(chosen, tokens)]


def asked_for(chosen: np.ndarray, tokens: Sequence[str]) -> list[list[str]]:
    """What was asked for of each case: (tokens, cases) → one list a case."""
    return [[token for token, asked in zip(tokens, case, strict=True) if asked] for case in chosen.T]
