"""Harm: probabilities of harm and benefit, sentences made from them, and decisions."""

from primum.harm.harm import Harm, OutcomeHarm, harm
from primum.harm.probabilities import Probabilities, Probability

__all__ = ["Harm", "OutcomeHarm", "Probabilities", "Probability", "harm"]
