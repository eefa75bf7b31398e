"""Effects on the outcome's own scale, with and without exposure."""

from primum.effects.effects import Effects, OutcomeEffects, effects, outcome_effects

__all__ = ["Effects", "OutcomeEffects", "effects", "outcome_effects"]
