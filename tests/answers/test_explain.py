"""One case explained: every number is worked out again another way, and the text is read."""

from __future__ import annotations

import html
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from riskmodel.answers.explanation_text import OCCULT, signed
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import UsageError
from riskmodel.text import RESEARCH_ONLY, percent, words
from tests.support.models import shipped

if TYPE_CHECKING:
    from riskmodel.answers.explain import Explanation

MODEL = shipped()
PARTS = {parent for v in MODEL.variables if v.role == "test" for parent in v.parents}
SCORER = MODEL.scoring.scorer
SERIOUS = ("infection", "malignancy", "fracture", "cauda_equina")
COLUMN = {variable.name: variable.column for variable in MODEL.variables}
TOLD = {
    "discitis": {
        "age": "57",
        "sex": "male",
        "pain_duration_weeks": "13",
        "worsening_course": "yes",
        "fever": "yes",
        "weight_loss": "yes",
        "failed_conservative_care": "yes",
        "esr_mm_h": "35",
    },
    "cauda_equina": {"saddle_anaesthesia": "yes", "bladder_dysfunction": "yes", "leg_weakness": "no"},
    "fall": {"age": "from_50_to_69|from_70", "trauma": "minor|major", "steroid_use": "yes"},
    "numb_leg": {
        "age": "60",
        "rest_pain": "yes",
        "weight_loss": "yes",
        "worsening_course": "yes",
        "spinal_tenderness": "no",
        "leg_numbness": "yes",
        "leg_weakness": "stable",
    },
    "no_fever": {"fever": "no"},
    "nothing": {},
}


def frame(told: dict[str, str], setting: str = "primary_care") -> pd.DataFrame:
    return pd.DataFrame([{"case_id": "X1", "setting": setting, **told}])


def simulated() -> dict[str, pd.DataFrame]:
    found = {}
    for setting in MODEL.settings:
        cases = to_cases(MODEL, simulate(MODEL, 3, np.random.default_rng(4), setting=setting, missing=0.5))
        found |= {f"{setting}_{i}": cases.iloc[[i]].reset_index(drop=True) for i in range(3)}
    return found


CASES = {name: frame(told) for name, told in TOLD.items()} | simulated()
every_case = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def explained() -> dict[str, Explanation]:
    return {name: MODEL.explain(case) for name, case in CASES.items()}


def evidence(cases: pd.DataFrame) -> np.ndarray:
    """P(everything told, outcomes included | setting), of each row."""
    return SCORER.posterior(MODEL.code(cases, known_outcomes=True, allow_repeats=True)).evidence


def probability(cases: pd.DataFrame) -> pd.Series:
    return MODEL.posterior(cases).iloc[0]


def odds(p: float) -> float:
    return p / (1 - p)


def setting_alone(cases: pd.DataFrame) -> pd.DataFrame:
    return cases[["case_id", "setting"]]


# ---- the numbers ---------------------------------------------------------------------------------


@every_case
def test_it_says_what_score_says(name: str, explained: dict[str, Explanation]) -> None:
    answer, row = explained[name], MODEL.score(CASES[name]).iloc[0]
    assert [answer.case_id, answer.setting] == [row["case_id"], row["setting"]]
    assert {f"p_{c}": now for c, now, _ in answer.posteriors} == {c: row[c] for c in row.index if c[:2] == "p_"}
    for column in ("leading", "most_raised", "urgency", "model"):
        assert getattr(answer, column) == row[column]
    for column in ("imaging", "tests", "referral", "undetermined"):
        assert "|".join(getattr(answer, column)) == row[column]
    assert "|".join(rule.id for rule in answer.rules) == row["rules"]
    assert answer.conflict == pytest.approx(row["conflict"], abs=1e-12)
    assert len(answer.observations) == row["assessed"]
    alone = probability(setting_alone(CASES[name]))
    assert {condition: before for condition, _, before in answer.posteriors} == pytest.approx(dict(alone))


