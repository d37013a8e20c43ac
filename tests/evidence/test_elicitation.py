"""Beliefs as distributions, and a statement followed to the action."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

import riskmodel as rm
from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import spread
from riskmodel.figures import elicited, shifts


def test_a_symmetric_belief_is_met_exactly():
    logit = np.array([-1.0, 0.5, 2.0])
    low, median, high = 1 / (1 + np.exp(-logit))
    belief = rm.elicit(low=low, median=median, high=high)
    assert belief.quantiles([0.025, 0.5, 0.975]) == pytest.approx([low, median, high], rel=1e-9)


@pytest.mark.parametrize("kind", ["probability", "ratio"])
def test_a_lopsided_belief_keeps_its_median_and_both_ends(kind):
    belief = rm.elicit(low=0.5, median=0.55, high=0.95, kind=kind)
    assert belief.quantiles([0.025, 0.5, 0.975]) == pytest.approx([0.5, 0.55, 0.95])
    assert (belief.low, belief.high) == pytest.approx((0.5, 0.95))


def test_another_level_is_another_width():
    narrow, wide = (rm.elicit(low=2, median=4, high=8, kind="ratio", level=level) for level in (0.95, 0.5))
    assert wide.quantiles([0.25, 0.75]) == pytest.approx([2, 8])
    assert wide.high > narrow.high


def test_a_mode_with_certainty_is_a_beta_of_that_mode():
    belief = rm.elicit(mode=0.2, certainty=50)
    a, b = belief.spread.first, belief.spread.second
    assert (a - 1) / (a + b - 2) == pytest.approx(0.2)
    assert belief.quantiles([0.1, 0.9]) == pytest.approx(stats.beta(a, b).ppf([0.1, 0.9]))


@pytest.mark.parametrize("belief", [rm.elicit(low=0.4, median=0.6, high=0.7), rm.elicit(mode=0.6, certainty=30)])
def test_the_statement_is_drawn_from_the_belief(seeds, belief):
    model = seeds.with_statement("find.fever.infection", **belief.numbers())
    own = spread(model.statement("find.fever.infection"), model.priors.prior_set)
    assert own.kind == belief.spread.kind
    assert own.first == pytest.approx(belief.spread.first, rel=1e-4)
    if own.kind == "beta":
        assert own.second == pytest.approx(belief.spread.second, rel=1e-4)
    else:
        assert own.sides == pytest.approx(belief.spread.sides, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "low, median and high, or mode and certainty"),
        ({"low": 0.2, "median": 0.3}, "low, median and high, or mode and certainty"),
        ({"low": 0.2, "median": 0.3, "high": 0.4, "mode": 0.3}, "all of one form"),
        ({"low": 0.4, "median": 0.3, "high": 0.5}, "must rise between 0 and 1, not 0.4, 0.3, 0.5"),
        ({"low": 0.4, "median": 0.5, "high": 1.0}, "must rise between 0 and 1"),
        ({"low": 0.4, "median": 0.5, "high": 0.6, "level": 95}, "level must lie between 0 and 1, not 95"),
        ({"mode": 0.3, "certainty": 0}, "certainty must be a whole number"),
        ({"mode": 0.3, "certainty": float("nan")}, "certainty must be a whole number of people, 1 or more, not nan"),
        ({"mode": 0.3, "certainty": float("inf")}, "not inf"),
        ({"mode": float("nan"), "certainty": 5}, r"mode must lie in \[0, 1\], not nan"),
        ({"low": float("nan"), "median": 0.5, "high": 0.6}, "must rise between 0 and 1, not nan"),
        ({"low": 1, "median": 2, "high": float("inf"), "kind": "ratio"}, "between 0 and infinity"),
        ({"mode": 1.3, "certainty": 5}, r"mode must lie in \[0, 1\]"),
        ({"mode": 0.3, "certainty": 5, "kind": "ratio"}, "for a probability"),
        ({"low": 1, "median": 2, "high": 3, "kind": "odds"}, "not one of probability, ratio"),
    ],
)
def test_bad_beliefs_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        rm.elicit(**arguments)


@pytest.mark.slow
def test_following_a_statement_is_rebuilding_the_model(seeds):
    cases = pd.DataFrame({"case_id": ["a", "b"], "fever": ["yes", None], "age": [60, 30]})
    found = rm.follow(seeds, "base.infection.primary_care", cases, [0.0002, 0.01], setting="primary_care")
    for value, part in found.groupby("value"):
        bounds = {"low": value / 2, "high": 2 * value}
        other = seeds.with_statement("base.infection.primary_care", value=value, **bounds)
        scored = other.score(cases, setting="primary_care")
        assert np.allclose(part["p_infection"], scored["p_infection"], rtol=1e-9)
        assert np.allclose(part["prior_infection"], value)
        assert part["urgency"].tolist() == scored["urgency"].tolist()
        assert part["imaging"].tolist() == scored["imaging"].tolist()


@pytest.mark.parametrize(
    ("statement", "values", "message"),
    [
        ("find.fever.infectio", [0.5], "did you mean 'find.fever.infection'"),
        ("find.fever.infection", [0.5, 1.5], "between 0 and 1, not 1.5"),
        ("find.fever.infection", [], "there must be one"),
    ],
)
def test_following_refuses_what_cannot_be(seeds, statement, values, message):
    with pytest.raises(UsageError, match=message):
        rm.follow(seeds, statement, pd.DataFrame({"fever": ["yes"]}), values)


def test_the_picture_of_a_belief():
    belief = rm.elicit(low=0.4, median=0.6, high=0.8)
    ax = elicited(belief, Figure().subplots())
    x, density = ax.lines[0].get_data()
    assert np.trapezoid(density, x) == pytest.approx(0.996, abs=0.005)
    said = next(line for line in ax.lines if line.get_marker() == "|")
    assert list(said.get_xdata()) == [0.4, 0.6, 0.8]


def test_the_picture_of_shifts_leaves_out_what_did_not_move():
    table = pd.DataFrame({
        "statement": ["a", "b", "c"], "verdict": ["contradicted", "moved", "unchanged"], "shift": [2.4, -0.8, 0.0],
        "prior": [0.1, 2.0, 0.3], "posterior": [0.2, 1.5, 0.3], "shift_low": [1.4, -1.5, -1.96],
        "shift_high": [3.3, -0.2, 1.96],
    })  # fmt: skip
    ax = shifts(table, Figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    centres = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in "os"]
    assert centres == [-0.8, 2.4]
    ends = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 1]
    assert [list(pair) for pair in ends] == [[-1.5, -0.2], [1.4, 3.3]]
