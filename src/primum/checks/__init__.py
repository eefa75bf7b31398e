"""Checks of the model against the data."""

from primum.checks.predictive import PredictiveCheck, predictive_checks

__all__ = ["PredictiveCheck", "predictive_checks"]
