"""Effects on the outcome's own scale, with and without exposure."""

from primum.effects.effects import Effects, OutcomeEffects, effects, outcome_effects
from primum.effects.weights import ComparatorWeights, comparator_weights

__all__ = ["ComparatorWeights", "Effects", "OutcomeEffects", "comparator_weights", "effects", "outcome_effects"]