@pytest.mark.slow
@every_case
def test_weights_are_ratios_of_likelihoods(name: str, explained: dict[str, Explanation]) -> None:
    """10 · log10 of P(finding | condition, setting) / P(finding | not the condition, setting)."""
    answer, alone = explained[name], setting_alone(CASES[name])
    for seen in answer.observations:
        column = COLUMN[seen.variable]
        with_finding = alone.assign(**{column: seen.states.replace(" or ", "|")})
        ill, well = (
            evidence(with_finding.assign(**{answer.about: outcome}))[0]
            / evidence(alone.assign(**{answer.about: outcome}))[0]
            for outcome in ("present", "absent")
        )
        assert seen.weight == pytest.approx(10 * math.log10(ill / well), abs=1e-9)


@pytest.mark.slow
@every_case
def test_left_out_is_scored_again(name: str, explained: dict[str, Explanation]) -> None:
    answer, case = explained[name], CASES[name]
    now = odds(probability(case)[answer.about])
    for seen in answer.observations:
        without = odds(probability(case.drop(columns=COLUMN[seen.variable]))[answer.about])
        assert seen.change == pytest.approx(10 * math.log10(now / without), abs=1e-9)


def told_by(case: pd.DataFrame, variable: str) -> tuple[float, np.ndarray, np.ndarray]:
    """Bits that a variable would tell about the serious conditions, and the lowest and highest of each.

    Straight from the definition: the sum over answers x and outcomes c of
    P(x, c | case) · log2(P(x, c | case) / (P(x | case) · P(c | case))), added over the four conditions.
    """
    states = next(v.states for v in MODEL.variables if v.name == variable)
    cells = [
        {COLUMN[variable]: state, condition: outcome}
        for condition in SERIOUS
        for state in states
        for outcome in ("absent", "present")
    ]
    rows = pd.concat([case] * len(cells), ignore_index=True).drop(columns=COLUMN[variable], errors="ignore")
    joint = evidence(rows.join(pd.DataFrame(cells))) / evidence(case)
    joint = joint.reshape(len(SERIOUS), len(states), 2)
    apart = joint.sum(axis=2, keepdims=True) * joint.sum(axis=1, keepdims=True)
    some = joint > 0
    bits = float((joint[some] * np.log2(joint[some] / apart[some])).sum())
    posterior = joint[:, :, 1] / joint.sum(axis=2)
    return bits, posterior.min(axis=1), posterior.max(axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*TOLD, "emergency_0", "spine_clinic_1"])
def test_questions_tell_their_mutual_information(name: str, explained: dict[str, Explanation]) -> None:
    answer, case = explained[name], CASES[name]
    for question in answer.questions + answer.results:
        bits, lowest, highest = told_by(case, question.variable)
        assert question.information == pytest.approx(bits, rel=1e-6, abs=1e-10)
        np.testing.assert_allclose(question.lowest, lowest, rtol=1e-9)
        np.testing.assert_allclose(question.highest, highest, rtol=1e-9)
    for asked, tests in ((answer.questions, False), (answer.results, True)):
        told = [question.information for question in asked]
        assert told == sorted(told, reverse=True)
        known = {seen.variable for seen in answer.observations} | {question.variable for question in asked}
        others = [
            v.name
            for v in MODEL.variables
            if v.role in (("test",) if tests else ("context", "risk_factor", "finding"))
            and v.name not in known
            and v.name not in PARTS
            and v.name != "setting"
        ]
        assert max([told_by(case, other)[0] for other in others], default=0.0) <= min(told, default=0.0) + 1e-9


# ---- what it hangs on ----------------------------------------------------------------------------


@every_case
def test_what_rules_wait_for_settles_them(name: str, explained: dict[str, Explanation]) -> None:
    """With everything that is waited for known and absent, the findings determine every rule."""
    answer = explained[name]
    assert bool(answer.waiting) == bool(answer.undetermined)
    base = {v.column: v.states[0] for v in MODEL.variables if v.name in answer.waiting}
    settled = MODEL.explain(CASES[name].assign(**base))
    assert settled.undetermined == ()
    assert settled.waiting == ()


