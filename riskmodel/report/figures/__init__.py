"""Pictures: each function takes and returns an ``Axes``; none shows or saves it."""

from riskmodel.report.figures.network_graph import network
from riskmodel.report.figures.posteriors import posteriors, stated_and_implied

__all__ = ["network", "posteriors", "stated_and_implied"]
