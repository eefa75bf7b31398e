"""Effects on the outcome's own scale, with and without exposure."""

from primum.effects import estimands
from primum.effects.coefficients import Coefficients, coefficients
from primum.effects.correlations import Correlations, correlations
from primum.effects.effects import Effects, OutcomeEffects, effects, outcome_effects
from primum.effects.estimand import Estimand
from primum.effects.outliers import Outliers, outliers
from primum.effects.paths import RegionalPaths, regional_paths
from primum.effects.predictions import Predictions, predictions
from primum.effects.shock_sizes import ShockSizes, shock_sizes
from primum.effects.unit_sizes import UnitSizes, unit_sizes
from primum.effects.unpooled import unpooled
from primum.effects.weights import ComparatorWeights, comparator_weights

__all__ = [
    "Coefficients",
    "ComparatorWeights",
    "Correlations",
    "Effects",
    "Estimand",
    "OutcomeEffects",
    "Outliers",
    "Predictions",
    "RegionalPaths",
    "ShockSizes",
    "UnitSizes",
    "coefficients",
    "comparator_weights",
    "correlations",
    "effects",
    "estimands",
    "outcome_effects",
    "outliers",
    "predictions",
    "regional_paths",
    "shock_sizes",
    "unit_sizes",
    "unpooled",
]
