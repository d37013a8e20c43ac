"""Every field of every case in ``tests/clinical_cases/accepted.csv``: see ``tests/support/accepted.py``."""

from __future__ import annotations

import pytest

from tests.support.accepted import AcceptedCase, accepted_answers, accepted_misses, read_accepted
from tests.support.models import shipped

CASES = read_accepted()
MISSES: dict[str, str] = {}  # case → what is missed, with its figure, and why


@pytest.fixture(scope="module")
def answers() -> dict:
    return accepted_answers(shipped(), CASES)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.case_id,
            marks=pytest.mark.xfail(reason=MISSES[case.case_id], strict=True) if case.case_id in MISSES else (),
        )
        for case in CASES
    ],
)
@pytest.mark.filterwarnings("ignore:columns ignored")
def test_answer_is_one_that_a_clinician_accepts(case: AcceptedCase, answers: dict) -> None:
    assert case.case_id in answers, f"{case.case_id}: the row was rejected"
    misses = list(accepted_misses(shipped(), case, answers[case.case_id]))
    assert not misses, f"{case.case_id} ({case.why}): {'; '.join(misses)}"


def test_every_case_asks_for_something() -> None:
    assert len(CASES) == len({case.case_id for case in CASES}) == 42
    assert all(case.expected and case.why for case in CASES)


@pytest.mark.parametrize(
    ("field", "wanted", "missed"),
    [
        ("most_probable", "infection", False),
        ("most_probable", "fracture", True),
        ("p_infection", "1-3", False),
        ("p_infection", "2.1-3", True),
        ("urgency_at_least", "within_48_hours", False),
        ("urgency_at_least", "immediate", True),
        ("urgency_at_most", "within_24_hours", False),
        ("urgency_at_most", "within_2_weeks", True),
        ("imaging_any_of", "ct|mri", False),
        ("imaging_any_of", "ct", True),
        ("imaging_none", "yes", True),
        ("referral_any_of", "oncology", True),
        ("referral_never", "primary_care", True),
        ("referral_never", "oncology", False),
    ],
)
def test_each_field_can_be_missed(field: str, wanted: str, missed: bool) -> None:
    probabilities = {"p_infection": "0.02", "p_malignancy": "0.01", "p_fracture": "0.001", "p_cauda_equina": "0.0001"}
    answer = {"urgency": "within_24_hours", "imaging": "mri", "referral": "primary_care"} | probabilities
    case = AcceptedCase({"case_id": "one"}, "blank", {field: wanted}, "")
    assert bool(list(accepted_misses(shipped(), case, answer))) is missed  # type: ignore[arg-type]
