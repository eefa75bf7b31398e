r"""Durations counted in bins, lognormal within a cell.

Of n records in a cell whose log durations are normal around :math:`\eta' = \mathrm{centre} + \eta` with SD
:math:`\sigma`, bins between edges hold numbers that are multinomial with probabilities

.. math::
    P_b = \Phi(z_b) - \Phi(z_{b-1}), \quad z_b = (\log \mathrm{edge}_b - \eta') / \sigma,

:math:`z_0 = -\infty` and, for the last bin, :math:`z = \infty`: records longer than the last edge are
right-censored there. Bins whose own counts are hidden, as suppressed ones are, count as one bin whose
probability is the sum of theirs. The expected value is the median :math:`\exp(\eta')`, which, other than the mean,
says little of durations beyond the last edge.
"""

from __future__ import annotations

from itertools import pairwise
from math import erfc, exp, log, log1p, pi, sqrt
from typing import Any

import numpy as np
from scipy.special import gammaln, log_ndtr, ndtr

from primum.model.bins import Bins, median_of
from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.spec.families import FamilyName

_SQRT_HALF, _LOG_PEAK = sqrt(0.5), -0.5 * log(2 * pi)
_END = 1e150  # as good as infinity, and its square is a number
_TINY = 1e-290  # of a probability below it there are no digits to trust
_FAR = 30.0  # from here on a normal's tail is its asymptotic series, to 14 digits
_NOTHING = -1e300
_ROUNDS = 30


