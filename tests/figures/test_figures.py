"""Pictures take and return Axes, draw into the one they are given, and open no window."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import riskmodel as rm
from riskmodel.evidence.records import acting_node
from riskmodel.figures import network

mpl.use("Agg")


@pytest.fixture(scope="module")
def model() -> rm.Model:
    return rm.load()


def test_draws_into_the_axes_it_is_given(model):
    ax = Figure(figsize=(11, 9)).add_subplot()
    assert network(model, ax) is ax


def label(variable):
    return "manifest" if variable.role == "manifestation" else variable.name.replace("_", " ")


def test_every_variable_has_its_name_and_every_arc_its_line(model):
    ax = network(model, Figure().add_subplot())
    written = {text.get_text().replace("\n", " ") for text in ax.texts}
    variables = model.priors.network_variables
    assert {label(variable) for variable in variables} <= written
    drawn = {patch.get_gid() for patch in ax.patches} - {None}
    assert drawn == {f"arc.{parent}.{v.name}" for v in variables for parent in v.parents}


def test_names_stay_inside_their_boxes(model):
    figure = Figure(figsize=(11, 9))
    ax = network(model, figure.add_axes((0, 0, 1, 1)))
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [patch.get_window_extent(renderer) for patch in ax.patches if patch.get_gid() is None]
    names = {label(variable) for variable in model.priors.network_variables}
    checked = set()
    for text in ax.texts:
        written = text.get_text().replace("\n", " ")
        if written not in names or text.get_rotation():
            continue
        one = text.get_window_extent(renderer)
        assert any(box.x0 <= one.x0 and one.x1 <= box.x1 and box.y0 <= one.y0 and one.y1 <= box.y1 for box in boxes)
        checked.add(written)
    assert checked == names


def test_a_dot_is_hollow_where_a_sign_can_be_hidden(model):
    ax = network(model, Figure().add_subplot())
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    ways = [acting_node(c.name, v.parents) for v in model.variables for c in model.priors.conditions
            if v.role in ("finding", "test")]  # fmt: skip
    assert len(dots) == len([way for way in ways if way])
    hollow = [dot for dot in dots if dot.get_markerfacecolor() == "white"]
    assert len(hollow) == len([way for way in ways if way.endswith("_manifest")])


def test_makes_a_figure_when_given_none(model):
    import matplotlib.pyplot as plt

    ax = network(model)
    assert ax.figure.get_size_inches().tolist() == [11, 9]
    plt.close(ax.figure)
