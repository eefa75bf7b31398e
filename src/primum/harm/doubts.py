"""Confidence in the evidence, kept apart from how likely harm is: whether the model looks like the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.checks import PredictiveCheck
from primum.harm.words import decimals, number


def doubts(checks: Sequence[PredictiveCheck]) -> list[str]:
    """What the model does not reproduce, and what that means for the findings; a sentence a feature.

    Parameters
    ----------
    checks
        Checks of one outcome.

    Examples
    --------
    >>> from primum.checks import PredictiveCheck
    >>> model = np.linspace(9.9, 11.8, 400)
    >>> doubts([PredictiveCheck("assessment", "typical change", 7.3, model, "intervals may be too wide")])
    ['typical change is 7.30 in the data and 9.95 to 11.75 in panels that the model makes; intervals may be too wide']
    >>> doubts([PredictiveCheck("assessment", "typical change", 10.5, model, "intervals may be too wide")])
    []
    """
    return [_doubt(check) for check in checks if not check.reproduced]


def caveat(checks: Sequence[PredictiveCheck]) -> str:
    """The same in one short sentence that goes wherever the finding goes; empty where there is no doubt.

    Parameters
    ----------
    checks
        Checks of one outcome.
    """
    features = [f"the {check.feature}" for check in checks if not check.reproduced]
    if not features:
        return ""
    together = features[0] if len(features) == 1 else f"{', '.join(features[:-1])} and {features[-1]}"
    return f"Confidence in these figures is low, because the model does not reproduce {together}."


def in_numbers(check: PredictiveCheck) -> tuple[str, str]:
    """The observed value, and the middle 95% of the model's, rounded alike."""
    low, high = np.quantile(check.replicated, [0.025, 0.975])
    places = decimals(float(check.replicated.std()), 1e-9)
    return number(check.observed, places), f"{number(float(low), places)} to {number(float(high), places)}"


def _doubt(check: PredictiveCheck) -> str:
    observed, model = in_numbers(check)
    return f"{check.feature} is {observed} in the data and {model} in panels that the model makes; {check.meaning}"
