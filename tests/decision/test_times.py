"""By when what is asked for is to be done, and what takes the place of what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from riskmodel.decision.actions import Decision
from riskmodel.decision.policy import Policy
from riskmodel.decision.reading.load import load_policy
from riskmodel.evidence.load import load_priors, priors_root
from tests.support import small_policy
from tests.support.small_policy import policy_text

PRIORS = load_priors("seeds")
VARIABLES = PRIORS.case_variables
ROW = {variable.name: row for row, variable in enumerate(VARIABLES)}
CONDITIONS = [variable.name for variable in VARIABLES if variable.role == "condition"]
HEAD = policy_text(
    ["immediate", "within_24_hours", "within_48_hours", "within_2_weeks", "routine", "self_care"],
    ["emergency_department", "admit_or_observe", "oncology"],
    head="""enough = ["age", "fever"]
[one_of]
ct_or_mri = ["ct", "mri"]
[supersedes]
mri = ["ct", "xray"]
ct = ["xray"]""",
)


def rule(number: int, when: str, **keys: object) -> str:
    return small_policy.rule(f"r{number}", when, **keys)


EVERY_WORD = [
    rule(90, "p(any_serious) >= 0.99 and enough", urgency="routine", referral=["oncology", "emergency_department"]),
    rule(91, "setting == emergency", referral=["admit_or_observe"], instead_of=["emergency_department"]),
]


@pytest.fixture
def policy_of(tmp_path: Path):
    def make(*rules: str) -> Policy:
        path = tmp_path / "times.toml"
        path.write_text(HEAD + "".join([*rules, *EVERY_WORD]))
        return load_policy(path, VARIABLES, priors_root(), PRIORS.sources)

    return make


def decide(
    policy: Policy, setting: str = "primary_care", p: float = 0.01, base: float = 0.01, **states: str
) -> Decision:
    masks = np.array([[variable.full_mask] for variable in VARIABLES], np.uint8)
    for name, state in {"setting": setting, **states}.items():
        masks[ROW[name]] = VARIABLES[ROW[name]].mask(state)
    posterior = np.full((len(CONDITIONS), 1), p)
    return policy.evaluate(masks, posterior, np.full_like(posterior, base), {"any_serious": np.array([p])})


def asked(policy: Policy, decision: Decision) -> dict[str, tuple[str, str]]:
    """Kind → (tokens, time), for the kinds of which anything is asked."""
    kinds = {
        "imaging": (policy.imaging_tokens, decision.imaging, decision.imaging_within),
        "tests": (policy.test_tokens, decision.tests, decision.tests_within),
        "referral": (policy.referral_tokens, decision.referral, decision.referral_within),
    }
    shown = {}
    for kind, (names, bits, within) in kinds.items():
        tokens = "|".join(name for name, bit in zip(names, bits[:, 0], strict=True) if bit)
        time = "" if within[0] < 0 else policy.urgencies[within[0]]
        if tokens or time:
            shown[kind] = (tokens, time)
    return shown


def test_each_request_has_its_time_and_the_urgency_is_the_most_urgent(policy_of) -> None:
    one = rule(
        1, "fever", urgency="within_24_hours", tests=["esr"], imaging=["mri"], imaging_within="within_2_weeks",
        referral=["oncology"], referral_within="routine",
    )  # fmt: skip
    policy = policy_of(one, rule(2, "fever", urgency="within_48_hours", tests=["crp"], referral=["oncology"]))
    decision = decide(policy, fever="present")
    assert policy.urgencies[decision.urgency[0]] == "within_24_hours"
    assert asked(policy, decision) == {
        "imaging": ("mri", "within_2_weeks"),
        "tests": ("esr|crp", "within_24_hours"),
        "referral": ("oncology", "within_48_hours"),
    }
    assert asked(policy, decide(policy, fever="present", mri="normal", esr="over_100")) == {
        "tests": ("crp", "within_48_hours"),  # the time follows what is still to be done
        "referral": ("oncology", "within_48_hours"),
    }
    assert asked(policy, decide(policy)) == {}


def test_a_stronger_scan_is_no_later_than_the_one_it_saves(policy_of) -> None:
    policy = policy_of(
        rule(1, "fever", urgency="within_2_weeks", imaging=["mri"]),
        rule(2, "trauma", urgency="within_24_hours", imaging=["xray"]),
    )
    assert asked(policy, decide(policy, fever="present"))["imaging"] == ("mri", "within_2_weeks")
    assert asked(policy, decide(policy, fever="present", trauma="major"))["imaging"] == ("mri", "within_24_hours")
    assert asked(policy, decide(policy, fever="present", trauma="major", mri="normal"))["imaging"] == (
        "xray",
        "within_24_hours",
    )


def test_times_are_handed_on_through_a_chain(policy_of, tmp_path: Path) -> None:
    chained = HEAD.replace('mri = ["ct", "xray"]', 'mri = ["ct"]')
    path = tmp_path / "chain.toml"
    rules = [rule(i, "fever", urgency=u, imaging=[scan]) for i, (scan, u) in enumerate(
        [("mri", "routine"), ("ct", "within_2_weeks"), ("xray", "within_24_hours")])]  # fmt: skip
    path.write_text(chained + "".join([*rules, *EVERY_WORD]))
    policy = load_policy(path, VARIABLES, priors_root(), PRIORS.sources)
    assert asked(policy, decide(policy, fever="present"))["imaging"] == ("mri", "within_24_hours")


def test_a_swap_keeps_the_time(policy_of) -> None:
    policy = policy_of(
        rule(1, "fever", urgency="within_24_hours", imaging=["mri"], referral=["emergency_department"]),
        rule(2, "mri_unsuitable", imaging=["ct"], instead_of=["mri"]),
    )
    assert asked(policy, decide(policy, fever="present", mri_unsuitable="present")) == {
        "imaging": ("ct", "within_24_hours"),
        "referral": ("emergency_department", "within_24_hours"),
    }
    assert asked(policy, decide(policy, "emergency", fever="present"))["referral"] == (
        "admit_or_observe",
        "within_24_hours",
    )
    assert "r91" not in [i for i, f in zip(policy.rule_ids, decide(policy, "emergency").fired[:, 0], strict=True) if f]


@pytest.mark.parametrize(
    ("known", "extra", "shown"),
    [
        ({}, "", ("ct_or_mri", "within_48_hours")),
        ({"ct": "normal"}, "", None),
        ({"mri": "abnormal"}, "", None),
        ({}, "mri", ("mri", "within_24_hours")),
        ({}, "ct", ("ct", "within_24_hours")),
        ({"xray": "normal"}, "xray", ("ct_or_mri", "within_48_hours")),
        ({}, "xray", ("ct_or_mri", "within_24_hours")),  # both scans supersede an X-ray, so either does
    ],
)
def test_either_scan_will_do(policy_of, known: dict[str, str], extra: str, shown: tuple[str, str] | None) -> None:
    rules = [rule(1, "fever", urgency="within_48_hours", imaging=["ct_or_mri"])]
    if extra:
        rules.append(rule(2, "fever", urgency="within_24_hours", imaging=[extra]))
    policy = policy_of(*rules)
    assert policy.imaging_tokens == ("xray", "ct", "mri", "ct_or_mri")
    assert asked(policy, decide(policy, fever="present", **known)).get("imaging") == shown


def test_enough_lets_a_probable_disease_through_that_has_not_risen(policy_of) -> None:
    likely = rule(1, "p(infection) >= 0.05 and (raised(infection, 2) or enough)", urgency="routine", imaging=["mri"])
    policy = policy_of(likely)
    assert "imaging" not in asked(policy, decide(policy, p=0.06, base=0.06))
    assert "imaging" not in asked(policy, decide(policy, p=0.06, base=0.06, fever="absent"))
    assert "imaging" in asked(policy, decide(policy, p=0.06, base=0.06, fever="absent", age="from_70"))
    assert "imaging" in asked(policy, decide(policy, p=0.06, base=0.01))


def test_draws_have_times_too(policy_of) -> None:
    likely = rule(1, "p(infection) >= 0.5", urgency="within_24_hours", imaging=["xray"])
    policy = policy_of(likely, rule(2, "fever", urgency="within_2_weeks", imaging=["mri"]))
    masks = np.array([[variable.full_mask] * 2 for variable in VARIABLES], np.uint8)
    masks[ROW["setting"]], masks[ROW["fever"]] = 1, [2, 1]
    posterior = np.zeros((len(CONDITIONS), 2, 2))
    posterior[:, 1] = 0.9  # the second draw
    drawn = policy.decide(
        policy.findings(masks), posterior, np.zeros((len(CONDITIONS), 2)), {"any_serious": posterior[0]}
    )
    assert drawn.imaging_within.tolist() == [[3, -1], [1, 1]]


# ---- scans and what they show ----------------------------------------------------------------------


def undetermined(policy: Policy, **states: str) -> tuple[bool, bool]:
    """Whether the first rule fires, and whether it waits."""
    decision = decide(policy, **states)
    return bool(decision.fired[0, 0]), bool(decision.undetermined[0, 0])


def test_a_normal_scan_settles_what_it_would_show(policy_of) -> None:
    policy = policy_of(rule(1, "mri_tumour and fever", urgency="within_24_hours", imaging=["ct"]))
    assert undetermined(policy, fever="present", mri="normal") == (False, False)
    assert undetermined(policy, fever="present", mri="abnormal") == (False, True)
    assert undetermined(policy, fever="present", mri="abnormal", mri_tumour="present") == (True, False)
    assert undetermined(policy, mri_tumour="present") == (False, True)


def test_what_a_scan_shows_makes_it_abnormal(policy_of) -> None:
    policy = policy_of(rule(1, "mri", urgency="within_24_hours", imaging=["ct"]))
    assert undetermined(policy, mri_fracture="present") == (True, False)
    assert undetermined(policy, mri_fracture="absent", mri="abnormal") == (True, False)
    assert undetermined(policy, mri="normal") == (False, False)


def test_a_scan_of_which_a_part_is_recorded_is_done(policy_of) -> None:
    policy = policy_of(rule(1, "fever", urgency="within_24_hours", imaging=["mri", "xray"], tests=["esr"]))
    assert "mri_tumour" not in policy.test_tokens + policy.imaging_tokens
    assert asked(policy, decide(policy, fever="present"))["imaging"][0] == "mri"
    for state in ("absent", "present"):
        assert asked(policy, decide(policy, fever="present", mri_tumour=state))["imaging"][0] == "xray"
        assert "imaging" not in asked(policy, decide(policy, fever="present", mri_tumour=state, xray_fracture=state))


def test_a_normal_scan_counts_its_parts_as_assessed(policy_of, monkeypatch) -> None:
    monkeypatch.setattr(f"{__name__}.HEAD", HEAD.replace('["age", "fever"]', '["mri_tumour", "fever"]'))
    policy = policy_of(rule(1, "enough", urgency="routine", safety=False))
    assert undetermined(policy, fever="absent", mri="normal")[0]
    assert not undetermined(policy, fever="absent", mri="abnormal")[0]
