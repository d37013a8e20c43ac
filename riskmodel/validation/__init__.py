"""What studies observed, asked of the network: published tables as a test that the model may fail."""

from riskmodel.validation.compare import PublishedValidation, validate

__all__ = ["PublishedValidation", "validate"]
