"""R-hat, effective sample size and Monte Carlo error of many quantities at once.

The definitions are those of Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), as ArviZ
computes them one quantity at a time; a test compares the two. Here whole arrays are computed
together, because a fit has thousands of quantities and a refit must not wait for them.

Arrays of draws have shape (quantity, chain, draw). Where they are of several imputations, whose posteriors differ,
they have shape (quantity, imputation, chain, draw): each is judged by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

Array = NDArray[np.float64]
Draws = NDArray[np.float64] | NDArray[np.float32]
TAILS = (0.05, 0.95)
_CHUNK = 4_000_000  # draws at once, for memory


def rhat(draws: Array) -> Array:
    """Split R-hat of ranks or of folded ranks, whichever is larger; shape (quantity,).

    Quantities with two values, each in half of the draws, are all as far from their median: their ranks decide.
    """
    halves = split(draws)
    with np.errstate(invalid="ignore"):
        spread = plain_rhat(rank_normal(folded(halves)))
    return np.fmax(plain_rhat(rank_normal(halves)), spread)


def ess_bulk(draws: Array) -> Array:
    """Effective sample size of rank-normalised split chains; shape (quantity,)."""
    return ess(rank_normal(split(draws)))


def ess_tail(draws: Array) -> Array:
    """Smaller effective sample size of the indicators of the two `TAILS`; shape (quantity,)."""
    low, high = np.quantile(draws, TAILS, axis=(1, 2))[..., None, None]
    return np.minimum(ess(split((draws <= low).astype(float))), ess(split((draws <= high).astype(float))))


def mcse_mean(draws: Array) -> Array:
    """Monte Carlo standard error of the mean; shape (quantity,).

    Over several imputations that is the error of the mean of their means, each with its own error.
    """
    if draws.ndim > 3:
        each = np.stack([mcse_mean(own) for own in np.moveaxis(draws, 1, 0)])
        return np.asarray(np.sqrt((each**2).sum(axis=0)) / len(each))
    return np.asarray(draws.std(axis=(1, 2), ddof=1) / np.sqrt(ess(split(draws))))


def ess_together(each: Array) -> Array:
    """Effective draws of a mixture from those of its parts, which have as many draws each; shape (quantity,).

    Their sum if they are equal, and less if not, as the part with the fewest has the largest error. Differences
    between the parts have no Monte Carlo error, so that an error made from it is too large where there are any.

    Parameters
    ----------
    each
        Shape (part, quantity).

    Examples
    --------
    >>> ess_together(np.array([[100.0, 100.0], [100.0, 300.0]])).tolist()
    [200.0, 300.0]
    """
    return np.asarray(len(each) ** 2 / (1 / each).sum(axis=0))


def latents(draws: NDArray[np.float32]) -> tuple[Array, Array]:
    """Split R-hat, of values or of folded values, and effective sample size of latent quantities.

    Without ranks, whose only gain is for distributions without a variance: linear predictors
    have one, and there are thousands of them to sort.

    Parameters
    ----------
    draws
        Shape (chain, draw, quantity).

    Returns
    -------
    rhat, ess
        Shape (quantity,) each.
    """
    chains, length, count = draws.shape
    step = max(1, _CHUNK // (chains * length))
    found = [_latents(draws[:, :, first : first + step]) for first in range(0, count, step)]
    return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


def _latents(draws: NDArray[np.float32]) -> tuple[Array, Array]:
    halves = split(np.ascontiguousarray(np.moveaxis(draws, -1, 0)))
    return np.maximum(plain_rhat(halves), plain_rhat(folded(halves))), ess(halves)


def split(draws: Draws) -> Draws:
    """Each chain in two halves; shape (quantity, 2 * chain, draw // 2)."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def folded(draws: Draws) -> Draws:
    """Distances from the median, which tell whether chains differ in spread."""
    return np.abs(draws - np.median(draws, axis=(1, 2), keepdims=True))


def rank_normal(draws: Draws) -> Array:
    """Normal scores of the ranks of all draws together, ties sharing their mean rank (Blom, 1958)."""
    count, *shape = draws.shape
    total = int(np.prod(shape))
    scores = np.empty((count, total))
    for row, values in enumerate(np.asarray(draws, dtype=float).reshape(count, total)):
        _, place, ties = np.unique(values, return_inverse=True, return_counts=True)
        last = np.cumsum(ties)
        scores[row] = ndtri(((last - 0.5 * (ties - 1) - 0.375) / (total + 0.25))[place])
    return scores.reshape(draws.shape)


def plain_rhat(draws: Draws) -> Array:
    """Square root of the variance of all chains over that within chains; shape (quantity,)."""
    length = draws.shape[2]
    between = length * draws.mean(axis=2, dtype=float).var(axis=1, ddof=1)
    within = draws.var(axis=2, ddof=1, dtype=float).mean(axis=1)
    return np.asarray(np.sqrt((between / within + length - 1) / length))


def ess(draws: Draws) -> Array:
    """Effective sample size by Geyer's (1992) initial monotone sequence; shape (quantity,).

    Quantities that never vary have as many effective draws as there are draws.
    """
    count, chains, length = draws.shape
    covariance = _autocovariance(draws)
    within = covariance[:, 0] * length / (length - 1)
    total = covariance[:, 0] + (draws.mean(axis=2, dtype=float).var(axis=1, ddof=1) if chains > 1 else 0.0)
    constant = total == 0
    rho = 1 - (within[:, None] - covariance) / np.where(constant, 1.0, total)[:, None]
    rho[:, 0] = 1.0
    last = max((length - 3) // 2, 0)
    pairs = rho[:, 0 : 2 * last + 2 : 2] + rho[:, 1 : 2 * last + 2 : 2]
    stops = pairs <= 0
    stop = np.where(stops.any(axis=1), stops.argmax(axis=1), last)
    running = np.minimum.accumulate(pairs, axis=1)
    used = np.arange(pairs.shape[1]) < stop[:, None]
    rest = rho[np.arange(count), 2 * stop]
    rest = np.where(stops.any(axis=1), np.maximum(rest, 0.0), rest)
    time = np.maximum(-1 + 2 * (running * used).sum(axis=1) + rest, 1 / np.log10(chains * length))
    return np.where(constant, float(chains * length), chains * length / time)


def _autocovariance(draws: Draws) -> Array:
    """Autocovariance of every chain by lag, averaged over chains; shape (quantity, draw)."""
    length = draws.shape[2]
    size = next_fast_len(2 * length)
    spectrum = rfft(draws - draws.mean(axis=2, keepdims=True), n=size, axis=2)
    # the mean over chains may be taken before going back
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1, dtype=float)
    return np.asarray(irfft(power, n=size, axis=1)[:, :length] / length)
