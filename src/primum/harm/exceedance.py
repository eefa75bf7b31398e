"""How large harm may be: the probability of worse than any effect, expected harm, and the worst draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.fit.chains import Array
from primum.harm.probabilities import Estimate, effective_draws, shares

if TYPE_CHECKING:
    import pandas as pd

WORST = 0.05
_POINTS, _ENDS = 101, (0.001, 0.999)


@dataclass(frozen=True, eq=False)
class Exceedance:
    """How large harm may be by the draws of one effect, in the outcome's unit.

    Attributes
    ----------
    at
        Effects, rising; shape (point,).
    probability, mcse
        Probability of an effect worse than each, and its Monte Carlo standard error; shape (point,).
    expected_harm
        Mean of the harmful part of the effect, from `expected_harm`.
    shortfall
        Mean effect over the worst draws, from `expected_shortfall`.
    """

    at: Array
    probability: Array
    mcse: Array
    expected_harm: Estimate
    shortfall: Estimate

    @property
    def table(self) -> pd.DataFrame:
        """Columns p_worse and p_worse_mcse; index effect."""
        import pandas as pd

        index = pd.Index(self.at, name="effect")
        return pd.DataFrame({"p_worse": self.probability, "p_worse_mcse": self.mcse}, index)


def exceedance(effect: Array, sign: int, at: Array | None = None) -> Exceedance:
    """Probabilities of an effect worse than any, with expected harm and the mean of the worst 5% of draws.

    Parameters
    ----------
    effect
        Draws in the outcome's unit; shape (chain, draw).
    sign
        1 where an increase is harmful, so that worse is higher; -1 where a decrease is, so that it is lower.
    at
        Effects to ask of; by default 101 equal steps over all draws but the outermost in a thousand.

    Examples
    --------
    >>> draws = np.array([[1.0, 3.0, -1.0, 4.0], [5.0, 2.5, 0.5, -3.0]])
    >>> found = exceedance(draws, sign=1, at=np.array([0.0, 2.0]))
    >>> found.probability.tolist(), found.expected_harm.value
    ([0.75, 0.5], 2.0)
    """
    low, high = np.quantile(effect, _ENDS)
    points = np.linspace(low, high, _POINTS) if at is None else np.asarray(at, dtype=float)
    worse = sign * effect[None] > sign * np.reshape(points, (-1, *[1] * effect.ndim))
    return Exceedance(
        points, *shares(worse, effect[None]), expected_harm(effect, sign), expected_shortfall(effect, sign)
    )


def expected_harm(effect: Array, sign: int) -> Estimate:
    """Posterior mean of the harmful part of an effect, E[max(harm, 0)]: what is lost on average if nothing is gained.

    Its error counts the draws that were not made as `primum.harm.probabilities.shares` does: as if half
    a draw held harm of one SD of the effect, so that it is not 0 where no draw is harmful.

    Parameters
    ----------
    effect, sign
        As in `exceedance`.

    Examples
    --------
    >>> expected_harm(np.array([[1.0, 3.0], [-2.0, -4.0]]), sign=-1).value
    1.5
    """
    harm = np.maximum(sign * effect, 0.0)
    unseen = np.sqrt(0.5) * effect.std() / effective_draws(effect[None])[0]
    return Estimate(float(harm.mean()), float(np.hypot(_mcse(harm), unseen)))


def expected_shortfall(effect: Array, sign: int, level: float = WORST) -> Estimate:
    r"""Mean effect over the worst share of draws.

    With q the quantile of harm h beyond which that share lies, it is the mean of
    q + max(h - q, 0) / level (Rockafellar and Uryasev, 2000, equation 4), which counts a draw on the
    border in part. Its derivative in q is 0, so that its error is that of this mean with q as it is.

    Parameters
    ----------
    effect, sign
        As in `exceedance`.
    level
        The worst share, above 0 and at most 1.

    Returns
    -------
    Estimate
        On the effect's own scale: negative for a harmful fall.

    Raises
    ------
    ValueError
        If the level is not a share.

    Examples
    --------
    >>> expected_shortfall(np.array([[1.0, 3.0], [-2.0, -4.0]]), sign=-1, level=0.5).value
    -3.0
    """
    if not 0 < level <= 1:
        raise ValueError(f"level must be above 0 and at most 1, not {level:g}; 0.05 is the worst 5% of draws")
    harm = sign * effect
    border = np.quantile(harm, 1 - level, method="inverted_cdf")
    tail = border + np.maximum(harm - border, 0.0) / level
    return Estimate(float(sign * tail.mean()), _mcse(tail))


def _mcse(values: Array) -> float:
    """Monte Carlo standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(effective_draws(values[None])[0]))
