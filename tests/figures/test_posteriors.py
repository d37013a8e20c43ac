"""Pictures of intervals: what is drawn is what was computed."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from riskmodel.errors import UsageError
from riskmodel.figures import posteriors, stated_and_implied
from riskmodel.figures.posteriors import drawn_log_odds
from riskmodel.network.coherence import audit

# Few draws are enough here, and quick.
pytestmark = pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning")

CASES = pd.DataFrame({"case_id": ["a"], "fever": ["yes"], "cancer_history": ["yes"]})


def test_posteriors_draws_each_interval_and_point(seeds):
    scored = seeds.score(CASES, setting="primary_care", draws=64, seed=1).iloc[0]
    ax = posteriors(scored, Figure().subplots(), thresholds={"infection": 0.01})
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [name.replace("_", " ") for name in reversed(seeds.scoring.scorer.output_names)]
    segments = [line for line in ax.lines if len(line.get_xdata()) == 2 and len(set(line.get_ydata())) == 1]
    assert len(segments) == len(names)
    for line, name in zip(segments, names, strict=True):
        column = f"p_{name.replace(' ', '_')}"
        limits = scored[[f"{column}_low", f"{column}_high"]].to_numpy(float)
        assert np.allclose(line.get_xdata(), drawn_log_odds(limits))
    assert ax.get_title(loc="left").startswith(f"a: {scored['urgency'].replace('_', ' ')}, as ")


def test_posteriors_without_intervals_says_what_to_do(seeds):
    with pytest.raises(UsageError, match="draws=1000"):
        posteriors(seeds.score(CASES, setting="primary_care").iloc[0], Figure().subplots())


@pytest.mark.slow
def test_stated_and_implied_stand_apart_by_their_distance(seeds):
    found = audit(seeds.priors, seeds.tables, seeds.draw(64, np.random.default_rng(1)))
    ax = stated_and_implied(found, Figure().subplots(), most=5)
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert shown == [item.statement.id for item in reversed(found[:5])]
    implied = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "s"]
    assert np.allclose(implied, [item.distance for item in reversed(found[:5])])
