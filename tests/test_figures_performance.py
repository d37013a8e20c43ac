"""Pictures of performance: what is drawn is what was computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from riskmodel.metrics import decision_curve as curve
from riskmodel.metrics import reliability as bins_of
from riskmodel.report.figures import decision_curve, reliability, roc
from riskmodel.report.figures.posteriors import log_odds

RNG = np.random.default_rng(2)
P = RNG.beta(1, 9, 800)
Y = (RNG.random(800) < P).astype(float)


def test_reliability_shows_its_bins():
    ax = reliability(Y, P, Figure().subplots(), resamples=10)
    table = bins_of(Y, P)
    some = table[table["events"] > 0]
    line = next(line for line in ax.lines if line.get_label() == "tenths of the people")
    assert np.allclose(line.get_xdata(), log_odds(some["predicted"].to_numpy()))
    assert np.allclose(line.get_ydata(), log_odds(some["observed"].to_numpy()))
    assert sum(bar.get_height() > 0 for bar in ax.patches) > 5


def test_decision_curves_are_in_people():
    acted = (P > 0.15).astype(float)
    table = curve(Y, P, decisions={"policy": acted}, thresholds=[0.05, 0.1, 0.2])
    ax = decision_curve(table, Figure().subplots(), per=1000)
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert set(lines) == {"model", "act on everyone", "act on nobody", "policy"}
    expected = table[table["strategy"] == "policy"]["net_benefit"] * 1000
    assert np.allclose(lines["policy"], expected)


def test_few_events_are_said_in_the_picture():
    y = np.zeros(800)
    y[np.argsort(P)[-4:]] = 1
    table = curve(y, P, thresholds=[0.05, 0.1])
    for ax in (
        decision_curve(table, Figure().subplots()),
        reliability(y, P, Figure().subplots(), resamples=5),
    ):
        assert "800 people, 4 with it: only 4 events" in [text.get_text() for text in ax.texts]


def test_roc_lines_can_share_axes():
    ax = Figure().subplots()
    for label in ("first", "second"):
        roc(Y, P, ax, label=label, points={"t": 0.1})
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [label.split()[0] for label in labels] == ["first", "second"]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    x, y = marks[0].get_xdata()[0], marks[0].get_ydata()[0]
    assert (x, y) == pytest.approx(((P[Y == 0] >= 0.1).mean(), (P[Y == 1] >= 0.1).mean()))
