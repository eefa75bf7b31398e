"""Probabilities of harm and benefit, with their Monte Carlo error."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import batched

import numpy as np
from numpy.typing import NDArray

from primum.fit.chains import Array, ess, ess_together, split


@dataclass(frozen=True)
class Estimate:
    """A posterior expectation.

    Attributes
    ----------
    value
        Mean over draws.
    mcse
        Its Monte Carlo standard error.
    """

    value: float
    mcse: float


@dataclass(frozen=True)
class Probability(Estimate):
    """A posterior probability, a share of draws.

    Its error is never 0, because draws that all agree still leave room for the few that were not made.
    """


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
        Draws in the outcome's unit; shape (chain, draw), or (imputation, chain, draw) where chains are of several
        imputations.
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
    return probabilities_of_each(effect[None], sign, sesoi)[0]


def probabilities_of_each(effects: Array, sign: int, sesoi: float) -> list[Probabilities]:
    """The same of many effects at once.

    Parameters
    ----------
    effects
        Draws in the outcome's unit; shape (quantity, chain, draw).
    sign, sesoi
        As in `probabilities`.
    """
    harmful = sign * effects
    events = np.stack([harmful > 0, harmful > sesoi, np.abs(effects) <= sesoi, harmful < -sesoi], axis=1)
    value, mcse = shares(events.reshape(-1, *effects.shape[1:]), np.repeat(effects, 4, axis=0))
    each = [Probability(*pair) for pair in zip(value.tolist(), mcse.tolist(), strict=True)]
    return [Probabilities(*four) for four in batched(each, 4)]


def shares(events: NDArray[np.bool_], draws: Array) -> tuple[Array, Array]:
    """Shares of draws in events, and their errors from each event's own effective draws.

    The error is that of a share with half a draw added to each side, so that an event that
    all draws agree on has the error that its number of effective draws supports.

    Parameters
    ----------
    events
        Whether each draw is in each event; shape (event, chain, draw), or (event, imputation, chain, draw) where
        chains are of several imputations.
    draws
        What the events are events of, whose effective draws count where all agree; of that shape, or
        of one that broadcasts to it.

    Returns
    -------
    share, mcse
        Shape (event,) each.
    """
    share = events.reshape(len(events), -1).mean(axis=1)
    agreed = np.reshape((share == 0) | (share == 1), (-1, *[1] * (events.ndim - 1)))
    effective = effective_draws(np.where(agreed, draws, events))
    smoothed = (share * effective + 0.5) / (effective + 1)
    return share, np.sqrt(smoothed * (1 - smoothed) / effective)


def effective_draws(values: Array) -> Array:
    """Effective draws for each mean, shape (quantity,); as many as there are draws where too few to tell."""
    if values.ndim > 3:
        return ess_together(np.stack([effective_draws(each) for each in np.moveaxis(values, 1, 0)]))
    total = float(np.prod(values.shape[1:]))
    found = ess(split(values)) if values.shape[-1] >= 4 else np.full(len(values), np.nan)
    return np.where(np.isfinite(found), found, total)
