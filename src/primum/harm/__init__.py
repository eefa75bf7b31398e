"""Harm: probabilities of harm and benefit, sentences made from them, and decisions."""

from primum.harm.across import Across, Count
from primum.harm.exceedance import Exceedance, exceedance, expected_harm, expected_shortfall
from primum.harm.groups import Group
from primum.harm.harm import Harm, OutcomeHarm, harm
from primum.harm.probabilities import Estimate, Probabilities, Probability

__all__ = [
    "Across",
    "Count",
    "Estimate",
    "Exceedance",
    "Group",
    "Harm",
    "OutcomeHarm",
    "Probabilities",
    "Probability",
    "exceedance",
    "expected_harm",
    "expected_shortfall",
    "harm",
]
