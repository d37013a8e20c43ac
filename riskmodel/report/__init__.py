"""Reports on a model."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "figures":  # where the figures stood first; imported only when asked for
        from riskmodel import figures

        return figures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
