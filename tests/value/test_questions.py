"""The next question: gains, information and stopping worked out again one answer at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from riskmodel.answers.questions import ask_next, questions
from riskmodel.answers.stopping import stop
from riskmodel.cli import commands
from riskmodel.cohort import HISTORY, simulate, to_cases
from riskmodel.decision.costs import load_pathways
from riskmodel.decision.stakes import scans
from riskmodel.errors import InferenceError
from riskmodel.sensitivity import next_questions
from tests.support.models import shipped

MODEL = shipped()
PATHWAYS = load_pathways()
SERIOUS = [variable.name for variable in MODEL.variables if variable.serious]
VARIABLE = {variable.name: variable for variable in MODEL.variables}


def cases(people: int, missing: float, seed: int = 5, setting: str = "emergency") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return to_cases(MODEL, simulate(MODEL, people, rng, setting=setting, missing=missing, roles=HISTORY))


def value(case: pd.DataFrame) -> np.ndarray:
    """Net benefit of the scans that it pays to do, from the network asked with conditions given: (cases,)."""
    scorer, masks = MODEL.scoring.scorer, MODEL.code(case)
    rows = [variable.name for variable in MODEL.variables]

    def none_of(conditions: tuple[str, ...]) -> np.ndarray:
        known = masks.copy()
        known[[rows.index(name) for name in conditions]] = 1
        return scorer.posterior(known).evidence / scorer.posterior(masks).evidence

    total = np.zeros(masks.shape[1])
    for scan in scans(MODEL.policy):
        options = [
            sum(b * (1 - none_of((c,))) for c, b in zip(o.conditions, o.benefits, strict=True))
            - o.harm * none_of(o.conditions)
            for o in scan.options
        ]
        total += np.maximum(np.max(options, axis=0), 0)
    return total


def entropy(probability: pd.Series) -> float:
    p = probability[SERIOUS].to_numpy()
    return float(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)).sum())


def by_hand(case: pd.DataFrame, name: str) -> tuple[float, float, float, bool]:
    """Gain, information, P(change) and whether anything can change, from frames with each answer filled in."""
    variable = VARIABLE[name]
    answers = pd.concat([case] * len(variable.states), ignore_index=True)
    answers = answers.drop(columns=variable.column, errors="ignore").assign(**{variable.column: variable.states})
    answers["case_id"] = range(len(answers))
    scorer = MODEL.scoring.scorer
    share = scorer.posterior(MODEL.code(answers)).evidence / scorer.posterior(MODEL.code(case)).evidence
    now, after = MODEL.posterior(case).iloc[0], MODEL.posterior(answers)
    gain = float(share @ value(answers) - value(case)[0])
    told = entropy(now) - sum(q * entropy(after.loc[i]) for i, q in enumerate(share))
    action = ["urgency", "imaging", "referral"]
    differs = (MODEL.score(answers)[action].values != MODEL.score(case)[action].values).any(axis=1)
    return gain, told, float((share * differs).sum()), bool(differs.any())


@pytest.mark.slow
@pytest.mark.parametrize("person", range(3))
def test_each_question_is_worth_what_its_answers_give(person: int) -> None:
    case = cases(3, 0.5).iloc[[person]].reset_index(drop=True)
    found = questions(MODEL.scoring, MODEL.code(case), PATHWAYS)
    for place, name in enumerate(found.names):
        if not found.open[place, 0]:
            continue
        gain, told, change, moves = by_hand(case, name)
        assert bool(found.moves[place, 0]) == moves, name
        if VARIABLE[name].in_network:
            assert found.gain[place, 0] == pytest.approx(max(gain, 0.0), abs=1e-12), name
            assert found.information[place, 0] == pytest.approx(told, abs=1e-9), name
            assert found.change[place, 0] == pytest.approx(change, abs=1e-12), name
        else:
            assert found.gain[place, 0] == found.information[place, 0] == 0
            assert np.isnan(found.change[place, 0])
        cost = PATHWAYS.of("cost", name)
        assert found.cost[place] == cost
        assert found.worth[place, 0] == found.gain[place, 0] - cost / PATHWAYS.value("worth.qaly")


def test_no_gain_is_negative_and_order_is_by_worth() -> None:
    masks = MODEL.code(cases(300, 0.5))
    found = questions(MODEL.scoring, masks, PATHWAYS)
    assert found.gain.min() >= 0
    assert (found.gain[found.open] > 0).mean() > 0.02
    for case in range(masks.shape[1]):
        ranked = found.ranked(case)
        worth = [max(found.worth[place, case], 0) for place in ranked if found.in_time[place, case]]
        assert worth == sorted(worth, reverse=True)
        assert set(ranked) == set(np.nonzero(found.open[:, case] & found.moves[:, case])[0])
        assert found.best[case] == (ranked[0] if ranked else -1)


def test_batches_and_engines_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = MODEL.code(cases(60, 0.5))
    whole = ask_next(MODEL.scoring, masks, PATHWAYS)
    assert whole == [ask_next(MODEL.scoring, masks[:, [i]], PATHWAYS)[0] for i in range(60)]
    monkeypatch.setattr("riskmodel.answers.questions.COLUMNS_AT_ONCE", 500)
    assert whole == ask_next(MODEL.scoring, masks, PATHWAYS)
    assert "" not in whole[:1]


def test_what_comes_too_late_is_asked_last() -> None:
    """With blood results after five days, a case to be seen within a day is not made to wait for them."""
    slow = replace(
        PATHWAYS,
        statements=tuple(
            replace(s, value=120.0, high=200.0) if s.id in ("hours.esr", "hours.crp") else s
            for s in PATHWAYS.statements
        ),
    )
    case = pd.DataFrame({"age": [60], "iv_drug_use": ["yes"], "worsening_course": ["yes"]})
    masks = MODEL.code(case, setting="primary_care")
    quick = questions(MODEL.scoring, masks, PATHWAYS)
    assert quick.in_time[quick.names.index("esr"), 0]
    assert "esr" not in [quick.names[place] for place in quick.ranked(0)][-2:]
    found = questions(MODEL.scoring, masks, slow)
    assert not found.in_time[found.names.index("esr"), 0]
    assert found.in_time[found.best[0], 0]
    assert {found.names[place] for place in found.ranked(0)[-2:]} == {"esr", "crp"}


def test_without_thresholds_the_most_likely_to_change_the_action_comes_first() -> None:
    other = MODEL.with_policy("acibadem_2026")
    masks = other.code(cases(40, 0.6, setting="primary_care"))
    found = questions(other.scoring, masks, PATHWAYS)
    assert not found.gain.any()
    for case in range(40):
        change = np.nan_to_num(found.change[found.ranked(case), case])
        assert change.tolist() == sorted(change, reverse=True)


# ---- stopping --------------------------------------------------------------------------------------


def actions(masks: np.ndarray) -> np.ndarray:
    posterior = MODEL.scoring.scorer.posterior(masks)
    decision = MODEL.scoring.decide(masks, posterior)
    times = [decision.imaging_within[None], decision.referral_within[None]]  # a scan sooner is another action
    rows = np.vstack([decision.urgency[None], decision.imaging, decision.referral, *times]).astype(int)
    return rows[:, posterior.evidence > 0]


@pytest.mark.slow
def test_stopping_is_what_trying_every_answer_says() -> None:
    """Cases of whom little is unknown: all combinations are tried, and every verdict occurs."""
    rng, seen = np.random.default_rng(7), set()
    cohort = simulate(MODEL, 400, rng, setting="primary_care")
    names = list(VARIABLE)
    full = np.array([v.full_mask for v in MODEL.variables], np.uint8)
    base = cohort.masks.copy()
    for row, variable in enumerate(MODEL.variables):
        if variable.role == "circumstance":
            base[row] = 1
    pool = [names.index(name) for name in ("night_sweats", "leg_numbness", "night_pain", "steroid_use", "fever", "sex")]
    for case in range(400):
        masks = base[:, [case]].copy()
        hidden = rng.choice(pool, 3, replace=False)
        masks[hidden, 0] = full[hidden]
        sizes = [len(MODEL.variables[row].states) for row in hidden]
        now = actions(masks)
        every = np.repeat(masks, int(np.prod(sizes)), axis=1)
        every[hidden] = (1 << np.array(list(product(*map(range, sizes)))).T).astype(np.uint8)
        changes = bool((actions(every) != now).any())
        verdict = stop(MODEL.scoring, masks, questions(MODEL.scoring, masks, PATHWAYS))
        seen.add(verdict.left)
        assert (verdict.left == "nothing") == (not changes)
        assert (ask_next(MODEL.scoring, masks, PATHWAYS) == [""]) == (verdict.left != "one")
    assert seen == {"one", "together", "nothing"}


def test_explanation_says_what_to_do_next() -> None:
    case = cases(1, 0.6).assign(case_id="X")
    answer = MODEL.explain(case)
    frame = next_questions(MODEL, case)
    assert [step.variable for step in answer.next_steps] == frame[frame["moves"]]["variable"].tolist()
    assert f"\n  {answer.stop}\n" in str(answer)
    first = answer.next_steps[0]
    line = next(line for line in str(answer).splitlines() if line.startswith(f"  {first.variable} "))
    assert f"{1000 * first.worth:.3f}" in line
    assert f"{first.cost:.0f}" in line.split()


def test_cases_come_in_any_form_and_under_a_mapping() -> None:
    plain = next_questions(MODEL, {"case_id": "a", "fever": "yes"}, setting="primary_care")
    mapping = {"columns": {"Temp": "fever", "id": "case_id"}, "values": {"fever": {"hot": "present"}}}
    mapped = next_questions(MODEL, {"id": "a", "Temp": "hot"}, setting="primary_care", mapping=mapping)
    pd.testing.assert_frame_equal(plain, mapped)
    assert set(plain["case"]) == {"a"}


def test_frame_names_the_impossible() -> None:
    frame = pd.DataFrame({"case_id": ["a", "b"], "leg_weakness": ["no", None]})
    assert set(next_questions(MODEL, frame, setting="primary_care")["case"]) == {"a", "b"}
    certain = MODEL.with_statement("find.fever.none", value=0.0, low=0.0, high=0.0)
    blank = MODEL.scoring.scorer.blank(1)
    blank[list(VARIABLE).index("setting")] = 1
    for condition in MODEL.scoring.scorer.conditions:
        blank[list(VARIABLE).index(condition)] = 1
    blank[list(VARIABLE).index("fever")] = 2
    with pytest.raises(InferenceError, match="case 0"):
        next_questions(certain, blank)


# ---- on the command line ---------------------------------------------------------------------------


def test_score_adds_a_column_and_changes_no_other(tmp_path: Path) -> None:
    frame = cases(80, 0.5)
    frame.to_csv(tmp_path / "cases.csv", index=False)
    for extra, name in (
        ([], "plain.csv"),
        (["--ask-next"], "asked.csv"),
        (["--ask-next", "--draws", "20"], "drawn.csv"),
    ):
        command = ["score", str(tmp_path / "cases.csv"), "-o", str(tmp_path / name), *extra]
        result = CliRunner().invoke(commands, command)
        assert result.exit_code == 0, result.output
    plain, asked, drawn = (
        pd.read_csv(tmp_path / name, dtype=str, keep_default_na=False)
        for name in ("plain.csv", "asked.csv", "drawn.csv")
    )
    assert set(asked.columns) - set(plain.columns) == {"ask_next"}
    pd.testing.assert_frame_equal(asked.drop(columns=["ask_next"]), plain)
    assert asked["ask_next"].tolist() == ask_next(MODEL.scoring, MODEL.code(frame), PATHWAYS)
    assert drawn["ask_next"].tolist() == asked["ask_next"].tolist()
