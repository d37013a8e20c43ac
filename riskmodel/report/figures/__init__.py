"""Pictures: each function takes and returns an ``Axes``; none shows or saves it."""

from riskmodel.report.figures.head_to_head import pathways
from riskmodel.report.figures.network_graph import network
from riskmodel.report.figures.posteriors import posteriors, stated_and_implied
from riskmodel.report.figures.value_bars import value_bars

__all__ = ["network", "pathways", "posteriors", "stated_and_implied", "value_bars"]
