"""Pictures of what answers hang on: what is drawn is what was computed."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

import riskmodel as rm
from riskmodel import figures
from riskmodel.errors import UsageError
from riskmodel.sensitivity import one_way, sobol, two_way
from riskmodel.text import words

TARGET = "p(infection) of case one"
CASE = pd.DataFrame({"case_id": ["one"], "age": [54], "fever": ["yes"], "iv_drug_use": ["yes"]})
NAMES = ["base.infection.emergency", "find.fever.none", "find.fever.infection", "base.infection.spine_clinic"]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_tornado_and_curves():
    found = one_way(rm.load(), CASE, [TARGET], setting="emergency", statements=NAMES, points=5)
    table = found.tornado(TARGET)
    ax = figures.tornado(table)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert [label.split("\n")[0] for label in labels] == list(table["statement"][:3])  # the fourth moves nothing
    assert table["origin"].iloc[0] in labels[0]
    ends = sorted(bar.get_x() + bar.get_width() for bar in ax.patches[:2])
    assert ends == pytest.approx(sorted(100 * table[["at_low", "at_high"]].iloc[0]))
    ax = figures.curves(found.curves)
    assert len(ax.lines) == 3
    top = found.curves[found.curves["statement"] == table["statement"].iloc[0]].sort_values("value")
    assert ax.lines[0].get_ydata() == pytest.approx(100 * top["at"].to_numpy())
    with pytest.raises(UsageError, match="nothing to draw"):
        figures.tornado(table.tail(1))


def test_a_map_names_every_action():
    result = two_way(rm.load(), CASE, *NAMES[:2], setting="emergency", output="infection", points=5)
    ax = figures.two_way(result)
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said == [*(words(action) for action in result.actions), "as stated"]
    shade = ax.collections[0].get_array()
    assert np.sort(np.asarray(shade).ravel()) == pytest.approx(np.sort(result.table["log_odds"].to_numpy()))
    assert NAMES[0] in ax.get_xlabel()


def test_a_tornado_starts_where_it_should_and_shows_both_ends():
    frame = pd.DataFrame({
        "target": "mean p(infection)", "statement": ["two_sided", "high_only", "both_up"], "value": 0.2, "low": 0.1,
        "high": 0.3, "origin": "stated", "stated": 0.010, "at_low": [0.002, 0.010, 0.014],
        "at_high": [0.030, 0.020, 0.012], "effect": [0.028, 0.010, 0.004],
    })  # fmt: skip
    ax = figures.tornado(frame)
    assert ax.get_xlim()[0] == 0  # near 0, and no share lies below it
    rows = [ax.patches[2 * i : 2 * i + 2] for i in range(3)]
    assert [bar.get_height() for bar in rows[0]] == [0.7, 0.7]
    low, high = (bar.get_bbox() for bar in rows[2])
    assert low.ymax <= high.ymin + 1e-9  # side by side: neither hides the other
    assert sorted([low.x1, high.x1]) == pytest.approx([1.2, 1.4])
    ax = figures.tornado(frame.assign(stated=0.5, at_low=0.5, at_high=[0.52, 0.51, 0.505]))
    assert ax.get_xlim()[0] == pytest.approx(49.92)  # far from 0: a margin on the left, so that bars are seen to start


@pytest.mark.slow
def test_the_borders_of_a_map_are_those_of_the_model():
    """Points drawn from between those of the map: the action there is the one that the model gives."""
    model, points = rm.load(), 7
    pair = ("base.malignancy.primary_care", "find.night_pain.none.study")
    case = pd.DataFrame({"case_id": ["one"], "age": [54], "night_pain": ["yes"]})
    result = two_way(model, case, *pair, setting="primary_care", points=points)
    regions, rng = result.regions, np.random.default_rng(1)
    assert len(regions.names) > 2
    assert min(regions.action.shape) > 300  # a border of 300 steps shows none
    places = [(int(rng.integers(len(regions.a))), int(rng.integers(len(regions.b)))) for _ in range(16)]
    border = np.argwhere(regions.action[1:] != regions.action[:-1])
    steps = (len(regions.a) - 1) // 60  # a sixtieth of the side away from the border, on both sides
    for i, j in border[:: max(1, len(border) // 4)]:
        places += [(max(int(i) - steps, 0), int(j)), (min(int(i) + steps, len(regions.a) - 1), int(j))]
    inside = range(len(regions.a) // 10, 9 * len(regions.a) // 10)  # the ends lie outside what may be stated
    for i, j in [(i, j) for i, j in places if i in inside and j in inside]:
        values = {pair[0]: float(regions.a[i]), pair[1]: float(regions.b[j])}
        other = model
        for name, value in values.items():
            other = other.with_statement(name, value=value)
        scored = other.score(case, setting="primary_care").iloc[0]
        imaging = scored["imaging"].replace("|", ", ") or "no imaging"
        assert regions.names[regions.action[i, j]] == f"{scored['urgency']}; {imaging}", values


def test_ticks_of_narrow_panels_are_left_out_where_they_would_touch():
    from riskmodel.figures.case_panels import TICKS, apart

    shown = apart(TICKS, 1e-6, 0.99, 120)
    assert 2 <= len(shown) < len(TICKS)
    assert set(shown) <= set(TICKS)
    assert apart(TICKS, 1e-6, 0.99, 1000) == list(TICKS)


def test_bars_of_indices():
    found = sobol(rm.load(), CASE, "log_odds(infection) of case one", n=8, setting="emergency")
    ax = figures.sobol(found.table)
    drawn = found.table[found.table["total_high"] > 0.001]
    assert [label.get_text().split(" ")[0] for label in ax.get_yticklabels()] == list(drawn["name"])
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([*drawn["first"], *drawn["total"]])
