"""Pictures: each function takes and returns an ``Axes``; none shows or saves it."""

from riskmodel.report.figures.network_graph import network

__all__ = ["network"]
