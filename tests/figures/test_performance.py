"""Pictures of performance: what is drawn is what was computed."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from riskmodel.figures import decision_curve, reliability, roc
from riskmodel.figures.calibration import reliability_span
from riskmodel.figures.posteriors import drawn_log_odds
from riskmodel.metrics import decision_curve as curve
from riskmodel.metrics import reliability as bins_of

RNG = np.random.default_rng(2)
P = RNG.beta(1, 9, 800)
Y = (RNG.random(800) < P).astype(float)


def test_reliability_shows_its_bins():
    ax = reliability(Y, P, Figure().subplots())
    table = bins_of(Y, P)
    some = table[table["events"] > 0]
    line = next(line for line in ax.lines if line.get_label() == "deciles of the prediction")
    assert np.allclose(line.get_xdata(), drawn_log_odds(some["predicted"].to_numpy()))
    assert np.allclose(line.get_ydata(), drawn_log_odds(some["observed"].to_numpy()))
    assert sum(bar.get_height() > 0 for bar in ax.patches) > 5


def test_no_interval_leaves_the_axes_and_no_tick_is_certain():
    """Rare events in small bins: the intervals of bins without events end in an arrow inside the picture."""
    sharp = np.concatenate([P, 1 / (1 + np.exp(-RNG.normal(-9, 3, 400)))])
    y = (np.random.default_rng(4).random(1200) < sharp).astype(float)
    span = reliability_span([(Y, P), (y, sharp)])
    for outcomes, predicted in ((Y, P), (y, sharp)):
        ax = reliability(outcomes, predicted, Figure().subplots(), span=span)
        bars = np.concatenate([bar for drawn in ax.collections for bar in _segments(drawn)])
        assert len(bars) == 20
        for column, (low, high) in enumerate((ax.get_xlim(), ax.get_ylim())):
            assert (bars[:, column] >= low).all()
            assert (bars[:, column] <= high).all()
        labels = [tick.get_text() for tick in (*ax.get_xticklabels(), *ax.get_yticklabels())]
        assert "100 %" not in labels
        assert "0 %" not in labels
    arrows = next(line for line in ax.lines if line.get_label() == "no events: observed 0")
    assert (arrows.get_ydata() > ax.get_ylim()[0]).all()
    table = bins_of(y, sharp)
    assert len(arrows.get_xdata()) == (table["events"] == 0).sum() > 0


def _segments(drawn):
    return drawn.get_segments() if isinstance(drawn, LineCollection) else []


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
        reliability(y, P, Figure().subplots()),
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