def test_rules_wait_for_the_most_urgent_first(explained: dict[str, Explanation]) -> None:
    signs = ("saddle_anaesthesia", "bladder_dysfunction", "bowel_dysfunction")
    assert explained["nothing"].waiting[:3] == signs
    assert "steroid_use" not in explained["fall"].waiting
    assert not {"mri", "mri_tumour", "xray_fracture"} & set(
        explained["fall"].waiting
    )  # scans are asked for, not awaited


@pytest.mark.slow
def test_explained_away_is_what_forgetting_the_flag_brings_back() -> None:
    """Among simulated people: each rule named fires without the flag, and does not with it."""
    cases = to_cases(MODEL, simulate(MODEL, 150, np.random.default_rng(8), setting="spine_clinic", missing=0.3))
    found = 0
    for place in range(len(cases)):
        case = cases.iloc[[place]]
        answer = MODEL.explain(case)
        for item in answer.explained_away:
            found += 1
            assert item.rule not in {rule.id for rule in answer.rules}
            without = MODEL.explain(case.drop(columns=COLUMN[item.flag]))
            assert item.rule in {rule.id for rule in without.rules}
            assert f"{item.rule} would fire if {item.flag} were unknown" in str(answer)
    assert found > 3


def test_a_series_explains_like_a_frame() -> None:
    case = CASES["discitis"]
    assert str(MODEL.explain(case.iloc[0])) == str(MODEL.explain(case))


def test_one_case_at_a_time() -> None:
    with pytest.raises(UsageError, match="one case, not 2"):
        MODEL.explain(pd.concat([CASES["discitis"], CASES["nothing"]]))


# ---- the text ------------------------------------------------------------------------------------


@every_case
def test_the_text_is_whole(name: str, explained: dict[str, Explanation]) -> None:
    answer = explained[name]
    text = str(answer)
    assert text.count(RESEARCH_ONLY) == 1
    assert text.startswith(f"Case {answer.case_id}, {answer.setting} (policy consensus, ")
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    assert "\n\n\n" not in text
    assert not re.search(r"\b(nan|inf|None|array)\b|[-+]0\.0\b|\de[-+]\d", text)
    assert f"\nAction: {answer.urgency}\n" in text
    for word in (*answer.imaging, *answer.tests, *answer.referral, *(rule.id for rule in answer.rules)):
        assert word in text
    remarks = {line.split()[0]: line.partition("  < ")[2] for line in text.splitlines() if "  < " in line}
    assert remarks[answer.leading].startswith("most probable serious condition")
    assert {name for name, remark in remarks.items() if "odds raised most" in remark} == {answer.most_raised} - {""}


def test_the_text_of_one_case() -> None:
    """What a clinician reads of a man with fever, weight loss and three months of worsening pain."""
    answer = MODEL.explain(CASES["discitis"])
    lines = str(answer).splitlines()
    sections = [line for line in lines if line and not line.startswith(" ")]
    assert [section.partition(":")[0].partition(" (")[0] for section in sections] == [
        "Case X1, primary_care",
        "Probability of each condition",
        OCCULT.partition(" (")[0],
        "Action",
        "Rules that fired",
        "Rules that need more information",
        "Explained away",
        "Evidence for and against infection",
        "Where these numbers come from",
        "Next questions, examinations and tests that can change the action",
        "Blanks",
        f"Conflict {answer.conflict:+.2f}",
        RESEARCH_ONLY,
    ]
    after = percent({name: p for name, p, _ in answer.posteriors}["infection"])
    assert f"  infection                {after:>5}   (0.010 % given the setting alone)  < odds raised most" in lines
    assert any(line.endswith("  < most probable serious condition") for line in lines)
    assert "  imaging, within_24_hours: mri" in lines
    fever = next(seen for seen in answer.observations if seen.variable == "fever")
    ratio, weight, left_out = 10 ** (fever.weight / 10), f"{fever.weight:+.1f}", f"{-fever.change:+.1f}"
    assert (
        f"  fever = present                                       {ratio:.0f}     {weight}         {left_out}" in lines
    )


