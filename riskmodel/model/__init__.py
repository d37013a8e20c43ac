"""The model: statements, network, inference and policy tied together; what notebooks use."""

from riskmodel.model.checks import checked_model, checked_settings
from riskmodel.model.frames import Cases
from riskmodel.model.loading import DEFAULT_POLICY, DEFAULT_PRIORS, load, load_scoring
from riskmodel.model.model import Model

__all__ = [
    "DEFAULT_POLICY",
    "DEFAULT_PRIORS",
    "Cases",
    "Model",
    "checked_model",
    "checked_settings",
    "load",
    "load_scoring",
]
