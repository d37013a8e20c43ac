"""What Python answers for random cases, for the explorer's page to answer the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from riskmodel.answers.questions import Questions, questions
from riskmodel.arrays import Masks
from riskmodel.decision.costs import find_pathways
from riskmodel.decision.policy import Policy
from riskmodel.model import Model

OBSERVED = 0.15  # of the conditions, which are not asked on the page but can be evidence


def random_evidence(model: Model, count: int, rng: np.random.Generator) -> Masks:
    """Cases with few or many findings, of which some leave several states; blanks where a profile reads them."""
    masks = model.scoring.scorer.blank(count)
    share = rng.random(count) ** 2
    for row, variable in enumerate(model.variables):
        states = len(variable.states)
        single = 1 << rng.integers(0, states, count)
        several = rng.integers(1, 1 << states, count)
        wanted = share * (OBSERVED if variable.role == "condition" else 1)
        is_said = rng.random(count) < wanted
        unsaid = np.where(rng.random(count) < 0.5, variable.blank_mask, variable.full_mask)
        masks[row] = np.where(is_said, np.where(rng.random(count) < 0.9, single, several), unsaid)
    masks[model.scoring.scorer.setting_row] = 1 << rng.integers(0, len(model.settings), count)
    return masks


def vectors(
    models: list[Model], policies: list[str], recordings: list[str], count: int, seed: int
) -> list[dict[str, Any]]:
    """Cases and their answers, spread evenly over sets, policies and recording profiles."""
    rng = np.random.default_rng(seed)
    ways = list(product([built(model, recording) for model in models for recording in recordings], policies))
    each = [count // len(ways) + (number < count % len(ways)) for number in range(len(ways))]
    answers = []
    for (model, policy), cases in zip(ways, each, strict=True):
        under = model.with_policy(policy)
        answers += _answers(under, random_evidence(under, cases, rng))
    return answers


def built(model: Model, recording: str) -> Model:
    """The model under a recording profile, compiled, so that its policies share what is compiled."""
    under = model.with_recording(recording)
    assert under.scoring
    return under


def with_questions(models: list[Model], answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The possible ones of some answers, each with what Python says of all questions and which is the next best."""
    by_set = {model.priors.prior_set.name: model for model in models}
    under = cache(lambda prior_set, recording: built(by_set[prior_set], recording))
    result = []
    for answer in answers:
        if answer["evidence"] > 0:
            model = under(answer["set"], answer["recording"]).with_policy(answer["policy"])
            masks = np.array(answer["masks"], np.uint8)[:, None]
            told = questions(model.scoring, masks, find_pathways(model.root))
            best = told.names[told.best[0]] if told.best[0] >= 0 else ""
            result.append({**answer, "asked": list(_asked(told)), "best": best})
    return result


def _asked(told: Questions) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(told.names):
        if told.open[number, 0]:
            yield {
                "name": name,
                "moves": bool(told.moves[number, 0]),
                "inTime": bool(told.in_time[number, 0]),
                "gain": float(told.gain[number, 0]),
                "worth": float(told.worth[number, 0]),
                "information": float(told.information[number, 0]),
                "change": float(np.nan_to_num(told.change[number, 0])),
            }


def _answers(model: Model, masks: Masks) -> list[dict[str, Any]]:
    scored, policy = model.scoring.score(masks), model.policy
    return [
        {
            "set": model.priors.prior_set.name,
            "policy": policy.name,
            "recording": model.priors.recording,
            "masks": masks[:, case].tolist(),
            "evidence": float(scored.posterior.evidence[case]),
            "probability": np.nan_to_num(scored.posterior.probability[:, case], nan=-1).tolist(),
            "action": _action(policy, scored.decision, case),
        }
        for case in range(masks.shape[1])
    ]


def _action(policy: Policy, decision: Any, case: int) -> dict[str, Any]:
    def named(labels: tuple[str, ...], bits: np.ndarray) -> list[str]:
        return [label for label, bit in zip(labels, bits[:, case], strict=True) if bit]

    return {
        "urgency": int(decision.urgency[case]),
        "otherwise": int(decision.otherwise[case]),
        "fired": named(policy.rule_ids, decision.fired),
        "undetermined": named(policy.rule_ids, decision.undetermined),
        "imaging": named(policy.imaging_tokens, decision.imaging),
        "tests": named(policy.test_tokens, decision.tests),
        "referral": named(policy.referral_tokens, decision.referral),
        "within": [
            int(times[case]) for times in (decision.imaging_within, decision.tests_within, decision.referral_within)
        ],
    }
