"""Probabilistic risk scoring of red flags in back pain: published statements in, posteriors and actions out.

For research, not for the care of a patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel._version import __version__

if TYPE_CHECKING:
    from riskmodel.model import Model, load

__all__ = ["Model", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import the model only when it is asked for: the command line starts without it."""
    if name in ("Model", "load"):
        from riskmodel import model

        return getattr(model, name)
    raise AttributeError(f"module 'riskmodel' has no attribute {name!r}")