class Binned:
    """Counts of records in bins of their duration; `sigma` is the SD of log durations."""

    name: FamilyName = "binned"
    link = "log"
    noise = True
    scaled = False  # many records tell sigma, and working weights are right at the value that they tell

    def standard(self, cells: Cells) -> Standard:
        """Centre on the median of all records in unexposed cells."""
        bins = _bins(cells)
        pooled = bins.filled[cells.unexposed].sum(axis=0)
        return Standard(float(np.log(median_of(pooled, bins.edges))), 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Most likely eta of each cell, with a record more that is like all of them, and its information."""
        bins = _bins(cells)
        counts = np.where(cells.observed[..., None], bins.filled, 0.0)
        size = counts.sum(axis=-1)
        counts = counts + counts.sum(axis=(0, 1)) / size.sum()
        edges, eta, sigma = np.log(bins.edges) - standard.centre, np.zeros(size.shape), 1.0
        for _ in range(_ROUNDS):  # Fisher scoring, every cell and sigma by turns
            probability, slope, slope_sigma = _moments(eta, sigma, edges)
            information = (slope**2 / probability).sum(axis=-1)
            score = (counts * slope / probability).sum(axis=-1)
            eta = eta + np.clip(score / ((size + 1) * information), -1, 1)
            along = (counts * slope_sigma / probability).sum() * sigma
            known = ((size + 1) * (slope_sigma**2 / probability).sum(axis=-1)).sum() * sigma**2
            sigma *= float(np.exp(np.clip(along / known, -0.5, 0.5)))
        probability, slope, _ = _moments(eta, sigma, edges)
        return eta, size * (slope**2 / probability).sum(axis=-1)

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Counts and marks of hidden bins, a row a bin; what these hold together; logarithms of edges from the centre.

        Three rows a bin, since there is an edge less.
        """
        bins = _bins(cells)
        hidden = bins.hidden & (bins.rest > 0)[..., None]
        edges = np.log(bins.edges) - standard.centre
        rows = [bins.counts, hidden, bins.rest[..., None], np.broadcast_to(edges, (*bins.rest.shape, edges.size))]
        return np.ascontiguousarray(np.moveaxis(np.concatenate(rows, axis=-1), -1, 0), dtype=float)

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Multinomial log density up to its coefficient."""
        import pytensor.tensor as pt

        parts = pt.as_tensor(fields).reshape((3, -1, fields.shape[1], fields.shape[2]))
        counts, hidden, others = parts[0], parts[1], parts[2]
        z = (others[1:] - eta) / pt.abs(sigma)
        above = z[:-1] + z[1:] > 0
        near, far = pt.where(above, z[:-1], -z[1:]), pt.where(above, z[1:], -z[:-1])
        tail = _log_tail(near)
        between = tail + pt.log1p(-pt.exp(_log_tail(far) - tail))
        each = pt.concatenate([_log_tail(-z[:1]), between, _log_tail(z[-1:])])
        some = pt.where(hidden > 0, each, np.float64(_NOTHING))
        largest = some.max(axis=0)
        together = largest + pt.log(pt.exp(some - largest).sum(axis=0))
        return (counts * each).sum(axis=0) + others[0] * together

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""

        def log_far(x: float) -> float:
            y = 1.0 / (x * x)
            series = 1.0 - y * (1.0 - y * (3.0 - y * (15.0 - y * (105.0 - y * (945.0 - y * 10395.0)))))
            return _LOG_PEAK - 0.5 * x * x - log(x) + log(series)

        bins, scale = fields.shape[0] // 3, abs(sigma)
        z, tail, peak = np.full(bins + 1, _END), np.zeros(bins + 1), np.zeros(bins + 1)
        z[0] = -_END
        density, in_scale = 0.0, 0.0
        for j in range(eta.size):
            for edge in range(1, bins):
                z[edge] = (fields[2 * bins + edge, j] - eta[j]) / scale
                tail[edge], peak[edge] = 0.5 * erfc(abs(z[edge]) * _SQRT_HALF), exp(_LOG_PEAK - 0.5 * z[edge] ** 2)
            pull, widen, rest = 0.0, 0.0, fields[2 * bins, j]
            largest, total, pull_hidden, widen_hidden = _NOTHING, 0.0, 0.0, 0.0
            for b in range(bins):
                count, hidden = fields[b, j], fields[bins + b, j] > 0
                if count == 0 and not hidden:
                    continue
                low, high = z[b], z[b + 1]
                inside = abs(tail[b] - tail[b + 1]) if low * high >= 0 else 1.0 - tail[b] - tail[b + 1]
                if inside > _TINY:
                    chance, before, after = log(inside), peak[b] / inside, peak[b + 1] / inside
                else:
                    near = log_far(min(abs(low), abs(high)))
                    chance = near + log1p(-exp(log_far(max(abs(low), abs(high))) - near))
                    before = exp(_LOG_PEAK - 0.5 * low * low - chance)
                    after = exp(_LOG_PEAK - 0.5 * high * high - chance)
                along, across = before - after, low * before - high * after
                density += count * chance
                pull += count * along
                widen += count * across
                if hidden:
                    ratio = exp(-abs(chance - largest))
                    old, new = (ratio, 1.0) if chance > largest else (1.0, ratio)
                    largest, total = max(chance, largest), old * total + new
                    pull_hidden, widen_hidden = old * pull_hidden + new * along, old * widen_hidden + new * across
            if rest > 0:
                density += rest * (largest + log(total))
                pull += rest * pull_hidden / total
                widen += rest * widen_hidden / total
            slope[j] = pull / scale
            in_scale += widen / scale
        return density, in_scale if sigma > 0 else -in_scale

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Median duration."""
        return np.asarray(np.exp(standard.centre + eta))

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Medians of replicated records, counted in the same bins."""
        bins, (units, periods) = _bins(cells), cells.observed.shape
        size, edges = cells.denominator.astype(np.int64), np.log(bins.edges) - standard.centre
        sigmas = np.broadcast_to(sigma, (*eta.shape[:-2], 1, 1)).reshape(-1)
        medians = np.empty((sigmas.size, units, periods))
        rows = zip(eta.reshape(-1, units, periods), sigmas, medians, strict=True)
        for one, scale, found in rows:  # one draw's panel at a time, as each has as many numbers as bins
            upto = ndtr((edges - one[..., None]) / scale)
            inside = np.diff(upto, axis=-1, prepend=0.0, append=1.0)
            counts = rng.multinomial(size, inside / inside.sum(axis=-1, keepdims=True))
            found[:] = median_of(counts.astype(float), bins.edges)
        return medians.reshape(eta.shape)

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Multinomial log probability."""
        bins = _bins(cells)
        edges = [-np.inf, *(np.log(bins.edges) - standard.centre), np.inf]
        constant = gammaln(cells.denominator + 1) - gammaln(bins.counts + 1).sum(axis=-1) - gammaln(bins.rest + 1)
        density, together = np.zeros(eta.shape) + constant, np.full(eta.shape, -np.inf)
        for b, (low, high) in enumerate(pairwise(edges)):
            each = log_between((low - eta) / sigma, (high - eta) / sigma)
            density += bins.counts[..., b] * each
            together = np.logaddexp(together, np.where(bins.hidden[..., b], each, -np.inf))
        density += bins.rest * np.where(bins.rest > 0, together, 0.0)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed medians."""
        return np.where(cells.observed, cells.value, np.nan)


def log_between(low: Array, high: Array) -> Array:
    """Log probability that a standard normal lies between two numbers, low < high.

    Examples
    --------
    >>> log_between(np.array([-1.96, 40.0]), np.array([1.96, np.inf])).round(2).tolist()
    [-0.05, -804.61]
    """
    above = low + high > 0
    far, near = log_ndtr(np.where(above, -high, low)), log_ndtr(np.where(above, -low, high))
    return np.asarray(near + np.log1p(-np.exp(far - near)))


def _bins(cells: Cells) -> Bins:
    assert cells.bins is not None
    return cells.bins


def _moments(eta: Array, sigma: float, edges: Array) -> tuple[Array, Array, Array]:
    """Probabilities of bins with their derivatives in eta and in sigma; shape (unit, time, bin) each."""
    z = (edges - eta[..., None]) / sigma
    peak = np.exp(_LOG_PEAK - 0.5 * z**2) / sigma
    slope, slope_sigma = (-np.diff(each, axis=-1, prepend=0.0, append=0.0) for each in (peak, z * peak))
    return np.maximum(np.diff(ndtr(z), axis=-1, prepend=0.0, append=1.0), 1e-12), slope, slope_sigma


def _log_tail(x: Any) -> Any:
    """Logarithm of a normal's upper tail as a PyTensor expression, in three parts of which one moves at a time.

    No formula is precise everywhere, and JAX differentiates also what `where` leaves out (`primum.model.build`).
    """
    import pytensor.tensor as pt

    below, middle, far = pt.minimum(x, 3.0), pt.clip(x, 3.0, _FAR), pt.maximum(x, _FAR)
    start = erfc(3.0 * _SQRT_HALF)
    return (
        pt.log1p(-0.5 * pt.erfc(-below * _SQRT_HALF))
        + pt.log(pt.erfc(middle * _SQRT_HALF) / start)
        + _log_series(far)
        - _log_series(pt.as_tensor(np.float64(_FAR)))
    )


def _log_series(x: Any) -> Any:
    import pytensor.tensor as pt

    y = 1 / x**2
    series = 1 - y * (1 - y * (3 - y * (15 - y * (105 - y * (945 - y * 10395)))))
    return -0.5 * x**2 - pt.log(x) + pt.log(series)
