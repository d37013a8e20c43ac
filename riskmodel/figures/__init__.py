"""Pictures: each function takes and returns an ``Axes``; none shows or saves it."""

from riskmodel.figures.calibration import reliability
from riskmodel.figures.elicited import elicited
from riskmodel.figures.head_to_head import pathways
from riskmodel.figures.network_graph import network
from riskmodel.figures.performance import decision_curve, roc
from riskmodel.figures.posteriors import posteriors, stated_and_implied
from riskmodel.figures.sensitivity import curves, sobol
from riskmodel.figures.shifts import shifts
from riskmodel.figures.tornado import tornado
from riskmodel.figures.two_way_map import two_way
from riskmodel.figures.value_bars import value_bars

__all__ = [
    "curves",
    "decision_curve",
    "elicited",
    "network",
    "pathways",
    "posteriors",
    "reliability",
    "roc",
    "shifts",
    "sobol",
    "stated_and_implied",
    "tornado",
    "two_way",
    "value_bars",
]
