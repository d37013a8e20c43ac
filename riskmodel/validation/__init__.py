"""What studies observed, asked of the network: published tables as a test that the model may fail."""

from riskmodel.validation.compare import Validation, validate

__all__ = ["Validation", "validate"]
