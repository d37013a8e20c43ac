"""Pictures: each function takes and returns an ``Axes``; none shows or saves it."""

from riskmodel.report.figures.calibration import reliability
from riskmodel.report.figures.elicited import elicited
from riskmodel.report.figures.head_to_head import pathways
from riskmodel.report.figures.network_graph import network
from riskmodel.report.figures.performance import decision_curve, roc
from riskmodel.report.figures.posteriors import posteriors, stated_and_implied
from riskmodel.report.figures.sensitivity import curves, sobol
from riskmodel.report.figures.shifts import shifts
from riskmodel.report.figures.tornado import tornado
from riskmodel.report.figures.two_way_map import two_way
from riskmodel.report.figures.value_bars import value_bars

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
