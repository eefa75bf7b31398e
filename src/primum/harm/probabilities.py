"""Probabilities of harm and benefit, with their Monte Carlo error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.fit.chains import Array, ess, split


@dataclass(frozen=True)
class Probability:
    """A posterior probability.

    Attributes
    ----------
    value
        Share of draws.
    mcse
        Its Monte Carlo standard error; never 0, because draws that all agree still leave room
        for the few that were not made.
    """

    value: float
    mcse: float


@dataclass(frozen=True)
class Probabilities:
    """What the draws of one effect say of harm; the last three sum to one.

    Attributes
    ----------
    harm
        The effect is in the harmful direction.
    harm_beyond_sesoi
        It is in the harmful direction and larger than the SESOI.
    negligible
        It is no larger than the SESOI in either direction.
    benefit_beyond_sesoi
        It is in the other direction and larger than the SESOI.
    """

    harm: Probability
    harm_beyond_sesoi: Probability
    negligible: Probability
    benefit_beyond_sesoi: Probability


def probabilities(effect: Array, sign: int, sesoi: float) -> Probabilities:
    """Probabilities of harm, of a negligible effect and of benefit.

    Parameters
    ----------
    effect
        Draws in the outcome's unit; shape (chain, draw).
    sign
        1 where an increase is harmful, -1 where a decrease is.
    sesoi
        Smallest effect size of interest, in the outcome's unit.

    Examples
    --------
    >>> draws = np.array([[1.0, 3.0, -1.0, 4.0], [5.0, 2.5, 0.5, -3.0]])
    >>> result = probabilities(draws, sign=1, sesoi=2.0)
    >>> result.harm.value, result.harm_beyond_sesoi.value, result.negligible.value
    (0.75, 0.5, 0.375)
    """
    harmful = sign * effect
    return Probabilities(
        harm=_probability(harmful > 0, effect),
        harm_beyond_sesoi=_probability(harmful > sesoi, effect),
        negligible=_probability(np.abs(effect) <= sesoi, effect),
        benefit_beyond_sesoi=_probability(harmful < -sesoi, effect),
    )


def _probability(event: NDArray[np.bool_], effect: Array) -> Probability:
    """Share of draws in an event, and its error from the event's own effective draws.

    The error is that of a share with half a draw added to each side, so that an event that
    all draws agree on has the error that its number of effective draws supports.
    """
    share = float(event.mean())
    draws = _ess(event.astype(float)) if 0 < share < 1 else _ess(effect)
    smoothed = (share * draws + 0.5) / (draws + 1)
    return Probability(share, float(np.sqrt(smoothed * (1 - smoothed) / draws)))


def _ess(values: Array) -> float:
    """Effective draws for the mean; as many as there are draws where too few to tell."""
    effective = float(ess(split(values[None]))[0]) if values.shape[-1] >= 4 else np.nan
    return effective if np.isfinite(effective) else float(values.size)
