"""What a notebook shows: short lines, HTML, names that complete, and calls that say what they want."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel import figures, sensitivity
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import UsageError
from riskmodel.metrics import evaluate, judge
from tests.support.models import shipped

# Few draws are enough here, and quick.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning"),
]

MODEL = shipped()
SHEET = pd.DataFrame({
    "study": ["Smith 2024", "Jones 2020"], "locator": "table 2", "of": "fever=present", "given": "infection=present",
    "tp": [20, 4], "fp": [30, 3], "fn": [20, 9], "tn": [330, 88],
})  # fmt: skip
FEVER = {"fever": "yes", "age": 60, "night_pain": "yes"}


@pytest.fixture(scope="module")
def objects() -> dict[str, object]:
    """One of every kind of object that a notebook shows."""
    rng = np.random.default_rng(1)
    people = simulate(MODEL, 200, rng, setting="emergency", missing=0.3)
    cases = to_cases(MODEL, people, with_outcomes=True)
    few = cases.drop(columns=[v.column for v in MODEL.variables if v.role == "condition"]).head(3)
    two = ["find.fever.infection", "find.fever.none"]
    return {
        "model": MODEL,
        "summary": MODEL.summary(),
        "priors": MODEL.priors,
        "policy": MODEL.policy,
        "network": MODEL.tables,
        "scoring": MODEL.scoring,
        "statement": MODEL.statement(two[0]),
        "cohort": people,
        "draws": MODEL.posterior_draws(few, 32),
        "uncertain": MODEL.uncertain(32, 0),
        "explanation": MODEL.explain(few.head(1)),
        "calibration": rm.recalibrate(MODEL, cases, setting="emergency"),
        "elicitation": rm.elicit(low=0.2, median=0.4, high=0.5),
        "one way": sensitivity.one_way(MODEL, few, ["mean p(infection)"], statements=two),
        "two way": sensitivity.two_way(MODEL, few.head(1), *two),
        "flips": sensitivity.flips(MODEL, few, statements=two),
        "entry": sensitivity.sensitivity_function(MODEL, few.head(1), "setting", "emergency", {}, "infection"),
        "judged": judge(MODEL, cases),
        "synthesis": rm.synthesise(SHEET, MODEL, draws=500),
        "comparison": rm.compare(MODEL, MODEL.with_statement(two[0], value=0.2, low=0.1, high=0.3), few),
    }


def test_every_object_shows_itself_on_a_line_and_as_html(objects: dict[str, object]) -> None:
    for name, shown in objects.items():
        line, page = repr(shown), shown._repr_html_()  # type: ignore[attr-defined]
        if name not in ("summary", "explanation"):  # these are made to be read as texts
            assert "\n" not in line, name
            assert len(line) <= 170, (name, line)
        assert " at 0x" not in line, name
        assert "array(" not in line, name
        assert page.startswith("<div>"), name
        assert page.count("<table") == page.count("</table>") > 0, name
        assert len(page) < 60_000, name


def test_a_model_says_what_it_is() -> None:
    selected = len(MODEL.priors.selected)
    assert repr(MODEL) == f"Model(priors seeds, policy consensus, {selected} statements, 4 settings)"
    text = str(MODEL.summary())
    assert f"{len(MODEL.priors.statements)}, {selected} drive tables" in text
    rates = MODEL.summary().tables["Probability of each serious condition given the setting alone, in %"]
    blank = MODEL.posterior(pd.DataFrame({"setting": list(MODEL.settings)}))
    np.testing.assert_allclose(rates["infection"], 100 * blank["infection"], rtol=1e-12)


def test_a_short_statement_loses_no_number_of_the_hash() -> None:
    """The line of a statement is cut; what is hashed must not be."""
    other = MODEL.with_statement("find.fever.infection", value=0.6700001)
    assert MODEL.scoring.model_hash != other.scoring.model_hash


def test_names_complete() -> None:
    assert {"load", "calibrate", "elicit", "metrics", "compare", "Model"} <= set(dir(rm))
    assert {"sobol", "flips", "evppi"} <= set(dir(sensitivity))
    assert all(getattr(rm, name) for name in rm.__all__)


# ---- cases as a notebook has them ----------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        FEVER,
        pd.Series(FEVER, name="he"),
        [FEVER],
        pd.DataFrame([FEVER]),
        {name: [cell] for name, cell in FEVER.items()},
    ],
    ids=["dict", "series", "list", "frame", "dict of lists"],
)
def test_one_case_in_any_form_gives_the_same_answer(case: object) -> None:
    expected = MODEL.score(pd.DataFrame([FEVER]), setting="emergency").iloc[0]
    row = MODEL.score(case, setting="emergency").iloc[0]  # type: ignore[arg-type]
    assert row.equals(expected) or row.tolist() == expected.tolist()
    answer = MODEL.explain(case, setting="emergency")  # type: ignore[arg-type]
    assert answer.urgency == expected["urgency"]
    assert len(MODEL.posterior(case, setting="emergency")) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cases", "says"),
    [
        ("cases.csv", r"pd.read_csv\('cases.csv'"),
        (7, "cases is a int: give a frame with a row a case"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_case_is_refused_with_what_to_give(cases: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        MODEL.score(cases, setting="emergency")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda cases: evaluate(MODEL, cases, by="age"), "by"),
        (lambda cases: evaluate(MODEL, cases, conditions="fracture"), "conditions"),
        (lambda cases: sensitivity.flips(MODEL, cases, statements="find.fever.none"), "statements"),
        (lambda cases: sensitivity.one_way(MODEL, cases, "mean p(infection)"), "targets"),
        (lambda cases: sensitivity.evpi(MODEL, people=10, draws=60, settings="emergency"), "settings"),
        (lambda cases: simulate(MODEL, 3, np.random.default_rng(0), setting="emergency", roles="test"), "roles"),
    ],
)
def test_a_text_where_a_list_is_wanted_is_an_error_that_says_so(call, name: str) -> None:
    people = simulate(MODEL, 20, np.random.default_rng(0), setting="emergency")
    with pytest.raises(UsageError, match=f"{name} is a list: write {name}=\\["):
        call(to_cases(MODEL, people, with_outcomes=name in ("by", "conditions")))


# ---- two models ----------------------------------------------------------------------------------


def test_two_models_are_set_beside_each_other() -> None:
    cases = pd.DataFrame({"case_id": ["a", "b"], "fever": ["yes", None], "age": [60, 60]})
    other = MODEL.with_statement("find.fever.infection", value=0.02, low=0.01, high=0.03)
    found = rm.compare(MODEL, other, cases, setting="emergency")
    for name, model in (("first", MODEL), ("second", other)):
        scored = model.score(cases, setting="emergency")
        assert found.cases["p_infection", name].tolist() == scored["p_infection"].tolist()
        assert found.cases["urgency", name].tolist() == scored["urgency"].tolist()
    assert found.statements["statement"].tolist() == ["find.fever.infection"]
    assert found.cases.index.tolist() == ["a", "b"]
    differs = [
        any(found.cases[column, "first"].loc[case] != found.cases[column, "second"].loc[case] for column in
            ("urgency", "imaging", "tests", "referral"))
        for case in "ab"
    ]  # fmt: skip
    assert found.cases["changed", ""].tolist() == differs
    assert any(differs)
    assert found.changed.index.tolist() == [case for case, changed in zip("ab", differs, strict=True) if changed]


def test_sets_and_policies_head_their_columns() -> None:
    by_set = rm.compare(MODEL, rm.load("literature"), FEVER, setting="emergency")
    assert (by_set.first, by_set.second) == ("seeds", "literature")
    by_policy = rm.compare(MODEL, MODEL.with_policy("whitlock_2026"), FEVER, setting="emergency")
    assert (by_policy.first, by_policy.second) == ("consensus", "whitlock_2026")
    assert by_policy.statements.empty


# ---- draws for other programs --------------------------------------------------------------------


@pytest.mark.slow
def test_draws_of_equal_weight_are_those_that_were_weighted() -> None:
    draws = MODEL.posterior_draws(pd.DataFrame([FEVER, {"iv_drug_use": "yes"}]), 2048, setting="emergency", seed=1)
    taken = draws.resampled(seed=3)
    assert taken.shape == draws.probability.shape
    mean = (draws.probability * draws.weight).sum(axis=1)
    np.testing.assert_allclose(taken.mean(axis=1), mean, rtol=0.05)
    for case in range(2):  # a draw of weight w is taken n w times, to the next whole number
        first = draws.probability[0, :, case]
        times = (taken[0, :, case][:, None] == first[None]).sum(axis=0)
        assert np.abs(times - 2048 * draws.weight[:, case]).max() < 1
    assert np.array_equal(draws.to_dict(seed=3)["infection"][0], taken[0])


def test_arviz_takes_the_draws_or_is_named() -> None:
    draws = MODEL.posterior_draws(FEVER, 32, setting="emergency")
    try:
        import arviz  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="pip install arviz"):
            draws.to_arviz()
    else:
        assert draws.to_arviz().posterior["infection"].shape == (1, 32, 1)


# ---- pictures ------------------------------------------------------------------------------------


def test_every_picture_may_make_its_own_axes() -> None:
    for name in figures.__all__:
        parameters = inspect.signature(getattr(figures, name)).parameters
        axes = parameters.get("ax") or parameters["axes"]
        assert axes.default is None, name


def test_a_picture_without_axes_makes_some() -> None:
    import matplotlib.pyplot as plt

    y, p = np.array([0, 1, 0, 1, 1, 0] * 10), np.linspace(0.05, 0.95, 60)
    drawn = [figures.roc(y, p), figures.elicited(rm.elicit(low=0.2, median=0.4, high=0.5))]
    drawn.append(figures.posteriors(MODEL.score(FEVER, setting="emergency", draws=32).iloc[0]))
    assert len({ax.figure for ax in drawn}) == 3
    plt.close("all")