def test_one_list_says_what_to_ask_next(explained: dict[str, Explanation]) -> None:
    """What can change the action, or, where no single answer can, what tells most about the serious conditions."""
    for answer in explained.values():
        assert answer.next_steps
        assert not answer.most_informative
        settled = replace(answer, next_steps=())
        bits = [question.information for question in settled.most_informative]
        assert bits == sorted(bits, reverse=True)
        assert 0 < len(bits) <= 5
        for text in (str(settled), settled._repr_html_()):
            assert "Most informative answers and tests" in text
        assert "Most informative answers and tests" not in str(answer)


def test_where_no_serious_condition_rose_the_text_says_so(explained: dict[str, Explanation]) -> None:
    text = str(explained["no_fever"])
    assert "No serious condition became more probable; evidence for and against fracture, which fell least" in text
    assert "odds raised most" not in text
    assert "vidence for and against" not in str(explained["nothing"])


def test_a_notebook_shows_all_that_the_text_says_in_tables(explained: dict[str, Explanation]) -> None:
    """Every probability, weight, rule, question and action of the text stands in the HTML too."""
    for answer in explained.values():
        shown = re.sub(r"<svg.*?</svg>", "", answer._repr_html_())
        assert shown.count("<table") == shown.count("</table>") > 0
        cells = [html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", shown)]
        for name, now, before in answer.posteriors:
            assert {name.replace("_", " "), percent(now), percent(before)} <= set(cells)
        for item in answer.observations:
            assert {words(item.variable), signed(item.weight), signed(-item.change)} <= set(cells)
        assert {rule.id for rule in answer.rules} <= set(cells)
        for question in answer.most_informative:
            assert words(question.variable) in cells
        assert {item.rule for item in answer.explained_away} <= set(cells)
        assert answer.urgency.replace("_", " ") in shown
        assert shown.count(RESEARCH_ONLY) == 1


def test_a_notebook_says_what_the_numbers_were_fitted_to(explained: dict[str, Explanation]) -> None:
    """The lineage line of the text stands in the HTML too, escaped; there is no heading without any."""
    heading, line = "What the numbers were fitted to", "7 statements were fitted to Cohort A & B (n = 700)."
    fitted = replace(explained["discitis"], fitted=(line,))
    assert line in str(fitted)
    assert heading in fitted._repr_html_()
    assert html.escape(line) in fitted._repr_html_()
    assert heading not in explained["discitis"]._repr_html_()


def test_a_bar_is_as_long_as_its_number(explained: dict[str, Explanation]) -> None:
    answer = explained["discitis"]
    rows = re.findall(r"<tr>(.*?)</tr>", answer._repr_html_())
    lengths = {
        item.weight: float(re.search(r'y="2" width="([\d.]+)"', row)[1])  # type: ignore[index]
        for item in answer.observations
        for row in rows
        if row.startswith("<td") and f">{item.variable.replace('_', ' ')}<" in row and "likelihood" not in row
        if 'y="2"' in row
    }
    weights = np.array(list(lengths))
    np.testing.assert_allclose(list(lengths.values()), 80 * np.abs(weights) / np.abs(weights).max(), atol=0.051)


def test_what_a_file_says_is_escaped(explained: dict[str, Explanation]) -> None:
    answer = replace(explained["discitis"], case_id="<script>x</script>", waiting=("<b>",))
    assert "<script>" not in answer._repr_html_()
    assert "&lt;script&gt;" in answer._repr_html_()


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.0994, "9.9 %"),
        (0.99, "99 %"),
        (0.999, "99.9 %"),
        (0.997, "99.7 %"),
        (0.9999, "99.99 %"),
        (0.000012, "0.0012 %"),
    ],
)
def test_percent(p: float, text: str) -> None:
    assert percent(p) == text


def test_signed() -> None:
    assert [signed(x) for x in (3.04, -3.06, 0.049, -0.049, 0.0)] == ["+3.0", "-3.1", "0.0", "0.0", "0.0"]
