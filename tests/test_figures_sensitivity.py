"""Pictures of what answers hang on: what is drawn is what was computed."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

import riskmodel as rm
from riskmodel.errors import UsageError
from riskmodel.report import figures
from riskmodel.sensitivity import one_way, sobol, two_way

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
    assert [label.split("  ")[0] for label in labels] == list(table["statement"][:3])  # the fourth moves nothing
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
    assert said == [*(action.replace("_", " ") for action in result.actions), "as stated"]
    shade = ax.collections[0].get_array()
    assert np.sort(np.asarray(shade).ravel()) == pytest.approx(np.sort(result.table["log_odds"].to_numpy()))
    assert NAMES[0] in ax.get_xlabel()


def test_bars_of_indices():
    found = sobol(rm.load(), CASE, "log_odds(infection) of case one", n=8, setting="emergency")
    ax = figures.sobol(found.table)
    drawn = found.table[found.table["total_high"] > 0.001]
    assert [label.get_text().split(" ")[0] for label in ax.get_yticklabels()] == list(drawn["name"])
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([*drawn["first"], *drawn["total"]])
