"""The scale on which statements vary."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from riskmodel.evidence.distributions import interval_sides, quantile, spread
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.scale import Z95


def test_one_value_of_the_normal_quantile():
    assert stats.norm.ppf(0.975) == Z95


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_the_ends_of_a_stated_interval_are_its_quantiles(level):
    priors, compared = load_priors("seeds"), 0
    for stated in priors.statements:
        statement = dataclasses.replace(stated, level=level)
        shape = spread(statement, priors.prior_set)
        if shape.kind in ("beta", "fixed") or statement.low == 0 or statement.high == 1 or statement.low is None:
            continue
        below, above = interval_sides(statement)
        if statement.low == statement.value or min(below / above, above / below) < 0.011:
            continue  # one end is the value: a hundredth of the width lies on that side
        ends = quantile(shape, np.array([(1 - level) / 2, 0.5, (1 + level) / 2]))
        assert ends == pytest.approx([statement.low, statement.value, statement.high], rel=1e-9)
        compared += 1
    assert compared > 100
