"""Pictures: each function takes and returns an ``Axes``; none shows or saves it.

A picture of an analysis stands here under the name of the analysis: ``figures.sobol`` draws what ``sobol`` gives.
"""

from riskmodel.figures.calibration import draw_reliability as reliability
from riskmodel.figures.elicited import elicited
from riskmodel.figures.forest import forest
from riskmodel.figures.head_to_head import draw_pathways as pathways
from riskmodel.figures.network_graph import network
from riskmodel.figures.performance import draw_decision_curve as decision_curve
from riskmodel.figures.performance import draw_roc as roc
from riskmodel.figures.posteriors import posteriors, stated_and_implied
from riskmodel.figures.published_tables import published_tables
from riskmodel.figures.sensitivity import curves
from riskmodel.figures.sensitivity import draw_sobol as sobol
from riskmodel.figures.shifts import shifts
from riskmodel.figures.summary_roc import summary_roc
from riskmodel.figures.tornado import tornado
from riskmodel.figures.two_way_map import draw_two_way as two_way
from riskmodel.figures.value_bars import value_bars
from riskmodel.figures.without_study import without_study

__all__ = [
    "curves",
    "decision_curve",
    "elicited",
    "forest",
    "network",
    "pathways",
    "posteriors",
    "published_tables",
    "reliability",
    "roc",
    "shifts",
    "sobol",
    "stated_and_implied",
    "summary_roc",
    "tornado",
    "two_way",
    "value_bars",
    "without_study",
]
